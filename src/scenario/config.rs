//! `config` and `env` of a scenario: the haproxy.cfg it names, and its environment.

use balance::{BackendId, Config};

use crate::scenario::diagnostic::{Code, Diagnostic};
use crate::scenario::extends::{beside, read_text};
use crate::scenario::import::haproxy_cfg::{Close, Imported, Reuse, read_cfg};
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
    let imported = read_cfg(files, &[file], &env);
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
    let frontends = || imported.frontends.iter().filter(|frontend| frontend.http);
    let entry = frontends().find(|f| f.port == Some(80) && f.default_backend.is_some());
    let entry = entry.or_else(|| frontends().find(|f| f.default_backend.is_some()));
    Base {
        keep_alive: keep_alive.collect(),
        default_backend: entry.and_then(|f| f.default_backend).unwrap_or_default(),
        config: imported.config,
        ledger: imported.ledger,
    }
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
