//! The fold that explanations are made of: it listens to a run, and keeps tales rather than
//! requests.

use std::collections::{BTreeMap, BTreeSet};

use balance::{BackendId, Interest, Moment, RequestId, ServerId, Span};

use super::flight::{Flight, end};
use super::tale::Tales;
use super::watch::Watch;
use crate::plan::Plan;
use crate::trace::{Event, Message, Place, Sample, Sink, States};

/// A listener that can tell a run. Its memory grows with the number of clients and with
/// what befalls them, not with the number of requests.
#[derive(Clone, Debug)]
pub struct Story<'a> {
    pub(super) plan: &'a Plan,
    pub(super) states: States,
    flights: BTreeMap<RequestId, Flight>,
    waiting: BTreeMap<(u32, u32), RequestId>,
    /// Clients that have thrown their cookies away and not asked since.
    cleared: BTreeSet<u32>,
    turn: u64,
    /// Sets of servers that could not be chosen, and the present one of each backend.
    pub(super) outs: Vec<Vec<(ServerId, Place)>>,
    out: Vec<usize>,
    pub(super) tales: Tales,
    pub(super) watch: Watch,
    /// Requests that were under way on a server when it went away.
    pub(super) survivors: Vec<Survivors>,
    pub(super) queues: BTreeMap<(BackendId, Option<ServerId>), Queue>,
    pub(super) last: Option<Moment>,
    pub(super) replies: Vec<(u32, String)>,
}

/// Requests that were under way on a server when it went DOWN or into MAINT.
#[derive(Clone, Debug)]
pub(super) struct Survivors {
    pub(super) server: ServerId,
    pub(super) place: Place,
    pub(super) first: Option<(u32, u32)>,
    /// When the first of them ended, and when the last one did.
    pub(super) ends: Option<(Moment, Moment)>,
    pub(super) fine: u64,
    pub(super) failed: u64,
}

/// One queue over a whole run.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    pub(super) first: (u32, u32),
    pub(super) since: Moment,
    pub(super) count: u64,
    pub(super) now: u64,
    pub(super) most: u64,
    pub(super) longest: Span,
}

impl<'a> Story<'a> {
    /// A listener for a run of `plan`.
    pub fn new(plan: &'a Plan) -> Self {
        let states = States::at_start(&plan.proxy);
        let mut story = Self {
            plan,
            watch: Watch::new(plan),
            states,
            flights: BTreeMap::new(),
            waiting: BTreeMap::new(),
            cleared: BTreeSet::new(),
            turn: 0,
            outs: Vec::new(),
            out: vec![0; plan.proxy.backends.len()],
            tales: Tales::default(),
            survivors: Vec::new(),
            queues: BTreeMap::new(),
            last: None,
            replies: Vec::new(),
        };
        for backend in 0..plan.proxy.backends.len() {
            story.count_out(backend);
        }
        story
    }

    /// Notes which servers of a backend cannot be chosen now.
    fn count_out(&mut self, backend: usize) {
        let servers = self.plan.proxy.backends[backend].servers.len() as u32;
        let ids = (0..servers).map(|slot| ServerId {
            backend: BackendId(backend as u32),
            slot,
        });
        let places = ids.map(|id| (id, self.states.place(id).0));
        let out: Vec<_> = places.filter(|(_, place)| *place != Place::Up).collect();
        let known = self.outs.iter().position(|set| *set == out);
        self.out[backend] = known.unwrap_or_else(|| {
            self.outs.push(out);
            self.outs.len() - 1
        });
    }

    fn flight(&mut self, request: RequestId) -> Option<&mut Flight> {
        self.flights.get_mut(&request)
    }

    fn follow_balancer(&mut self, at: Moment, event: &balance::Event) {
        use balance::Event as E;
        match *event {
            E::Chosen {
                request,
                server,
                by,
            } => {
                self.turn += 1;
                let (turn, place) = (self.turn, self.states.place(server).0);
                let out = self.out.get(server.backend.0 as usize).copied();
                if let Some(flight) = self.flight(request) {
                    flight.server = Some(server);
                    if flight.first.is_none() {
                        flight.first = Some((server, by));
                        flight.at = place;
                        flight.turn = turn;
                        flight.out = out.unwrap_or(0);
                    }
                }
            }
            E::Queued { request, queue } => self.queued(at, request, queue),
            E::Dequeued {
                request,
                server,
                waited,
            } => {
                self.unqueued(at, request);
                if let Some(flight) = self.flight(request) {
                    flight.server = Some(server);
                    flight.waited = flight.waited + waited;
                }
            }
            E::Retried(attempt, _) => {
                if let Some(flight) = self.flight(attempt.request) {
                    flight.retries += 1;
                    flight.forwarded = false;
                }
            }
            E::Redispatched { request, from } => {
                self.unqueued(at, request);
                if let Some(flight) = self.flight(request) {
                    flight.left = Some(from);
                    flight.forwarded = false;
                }
            }
            E::StateChanged { server, to, .. } => {
                let before = self.states.place(server).0;
                self.watch.follow(at, event);
                self.states.follow(at, &Event::Balancer(*event));
                let place = Place::of(to);
                if before != place {
                    self.moved(server, place);
                }
            }
            E::ProbeStarted(_) | E::ProbeEnded { .. } | E::NoServerLeft(_) => {
                self.watch.follow(at, event);
            }
            E::Ended(_) | E::WeightChanged { .. } | E::Logged(_) | E::Ghost => {}
        }
    }

    fn queued(&mut self, at: Moment, request: RequestId, server: Option<ServerId>) {
        let Some(flight) = self.flights.get_mut(&request) else {
            return;
        };
        let who = (flight.client, flight.person);
        flight.queued |= server.is_none();
        if server.is_none() {
            flight.server = None;
        }
        let asked = flight.line(self.plan);
        let backend = server.map_or(asked.backend, |server| server.backend);
        let queue = self.queues.entry((backend, server)).or_insert(Queue {
            first: who,
            since: at,
            count: 0,
            now: 0,
            most: 0,
            longest: Span::ZERO,
        });
        flight.queue = Some((backend, server, at));
        queue.count += 1;
        queue.now += 1;
        queue.most = queue.most.max(queue.now);
    }

    /// A request leaves the queue it is in, if it is in one.
    fn unqueued(&mut self, at: Moment, request: RequestId) {
        let flight = self.flights.get_mut(&request);
        let Some((backend, server, since)) = flight.and_then(|flight| flight.queue.take()) else {
            return;
        };
        if let Some(queue) = self.queues.get_mut(&(backend, server)) {
            queue.longest = queue.longest.max(at.since(since));
            queue.now -= 1;
        }
    }

    /// `server` may receive something else than before.
    fn moved(&mut self, server: ServerId, place: Place) {
        let backend = server.backend.0 as usize;
        if backend < self.out.len() {
            self.count_out(backend);
        }
        if !matches!(place, Place::Down | Place::Maint) {
            return;
        }
        let number = self.survivors.len();
        let mut first = None;
        for flight in self.flights.values_mut() {
            if flight.forwarded && flight.server == Some(server) {
                flight.outlived = Some(number);
                first = first.or(Some((flight.client, flight.person)));
            }
        }
        if first.is_some() {
            self.survivors.push(Survivors {
                server,
                place,
                first,
                ends: None,
                fine: 0,
                failed: 0,
            });
        }
    }
}

impl Sink for Story<'_> {
    fn interest(&self) -> Interest {
        Interest::Everything
    }

    fn sample(&mut self, sample: &Sample) {
        let who = (sample.client, sample.thread);
        let end = end(sample);
        self.last = self.last.max(Some(end));
        // A client without a connection has sent nothing that could be told of.
        let Some(request) = self.waiting.remove(&who) else {
            return;
        };
        self.unqueued(end, request);
        let Some(flight) = self.flights.remove(&request) else {
            return;
        };
        if let Some(survivors) = flight.outlived.map(|at| &mut self.survivors[at]) {
            let first = survivors.ends.map_or(end, |(first, _)| first);
            survivors.ends = Some((first, end));
            if sample.is_error() || flight.left.is_some() {
                survivors.failed += 1;
            } else {
                survivors.fine += 1;
            }
        }
        self.tales.add(&flight.close(sample));
    }

    fn event(&mut self, at: Moment, event: &Event) {
        match *event {
            Event::Balancer(ref event) => self.follow_balancer(at, event),
            Event::Sent {
                client,
                thread,
                request,
            } => {
                let cleared = self.cleared.remove(&client);
                self.waiting.insert((client, thread), request);
                let flight = Flight::new(self.plan, client, thread, cleared);
                self.flights.insert(request, flight);
            }
            Event::CookiesCleared { client } => {
                self.cleared.insert(client);
            }
            Event::Acted { entry } => self.watch.acted(at, entry),
            Event::NodeStarted { node, check } => self.watch.node(node, Some(check)),
            Event::NodeFinished { node, .. } => self.watch.node(node, None),
            Event::Left { .. } => {}
        }
    }

    fn reply(&mut self, _at: Moment, entry: u32, text: &str) {
        self.replies.push((entry, text.to_owned()));
    }

    fn message(&mut self, _at: Moment, message: &Message<'_>) {
        match *message {
            Message::Asked {
                request, cookie, ..
            } => {
                let (plan, states) = (self.plan, &self.states);
                if let Some(flight) = self.flights.get_mut(&request) {
                    let asked = flight.line(plan);
                    flight.read(plan, asked.backend.0 as usize, cookie);
                    flight.place = flight.names.map(|server| states.place(server).0);
                }
            }
            Message::Forwarded {
                attempt, server, ..
            } => {
                if let Some(flight) = self.flight(attempt.request) {
                    flight.forwarded = true;
                    flight.server = Some(server);
                }
            }
            Message::Replied {
                request,
                set_cookies,
                ref ending,
                ..
            } => {
                let plan = self.plan;
                if let Some(flight) = self.flights.get_mut(&request) {
                    let asked = flight.line(plan);
                    flight.bind(plan, asked.backend.0 as usize, set_cookies);
                    if let Some(ending) = ending {
                        flight.flags = ending.flags;
                        flight.retries = ending.retries;
                    }
                }
            }
            Message::Connecting { .. }
            | Message::Refused(_)
            | Message::Answered { .. }
            | Message::Ended { .. } => {}
        }
    }
}
