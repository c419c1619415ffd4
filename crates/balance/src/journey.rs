//! A request's way through the rules, before any server is chosen: only counters change on
//! the way, so that what it comes to can be looked at as one value.
//!
//! The order is HAProxy's: the frontend's rules, the choice of the backend, persistence
//! rules, the backend's rules, `use-server`.

use alloc::string::String;
use core::cell::RefCell;
use core::mem;

use crate::action::{Action, Rule};
use crate::balancer::Balancer;
use crate::chance::Chance;
use crate::counter::{Counters, Datum, Tracking, Tracks};
use crate::expression::{Expression, Value};
use crate::ids::BackendId;
use crate::request::Request;
use crate::rewrite::Rewrite;
use crate::route::{Door, Frontend, Rules, Switch, Target};
use crate::rule::{PersistRule, Persisting, UseServer};
use crate::scene::{Scene, Variables};
use crate::time::Moment;

/// Why a request goes no further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// `deny`
    Denied(u16),
    /// `return`
    Returned(u16),
    /// `redirect`
    Redirected(u16),
    /// `tarpit`: answered later.
    Tarpitted(u16),
    /// `reject`: not answered at all.
    Rejected,
    /// There is no backend for it.
    Nowhere,
}

/// What a way comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) backend: Option<BackendId>,
    pub(crate) stop: Option<Stop>,
    pub(crate) persisting: Persisting,
    /// The server that a `use-server` rule has chosen.
    pub(crate) server: Option<u32>,
    pub(crate) passage: Passage,
    /// The counters that it goes on to track.
    pub(crate) tracks: Tracks,
    /// The places of the rules that decided.
    pub(crate) decided: Decided,
}

/// Which rules decided: their places among those of their kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Decided {
    /// Of `use_backend`.
    pub(crate) switch: Option<u32>,
    /// Of the section that stopped it: the place among [`Rules::all`].
    pub(crate) stop: Option<u32>,
    /// Of `use-server`.
    pub(crate) server: Option<u32>,
}

/// What is remembered of a request that passed rules until its number is used again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Passage {
    /// What the server gets instead of what the client sent.
    pub(crate) rewrite: Option<Rewrite>,
    /// The `Location` of a redirection, and the cookie that comes with it.
    pub(crate) location: Option<(String, Option<String>)>,
    /// `set-priority-class`, -2047..=2047.
    pub(crate) class: i16,
    /// `set-priority-offset` in ms, -524287..=524287.
    pub(crate) offset: i32,
}

/// The way itself.
struct Journey<'a> {
    balancer: &'a Balancer,
    facts: &'a Request<'a>,
    door: Option<Door>,
    variables: Variables,
    tracking: &'a Tracking,
    draw: &'a dyn Fn(u64) -> u64,
    verdict: Verdict,
}

impl Balancer {
    /// The way of a request that comes in through `door` (and whether it is the first over its
    /// connection), or is sent to `backend`.
    pub(crate) fn journey(
        &mut self,
        now: Moment,
        door: Option<(Door, bool)>,
        backend: Option<BackendId>,
        facts: &Request<'_>,
        chance: &mut dyn Chance,
    ) -> Verdict {
        let counters = mem::take(&mut self.counters);
        let (verdict, counters) = self.travel(now, door, backend, facts, (counters, chance));
        self.counters = counters;
        verdict
    }

    /// [`journey`](Self::journey), with the counters that rules look at and change lent to it.
    pub(crate) fn travel(
        &self,
        now: Moment,
        door: Option<(Door, bool)>,
        backend: Option<BackendId>,
        facts: &Request<'_>,
        (counters, chance): (Counters, &mut dyn Chance),
    ) -> (Verdict, Counters) {
        let chance = RefCell::new(chance);
        let (door, first) = door.unzip();
        let tracking = Tracking {
            counters: RefCell::new(counters),
            tracks: RefCell::default(),
            now,
            first: first.unwrap_or(false),
        };
        let mut journey = Journey {
            balancer: self,
            facts,
            door,
            variables: Variables::new(),
            tracking: &tracking,
            draw: &|below| chance.borrow_mut().below(below),
            verdict: Verdict::default(),
        };
        journey.go(backend);
        let mut verdict = journey.verdict;
        verdict.tracks = tracking.tracks.into_inner();
        (verdict, tracking.counters.into_inner())
    }
}

impl Journey<'_> {
    fn go(&mut self, backend: Option<BackendId>) {
        let balancer = self.balancer;
        let frontend = self.door.and_then(|door| balancer.frontend(door));
        let mut chosen = backend;
        if let Some((frontend, _)) = frontend {
            if self.barred(&frontend.rules)
                || self.monitored(frontend)
                || self.stopped(&frontend.rules)
            {
                return;
            }
            let switched = self.switch(&frontend.switches);
            self.verdict.decided.switch = switched.map(|(place, _)| place);
            let named = switched.and_then(|(_, backend)| backend);
            chosen = named.or(frontend.default_backend);
        }
        let Some(id) = chosen else {
            self.verdict.stop = Some(Stop::Nowhere);
            return;
        };
        self.verdict.backend = Some(id);
        let Some(backend) = balancer.backends.get(id.0 as usize) else {
            return;
        };
        let config = &backend.config;
        self.verdict.persisting = self.look(|scene| PersistRule::of(&config.persist_rules, scene));
        let same = frontend.is_some_and(|(frontend, _)| frontend.listen == Some(id));
        let content = config.rules.each(|rules| &rules.content);
        if !same && (self.end(&config.rules, content).is_some() || self.stopped(&config.rules)) {
            return;
        }
        let forced = config.persist || self.verdict.persisting == Persisting::Forced;
        let reached = |rule: &UseServer, scene: &Scene<'_>| {
            if !rule.condition.holds(scene) {
                return None;
            }
            let slot = backend.slot_named(&rule.server.write(scene))?;
            (forced || !backend.servers[slot as usize].is_stopped()).then_some(slot)
        };
        let rules = &config.use_server;
        let found = self.look(|scene| {
            let mut rules = (0..).zip(rules);
            rules.find_map(|(place, rule)| Some((place, reached(rule, scene)?)))
        });
        self.verdict.decided.server = found.map(|(place, _)| place);
        self.verdict.server = found.map(|(_, slot)| slot);
    }

    /// The scene as it is now.
    fn look<R>(&self, see: impl FnOnce(&Scene<'_>) -> R) -> R {
        let headers;
        let mut request = *self.facts;
        if let Some(rewrite) = &self.verdict.passage.rewrite {
            headers = rewrite.headers();
            request = Request {
                method: rewrite.seen_method(request.method),
                uri: &rewrite.uri,
                headers: &headers,
                ..request
            };
        }
        see(&Scene {
            request,
            backends: &self.balancer.backends,
            door: self.door.and_then(|door| self.balancer.frontend(door)),
            backend: self.verdict.backend,
            variables: &self.variables,
            tracking: self.tracking,
            draw: self.draw,
        })
    }

    /// The first rule whose condition holds, and the backend that it names, if there is one of
    /// this name.
    fn switch(&self, switches: &[Switch]) -> Option<(u32, Option<BackendId>)> {
        self.look(|scene| {
            let mut switches = (0..).zip(switches);
            let (place, rule) = switches.find(|(_, rule)| rule.condition.holds(scene))?;
            let backend = match &rule.to {
                Target::Backend(id) => Some(*id),
                Target::Named(format) => self.balancer.backend_named(&format.write(scene)),
            };
            Some((place, backend))
        })
    }

    /// Follows a section's rules; whether one of them ends the way.
    fn stopped(&mut self, rules: &Rules) -> bool {
        let redirect = rules.each(|rules| &rules.redirect);
        let request = rules.each(|rules| &rules.request);
        self.end(rules, request)
            .or_else(|| self.end(rules, redirect))
            .is_some()
    }

    /// Follows the rules of a frontend that come before those on HTTP; whether one of them
    /// turns the client away.
    fn barred(&mut self, rules: &Rules) -> bool {
        // A connection that was let in stays so; what it counts is looked up again.
        let first = self.tracking.first;
        let connection = rules.each(|rules| &rules.connection);
        let connection = connection.filter(|rule| first || rule.action != Action::Reject);
        let content = rules.each(|rules| &rules.content);
        let barred = self
            .end(rules, connection)
            .or_else(|| self.end(rules, content))
            .is_some();
        if !barred {
            self.tracking.asked();
        }
        barred
    }

    /// Whether the proxy itself is asked how it is.
    fn monitored(&mut self, frontend: &Frontend) -> bool {
        let Some(monitor) = &frontend.monitor else {
            return false;
        };
        if self.facts.uri != monitor.uri {
            return false;
        }
        let fails = self.look(|scene| monitor.fail.iter().any(|fail| fail.holds(scene)));
        self.verdict.stop = Some(Stop::Returned(if fails { 503 } else { 200 }));
        true
    }

    /// Follows rules of one kind among `all`; the one that ends the way, if one does.
    fn end<'r>(
        &mut self,
        all: &'r Rules,
        rules: impl Iterator<Item = &'r Rule>,
    ) -> Option<&'r Rule> {
        for rule in rules {
            if self.look(|scene| rule.condition.holds(scene)) {
                if rule.action == Action::Allow {
                    break;
                }
                self.act(rule);
                if self.verdict.stop.is_some() {
                    self.verdict.decided.stop = all.place(rule);
                    return Some(rule);
                }
            }
        }
        None
    }

    /// Does what `rule` says.
    fn act(&mut self, rule: &Rule) {
        let stop = match &rule.action {
            Action::Deny(status) => {
                self.tracking.denied();
                Stop::Denied(*status)
            }
            Action::Return(status) => Stop::Returned(*status),
            Action::Tarpit(status) => {
                self.tracking.denied();
                Stop::Tarpitted(*status)
            }
            counting @ (Action::Track(..) | Action::Raise(..) | Action::SetTag(..)) => {
                return self.count(counting);
            }
            Action::Reject => Stop::Rejected,
            Action::Redirect(redirect) => {
                let Some(location) = self.look(|scene| redirect.location(scene)) else {
                    return;
                };
                let cookie = redirect.set_cookie.clone();
                self.verdict.passage.location = Some((location, cookie));
                Stop::Redirected(redirect.status)
            }
            Action::SetClass(expression) => {
                if let Some(number) = self.number(expression) {
                    self.verdict.passage.class = number.clamp(-2047, 2047) as i16;
                }
                return;
            }
            Action::SetOffset(expression) => {
                if let Some(number) = self.number(expression) {
                    self.verdict.passage.offset = number.clamp(-524_287, 524_287) as i32;
                }
                return;
            }
            Action::SetVar(name, expression) => {
                let value = self.look(|scene| expression.value(scene).map(Value::kept));
                if let Some(value) = value {
                    self.variables.insert(name.clone(), value);
                }
                return;
            }
            Action::SetVarFormat(name, format) => {
                let text = self.look(|scene| format.write(scene));
                let value = Value::Text(text.into());
                self.variables.insert(name.clone(), value);
                return;
            }
            Action::UnsetVar(name) => {
                self.variables.remove(name);
                return;
            }
            changing => return self.change(changing),
        };
        self.verdict.stop = Some(stop);
    }

    /// Does what a rule on counters says.
    fn count(&self, action: &Action) {
        let tracking = self.tracking;
        match action {
            Action::Track(slot, key, table, level) => {
                let key = self.look(|scene| key.value(scene).map(Value::kept));
                if let Some(key) = key {
                    tracking.track(*slot, &key, *table, *level);
                }
            }
            Action::Raise(slot, Datum::Gpc1) => {
                tracking.raise(*slot, &[Datum::Gpc1, Datum::Gpc1Rate]);
            }
            Action::Raise(slot, _) => tracking.raise(*slot, &[Datum::Gpc0, Datum::Gpc0Rate]),
            Action::SetTag(slot, expression) => {
                if let Some(number) = self.number(expression) {
                    let number = number.clamp(0, i64::from(u32::MAX)) as u32;
                    tracking.set(*slot, Datum::Gpt0, number);
                }
            }
            _ => {}
        }
    }

    fn number(&self, expression: &Expression) -> Option<i64> {
        self.look(|scene| expression.value(scene)?.number())
    }

    /// Changes the request.
    fn change(&mut self, action: &Action) {
        let text = self.look(|scene| match action {
            Action::SetHeader(_, format)
            | Action::AddHeader(_, format)
            | Action::ReplaceHeader(_, _, format)
            | Action::ReplaceValue(_, _, format)
            | Action::SetMethod(format)
            | Action::SetPath(format)
            | Action::SetPathQ(format)
            | Action::SetQuery(format)
            | Action::SetUri(format)
            | Action::ReplacePath(_, format)
            | Action::ReplacePathQ(_, format)
            | Action::ReplaceUri(_, format) => format.write(scene),
            _ => String::new(),
        });
        let facts = self.facts;
        let rewrite = (self.verdict.passage.rewrite).get_or_insert_with(|| Rewrite::of(facts));
        match action {
            Action::SetHeader(name, _) => rewrite.set(name, text),
            Action::AddHeader(name, _) => rewrite.add(name, text),
            Action::DelHeader(names) => rewrite.remove(names),
            Action::ReplaceHeader(name, regex, _) => rewrite.replace(name, regex, &text, true),
            Action::ReplaceValue(name, regex, _) => rewrite.replace(name, regex, &text, false),
            Action::SetMethod(_) => rewrite.method = text,
            Action::SetPath(_) => rewrite.set_path(&text),
            Action::SetPathQ(_) => rewrite.set_path_and_query(&text),
            Action::SetQuery(_) => rewrite.set_query(&text),
            Action::SetUri(_) => rewrite.uri = text,
            Action::ReplacePath(regex, _) => rewrite.replace_path(regex, &text),
            Action::ReplacePathQ(regex, _) => rewrite.replace_path_and_query(regex, &text),
            Action::ReplaceUri(regex, _) => rewrite.replace_uri(regex, &text),
            _ => {}
        }
    }
}
