//! From the journal of a run to a diagram.

use std::collections::{BTreeMap, BTreeSet};

use balance::config::CookieMode;
use balance::{AttemptId, By, Moment, ProbeId, ServerId};

use super::{Drawn, Kind, Selection, Sequence, Step};
use crate::plan::Plan;
use crate::report::Clock;
use crate::report::journal::{Entry, Exchange, Journal, What, client_name, deed, moves};
use crate::report::transitions::words as status_words;
use crate::trace::Names;

/// Servers that are drawn although nothing of the diagram touches them, as long as there
/// are no more than this.
const FEW: usize = 4;

/// The diagram of what `selection` chooses of a run of `plan`.
///
/// # Errors
/// If the selection is of something that never happens, in words.
pub fn sequence(
    plan: &Plan,
    journal: &Journal,
    names: &Names,
    selection: &Selection,
) -> Result<Sequence, String> {
    let chosen = selection.choose(journal, names)?;
    if chosen.is_empty() {
        return Err("no request of this run is chosen".to_owned());
    }
    let mut drawing = Drawing::new(plan, journal, names, &chosen);
    for entry in &journal.entries {
        drawing.follow(entry);
    }
    drawing.close_checks();
    let left_out = journal.exchanges.len() - chosen.len();
    if left_out > 0 {
        let words = vec![format!(
            "{} of {} requests are drawn",
            chosen.len(),
            journal.exchanges.len()
        )];
        drawing.push(drawing.until, Drawn::Gap, words);
    }
    Ok(Sequence {
        title: plan.title.clone(),
        parties: drawing.parties,
        steps: drawing.steps,
    })
}

/// A diagram that is being drawn.
struct Drawing<'a> {
    plan: &'a Plan,
    names: &'a Names,
    clock: Clock,
    chosen: &'a BTreeSet<usize>,
    exchanges: &'a [Exchange],
    /// From the first chosen request to the end of the last one.
    since: Moment,
    until: Moment,
    parties: Vec<String>,
    clients: BTreeMap<(u32, u32), usize>,
    proxy: usize,
    servers: BTreeMap<ServerId, usize>,
    /// Connections that came about: nothing is said of them.
    made: BTreeSet<(usize, AttemptId)>,
    /// What was asked for: `GET /`.
    asked: BTreeMap<usize, String>,
    /// Which server a request was sent to last.
    at: BTreeMap<usize, ServerId>,
    /// Checks that did not pass.
    failed: BTreeSet<ProbeId>,
    /// Checks that passed since the last step, and when the last of them did.
    passed: Vec<(ServerId, &'static str)>,
    passed_at: Moment,
    steps: Vec<Step>,
}

impl<'a> Drawing<'a> {
    fn new(
        plan: &'a Plan,
        journal: &'a Journal,
        names: &'a Names,
        chosen: &'a BTreeSet<usize>,
    ) -> Self {
        let exchanges = &journal.exchanges;
        let mut since = Moment::NEVER;
        let mut until = Moment::ZERO;
        let mut parties = Vec::new();
        let mut clients = BTreeMap::new();
        for exchange in chosen.iter().map(|index| &exchanges[*index]) {
            since = since.min(exchange.sent);
            let sample = exchange.sample.as_ref();
            until = until.max(sample.map_or(Moment::NEVER, |s| s.sent + s.elapsed));
            let who = (exchange.client, exchange.thread);
            clients.entry(who).or_insert(0);
        }
        for ((client, thread), place) in &mut clients {
            *place = parties.len();
            parties.push(client_name(plan, *client, *thread));
        }
        let proxy = parties.len();
        parties.push("HAProxy".to_owned());
        let mut made = BTreeSet::new();
        let mut failed = BTreeSet::new();
        let mut touched = BTreeSet::new();
        for entry in &journal.entries {
            match (&entry.what, entry.exchange) {
                (What::Forwarded(attempt, server, _), Some(index)) if chosen.contains(&index) => {
                    made.insert((index, *attempt));
                    touched.insert(*server);
                }
                (What::Connecting(_, server), Some(index)) if chosen.contains(&index) => {
                    touched.insert(*server);
                }
                (What::CheckEnded(probe, result), _) if !result.code.passed() => {
                    failed.insert(*probe);
                }
                _ => {}
            }
        }
        let all = names.ids().count();
        let shown = names.ids().filter(|id| all <= FEW || touched.contains(id));
        let mut servers = BTreeMap::new();
        for server in shown {
            servers.insert(server, parties.len());
            parties.push(names.name(server));
        }
        Self {
            plan,
            names,
            clock: Clock::starting(plan.clients_start),
            chosen,
            exchanges,
            since,
            until,
            parties,
            clients,
            proxy,
            servers,
            made,
            asked: BTreeMap::new(),
            at: BTreeMap::new(),
            failed,
            passed: Vec::new(),
            passed_at: Moment::ZERO,
            steps: Vec::new(),
        }
    }

    fn push(&mut self, at: Moment, drawn: Drawn, words: Vec<String>) {
        let at = format!("{:.3}", self.clock.seconds(at));
        self.steps.push(Step { at, drawn, words });
    }

    fn arrow(&mut self, at: Moment, from: usize, to: usize, kind: Kind, words: Vec<String>) {
        self.push(at, Drawn::Arrow { from, to, kind }, words);
    }

    fn follow(&mut self, entry: &Entry) {
        match entry.exchange {
            Some(index) if self.chosen.contains(&index) => {
                self.close_checks();
                self.exchange(entry, index);
            }
            None if entry.at <= self.until => self.surroundings(entry),
            Some(_) | None => {}
        }
    }

    /// One step of a chosen request.
    fn exchange(&mut self, entry: &Entry, index: usize) {
        let (at, proxy) = (entry.at, self.proxy);
        let exchange = &self.exchanges[index];
        let client = self.clients[&(exchange.client, exchange.thread)];
        match &entry.what {
            What::Asked { line, cookie } => {
                self.asked.insert(index, line.clone());
                let mut words = vec![format!("{}. {line}", index + 1)];
                words.extend(cookie.iter().map(|cookie| format!("Cookie: {cookie}")));
                self.arrow(at, client, proxy, Kind::Ask, words);
            }
            What::Connecting(attempt, server) => {
                self.at.insert(index, *server);
                if !self.made.contains(&(index, *attempt)) {
                    let to = self.party(*server);
                    self.arrow(at, proxy, to, Kind::Ask, vec!["connect".to_owned()]);
                }
            }
            What::Refused(_) => {
                let words = vec!["connection refused".to_owned()];
                self.arrow(at, self.tried(index), proxy, Kind::Trouble, words);
            }
            What::Forwarded(_, server, cookies) => {
                self.at.insert(index, *server);
                let mut words = vec![self.asked.get(&index).cloned().unwrap_or_default()];
                words.extend(cookies.iter().map(|cookie| format!("Cookie: {cookie}")));
                let to = self.party(*server);
                self.arrow(at, proxy, to, Kind::Ask, words);
            }
            What::Answered {
                status, set_cookie, ..
            } => {
                let mut words = vec![status.to_string()];
                words.extend(set_cookie.iter().map(|value| set(value)));
                self.arrow(at, self.tried(index), proxy, Kind::Answer, words);
            }
            What::Replied(status, set_cookies) => {
                self.reply(at, index, client, *status, set_cookies);
            }
            What::Done => {
                let sample = exchange.sample.as_ref();
                if sample.is_some_and(|s| s.status == 0) {
                    let words = vec!["gets no answer".to_owned()];
                    self.push(at, Drawn::Note(client), words);
                }
            }
            _ => self.decision(entry, exchange),
        }
    }

    /// The server that a request was last sent to; the proxy, before it was to any.
    fn tried(&self, index: usize) -> usize {
        let server = self.at.get(&index);
        server.map_or(self.proxy, |server| self.party(*server))
    }

    /// What the proxy made up its mind to do with a chosen request.
    fn decision(&mut self, entry: &Entry, exchange: &Exchange) {
        let name = |server: ServerId| self.names.name(server);
        let words = match &entry.what {
            What::Chosen(server, by) => self.reason(exchange, *server, *by),
            What::Queued(Some(server)) => format!("waits in the queue of {}", name(*server)),
            What::Queued(None) => "waits in the queue of the backend".to_owned(),
            What::Dequeued(server, waited) => {
                format!("{} takes it after {} ms", name(*server), waited.as_millis())
            }
            What::Retried(server) => format!("tries {} again", name(*server)),
            What::Redispatched(from) => format!("leaves {}: redispatch", name(*from)),
            _ => return,
        };
        self.push(entry.at, Drawn::Note(self.proxy), vec![words]);
    }

    fn reply(&mut self, at: Moment, index: usize, to: usize, status: u16, set_cookies: &[String]) {
        let mut words = match status {
            0 => vec!["the connection breaks".to_owned()],
            status => vec![status.to_string()],
        };
        words.extend(set_cookies.iter().map(|value| set(value)));
        let sample = self.exchanges[index].sample.as_ref();
        if sample.is_some_and(|sample| sample.session_restarted) {
            words.push("a new session: sessionViews is 1".to_owned());
        }
        let kind = if status == 0 || status >= 400 {
            Kind::Trouble
        } else {
            Kind::Answer
        };
        self.arrow(at, self.proxy, to, kind, words);
    }

    /// A step that belongs to no request.
    fn surroundings(&mut self, entry: &Entry) {
        let (at, proxy) = (entry.at, self.proxy);
        let near = at >= self.since;
        match &entry.what {
            What::CheckStarted(probe) if near && self.failed.contains(probe) => {
                self.close_checks();
                if let Some(&to) = self.servers.get(&probe.server) {
                    self.arrow(at, proxy, to, Kind::Ask, vec!["check".to_owned()]);
                }
            }
            What::CheckEnded(probe, result) if near => {
                let Some(&from) = self.servers.get(&probe.server) else {
                    return;
                };
                let code = result.code.code();
                if result.code.passed() {
                    self.passed.push((probe.server, code));
                    self.passed_at = at;
                } else {
                    self.close_checks();
                    let words = vec![format!("check failed: {code}, {}", result.code.text())];
                    self.arrow(at, from, proxy, Kind::Trouble, words);
                }
            }
            What::Changed {
                server, from, to, ..
            } => {
                let moved = moves(*from, *to);
                // Before the first request only what it will meet matters.
                if let Some(&place) = self.servers.get(server)
                    && (near || moved)
                {
                    self.close_checks();
                    let status = status_words(*to, self.names);
                    let words = vec![format!("{} is {status}", self.names.name(*server))];
                    let drawn = if moved {
                        Drawn::Turn(place)
                    } else {
                        Drawn::Note(place)
                    };
                    self.push(at, drawn, words);
                }
            }
            What::Acted(number) => {
                self.close_checks();
                let (line, servers) = deed(self.plan, *number);
                let place = servers.iter().find_map(|server| self.servers.get(server));
                let place = place.copied().unwrap_or(proxy);
                self.push(at, Drawn::Note(place), vec![format!("operator: {line}")]);
            }
            What::CookiesCleared(client) => {
                if let Some(&place) = self.clients.get(&(*client, 0)) {
                    self.close_checks();
                    let words = vec!["clears the cookies".to_owned()];
                    self.push(at, Drawn::Note(place), words);
                }
            }
            _ => {}
        }
    }

    /// Says in one line which checks passed since the last step.
    fn close_checks(&mut self) {
        let passed = std::mem::take(&mut self.passed);
        if passed.is_empty() {
            return;
        }
        let mut counts: BTreeMap<(ServerId, &str), usize> = BTreeMap::new();
        for key in passed {
            *counts.entry(key).or_default() += 1;
        }
        let line: Vec<String> = counts
            .into_iter()
            .map(|((server, code), count)| {
                let name = self.names.name(server);
                if count == 1 {
                    format!("{name} {code}")
                } else {
                    format!("{name} {count} x {code}")
                }
            })
            .collect();
        let words = vec![format!("checks: {}", line.join(", "))];
        self.push(self.passed_at, Drawn::Note(self.proxy), words);
    }

    fn party(&self, server: ServerId) -> usize {
        self.servers.get(&server).copied().unwrap_or(self.proxy)
    }

    /// Who chose `server`, in the words of the configuration.
    fn reason(&self, exchange: &Exchange, server: ServerId, by: By) -> String {
        let name = self.names.name(server);
        let backend = &self.plan.proxy.backends[server.backend.0 as usize];
        let cookie = backend.cookie.as_ref();
        let cookie_name = cookie.map_or("cookie", |cookie| cookie.name.as_str());
        match by {
            By::Cookie => format!("cookie {cookie_name} says {name}"),
            By::Stick => format!("the stick table says {name}"),
            By::UseServer => format!("a use-server rule says {name}"),
            By::Queue => format!("{name} takes it from the queue"),
            By::Algorithm => {
                let why = cookie
                    .filter(|cookie| cookie.mode != CookieMode::Passive || cookie.indirect)
                    .and(exchange.ending.as_ref())
                    .map_or("", |ending| match ending.flags[2] {
                        b'D' => ", as the cookie's server is down",
                        b'I' => ", as the cookie names no server",
                        b'E' | b'O' => ", as the cookie is too old",
                        _ => "",
                    });
                format!("{} says {name}{why}", backend.balance.name())
            }
        }
    }
}

/// A `Set-Cookie` header as it is drawn.
fn set(value: &str) -> String {
    format!("Set-Cookie: {value}")
}
