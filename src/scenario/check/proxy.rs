//! HAProxy's settings: from its words to the core's configuration.

use balance::config::{Backend, Balance, CheckKind, Cookie, HashType, RetryOn, Stick, StickRule};
use balance::words::ConfigWordError;
use balance::{Balancer, Config, ConfigError, Moment, Profile};

use super::{At, Check, nodes};
use crate::scenario::diagnostic::{Code, Diagnostic};
use crate::scenario::schema::{self, Proxy};
use crate::scenario::suggest;

/// What the backend is called if the scenario does not say.
const BACKEND: &str = "nodes";

/// Options that HAProxy has and that decide nothing here.
const IDLE_OPTIONS: &[&str] = &[
    "clitcpka",
    "contstats",
    "dontlog-normal",
    "dontlognull",
    "forwardfor",
    "http-keep-alive",
    "http-no-delay",
    "http-server-close",
    "httpclose",
    "httplog",
    "log-health-checks",
    "log-separate-errors",
    "logasap",
    "nolinger",
    "originalto",
    "prefer-last-server",
    "socket-stats",
    "splice-auto",
    "srvtcpka",
    "tcp-smart-accept",
    "tcp-smart-connect",
    "tcpka",
    "tcplog",
    "transparent",
];

/// Options that decide something.
const OPTIONS: &[&str] = &[
    "abortonclose",
    "allbackups",
    "httpchk",
    "persist",
    "redispatch",
];

/// The settings that hold for a backend, the more general first.
pub(super) type Layers<'a, T> = [(At<'a>, &'a T)];

impl Check {
    /// The proxy's settings, on top of `base` if a configuration was imported.
    pub(super) fn proxy(
        &mut self,
        root: At<'_>,
        scenario: &schema::Scenario,
        profile: Profile,
        base: Option<Config>,
    ) -> Config {
        let at = root.field("proxy");
        let general = scenario.proxy.clone().unwrap_or_default();
        let imported = base.is_some();
        let mut config = base.unwrap_or_default();
        config.profile = profile;
        config.epoch = crate::plan::EPOCH;
        if let Some(most) = self.small(at.field("maxconn"), general.maxconn, 1) {
            config.maxconn = most;
        }
        let nodes = nodes::declared(scenario.nodes.as_ref());
        match &general.backends {
            None => {
                let name = match (&general.name, config.backends.as_slice()) {
                    (Some(name), _) => name.clone(),
                    (None, [only]) => only.name.clone(),
                    (None, []) => BACKEND.to_owned(),
                    (None, many) => {
                        // With several imported backends, settings without a name hold for all.
                        let names: Vec<String> = many.iter().map(|b| b.name.clone()).collect();
                        for name in names {
                            self.backend(&mut config, &name, &[(at, &general)], &nodes, imported);
                        }
                        self.names.learn_servers(&config);
                        return config;
                    }
                };
                self.backend(&mut config, &name, &[(at, &general)], &nodes, imported);
            }
            Some(backends) => {
                for key in ["name", "servers"] {
                    if at.field(key).is_there() {
                        self.clash(at, key, "backends", "each backend has its own");
                    }
                }
                for (name, own) in &backends.0 {
                    self.outermost(at.field("backends").field(name), own);
                    self.proper_name(at.field("backends").field(name), name);
                    let layers = [(at, &general), (at.field("backends").field(name), own)];
                    self.backend(&mut config, name, &layers, &nodes, imported);
                }
            }
        }
        self.names.learn_servers(&config);
        config
    }

    /// Frontends and `defaults` stand beside the backends, not in one.
    fn outermost(&mut self, at: At<'_>, own: &Proxy) {
        for (key, there) in [
            ("maxconn", own.maxconn.is_some()),
            ("frontends", own.frontends.is_some()),
            ("defaults", own.defaults.is_some()),
            ("lists", own.lists.is_some()),
            ("backends", own.backends.is_some()),
        ] {
            if there {
                let complaint = Diagnostic::new(
                    Code::UnknownKey,
                    format!("`{key}` cannot stand in a backend"),
                    at.field(key).head(),
                );
                self.say(at, complaint.help("write it beside `backends`"));
            }
        }
    }

    fn backend(
        &mut self,
        config: &mut Config,
        name: &str,
        layers: &Layers<'_, Proxy>,
        nodes: &[String],
        imported: bool,
    ) {
        let index = config.backends.iter().position(|known| known.name == name);
        let mut backend = match index {
            Some(index) => config.backends[index].clone(),
            None => Backend {
                name: name.to_owned(),
                balance: Balance::unsaid(config.profile.version),
                ..Backend::default()
            },
        };
        for &(at, proxy) in layers {
            self.algorithm(&mut backend, at, proxy);
            self.persistence(&mut backend, at, proxy);
            self.options(&mut backend, at, proxy);
            self.limits(&mut backend, at, proxy);
        }
        // A table that nobody sticks by only counts.
        backend.stick = backend.stick.filter(|stick| !stick.rules.is_empty());
        let imported = imported && index.is_some();
        self.servers(&mut backend, layers, nodes, imported);
        self.traps(&backend, layers, imported);
        match index {
            Some(index) => config.backends[index] = backend,
            None => config.backends.push(backend),
        }
    }

    fn algorithm(&mut self, backend: &mut Backend, at: At<'_>, proxy: &Proxy) {
        let line = proxy.balance.as_deref();
        if let Some(balance) = self.words(at.field("balance"), line, Balance::parse) {
            backend.balance = balance;
        }
        let line = proxy.hash_type.as_deref();
        if let Some(hash) = self.words(at.field("hash_type"), line, HashType::parse) {
            backend.hash = hash;
        }
        let factor = at.field("hash_balance_factor");
        if proxy.hash_balance_factor == Some(0) {
            backend.hash_balance_factor = 0;
        } else if let Some(factor) =
            self.whole(factor, proxy.hash_balance_factor, 101..=i64::from(u32::MAX))
        {
            backend.hash_balance_factor = factor as u32;
        }
    }

    fn persistence(&mut self, backend: &mut Backend, at: At<'_>, proxy: &Proxy) {
        let line = proxy.cookie.as_deref();
        if let Some(cookie) = self.words(at.field("cookie"), line, Cookie::parse) {
            backend.cookie = Some(cookie);
        }
        if let Some(key) = &proxy.dynamic_cookie_key {
            match backend.cookie.as_mut().and_then(|c| c.dynamic_key.as_mut()) {
                Some(dynamic) => dynamic.clone_from(key),
                None => self.idle(
                    at.field("dynamic_cookie_key"),
                    "the key is for cookies with `dynamic`, and there is none",
                ),
            }
        }
        let line = proxy.stick_table.as_deref();
        if let Some(table) = self.words(at.field("stick_table"), line, table) {
            let rules = backend.stick.take().map(|stick| stick.rules);
            backend.stick = Some(Stick {
                rules: rules.unwrap_or_default(),
                ..table
            });
        }
        let Some(lines) = &proxy.stick else {
            return;
        };
        let rules: Vec<StickRule> = lines
            .iter()
            .enumerate()
            .filter_map(|(index, line)| {
                self.words(at.field("stick").item(index), Some(line), StickRule::parse)
            })
            .collect();
        match &mut backend.stick {
            Some(stick) => stick.rules = rules,
            None => self.missing(at, "stick_table", "\"type string size 1k expire 30m\""),
        }
    }

    fn limits(&mut self, backend: &mut Backend, at: At<'_>, proxy: &Proxy) {
        if let Some(http) = self.mode(at, proxy.mode.as_deref()) {
            backend.http = http;
        }
        if let Some(retries) = self.small(at.field("retries"), proxy.retries, 0) {
            backend.retries = retries;
        }
        let line = proxy.retry_on.as_deref();
        if let Some(on) = self.words(at.field("retry_on"), line, RetryOn::parse) {
            backend.retry_on = on;
        }
        if let Some(fullconn) = self.small(at.field("fullconn"), proxy.fullconn, 1) {
            backend.fullconn = fullconn;
        }
        let Some(timeout) = &proxy.timeout else {
            return;
        };
        let at = at.field("timeout");
        for (key, time, kept) in [
            ("connect", &timeout.connect, &mut backend.timeout_connect),
            ("server", &timeout.server, &mut backend.timeout_server),
            ("queue", &timeout.queue, &mut backend.timeout_queue),
            ("check", &timeout.check, &mut backend.timeout_check),
            ("tarpit", &timeout.tarpit, &mut backend.timeout_tarpit),
        ] {
            if let Some(span) = self.span(at.field(key), time.as_ref()) {
                *kept = Some(span);
            }
        }
    }

    fn options(&mut self, backend: &mut Backend, at: At<'_>, proxy: &Proxy) {
        for (index, line) in proxy.option.iter().flatten().enumerate() {
            self.option(backend, at.field("option").item(index), line);
        }
        for (index, line) in proxy.http_check.iter().flatten().enumerate() {
            self.http_check(backend, at.field("http_check").item(index), line);
        }
    }

    /// One `option` line.
    fn option(&mut self, backend: &mut Backend, at: At<'_>, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (name, arguments) = match words.as_slice() {
            ["option", name, arguments @ ..] | [name, arguments @ ..] => (*name, arguments),
            [] => ("", &[][..]),
        };
        let most = match name {
            "httpchk" => 3,
            "redispatch" => 1,
            _ => 0,
        };
        if let Some(extra) = arguments.get(most).filter(|_| OPTIONS.contains(&name)) {
            let start = extra.as_ptr() as usize - line.as_ptr() as usize;
            let complaint = Diagnostic::new(
                Code::Words,
                format!("`option {name}` takes no more words"),
                at.part(start..start + extra.len()),
            );
            self.say(at, complaint);
            return;
        }
        match name {
            "abortonclose" => backend.abortonclose = true,
            "allbackups" => backend.allbackups = true,
            "persist" => backend.persist = true,
            "redispatch" => self.redispatch(backend, at, arguments.first().copied()),
            "httpchk" => http_checks(backend, arguments),
            _ if IDLE_OPTIONS.contains(&name) => {
                self.idle(at, &format!("`option {name}` decides nothing here"));
            }
            _ => {
                let complaint =
                    Diagnostic::new(Code::Words, format!("no option {name:?} here"), at.place());
                self.say(
                    at,
                    suggest::attach(complaint, name, OPTIONS.iter().copied()),
                );
            }
        }
    }

    fn redispatch(&mut self, backend: &mut Backend, at: At<'_>, interval: Option<&str>) {
        if let Ok(interval) = interval.map_or(Ok(-1), str::parse) {
            backend.redispatch = Some(interval);
            return;
        }
        let complaint = Diagnostic::new(
            Code::Words,
            "`redispatch` counts retries in whole numbers",
            at.place(),
        )
        .accepted("`redispatch`, `redispatch 1`, `redispatch -1`");
        self.say(at, complaint);
    }

    /// One `http-check` line.
    fn http_check(&mut self, backend: &mut Backend, at: At<'_>, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (ranges, not) = match words.as_slice() {
            ["disable-on-404"] => {
                backend.disable_on_404 = true;
                return;
            }
            ["expect", "status", ranges @ ..] => (ranges, false),
            ["expect", "!", "status", ranges @ ..] => (ranges, true),
            _ => (&[][..], false),
        };
        let read: Option<Vec<(u16, u16)>> = ranges
            .iter()
            .flat_map(|word| word.split(','))
            .map(status_range)
            .collect();
        match read {
            Some(read) if !read.is_empty() => match &mut backend.check {
                CheckKind::Http { expect, negate, .. } => {
                    *expect = read;
                    *negate = not;
                }
                CheckKind::Tcp => {
                    let complaint = Diagnostic::new(
                        Code::Missing,
                        "an expected status needs HTTP checks",
                        at.place(),
                    )
                    .help("write `option: [\"httpchk HEAD /\"]` as well");
                    self.say(at, complaint);
                }
            },
            _ => {
                let complaint = Diagnostic::new(
                    Code::Words,
                    format!("`http-check {line}` is not simulated"),
                    at.place(),
                )
                .accepted("`expect status 200`, `expect status 200-299`, `expect ! status 503`, `disable-on-404`");
                self.say(at, complaint);
            }
        }
    }

    /// Something that can have no effect.
    pub(super) fn idle(&mut self, at: At<'_>, why: &str) {
        let complaint = Diagnostic::new(Code::Idle, why, at.place());
        self.say(at, complaint);
    }

    /// What only the core can find: contradictions between servers.
    /// The balancer that was made for this is kept if somebody types commands.
    pub(super) fn contradictions(
        &mut self,
        root: At<'_>,
        proxy: &Config,
        scenario: &schema::Scenario,
    ) {
        let errors = match Balancer::new(proxy.clone(), Moment::ZERO) {
            Ok(balancer) => {
                self.console = scenario.timeline.is_some().then_some(balancer);
                return;
            }
            Err(errors) => errors,
        };
        let at = root.field("proxy");
        for error in errors {
            // Weights, thresholds and names have been looked at one by one before.
            let place = match &error {
                ConfigError::Track { server, .. } => {
                    at.field("servers").field(server).field("track").place()
                }
                ConfigError::DuplicateId { server, .. } => {
                    at.field("servers").field(server).field("id").place()
                }
                ConfigError::Redispatch { .. } => at.field("retries").place(),
                _ => at.head(),
            };
            let complaint = Diagnostic::new(Code::Clash, error.to_string(), place);
            self.say(at, complaint);
        }
    }
}

/// `option httpchk` with its arguments; what `http-check` lines expect is kept.
fn http_checks(backend: &mut Backend, arguments: &[&str]) {
    let (method, uri) = match arguments {
        [] => ("OPTIONS", "/"),
        [uri] => ("OPTIONS", *uri),
        [method, uri, ..] => (*method, *uri),
    };
    let (expect, negate) = match std::mem::take(&mut backend.check) {
        CheckKind::Http { expect, negate, .. } => (expect, negate),
        CheckKind::Tcp => (Vec::new(), false),
    };
    backend.check = CheckKind::Http {
        method: method.to_owned(),
        uri: uri.to_owned(),
        expect,
        negate,
    };
}

/// The arguments of `stick-table`, but for what it stores, which is read with the rules.
fn table(words: &[&str]) -> Result<Stick, ConfigWordError> {
    let stores = |at: &usize| words[*at] == "store" || (*at > 0 && words[*at - 1] == "store");
    let kept: Vec<usize> = (0..words.len()).filter(|at| !stores(at)).collect();
    let left: Vec<&str> = kept.iter().map(|&at| words[at]).collect();
    Stick::parse(&left).map_err(|mut error| {
        error.index = kept.get(error.index).copied().unwrap_or(words.len());
        error
    })
}

/// Whether this can be a `stick-table`.
pub(super) fn is_table(words: &str) -> bool {
    let words: Vec<&str> = words.split_whitespace().collect();
    table(&words).is_ok()
}

/// `200` or `200-299`.
fn status_range(word: &str) -> Option<(u16, u16)> {
    let (low, high) = word.split_once('-').unwrap_or((word, word));
    let status = |text: &str| text.parse().ok().filter(|s| (100..=599).contains(s));
    let (low, high) = (status(low)?, status(high)?);
    (low <= high).then_some((low, high))
}
