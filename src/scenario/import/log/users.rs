//! Who is who: which requests of a log come from one person with one cookie jar.
//!
//! Requests over one connection come from one person. Of a new connection, the log may tell
//! that a cookie was brought: then it is taken for the person of this address who was idle
//! longest and has been led to that server, best of all one whose connection is over. Who brings nothing is somebody new. Where nothing
//! is said about cookies, an idle person of the address will do.

use std::collections::{BTreeMap, VecDeque};

use super::{Brings, Entry, Jar, User};

/// Idle persons that are looked at before somebody new is made up.
const LOOKED_AT: usize = 8;

/// Everybody so far.
pub(super) struct Crowd<'a> {
    pub(super) users: Vec<User>,
    /// The log has captured cookies: a request without one brought none.
    captures: bool,
    states: Vec<State<'a>>,
    /// By connection.
    lines: BTreeMap<(&'a str, u16), u32>,
    /// When the last request over each connection arrives.
    last: BTreeMap<(&'a str, u16), i64>,
    /// By address and by the server they were led to, longest idle first. Who is in the list
    /// may have become busy, or have been led elsewhere, since.
    idle: BTreeMap<(&'a str, Option<&'a str>), VecDeque<u32>>,
    /// How many persons an address has.
    counts: BTreeMap<&'a str, u32>,
}

struct State<'a> {
    /// When the last request ended.
    free: i64,
    led_to: Option<&'a str>,
    /// When the last request over the present connection arrives.
    until: i64,
    /// Whether they are in a list of the idle, and of which server.
    is_listed: bool,
    listed: Option<&'a str>,
}

impl<'a> Crowd<'a> {
    /// Nobody yet, of those who sent `entries`.
    pub(super) fn new(entries: &'a [Entry<'a>]) -> Self {
        let line = |entry: &'a Entry<'a>| Some(((entry.source.as_ref(), entry.port?), entry.at));
        Self {
            captures: entries.iter().any(|entry| entry.cookie.is_some()),
            last: entries.iter().filter_map(line).collect(),
            users: Vec::new(),
            states: Vec::new(),
            lines: BTreeMap::new(),
            idle: BTreeMap::new(),
            counts: BTreeMap::new(),
        }
    }

    /// Who sent this: the user, whether over a new connection, and what cookies there are.
    /// Entries are given in the order of arrival.
    pub(super) fn sender(&mut self, entry: &'a Entry<'a>) -> (u32, bool, Jar) {
        let source = entry.source.as_ref();
        let line = entry.port.map(|port| (source, port));
        let brings = match entry.brings {
            Brings::Unsaid if self.captures && entry.cookie.is_none() => Brings::Nothing,
            brings => brings,
        };
        let known = line.and_then(|line| self.lines.get(&line).copied());
        let (user, fresh) = match known {
            Some(user) => (user, false),
            None => self.newcomer(source, entry, brings),
        };
        if let Some(line) = line {
            self.lines.insert(line, user);
        }
        let jar = match (brings, fresh) {
            (Brings::Nothing, false) => Jar::Empty,
            (Brings::Followed, true) => match (entry.cookie, entry.server) {
                (Some(cookie), _) => Jar::Holds(cookie.to_owned()),
                (None, Some(server)) => Jar::LeadsTo(server.to_owned()),
                (None, None) => Jar::Kept,
            },
            (Brings::Ignored | Brings::Unsaid, true) => entry
                .cookie
                .map_or(Jar::Kept, |cookie| Jar::Holds(cookie.to_owned())),
            _ => Jar::Kept,
        };
        let ends = entry.at + entry.total.min(i64::MAX as u64 / 2) as i64;
        let state = &mut self.states[user as usize];
        state.free = state.free.max(ends);
        state.led_to = entry.server.or(state.led_to);
        state.until = line.map_or(entry.at, |line| self.last[&line]);
        let led_to = state.led_to;
        let was_listed = std::mem::replace(&mut state.is_listed, true);
        if std::mem::replace(&mut state.listed, led_to) != led_to || !was_listed {
            let list = self.idle.entry((source, led_to)).or_default();
            list.push_back(user);
        }
        let connects = entry.connects.unwrap_or(known.is_none());
        (user, connects, jar)
    }

    /// Who comes over a new connection, and whether it is somebody new.
    fn newcomer(&mut self, source: &'a str, entry: &Entry<'a>, brings: Brings) -> (u32, bool) {
        let found = match brings {
            Brings::Nothing => None,
            Brings::Followed => self.idle_one((source, entry.server), entry.at),
            Brings::Ignored | Brings::Unsaid => {
                let from = (source, None);
                let keys: Vec<_> = (self.idle.range(from..))
                    .map(|(key, _)| *key)
                    .take_while(|(address, _)| *address == source)
                    .take(LOOKED_AT)
                    .collect();
                keys.into_iter()
                    .find_map(|key| self.idle_one(key, entry.at))
            }
        };
        if let Some(user) = found {
            return (user, false);
        }
        let count = self.counts.entry(source).or_default();
        *count += 1;
        let name = match (entry.port, *count) {
            (None, 1) => source.to_owned(),
            (_, count) => format!("{source} #{count}"),
        };
        self.users.push(User {
            name,
            source: source.parse().ok(),
        });
        self.states.push(State {
            free: entry.at,
            led_to: None,
            until: entry.at,
            is_listed: false,
            listed: None,
        });
        (self.users.len() as u32 - 1, true)
    }

    /// Somebody of this list who is idle at `now`.
    fn idle_one(&mut self, key: (&'a str, Option<&'a str>), now: i64) -> Option<u32> {
        let states = &mut self.states;
        let list = self.idle.get_mut(&key)?;
        // Those who have been led elsewhere since stand in another list as well.
        let is_here = |state: &State<'_>| state.is_listed && state.listed == key.1;
        while list
            .front()
            .is_some_and(|&user| !is_here(&states[user as usize]))
        {
            list.pop_front();
        }
        let first = |is: fn(&State<'_>, i64) -> bool| {
            let mut first = list
                .iter()
                .take(LOOKED_AT)
                .map(|&user| &states[user as usize]);
            first.position(|state| is_here(state) && is(state, now))
        };
        let place = first(|state, now| state.free <= now && state.until < now)
            .or_else(|| first(|state, now| state.free <= now))?;
        let user = list.remove(place)?;
        states[user as usize].is_listed = false;
        Some(user)
    }
}
