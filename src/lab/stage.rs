//! The post office of the lab: takes the next event and hands it to the actor it is for.

use balance::{Interest, Moment};

use crate::plan::{Claim, Plan};
use crate::trace::Sink;

use super::clients::{Clients, Outcome};
use super::event::{Caller, Event, Handshake};
use super::node::{Job, Node};
use super::operator;
use super::outbox::{Outbox, TIMERS};
use super::parcel::Parcel;
use super::port::Port;

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

    /// Lets `event` happen.
    #[inline]
    pub(super) fn play(&mut self, parcel: Parcel) {
        let (port, clients, nodes, out) = (
            &mut *self.port,
            &mut *self.clients,
            &mut *self.nodes,
            &mut self.out,
        );
        match parcel.frequent() {
            Some(Event::Delivered {
                request,
                status,
                served,
                session_restarted,
            }) => {
                if !served && port.redirects(request, status, clients, out) {
                    return;
                }
                let set_cookies = port.collect(request);
                // A client that gave up at this very moment hears nothing any more.
                if let Some(client) = out.numbers().owner(request) {
                    out.numbers().delivered(request);
                    let outcome = Outcome {
                        status,
                        served,
                        session_restarted,
                        ..port.placement(request)
                    };
                    clients.delivered(client, outcome, &set_cookies, out);
                    if port.watches() {
                        port.watch(client, clients, out);
                    }
                }
            }
            Some(Event::Arrives {
                client,
                request,
                first,
            }) => port.arrives(client, request, first, clients, out),
            Some(Event::Request { node, attempt }) => {
                let job = port.unpack(attempt, node, clients, nodes, out);
                nodes[node as usize].arrive(job, out);
            }
            Some(Event::NodeAlarm { node, life, alarm }) => {
                nodes[node as usize].alarm(life, alarm, out);
            }
            Some(Event::Answered {
                attempt,
                status,
                visit,
            }) => port.answered(attempt, status, visit, nodes, out),
            _ => self.play_rarer(Event::from(parcel)),
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
