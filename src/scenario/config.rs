//! `config` and `env` of a scenario: the haproxy.cfg it names, and its environment.

use balance::action::Action;
use balance::config::{Backend, Balance, Fetch, HashKey, StickRule};
use balance::route::{Bind, Rules};
use balance::{BackendId, Config, Door, Frontend, FrontendId};

use crate::plan::RuleLines;
use crate::scenario::diagnostic::{Code, Diagnostic};
use crate::scenario::extends::{beside, read_text};
use crate::scenario::import::haproxy_cfg::{Close, Imported, Reuse, read_cfg_with_lists};
use crate::scenario::import::{Directive, Env};
use crate::scenario::locate::{FileId, Files, Place};
use crate::scenario::tree::Node;
use crate::scenario::{Source, set};

/// What a configuration gives a scenario.
#[derive(Clone, Debug, Default)]
pub(crate) struct Base {
    /// The backends.
    pub(crate) config: Config,
    /// Whether connections to servers are used again, for each backend.
    pub(crate) keep_alive: Vec<bool>,
    /// Where requests go unless a client says otherwise.
    pub(crate) default_backend: BackendId,
    /// Where they come in unless a client says otherwise, if rules look at them there.
    pub(crate) door: Option<Door>,
    /// The frontend that they would come in through otherwise.
    pub(crate) entry: Option<usize>,
    /// The rules, as lines.
    pub(crate) rules: RuleLines,
    /// What became of each line.
    pub(crate) ledger: Vec<Directive>,
}

/// The configuration is missing or refused, and this has been complained about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unusable;

/// Reads the configuration that `root` names, if it names one.
pub(crate) fn read(
    root: &Node,
    source: &dyn Source,
    files: &mut Files,
    notes: &mut Vec<Diagnostic>,
) -> Result<Option<Base>, Unusable> {
    let env = environment(root, source, files, notes);
    if root.field("config").is_none() {
        return Ok(None);
    }
    let file = named_file(root, "config", source, files, notes).ok_or(Unusable)?;
    let config = files.file(file).name.clone();
    let list = |name: &str| source.text(&beside(&config, name));
    let imported = read_cfg_with_lists(files, &[file], &env, &list);
    notes.extend(imported.notes.iter().cloned());
    if imported.is_refused() {
        return Err(Unusable);
    }
    Ok(Some(base(imported)))
}

fn environment(
    root: &Node,
    source: &dyn Source,
    files: &mut Files,
    notes: &mut Vec<Diagnostic>,
) -> Env {
    let mut env = Env::default();
    let Some(file) = named_file(root, "env", source, files, notes) else {
        return env;
    };
    let text = files.file(file).text.clone();
    for line in env.read_dotenv(&text) {
        let place = line_place(file, &text, line);
        let note = Diagnostic::new(Code::Import, "this line sets no variable", place)
            .accepted("NAME=value, and comments after #");
        notes.push(note);
    }
    if root.field("config").is_none() {
        let place = root
            .field("env")
            .map_or(root.place, |entry| entry.key_place);
        let note = Diagnostic::new(Code::Idle, "there is no configuration to use it", place)
            .help("name one as well: config: \"haproxy.cfg\"");
        notes.push(note);
    }
    env
}

/// The file that the setting called `key` names, relative to the file it stands in.
fn named_file(
    root: &Node,
    key: &str,
    source: &dyn Source,
    files: &mut Files,
    notes: &mut Vec<Diagnostic>,
) -> Option<FileId> {
    let value = &root.field(key)?.value;
    let name = value.text()?;
    let asker = &files.file(value.place.file).name;
    let name = if asker.starts_with(set::COMMAND) {
        name.to_owned()
    } else {
        beside(asker, name)
    };
    read_text(&name, Some(value.place), source, files, notes)
}

/// What an imported configuration gives a scenario.
pub(crate) fn base(imported: Imported) -> Base {
    let keep_alive = imported.backends.iter().map(|facts| {
        let closes = imported.frontends.iter().map(|frontend| frontend.close);
        let close = closes.max().unwrap_or_default().max(facts.close);
        close == Close::KeepAlive && facts.reuse != Reuse::Never
    });
    let entry = entry(&imported);
    let default_backend = entry.and_then(|at| imported.frontends[at].default_backend);
    let mut config = imported.config;
    let mut rules = imported.rules;
    if decides_nothing(&config) {
        rules = RuleLines::default();
        let fronts = config
            .frontends
            .iter_mut()
            .map(|frontend| &mut frontend.rules);
        let backs = config.backends.iter_mut().map(|backend| &mut backend.rules);
        fronts
            .chain(backs)
            .for_each(|rules| *rules = Rules::default());
        config.counting.clear();
    }
    let door = entry.and_then(|at| door(&config, at));
    rules.tidy();
    Base {
        keep_alive: keep_alive.collect(),
        default_backend: default_backend.unwrap_or_default(),
        door,
        entry,
        config,
        rules,
        ledger: imported.ledger,
    }
}

/// Whether all that the rules do is to change headers that nothing reads: then a run is the
/// same, and faster, without them.
fn decides_nothing(config: &Config) -> bool {
    let idle = |rules: &Rules| {
        rules.inherited.is_none()
            && rules.redirect.is_empty()
            && rules.connection.is_empty()
            && rules.content.is_empty()
            && rules.request.iter().all(|rule| match &rule.action {
                Action::SetHeader(name, _) | Action::AddHeader(name, _) => name != "cookie",
                _ => false,
            })
    };
    let reads = |fetch: &Fetch| matches!(fetch, Fetch::Header(_));
    let blind = |backend: &Backend| {
        let key = match &backend.balance {
            Balance::Hash(HashKey::Header { .. }) => true,
            Balance::Hash(HashKey::Expression(fetch)) => reads(fetch),
            _ => false,
        };
        let mut sticks = backend.stick.iter().flat_map(|stick| &stick.rules);
        let stuck = sticks.any(|rule| match rule {
            StickRule::Match(fetch) | StickRule::StoreRequest(fetch) | StickRule::On(fetch) => {
                reads(fetch)
            }
            StickRule::StoreResponse(_) => false,
        });
        let unruled = backend.persist_rules.is_empty() && backend.use_server.is_empty();
        !key && !stuck && unruled && idle(&backend.rules)
    };
    let open = |frontend: &Frontend| {
        frontend.switches.is_empty() && frontend.monitor.is_none() && idle(&frontend.rules)
    };
    config.backends.iter().all(blind) && config.frontends.iter().all(open)
}

/// The frontend that clients use who do not say which: one on a network before one on a socket,
/// one that speaks HTTP before one that does not, port 80 before others, otherwise the first.
fn entry(imported: &Imported) -> Option<usize> {
    let leads = |at: usize| {
        let frontend = &imported.config.frontends[at];
        frontend.default_backend.is_some() || !frontend.switches.is_empty()
    };
    let found = imported.frontends.iter().enumerate();
    let found = found.filter(|(at, _)| leads(*at));
    found
        .min_by_key(|(_, frontend)| {
            let socket = frontend.port.is_none() && !frontend.binds.is_empty();
            (socket, !frontend.http, frontend.port != Some(80))
        })
        .map(|(at, _)| at)
}

/// The way in through the frontend at `at`, if its rules matter.
fn door(config: &Config, at: usize) -> Option<Door> {
    let frontend = &config.frontends[at];
    let monitored = frontend.monitor.is_some();
    let counted = !config.counting.is_empty();
    let ruled = monitored || counted || !frontend.rules.is_empty() || !frontend.switches.is_empty();
    ruled.then(|| Door {
        frontend: FrontendId(at as u32),
        bind: usual_bind(frontend).map_or(0, |(at, _)| at as u32),
    })
}

/// Its first address without encryption, otherwise its first.
fn usual_bind(frontend: &Frontend) -> Option<(usize, &Bind)> {
    let binds = || frontend.binds.iter().enumerate();
    binds().find(|(_, bind)| !bind.ssl).or(binds().next())
}

/// Requests are sent straight to their backends: frontends are forgotten. What the one that
/// `entry` names accepts, the first otherwise, is all that is accepted then.
pub(crate) fn close(config: &mut Config, entry: Option<usize>) {
    let entered = entry.and_then(|at| config.frontends.get(at));
    let own = entered.map_or(0, |frontend| frontend.maxconn);
    let bind = entered.and_then(usual_bind);
    let bind = bind.map_or(0, |(_, bind)| bind.maxconn);
    let limits = [config.maxconn, own, bind].into_iter();
    config.maxconn = limits.filter(|&most| most != 0).min().unwrap_or(0);
    config.frontends.clear();
}

/// The whole line numbered `line`, from 1.
fn line_place(file: FileId, text: &str, line: u32) -> Place {
    let mut start = 0;
    for (number, whole) in (1..).zip(text.split_inclusive('\n')) {
        if number == line {
            return Place::new(file, start, start + whole.trim_end().len());
        }
        start += whole.len();
    }
    Place::new(file, start, start)
}
