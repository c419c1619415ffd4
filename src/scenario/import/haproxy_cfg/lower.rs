//! From the sections as read to the core's settings: names are resolved, contradictions
//! found, defaults of whole files (`fullconn`) worked out.

mod condition;
mod counter;
mod expression;
mod format;
mod list;
mod names;
mod route;
mod rule;
mod ruled;
mod servers;
mod sticking;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use balance::config::{Backend, Balance};
use balance::counter::TableId;
use balance::{BackendId, Config, Span};

pub(super) use ruled::Kept;

use format::Judged;
use route::Marks;
use ruled::Ruled;
use servers::tracked;
use sticking::{cookie, stick};

use super::line::guess;
use super::lint::lint;
use super::lists::Lists;
use super::proxy::Proxy;
use super::read::Draft;
use super::written;
use super::{BackendFacts, Frontend, Imported, Scope};
use crate::plan::RuleLines;
use crate::scenario::diagnostic::{Code, Diagnostic, Severity};

/// So many complaints are told.
const MOST: usize = 200;

/// `maxconn` where no line sets one, as far as `fullconn` comes from it. HAProxy takes it
/// from the limits of the process; this is its fixed value for builds that do not.
const MAXCONN: u32 = 2000;

/// Resolves `draft`.
pub(super) fn lower(mut draft: Draft, scope: &Scope<'_>, lists: &Lists<'_>) -> Imported {
    let mut notes = std::mem::take(&mut draft.out.notes);
    let (counting, tables) = counter::tables(&draft.proxies);
    let current = counter::current(&counting);
    let lowering = Lowering::new(
        &draft,
        names(&draft.proxies, &mut notes),
        (tables, current),
        lists,
    );
    let kept = lowering.judged(scope, &mut notes);
    let ids: BTreeMap<usize, BackendId> = (kept.iter().enumerate())
        .map(|(id, &index)| (index, BackendId(id as u32)))
        .collect();
    let marks = Marks::default();
    let mut rules = Ruled::of(&lowering, &ids, &marks);
    let lines = RuleLines {
        unsaid: lowering.unsaid(),
        ..written::lines(&draft, &kept, &rules.kept, lists)
    };
    let counting = Some(counting).filter(|_| lowering.counted.get());
    let frontends = lowering.frontends(&ids);
    let fronts = lowering
        .fronts()
        .zip(&frontends)
        .map(|((index, _), front)| {
            let followed = rules.sections[index]
                .as_ref()
                .expect("taken by backends only, below");
            route::frontend(&lowering, &ids, index, front.default_backend, followed)
        });
    let fronts = fronts.collect();
    let backends = kept.iter().map(|&index| {
        let mut backend = lowering.backend(index);
        let followed = rules.sections[index]
            .take()
            .expect("every section stands once");
        route::complete(&mut backend, &draft.proxies[index], followed);
        backend
    });
    let backends = backends.collect();
    let refused = lowering.refused.take();
    marks.apply(&mut draft.out.ledger);
    format::refuse(refused, &mut draft.out.ledger);
    Imported {
        config: Config {
            backends,
            frontends: fronts,
            maxconn: draft.maxconn.unwrap_or(0),
            counting: counting.unwrap_or_default(),
            ..Config::default()
        },
        backends: (kept.iter())
            .map(|&index| facts(&draft.proxies[index]))
            .collect(),
        addresses: kept
            .iter()
            .map(|&i| servers::addresses(&draft.proxies[i]))
            .collect(),
        looked_up: kept
            .iter()
            .map(|&i| servers::looked_up(&draft.proxies[i]))
            .collect(),
        frontends,
        rules: lines,
        ledger: draft.out.ledger,
        notes,
    }
}

/// Keeps the first of very many complaints: nobody reads them all.
fn bound(notes: &mut Vec<Diagnostic>) {
    let Some(last) = notes.get(MOST) else {
        return;
    };
    let (more, severity) = (notes.len() - MOST, last.severity());
    let place = last.labels[0].place;
    // What is kept must still say whether the file is refused.
    notes.sort_by_key(|note| note.severity() != Severity::Error);
    notes.truncate(MOST);
    let code = match severity {
        Severity::Error => Code::Unreadable,
        Severity::Warning => Code::Lint,
    };
    let message = format!("and {more} more, which are not told one by one");
    notes.push(Diagnostic::new(code, message, place));
}

struct Lowering<'a> {
    draft: &'a Draft,
    /// Where the proxies that can have servers stand, by name.
    backs: BTreeMap<&'a str, usize>,
    /// The names of those where clients come in.
    entrances: BTreeSet<&'a str>,
    /// The places of the servers in their section, by the place of that and their name.
    places: BTreeMap<(usize, &'a str), usize>,
    /// The stick tables by the name of their section.
    tables: BTreeMap<&'a str, TableId>,
    /// Whether a rule that is followed looks at one of them, or counts there.
    counted: Cell<bool>,
    /// Those that store `conn_cur`.
    current: BTreeSet<TableId>,
    /// The files of patterns and maps.
    lists: &'a Lists<'a>,
    /// A Lua file is loaded, which may define whatever is called `lua.`.
    lua: bool,
    /// How many connections the frontends that lead to a section accept, by its name.
    accepted: BTreeMap<&'a str, u64>,
    /// The places in the ledger of lines that are refused after all, and why.
    refused: RefCell<BTreeMap<usize, String>>,
    /// Servers whose `track` is known to lead to a check.
    followed: RefCell<BTreeSet<(&'a str, &'a str)>>,
}

impl<'a> Lowering<'a> {
    /// The sections that become backends, once everything is judged.
    fn judged(&self, scope: &Scope<'_>, notes: &mut Vec<Diagnostic>) -> Vec<usize> {
        match scope {
            Scope::Whole => {
                self.judge(notes);
                self.kept()
            }
            Scope::Rules(backends) => {
                self.judge_rules(notes);
                let known = |name: &String| self.backs.get(name.as_str()).copied();
                backends.iter().filter_map(known).collect()
            }
        }
    }

    fn new(
        draft: &'a Draft,
        backs: BTreeMap<&'a str, usize>,
        (tables, current): (BTreeMap<&'a str, TableId>, BTreeSet<TableId>),
        lists: &'a Lists<'a>,
    ) -> Self {
        let mut places = BTreeMap::new();
        for (index, proxy) in draft.proxies.iter().enumerate() {
            for (place, server) in proxy.servers.iter().enumerate() {
                places.entry((index, server.name.as_str())).or_insert(place);
            }
        }
        let fronts = draft.proxies.iter().filter(|proxy| proxy.role.is_front());
        let mut lowering = Self {
            draft,
            backs,
            entrances: fronts.map(|proxy| proxy.name.as_str()).collect(),
            places,
            tables,
            counted: Cell::new(false),
            current,
            lists,
            lua: (draft.out.ledger.iter()).any(|entry| entry.keyword.starts_with("lua-load")),
            accepted: BTreeMap::new(),
            refused: RefCell::default(),
            followed: RefCell::default(),
        };
        for (_, proxy) in lowering.fronts() {
            let maxconn = u64::from(lowering.maxconn(proxy));
            let default = proxy.settings.default_backend.as_ref();
            let uses = proxy.uses.iter().filter(|line| !line.server);
            let mut targets: BTreeSet<&str> = uses.map(|line| line.name.as_str()).collect();
            targets.extend(default.map(|(name, _)| name.as_str()));
            if proxy.role.is_back() {
                targets.insert(&proxy.name);
            }
            for name in targets {
                *lowering.accepted.entry(name).or_default() += maxconn;
            }
        }
        lowering
    }
}

/// The proxies with servers by name; complains about two of one name and one side.
fn names<'a>(proxies: &'a [Proxy], notes: &mut Vec<Diagnostic>) -> BTreeMap<&'a str, usize> {
    let (mut fronts, mut backs) = (BTreeMap::new(), BTreeMap::new());
    for (index, proxy) in proxies.iter().enumerate() {
        let name = proxy.name.as_str();
        let front = (proxy.role.is_front()).then(|| fronts.insert(name, index));
        let back = (proxy.role.is_back()).then(|| backs.insert(name, index));
        if let Some(earlier) = front.flatten().or(back.flatten()) {
            let message = format!("two sections are called `{name}`");
            notes.push(
                Diagnostic::new(Code::Twice, message, proxy.place)
                    .also(proxies[earlier].place, "the first one"),
            );
        }
    }
    backs
}

impl<'a> Lowering<'a> {
    /// Everything that is wrong or doubtful.
    fn judge(&self, notes: &mut Vec<Diagnostic>) {
        let mut judged = Judged::default();
        self.listeners(notes);
        for (index, proxy) in self.draft.proxies.iter().enumerate() {
            if notes.len() > MOST {
                break;
            }
            if !proxy.settings.disabled {
                self.targets(index, proxy, notes);
                self.uses(proxy, notes);
                self.wants(proxy, &proxy.acls.wants, notes, |_| true);
                self.files(&proxy.acls.files, notes);
                self.late(proxy, notes);
                self.lasts(proxy, &mut judged, notes);
                self.refers(proxy, notes);
                self.sticks(proxy, notes);
                self.servers(proxy, notes);
            }
        }
        let used: BTreeSet<_> = (self.draft.proxies.iter())
            .filter(|proxy| !proxy.settings.disabled)
            .filter_map(|proxy| proxy.parent)
            .collect();
        for defaults in &self.draft.defaults {
            self.files(&defaults.acls.files, notes);
            // Without rules of their own they are only copied.
            if used.contains(&defaults.ordinal) && defaults.acts {
                self.wants(defaults, &defaults.acls.wants, notes, |_| true);
            }
            self.refers(defaults, notes);
        }
        if !notes.iter().any(|note| note.severity() == Severity::Error) {
            notes.extend(lint(self.draft));
        }
        bound(notes);
    }

    fn listeners(&self, notes: &mut Vec<Diagnostic>) {
        let mut any = self.draft.listening;
        for proxy in &self.draft.proxies {
            let front = proxy.role.is_front() && !proxy.settings.disabled;
            any |= front && !proxy.binds.is_empty();
            if front && proxy.binds.is_empty() {
                let message = format!("`{}` listens nowhere", proxy.name);
                notes.push(
                    Diagnostic::new(Code::Idle, message, proxy.place)
                        .help("add a `bind` line, or make it a `backend`"),
                );
            }
        }
        if !any {
            let place = self.draft.proxies.first().map(|proxy| proxy.place);
            let message = "no section listens anywhere: HAProxy will not start";
            notes.push(
                Diagnostic::new(Code::Missing, message, place.unwrap_or_default())
                    .help("add a `frontend` or `listen` section with a `bind` line"),
            );
        }
    }

    /// Where requests are sent.
    fn targets(&self, index: usize, proxy: &Proxy, notes: &mut Vec<Diagnostic>) {
        let Some((name, place)) = &proxy.settings.default_backend else {
            return;
        };
        match self.backs.get(name.as_str()) {
            None => {
                let message = format!("there is no backend called `{name}`");
                let note = Diagnostic::new(Code::UnknownName, message, *place);
                notes.push(guess(note, name, self.backs.keys()));
            }
            Some(&target) if target == index => {
                let message = format!("`{name}` sends its requests to itself");
                notes.push(Diagnostic::new(Code::Circle, message, *place));
            }
            Some(&target) => {
                let back = &self.draft.proxies[target];
                if proxy.settings.http && !back.settings.http {
                    let message = format!(
                        "`{}` speaks HTTP, but backend `{name}` is in mode tcp",
                        proxy.name
                    );
                    notes.push(
                        Diagnostic::new(Code::Clash, message, *place)
                            .also(back.place, "this one has no `mode http`"),
                    );
                }
            }
        }
    }

    fn sticks(&self, proxy: &Proxy, notes: &mut Vec<Diagnostic>) {
        let tables = |name: &str| {
            (self.draft.proxies.iter()).any(|p| p.name == name && p.stick.table.is_some())
        };
        for rule in &proxy.stick.rules {
            let table = rule.table.as_deref().unwrap_or(&proxy.name);
            if !tables(table) {
                let message = format!("`{table}` has no stick table");
                notes.push(
                    Diagnostic::new(Code::UnknownName, message, rule.place)
                        .help("add a line such as `stick-table type string size 200k expire 30m`"),
                );
            }
        }
        if let Some((name, place)) = &proxy.stick.peers {
            self.section("peers", name, *place, notes);
        }
    }

    /// The sections that lines name.
    fn refers(&self, proxy: &Proxy, notes: &mut Vec<Diagnostic>) {
        for reference in &proxy.refers {
            self.section(reference.kind, &reference.name, reference.place, notes);
        }
    }

    fn section(
        &self,
        kind: &'static str,
        name: &str,
        place: crate::scenario::Place,
        notes: &mut Vec<Diagnostic>,
    ) {
        if self.draft.others.contains_key(&(kind, name.to_owned())) {
            return;
        }
        let known = (self.draft.others.keys())
            .filter(|(other, _)| *other == kind)
            .map(|(_, name)| name);
        let message = format!("there is no `{kind}` section called `{name}`");
        let note = Diagnostic::new(Code::UnknownName, message, place);
        notes.push(guess(note, name, known));
    }

    /// The proxies that become backends: every `backend`, and a `listen` that has servers
    /// or is sent requests by others.
    fn kept(&self) -> Vec<usize> {
        let sent: BTreeSet<usize> = (self.draft.proxies.iter())
            .filter_map(|proxy| proxy.settings.default_backend.as_ref())
            .map(|(name, _)| name)
            .chain((self.draft.proxies.iter().flat_map(|p| &p.uses)).map(|line| &line.name))
            .filter_map(|name| self.backs.get(name.as_str()).copied())
            .collect();
        (self.draft.proxies.iter().enumerate())
            .filter(|(index, proxy)| {
                proxy.role.is_back()
                    && !proxy.settings.disabled
                    && (!proxy.role.is_front() || !proxy.servers.is_empty() || sent.contains(index))
            })
            .map(|(index, _)| index)
            .collect()
    }

    /// 10 % of the connections that the frontends leading to `index` accept, rounded up.
    fn fullconn(&self, index: usize) -> u32 {
        let own = self.draft.proxies[index].name.as_str();
        let total = self.accepted.get(own).copied().unwrap_or(0);
        u32::try_from(total.div_ceil(10)).unwrap_or(u32::MAX).max(1)
    }

    fn maxconn(&self, proxy: &Proxy) -> u32 {
        (proxy.settings.maxconn)
            .or(self.draft.maxconn)
            .unwrap_or(MAXCONN)
    }

    fn backend(&self, index: usize) -> Backend {
        let proxy = &self.draft.proxies[index];
        let settings = &proxy.settings;
        Backend {
            name: proxy.name.clone(),
            http: settings.http,
            balance: settings.balance.clone().unwrap_or(Balance::RoundRobin),
            hash: settings.hash,
            hash_balance_factor: settings.hash_balance_factor,
            cookie: cookie(settings),
            redispatch: settings.redispatch,
            persist: settings.persist,
            allbackups: settings.allbackups,
            fullconn: settings.fullconn.unwrap_or_else(|| self.fullconn(index)),
            retries: settings.retries.unwrap_or(3),
            retry_on: settings.retry_on.clone(),
            abortonclose: settings.abortonclose,
            timeout_connect: limited(settings.timeouts.connect),
            timeout_server: limited(match settings.timeouts.tunnel {
                Some(tunnel) if !settings.http => Some(tunnel),
                _ => settings.timeouts.server,
            }),
            timeout_queue: limited(settings.timeouts.queue),
            timeout_check: limited(settings.timeouts.check),
            check: settings.checks.kind(),
            disable_on_404: settings.checks.disable_on_404,
            stick: stick(proxy),
            servers: (proxy.servers.iter())
                .map(|draft| {
                    let mut server = draft.template.server(&draft.name, &draft.address);
                    server.track = (draft.template.track.as_ref()).map(|(text, _)| {
                        let (backend, server) = tracked(text, proxy);
                        (backend.to_owned(), server.to_owned())
                    });
                    if server.minconn > server.maxconn {
                        server.maxconn = server.minconn;
                    }
                    server
                })
                .collect(),
            ..Backend::default()
        }
    }

    /// The sections where clients come in.
    fn fronts(&self) -> impl Iterator<Item = (usize, &'a Proxy)> + use<'a> {
        (self.draft.proxies.iter().enumerate())
            .filter(|(_, proxy)| proxy.role.is_front() && !proxy.settings.disabled)
    }

    fn frontends(&self, ids: &BTreeMap<usize, BackendId>) -> Vec<Frontend> {
        self.fronts()
            .map(|(index, proxy)| {
                let named = (proxy.settings.default_backend.as_ref())
                    .and_then(|(name, _)| self.backs.get(name.as_str()).copied());
                Frontend {
                    name: proxy.name.clone(),
                    http: proxy.settings.http,
                    binds: proxy.binds.iter().map(|bind| bind.text.clone()).collect(),
                    port: proxy.binds.iter().find_map(|bind| bind.port),
                    maxconn: proxy.settings.maxconn.or(self.draft.maxconn),
                    timeout_client: limited(proxy.settings.timeouts.client),
                    close: proxy.settings.close(),
                    default_backend: ids.get(&named.unwrap_or(index)).copied(),
                    place: proxy.place,
                }
            })
            .collect()
    }
}

/// A timeout of 0 is none.
fn limited(timeout: Option<Span>) -> Option<Span> {
    timeout.filter(|&time| time != Span::ZERO)
}

fn facts(proxy: &Proxy) -> BackendFacts {
    BackendFacts {
        http: proxy.settings.http,
        reuse: proxy.settings.reuse,
        close: proxy.settings.close(),
        place: proxy.place,
    }
}
