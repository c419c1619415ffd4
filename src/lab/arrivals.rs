//! An open load: requests that are sent when their moment comes, whoever still waits.
//!
//! Every arrival is a client actor of its own, so that any number of them can be under way
//! at once. Those of one user share a cookie jar and come one after the other, as over one
//! connection: the next one waits for the answer to the one before.

use std::collections::VecDeque;

use balance::Moment;

use crate::plan::{self, RequestLine};
use crate::trace::{self, Sample, Sink};

use super::backlog::ConnectionId;
use super::clients::Outcome;
use super::cookie_jar::CookieJar;
use super::event::Event;
use super::outbox::{Outbox, TIMERS};

/// All arrivals of one log.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Arrivals {
    /// Its place in the plan.
    client: u32,
    /// The number of its first arrival among all client actors.
    first: u32,
    plan: plan::Arrivals,
    users: Vec<User>,
    /// Of each arrival, whether the next one of its user comes over the same connection.
    kept: Vec<bool>,
}

/// Somebody who sends one request at a time.
#[derive(Clone, Debug, Default, PartialEq)]
struct User {
    jar: CookieJar,
    /// When the request under way was sent.
    sent: Option<Moment>,
    /// Arrivals whose moment has come.
    waiting: VecDeque<u32>,
}

/// Of each arrival, whether the next one of its user comes over the same connection.
fn kept(plan: &plan::Arrivals) -> Vec<bool> {
    let mut kept = vec![false; plan.list.len()];
    let mut next = vec![true; plan.users.len()];
    for (place, arrival) in plan.list.iter().enumerate().rev() {
        let connects = std::mem::replace(&mut next[arrival.user as usize], arrival.connects);
        kept[place] = !connects;
    }
    kept
}

impl Arrivals {
    /// The load that stands at place `client` of the plan; its arrivals are the client actors
    /// from `first` on.
    pub(super) fn new(plan: &plan::Arrivals, client: u32, first: u32) -> Self {
        Self {
            client,
            first,
            users: vec![User::default(); plan.users.len()],
            kept: kept(plan),
            plan: plan.clone(),
        }
    }

    /// Pushes the first arrival.
    pub(super) fn begin<S: Sink>(&mut self, out: &mut Outbox<'_, S>) {
        self.expect(0, out);
    }

    /// Pushes the arrival at `place`, if there is one.
    fn expect<S: Sink>(&self, place: u32, out: &mut Outbox<'_, S>) {
        if place < self.plan.list.len() as u32 {
            let client = self.first + place;
            let at = self.plan.start + self.plan.list[place as usize].at;
            out.at(at, TIMERS, Event::ClientTurn { client });
        }
    }

    /// The moment of the arrival at `place` has come. It sees to it that the next one will.
    pub(super) fn turn<S: Sink>(&mut self, place: u32, out: &mut Outbox<'_, S>) {
        self.expect(place + 1, out);
        let user = &mut self.users[self.plan.list[place as usize].user as usize];
        if user.sent.is_some() {
            user.waiting.push_back(place);
        } else {
            self.send(place, out);
        }
    }

    fn send<S: Sink>(&mut self, place: u32, out: &mut Outbox<'_, S>) {
        let arrival = &self.plan.list[place as usize];
        let user = &mut self.users[arrival.user as usize];
        user.sent = Some(out.now());
        if arrival.clears {
            user.jar.clear();
        }
        if let Some(cookie) = &arrival.cookie {
            user.jar.set(out.now(), cookie);
        }
        let client = self.first + place;
        let request = out.numbers().assign(client);
        out.tell(|| trace::Event::Sent {
            client: self.client,
            thread: place,
            request,
        });
        let delay = out.wire().upward(!arrival.connects);
        let first = arrival.connects;
        out.send(
            delay,
            Event::Arrives {
                client,
                request,
                first,
            },
        );
    }

    /// The answer to the arrival at `place` is there.
    pub(super) fn delivered<S: Sink>(
        &mut self,
        place: u32,
        outcome: Outcome,
        set_cookies: &[String],
        out: &mut Outbox<'_, S>,
    ) {
        let user = &mut self.users[self.plan.list[place as usize].user as usize];
        for header in set_cookies {
            user.jar.set(out.now(), header);
        }
        let sent = user.sent.take().unwrap_or(out.now());
        let next = user.waiting.pop_front();
        out.sample(&Sample {
            client: self.client,
            thread: place,
            server: outcome.server,
            by: outcome.by,
            status: outcome.status,
            served: outcome.served,
            session_restarted: outcome.session_restarted,
            sent,
            elapsed: out.now().since(sent),
        });
        out.tell(|| trace::Event::Left {
            client: self.client,
            thread: place,
        });
        out.retire();
        if let Some(next) = next {
            self.send(next, out);
        }
    }

    /// What the arrival at `place` asks for.
    pub(super) fn line(&self, place: u32) -> &RequestLine {
        self.plan.request(place)
    }

    /// The connection of its user.
    pub(super) fn connection(&self, place: u32) -> ConnectionId {
        let user = self.plan.list[place as usize].user;
        ConnectionId(1 << 63 | u64::from(self.first) << 32 | u64::from(user))
    }

    /// Whether its user keeps the connection after it, or has one before its moment.
    pub(super) fn is_connected(&self, place: u32) -> bool {
        let user = &self.users[self.plan.list[place as usize].user as usize];
        user.sent.is_some() || self.kept[place as usize]
    }

    /// What its user remembers.
    pub(super) fn jar(&self, place: u32) -> &CookieJar {
        &self.users[self.plan.list[place as usize].user as usize].jar
    }
}
