//! Frontends and rules: lines in HAProxy's words, read by the reader of configurations.

use balance::{BackendId, Config, Door, FrontendId};

use super::clients::Written;
use super::{At, Check};
use crate::plan::{List, RuleLines};
use crate::scenario::config;
use crate::scenario::diagnostic::{Code, Diagnostic, Severity};
use crate::scenario::import::Status;
use crate::scenario::import::haproxy_cfg::{KEYWORDS, SectionLine, line_of, read_rules};
use crate::scenario::schema::{Client, Frontend, Proxy, Scenario};
use crate::scenario::suggest;

/// Where a frontend listens that does not say it.
const BIND: &str = ":80";

/// The sections as lines of a configuration.
#[derive(Default)]
struct Sections(Vec<SectionLine>);

impl Sections {
    /// A line that is made of what stands at `at`.
    fn made(&mut self, at: At<'_>, text: String) {
        self.0.push(SectionLine {
            text,
            place: at.place(),
            lead: None,
        });
    }

    /// A line of `keyword` and `words`, which stand at `at`.
    fn said(&mut self, at: At<'_>, keyword: &str, words: &str) {
        let before = keyword.len() as i32 + 1;
        self.0.push(SectionLine {
            text: format!("{keyword} {words}"),
            place: at.place(),
            lead: at.lead().map(|lead| lead as i32 - before),
        });
    }

    /// The first line of a section and its mode.
    fn open(&mut self, at: At<'_>, kind: &str, name: &str, from: Option<&str>, http: bool) {
        let from = from.map_or_else(String::new, |from| format!(" from {from}"));
        self.made(at, format!("{kind} {name}{from}"));
        let mode = if http { "http" } else { "tcp" };
        self.made(at, format!("mode {mode}"));
    }
}

impl Check {
    /// The frontends and the rules of all sections, which join `config`; `imported` are those
    /// of the configuration that the scenario names.
    pub(super) fn rules(
        &mut self,
        root: At<'_>,
        scenario: &Scenario,
        config: &mut Config,
        imported: Option<RuleLines>,
    ) -> RuleLines {
        let mut rules = match scenario.proxy.as_ref().filter(|proxy| has_rules(proxy)) {
            None => imported.unwrap_or_default(),
            Some(_) if imported.is_some() => {
                self.twice(root, root.field("proxy"));
                imported.unwrap_or_default()
            }
            Some(proxy) => self.own_rules(root.field("proxy"), proxy, config),
        };
        if config.frontends.is_empty() {
            let proxy = scenario.proxy.iter();
            let written = proxy.flat_map(|proxy| proxy.frontends.iter().flat_map(|f| &f.0));
            self.names.frontends = written.map(|(name, _)| name.clone()).collect();
        } else {
            self.names.learn_frontends(config);
        }
        if self.door.is_none() && !chosen(scenario) && config.counting.is_empty() {
            // Requests are sent straight to their backends.
            config::close(config, self.entry);
            rules.close();
        }
        rules
    }

    fn own_rules(&mut self, at: At<'_>, proxy: &Proxy, config: &mut Config) -> RuleLines {
        let errors = self.errors();
        let sections = self.sections(at, proxy, config);
        if self.errors() > errors || self.servers_refused {
            return RuleLines::default();
        }
        self.read(at, proxy, sections, config)
    }

    fn errors(&self) -> usize {
        let errors = |note: &&Diagnostic| note.severity() == Severity::Error;
        self.notes.iter().filter(errors).count()
    }

    /// Rules stand in a configuration or in the scenario, not in both.
    fn twice(&mut self, root: At<'_>, at: At<'_>) {
        let keys = ["frontends", "defaults", "lists", "rules"];
        let key = keys.into_iter().find(|key| at.field(key).is_there());
        let place = at.field(key.unwrap_or("backends")).head();
        let complaint = Diagnostic::new(
            Code::Clash,
            "the rules of a configuration cannot be changed from outside",
            place,
        )
        .also(root.field("config").head(), "")
        .help("write them there, or write everything out: balancelab import");
        self.say(at, complaint);
    }

    /// Everything that the reader of configurations must know.
    fn sections(&mut self, at: At<'_>, proxy: &Proxy, config: &Config) -> Sections {
        let mut sections = Sections::default();
        let inner = at.field("defaults");
        for (name, defaults) in proxy.defaults.iter().flat_map(|named| &named.0) {
            let at = inner.field(name);
            self.proper_name(at, name);
            let http = self.mode(at, defaults.mode.as_deref()).unwrap_or(true);
            sections.open(at, "defaults", name, None, http);
            self.lines(&mut sections, at, defaults.rules.as_deref());
        }
        // Those that name none begin with nothing.
        sections.made(at, "defaults".to_owned());
        let (outer, inner) = (at, at.field("frontends"));
        let mut both = Vec::new();
        for (name, frontend) in proxy.frontends.iter().flat_map(|named| &named.0) {
            let at = inner.field(name);
            self.proper_name(at, name);
            let listens = frontend.listen == Some(true);
            let kind = if listens { "listen" } else { "frontend" };
            let http = self.mode(at, frontend.mode.as_deref()).unwrap_or(true);
            let from = frontend.from.as_deref();
            sections.open(at.field("from"), kind, name, from, http);
            self.frontend(&mut sections, at, frontend);
            if listens {
                both.push(name);
                self.backend_lines(&mut sections, name, (outer, proxy), config, at);
            }
        }
        let others = config.backends.iter().map(|backend| &backend.name);
        for name in others.filter(|name| !both.contains(name)) {
            let own = own(proxy, name);
            let from = own
                .and_then(|own| own.from.as_ref())
                .or(proxy.from.as_ref());
            let http = config.backends.iter().find(|backend| backend.name == *name);
            let http = http.is_none_or(|backend| backend.http);
            let from = from.map(String::as_str);
            let place = match own {
                Some(own) if own.from.is_some() => outer.field("backends").field(name),
                _ => outer,
            };
            sections.open(place.field("from"), "backend", name, from, http);
            self.backend_lines(&mut sections, name, (at, proxy), config, at);
        }
        sections
    }

    /// `mode`: whether it is http.
    pub(super) fn mode(&mut self, at: At<'_>, mode: Option<&str>) -> Option<bool> {
        self.one_of(at.field("mode"), mode, &[("http", true), ("tcp", false)])
    }

    fn frontend(&mut self, sections: &mut Sections, at: At<'_>, frontend: &Frontend) {
        let binds = at.field("bind");
        for (index, bind) in frontend.bind.iter().flatten().enumerate() {
            sections.said(binds.item(index), "bind", bind);
        }
        if frontend.bind.is_none() {
            sections.made(at, format!("bind {BIND}"));
        }
        if let Some(name) = &frontend.default_backend {
            sections.said(at.field("default_backend"), "default_backend", name);
        }
        if let Some(uri) = &frontend.monitor_uri {
            let line = line_of(["monitor-uri", uri].into_iter());
            sections.made(at.field("monitor_uri"), line);
        }
        table(sections, at, frontend.stick_table.as_deref());
        self.lines(sections, at, frontend.rules.as_deref());
    }

    /// The rules and the servers of a backend.
    fn backend_lines(
        &mut self,
        sections: &mut Sections,
        name: &str,
        (at, proxy): (At<'_>, &Proxy),
        config: &Config,
        front: At<'_>,
    ) {
        let Some(backend) = config.backends.iter().find(|one| one.name == name) else {
            let known = config.backends.iter().map(|one| one.name.as_str());
            let complaint = super::names::unknown("backend", name, front.head());
            let complaint = suggest::attach(complaint, name, known);
            self.say(front, complaint);
            return;
        };
        for server in &backend.servers {
            sections.made(front, format!("server {} 127.0.0.1:1", server.name));
        }
        self.lines(sections, at, proxy.rules.as_deref());
        let inner = at.field("backends").field(name);
        let own = own(proxy, name);
        let (place, words) = match own.and_then(|own| own.stick_table.as_deref()) {
            Some(words) => (inner, Some(words)),
            None => (at, proxy.stick_table.as_deref()),
        };
        // One that cannot be read has been complained about.
        let words = words.filter(|words| super::proxy::is_table(words));
        table(sections, place, words);
        self.lines(sections, inner, own.and_then(|own| own.rules.as_deref()));
    }

    /// Adds lines with rules.
    fn lines(&mut self, sections: &mut Sections, at: At<'_>, lines: Option<&[String]>) {
        let at = at.field("rules");
        for (index, text) in lines.unwrap_or_default().iter().enumerate() {
            let at = at.item(index);
            let first = text.split_whitespace().next().unwrap_or_default();
            if !KEYWORDS.contains(&first) {
                let complaint =
                    Diagnostic::new(Code::Words, format!("{first:?} begins no rule"), at.place());
                self.say(at, suggest::attach(complaint, first, KEYWORDS));
                continue;
            }
            sections.0.push(SectionLine {
                text: text.clone(),
                place: at.place(),
                lead: at.lead().map(|lead| lead as i32),
            });
        }
    }

    /// Reads `sections`, and takes what they mean over into `config`.
    fn read(
        &mut self,
        at: At<'_>,
        proxy: &Proxy,
        sections: Sections,
        config: &mut Config,
    ) -> RuleLines {
        let backends: Vec<String> = config.backends.iter().map(|b| b.name.clone()).collect();
        let lists = lists(proxy);
        let imported = read_rules(sections.0, &backends, &lists);
        let refused = imported.is_refused();
        self.notes.extend(imported.notes.iter().cloned());
        if refused {
            return RuleLines::default();
        }
        for entry in &imported.ledger {
            if entry.status == Status::NotModelled && entry.keyword != "mode" {
                let message = format!("`{}` is not modelled: {}", entry.keyword, entry.why);
                self.notes
                    .push(Diagnostic::new(Code::Idle, message, entry.place));
            }
        }
        let base = config::base(imported);
        for ruled in base.config.backends {
            if let Some(backend) = config.backends.iter_mut().find(|b| b.name == ruled.name) {
                backend.rules = ruled.rules;
                backend.persist_rules = ruled.persist_rules;
                backend.use_server = ruled.use_server;
            }
        }
        self.unread(at.field("lists"), &lists, &base.rules);
        config.counting = base.config.counting;
        config.frontends = base.config.frontends;
        for frontend in &mut config.frontends {
            let own = proxy.frontends.iter().flat_map(|named| &named.0);
            let mut own = own.filter(|(name, _)| *name == frontend.name);
            let Some((name, own)) = own.next() else {
                continue;
            };
            let at = at.field("frontends").field(name);
            if let Some(most) = self.small(at.field("maxconn"), own.maxconn, 1) {
                frontend.maxconn = most;
            }
            let timeout = own
                .timeout
                .as_ref()
                .and_then(|timeout| timeout.tarpit.as_ref());
            frontend.timeout_tarpit = self.span(at.field("timeout").field("tarpit"), timeout);
        }
        self.door = base.door;
        self.entry = base.entry;
        if proxy.frontends.is_some() {
            self.default_backend = base.default_backend;
        }
        base.rules
    }

    /// Lists that no rule names.
    fn unread(&mut self, at: At<'_>, lists: &[List], rules: &RuleLines) {
        let named = |list: &&List| !rules.lists.iter().any(|other| other.name == list.name);
        for list in lists.iter().filter(named) {
            self.idle(at.field(&list.name), "no rule names this list");
        }
    }

    /// Where a client comes in.
    pub(super) fn door(&mut self, at: At<'_>, written: &Written<'_>) -> Option<Door> {
        if written.backend.is_some() && written.frontend.is_some() {
            let why = "the frontend's rules choose the backend";
            self.clash(at, "backend", "frontend", why);
        }
        let Some(name) = written.frontend else {
            if written.bind.is_some() {
                self.missing(at, "frontend", "\"www\"");
            }
            return self.door.filter(|_| written.backend.is_none());
        };
        let place = at.field("frontend");
        let Some(found) = self.names.frontends.iter().position(|known| known == name) else {
            let complaint = super::names::unknown("frontend", name, place.place());
            let known = self.names.frontends.iter().map(String::as_str);
            let complaint = suggest::attach(complaint, name, known);
            self.say(place, complaint);
            return None;
        };
        let frontend = FrontendId(found as u32);
        let usual = self.door.filter(|door| door.frontend == frontend);
        let binds = self.names.binds.get(found).copied().unwrap_or(1);
        let most = binds.max(1) as i64 - 1;
        let bind = self.whole(at.field("bind"), *written.bind, 0..=most);
        let bind = bind.map_or_else(|| usual.map_or(0, |door| door.bind), |bind| bind as u32);
        Some(Door { frontend, bind })
    }

    /// Where the requests of a client go that names no backend.
    pub(super) fn leads_to(&self, door: Option<Door>) -> BackendId {
        let frontend = door.map(|door| door.frontend.0 as usize);
        let default = frontend.and_then(|at| self.names.leads.get(at).copied());
        default.unwrap_or(self.default_backend)
    }
}

/// Whether a client says where it comes in.
fn chosen(scenario: &Scenario) -> bool {
    let mut clients = scenario.clients.iter().flat_map(|clients| &clients.0);
    clients.any(|(_, client)| match client {
        Client::ThreadGroup(group) => group.frontend.is_some(),
        Client::Browser(browser) => browser.frontend.is_some(),
        Client::Arrivals(arrivals) => {
            let mut list = arrivals.list.iter().flatten();
            arrivals.frontend.is_some() || list.any(|one| one.frontend.is_some())
        }
    })
}

/// Adds a stick table, if there is one.
fn table(sections: &mut Sections, at: At<'_>, words: Option<&str>) {
    if let Some(words) = words {
        sections.said(at.field("stick_table"), "stick-table", words);
    }
}

/// The files of patterns and maps that a scenario has itself.
fn lists(proxy: &Proxy) -> Vec<List> {
    let named = proxy.lists.iter().flat_map(|named| &named.0);
    let list = |(name, lines): &(String, Vec<String>)| List {
        name: name.clone(),
        lines: lines.clone(),
    };
    named.map(list).collect()
}

/// Whether a scenario has rules of its own.
fn has_rules(proxy: &Proxy) -> bool {
    let counts = |table: &String| table.split_whitespace().any(|word| word == "store");
    let own = |proxy: &Proxy| {
        let counted = proxy.stick_table.as_ref().is_some_and(counts);
        proxy.rules.is_some() || proxy.from.is_some() || counted
    };
    let mut backends = proxy.backends.iter().flat_map(|named| &named.0);
    own(proxy)
        || proxy.frontends.is_some()
        || proxy.lists.is_some()
        || proxy.defaults.is_some()
        || backends.any(|(_, backend)| own(backend))
}

/// The settings of one of several backends.
fn own<'a>(proxy: &'a Proxy, name: &str) -> Option<&'a Proxy> {
    let mut backends = proxy.backends.iter().flat_map(|named| &named.0);
    let found = backends.find(|(known, _)| known == name);
    found.map(|(_, backend)| backend)
}
