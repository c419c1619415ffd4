//! Legal, but a known trap: what operators and students have been surprised by.

use balance::config::{Balance, CookieMode};

use super::keywords::Role;
use super::proxy::Proxy;
use super::read::Draft;
use super::server::ServerDraft;
use crate::scenario::Place;
use crate::scenario::diagnostic::{Code, Diagnostic};

/// Everything doubtful about a configuration that HAProxy accepts.
pub(super) fn lint(draft: &Draft) -> Vec<Diagnostic> {
    let mut notes = Vec::new();
    for proxy in &draft.proxies {
        if proxy.settings.disabled {
            continue;
        }
        timeouts(proxy, &mut notes);
        if proxy.role.is_back() && !proxy.servers.is_empty() {
            let lint = Lint { draft, proxy };
            lint.first(&mut notes);
            lint.cookies(&mut notes);
            lint.checks(&mut notes);
            lint.weights(&mut notes);
            lint.queues(&mut notes);
        }
    }
    notes
}

/// One section with servers.
struct Lint<'a> {
    draft: &'a Draft,
    proxy: &'a Proxy,
}

fn trap(place: Place, message: impl Into<String>, help: &str) -> Diagnostic {
    Diagnostic::new(Code::Lint, message, place).help(help)
}

/// HAProxy itself warns about sections without these.
fn timeouts(proxy: &Proxy, notes: &mut Vec<Diagnostic>) {
    let times = &proxy.settings.timeouts;
    let back = proxy.role == Role::Backend || !proxy.servers.is_empty();
    let front = proxy.role.is_front() && !proxy.binds.is_empty();
    let wanted = [
        ("client", front && times.client.is_none()),
        ("connect", back && times.connect.is_none()),
        ("server", back && times.server.is_none()),
    ];
    let missing: Vec<_> = wanted
        .iter()
        .filter(|(_, missing)| *missing)
        .map(|(name, _)| format!("`timeout {name}`"))
        .collect();
    if !missing.is_empty() {
        let message = format!("`{}` has no {}", proxy.name, missing.join(" and no "));
        let help = "without it a connection may stay for ever; HAProxy warns about this too";
        notes.push(trap(proxy.place, message, help));
    }
}

impl Lint<'_> {
    fn servers(&self) -> impl Iterator<Item = &ServerDraft> {
        self.proxy.servers.iter()
    }

    /// Whether the weights of the servers differ.
    fn weighted(&self) -> bool {
        let first = self.proxy.servers[0].template.server.weight;
        self.servers()
            .any(|server| server.template.server.weight != first)
    }

    fn first(&self, notes: &mut Vec<Diagnostic>) {
        let first = self.servers().next();
        let limited = first.is_some_and(|server| server.template.server.maxconn > 0);
        if self.proxy.settings.balance != Some(Balance::First) || limited {
            return;
        }
        let name = &self.proxy.name;
        let message = format!("`balance first` of `{name}` fills only one server");
        let elsewhere = self.draft.maxconn.is_some() || self.proxy.settings.maxconn.is_some();
        let help = if elsewhere {
            "`maxconn` of `global` or of a frontend does not count here: it must stand on the `server` lines"
        } else {
            "the next server is only used when the one before it has reached its own `maxconn`"
        };
        notes.push(trap(self.proxy.place, message, help));
    }

    fn cookies(&self, notes: &mut Vec<Diagnostic>) {
        let without: Vec<_> = self
            .servers()
            .filter(|server| server.template.server.cookie.is_none())
            .collect();
        let Some((cookie, place)) = &self.proxy.settings.cookie else {
            if let Some(server) = self.servers().find(|s| s.template.server.cookie.is_some()) {
                let message = format!("the `cookie` of server `{}` is never used", server.name);
                let help = "add a line such as `cookie SERVERID insert indirect nocache`";
                notes.push(Diagnostic::new(Code::Idle, message, server.place).help(help));
            }
            return;
        };
        if !self.proxy.settings.http {
            let message = "`cookie` does nothing in mode tcp";
            notes.push(Diagnostic::new(Code::Idle, message, *place).help("add `mode http`"));
            return;
        }
        if cookie.dynamic_key.is_some() {
            if self.proxy.settings.dynamic_cookie_key.is_none() {
                let message = "a `dynamic` cookie needs a `dynamic-cookie-key`";
                notes.push(Diagnostic::new(Code::Idle, message, *place));
            }
            return;
        }
        if let [server, ..] = without.as_slice() {
            let all = without.len() == self.proxy.servers.len();
            let message = if all {
                format!(
                    "no server of `{}` has a `cookie` value: nobody sticks",
                    self.proxy.name
                )
            } else {
                format!(
                    "server `{}` has no `cookie` value: its clients do not stick",
                    server.name
                )
            };
            notes.push(
                Diagnostic::new(Code::CookieValue, message, server.place)
                    .also(*place, "this cookie would carry it")
                    .help("add `cookie` and a value to each `server` line"),
            );
        } else if self.weighted() && cookie.mode != CookieMode::Passive {
            let message = format!(
                "the weights of `{}` only count for clients without a cookie",
                self.proxy.name
            );
            let help = "a client that has been placed stays, so with few clients the shares can be anything";
            notes.push(trap(*place, message, help));
        }
    }

    fn checks(&self, notes: &mut Vec<Diagnostic>) {
        let watched =
            |server: &ServerDraft| server.template.check || server.template.track.is_some();
        let name = &self.proxy.name;
        if self.proxy.servers.len() > 1 && !self.servers().any(watched) {
            let message = format!("no server of `{name}` is checked");
            let help =
                "a dead server keeps its share of the requests; add `check` to each `server` line";
            notes.push(trap(self.proxy.place, message, help));
        }
        for server in self.servers().filter(|server| !watched(server)) {
            let settings = &server.template.server;
            if settings.slowstart.as_nanos() > 0 {
                let message = format!("`slowstart` of server `{}` waits for a check", server.name);
                let help = "without `check` the server never goes down, so it never comes up again";
                notes.push(trap(server.place, message, help));
            }
        }
        for server in self.servers() {
            let probe = &server.template.probe;
            let timeout = self.proxy.settings.timeouts.check;
            if let Some(timeout) =
                timeout.filter(|&time| server.template.check && time < probe.inter)
            {
                let message = format!(
                    "`timeout check` of {timeout} only counts from `inter` ({}) on in HAProxy 2.6",
                    probe.inter
                );
                let help = "shorten `inter` as well, or expect checks to last as long as `inter`";
                notes.push(trap(server.place, message, help));
                break;
            }
        }
    }

    fn weights(&self, notes: &mut Vec<Diagnostic>) {
        let settings = &self.proxy.settings;
        if !self.weighted() {
            return;
        }
        let name = &self.proxy.name;
        match &settings.balance {
            Some(Balance::LeastConn) => notes.push(trap(
                self.proxy.place,
                format!("the weights of `{name}` only count while requests overlap"),
                "an idle server has load 0 whatever its weight, so `leastconn` takes them in turn",
            )),
            Some(Balance::First) => notes.push(trap(
                self.proxy.place,
                format!("`balance first` of `{name}` does not look at weights"),
                "only `maxconn` decides when the next server is used",
            )),
            Some(Balance::Hash(_)) if !settings.hash.consistent => notes.push(trap(
                self.proxy.place,
                format!("the weights of `{name}` move nearly all keys when a server comes or goes"),
                "with `hash-type consistent` most keys stay where they are",
            )),
            _ => {}
        }
    }

    fn queues(&self, notes: &mut Vec<Diagnostic>) {
        for server in self.servers() {
            let settings = &server.template.server;
            let name = &server.name;
            if settings.maxqueue > 0 && settings.maxconn == 0 && settings.minconn == 0 {
                let message =
                    format!("`maxqueue` of server `{name}` does nothing without `maxconn`");
                notes.push(Diagnostic::new(Code::Idle, message, server.place));
            }
            if settings.minconn > settings.maxconn && settings.maxconn > 0 {
                let message = format!(
                    "`minconn` {} of server `{name}` is above its `maxconn`: HAProxy raises that to {0}",
                    settings.minconn
                );
                notes.push(trap(
                    server.place,
                    message,
                    "write the smaller one as `minconn`",
                ));
            }
        }
        let retries = i64::from(self.proxy.settings.retries.unwrap_or(3));
        if let Some(interval) = self.proxy.settings.redispatch
            && interval < 0
            && retries + 1 + i64::from(interval) == 0
        {
            let message =
                format!("`option redispatch {interval}` with `retries {retries}` stops HAProxy");
            let help =
                "the process divides by zero at the first failed connection; change one of them";
            notes.push(trap(self.proxy.place, message, help));
        }
    }
}
