//! The post office of the lab: takes the next event and hands it to the actor it is for.

use balance::{Interest, Moment, RequestId};

use crate::plan::{Claim, Plan};
use crate::trace::Sink;

use super::clients::{Clients, Outcome};
use super::event::{Caller, Event, Handshake};
use super::node::{Job, Node};
use super::operator;
use super::outbox::{Outbox, TIMERS};
use super::parcel::{Parcel, RESTARTED, SERVED, kind};
use super::port::Port;
use super::sessions::Visit;

/// The parts of a world while things happen in it.
pub(super) struct Stage<'a, S> {
    pub(super) plan: &'a Plan,
    pub(super) clients: &'a mut Clients,
    pub(super) port: &'a mut Port,
    pub(super) nodes: &'a mut [Node],
    pub(super) out: Outbox<'a, S>,
}

impl<S: Sink> Stage<'_, S> {
    /// Tells the balancer what its notes are wanted for: state changes always, as they are
    /// part of the digest.
    pub(super) fn listen(&mut self) {
        let interest = self.out.sink.interest();
        self.port.listen(interest.max(Interest::States));
    }

    /// Pushes the first events.
    pub(super) fn begin(&mut self) {
        self.out.ground.pending = self.clients.len() + self.plan.timeline.len() as u32;
        for (entry, timed) in (0..).zip(&self.plan.timeline) {
            let lane = operator::lane(&timed.action);
            self.out.at(timed.at, lane, Event::Act(entry));
        }
        if let Some(horizon) = horizon(self.plan) {
            self.out.ground.pending += 1;
            self.out.at(horizon, TIMERS, Event::Horizon);
        }
        self.clients.begin(&mut self.out);
    }

    /// The next event at `until` or before: what is on the agenda, else the moment for which
    /// the balancer asked to be woken.
    #[inline]
    pub(super) fn next(&mut self, until: Moment) -> Option<Parcel> {
        let ground = &mut *self.out.ground;
        let wake = self.port.wake();
        if let Some(at) = ground.agenda.due(until.min(wake)) {
            ground.now = at;
            return Some(ground.agenda.take());
        }
        if wake > until || wake == Moment::NEVER {
            return None;
        }
        ground.now = wake;
        Some(Parcel::from(Event::Wake))
    }

    /// Lets an event happen. Those that every request brings are taken here as they travel:
    /// the others make [`Event`] so large that it is put into memory.
    #[expect(
        clippy::inline_always,
        reason = "the body of the loop, and called only there"
    )]
    #[inline(always)]
    pub(super) fn play(&mut self, parcel: Parcel) {
        let (port, clients, nodes, out) = (
            &mut *self.port,
            &mut *self.clients,
            &mut *self.nodes,
            &mut self.out,
        );
        match parcel.kind() {
            kind::DELIVERED => {
                if parcel.flags() & SERVED != 0 && !port.has_mail() && !port.watches() {
                    Self::hand_over(parcel, &[], port, clients, out);
                } else {
                    self.deliver_with_care(parcel);
                }
            }
            kind::ARRIVES => {
                let request = RequestId(parcel.b());
                port.arrives(parcel.a(), request, parcel.flags() != 0, clients, out);
            }
            kind::REQUEST => {
                let node = &mut nodes[parcel.a() as usize];
                let job = port.unpack(parcel.attempt(), node, clients, out);
                node.arrive(job, out);
            }
            kind::NODE_ALARM => {
                nodes[parcel.a() as usize].alarm(parcel.b(), parcel.c(), out);
            }
            kind::ANSWERED => {
                let visit = Visit::from_word(parcel.a());
                port.answered(parcel.attempt(), parcel.status(), visit, nodes, out);
            }
            _ => self.play_rarer(Event::from(parcel)),
        }
    }

    /// A client has an answer that may redirect it or bring `Set-Cookie` headers, or about which
    /// others want to know.
    #[inline(never)]
    fn deliver_with_care(&mut self, parcel: Parcel) {
        let (port, clients, out) = (&mut *self.port, &mut *self.clients, &mut self.out);
        let request = RequestId(parcel.a());
        let served = parcel.flags() & SERVED != 0;
        if !served && port.redirects(request, parcel.status(), clients, out) {
            return;
        }
        let set_cookies = port.collect(request);
        let owner = out.numbers().owner(request);
        Self::hand_over(parcel, &set_cookies, port, clients, out);
        if let Some(client) = owner
            && port.watches()
        {
            port.watch(client, clients, out);
        }
    }

    #[expect(clippy::inline_always, reason = "one step of the way of every request")]
    #[inline(always)]
    fn hand_over(
        parcel: Parcel,
        set_cookies: &[String],
        port: &mut Port,
        clients: &mut Clients,
        out: &mut Outbox<'_, S>,
    ) {
        let request = RequestId(parcel.a());
        // A client that gave up at this very moment hears nothing any more.
        if let Some(client) = out.numbers().owner(request) {
            out.numbers().delivered(request);
            let outcome = Outcome {
                status: parcel.status(),
                served: parcel.flags() & SERVED != 0,
                session_restarted: parcel.flags() & RESTARTED != 0,
                ..port.placement(request)
            };
            clients.delivered(client, outcome, set_cookies, out);
        }
    }

    /// The events that a request in a closed loop does not need. Apart from the others, whose
    /// code is faster for it.
    #[inline(never)]
    fn play_rarer(&mut self, event: Event) {
        let (port, clients, nodes, out) = (
            &mut *self.port,
            &mut *self.clients,
            &mut *self.nodes,
            &mut self.out,
        );
        match event {
            Event::Act(entry) => self.act(entry),
            Event::Horizon => out.retire(),
            Event::Wake => port.woke(out),
            Event::ThreadStart { client } => clients.start(client, out),
            Event::ClientTurn { client } => {
                clients.turn(client, out);
                port.watch(client, clients, out);
            }
            Event::TimedOut { client } => clients.timed_out(client, out),
            Event::Unconnected { client } => clients.unconnected(client, out),
            Event::Gone { request } => port.gone(request, clients, out),
            Event::AttemptConnection(attempt, step) => {
                self.shake_hands(Caller::Attempt(attempt), step);
            }
            Event::ProbeConnection(probe, step) => self.shake_hands(Caller::Probe(probe), step),
            Event::Check(probe) => {
                if let Some(node) = port.node_of(probe.server) {
                    nodes[node as usize].arrive(Job::Check(probe), out);
                }
            }
            Event::Post { node, entry } => self.posted(node, entry),
            Event::Head {
                attempt,
                status,
                visit,
            } => port.head(attempt, status, visit, nodes, out),
            Event::Broken(attempt) => port.broken(attempt, out),
            Event::Probed { probe, status } => port.probed(probe, status, out),
            Event::Closed(probe) => port.closed(probe, out),
            Event::Delivered { .. }
            | Event::Arrives { .. }
            | Event::Request { .. }
            | Event::NodeAlarm { .. }
            | Event::Answered { .. } => unreachable!("these are not rare"),
        }
    }

    /// A connection gets one step further.
    fn shake_hands(&mut self, caller: Caller, step: Handshake) {
        match step {
            Handshake::Knock => {
                if let Some(node) = self.port.wanted(caller) {
                    self.nodes[node as usize].knock(caller, &mut self.out);
                }
            }
            Handshake::Connected => self.port.connected(caller, &mut self.out),
            Handshake::Refused => self.port.refused(caller, &mut self.out),
        }
    }
}

/// The last moment that an expectation asks about.
fn horizon(plan: &Plan) -> Option<Moment> {
    let claims = plan.expect.iter().map(|expectation| &expectation.claim);
    let moments = claims.filter_map(|claim| match claim {
        Claim::State { at, .. } => *at,
        Claim::Down { before, .. } => *before,
        _ => None,
    });
    moments.max()
}
