//! The lab as one value, its events, and the loop that lets them happen.

use std::sync::Arc;

use balance::{AttemptId, Balancer, ConfigError, Moment, ProbeId, RequestId};

use crate::kernel::{self, Agenda, Collision, Limit, Meter, Seeds};
use crate::plan::{Claim, Plan};
use crate::trace::{Digest, Sink};

use super::clients::{Clients, Outcome};
use super::node::{Job, Node};
use super::numbers::Numbers;
use super::operator;
use super::outbox::{Outbox, TIMERS};
use super::port::{Hands, Port};
use super::sessions::Visit;
use super::wire::{Stalls, Wire};

/// Who asks a server for a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Caller {
    /// A request.
    Attempt(AttemptId),
    /// A health check.
    Probe(ProbeId),
}

/// What can happen. Small and plain: it travels through the agenda.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// An entry of the timeline is due.
    Act(u32),
    /// The last moment that an expectation asks about.
    Horizon,
    /// A thread of a group starts.
    ThreadStart { client: u32 },
    /// The time that a client gave itself is over.
    ClientTurn { client: u32 },
    /// A client's request reaches the proxy.
    Arrives {
        client: u32,
        request: RequestId,
        /// Whether it is the first over its client's connection.
        first: bool,
    },
    /// A client has its answer.
    Delivered {
        request: RequestId,
        outcome: Outcome,
    },
    /// A client waited too long for its answer.
    TimedOut { client: u32 },
    /// A client waited too long for its connection.
    Unconnected { client: u32 },
    /// The proxy hears that a client closed its connection.
    Gone { request: RequestId },
    /// A node is asked for a connection.
    Knock { node: u32, caller: Caller },
    /// The proxy has the connection it asked for.
    Connected(Caller),
    /// The proxy is refused the connection it asked for.
    Refused(Caller),
    /// Bytes of a job reach a node.
    Job { node: u32, job: Job },
    /// An alarm that a node's engine set.
    NodeAlarm { node: u32, life: u32, alarm: u32 },
    /// A node's answer reaches the proxy, but for its end.
    Head {
        attempt: AttemptId,
        node: u32,
        status: u16,
        visit: Visit,
    },
    /// A node's whole answer has reached the proxy.
    Answered {
        attempt: AttemptId,
        node: u32,
        status: u16,
        visit: Visit,
    },
    /// The connection of an attempt broke without an answer.
    Broken(AttemptId),
    /// A node's answer to a health check reaches the proxy.
    Probed { probe: ProbeId, status: u16 },
    /// The connection of a health check broke without an answer.
    Closed(ProbeId),
}

/// Who had an event, for the error of an endless run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Actor {
    Operator,
    Client(u32),
    Node(u32),
    Proxy,
}

impl Event {
    fn actor(self) -> Actor {
        match self {
            Self::Act(_) | Self::Horizon => Actor::Operator,
            Self::ThreadStart { client }
            | Self::ClientTurn { client }
            | Self::TimedOut { client }
            | Self::Unconnected { client } => Actor::Client(client),
            Self::Delivered { request, .. } => Actor::Client(request.0),
            Self::Knock { node, .. } | Self::Job { node, .. } | Self::NodeAlarm { node, .. } => {
                Actor::Node(node)
            }
            Self::Arrives { .. }
            | Self::Gone { .. }
            | Self::Connected(_)
            | Self::Refused(_)
            | Self::Head { .. }
            | Self::Answered { .. }
            | Self::Broken(_)
            | Self::Probed { .. }
            | Self::Closed(_) => Actor::Proxy,
        }
    }
}

/// Why a world could not be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// The proxy's settings contradict themselves.
    #[error("cannot configure the proxy: {}", sentences(.0))]
    Config(Vec<ConfigError>),
    /// Two entities would share their random numbers.
    #[error(transparent)]
    Stream(#[from] Collision),
}

fn sentences(errors: &[ConfigError]) -> String {
    let sentences: Vec<String> = errors.iter().map(ToString::to_string).collect();
    sentences.join("; ")
}

/// A run did not stop within its budget.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the run did not end within {limit} (it got to {at}); the busiest were {}", names(.busiest))]
pub struct Exceeded {
    /// The limit, in words.
    pub limit: String,
    /// How far it got in virtual time.
    pub at: Moment,
    /// Up to three actors and how many events they had towards the end.
    pub busiest: Vec<(String, u64)>,
}

fn names(actors: &[(String, u64)]) -> String {
    let words: Vec<String> = actors
        .iter()
        .map(|(name, count)| format!("{name} ({count} events)"))
        .collect();
    words.join(", ")
}

/// How a run went, in total.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// When the last thing happened.
    pub ended: Moment,
    /// Agenda entries and the balancer's own timers.
    pub events: u64,
    /// The checksum of what was told.
    pub digest: u64,
    /// Clients (and entries of the timeline) that were still waiting for something when
    /// nothing could happen any more.
    pub unfinished: u32,
}

/// The lab in the middle of a run. Equal worlds have equal futures.
#[derive(Clone, Debug, PartialEq)]
pub struct World {
    pub(super) plan: Arc<Plan>,
    now: Moment,
    agenda: Agenda<Event>,
    clients: Clients,
    port: Port,
    nodes: Vec<Node>,
    wire: Wire,
    numbers: Numbers,
    digest: Digest,
    meter: Meter<Actor>,
    /// Clients and entries of the timeline that are not done yet.
    pending: u32,
    begun: bool,
}

impl World {
    /// The world of `plan` before its beginning.
    ///
    /// # Errors
    /// If the plan contradicts itself in a way that only the balancer, or the naming of
    /// random streams, can find out.
    pub fn new(plan: &Plan) -> Result<Self, BuildError> {
        Self::build(plan, Seeds::new(plan.seed), Agenda::default())
    }

    /// The same, but what happens at one moment in one lane happens in a random order. What
    /// is reported of a run should rarely depend on it.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_shuffled_ties(plan: &Plan) -> Result<Self, BuildError> {
        let mut seeds = Seeds::new(plan.seed);
        let agenda = Agenda::shuffled(seeds.stream("ties")?);
        Self::build(plan, seeds, agenda)
    }

    fn build(plan: &Plan, mut seeds: Seeds, mut agenda: Agenda<Event>) -> Result<Self, BuildError> {
        let wire = Wire::new(&plan.wire, &mut agenda);
        let clients = Clients::new(&plan.clients, &mut seeds, &mut agenda)?;
        let nodes = (0..)
            .zip(&plan.nodes)
            .map(|(index, node)| Node::new(node, index, &mut seeds, &mut agenda))
            .collect::<Result<_, _>>()?;
        let stalls = Stalls::new(&plan.wire, &clients, &mut seeds)?;
        let chance = seeds.stream("proxy/balance")?;
        let port = Port::new(&plan.proxy, &plan.nodes, chance, stalls);
        Ok(Self {
            plan: Arc::new(plan.clone()),
            now: Moment::ZERO,
            agenda,
            numbers: Numbers::new(clients.len()),
            clients,
            port: port.map_err(BuildError::Config)?,
            nodes,
            wire,
            digest: Digest::default(),
            meter: Meter::new(plan.budget.events, plan.budget.time),
            pending: 0,
            begun: false,
        })
    }

    /// Lets everything happen until all clients are done, the whole timeline is carried out
    /// and the last moment is reached that an expectation asks about.
    ///
    /// # Errors
    /// If that takes more than the plan's budget.
    pub fn run(&mut self, sink: &mut impl Sink) -> Result<Summary, Exceeded> {
        self.begin(sink);
        while self.pending > 0 && self.advance(Moment::NEVER, sink)? {}
        Ok(self.summary())
    }

    /// Lets everything happen up to and including `moment`, also after the clients are done.
    ///
    /// # Errors
    /// If that takes more than the plan's budget.
    pub fn run_until(&mut self, moment: Moment, sink: &mut impl Sink) -> Result<(), Exceeded> {
        self.begin(sink);
        while self.advance(moment, sink)? {}
        self.now = self.now.max(moment);
        Ok(())
    }

    /// Lets the next thing happen. False if there is none.
    ///
    /// # Errors
    /// If that takes more than the plan's budget.
    pub fn step(&mut self, sink: &mut impl Sink) -> Result<bool, Exceeded> {
        self.begin(sink);
        self.advance(Moment::NEVER, sink)
    }

    /// Whether all clients are done, the whole timeline is carried out and the last moment
    /// is reached that an expectation asks about.
    pub fn is_over(&self) -> bool {
        self.begun && self.pending == 0
    }

    /// The present moment.
    pub fn now(&self) -> Moment {
        self.now
    }

    /// The balancer as it is now.
    pub fn balancer(&self) -> &Balancer {
        self.port.balancer()
    }

    /// How the run went so far.
    pub fn summary(&self) -> Summary {
        Summary {
            ended: self.now,
            events: self.meter.events(),
            digest: self.digest.value(),
            unfinished: self.pending,
        }
    }

    /// Pushes the first events, once.
    fn begin<S: Sink>(&mut self, sink: &mut S) {
        self.port.listen(sink.interest());
        if self.begun {
            return;
        }
        self.begun = true;
        self.pending = self.clients.len() + self.plan.timeline.len() as u32;
        for (entry, timed) in (0..).zip(&self.plan.timeline) {
            let lane = operator::lane(&timed.action);
            self.agenda.at(timed.at, lane, Event::Act(entry));
        }
        if let Some(horizon) = horizon(&self.plan) {
            self.pending += 1;
            self.agenda.at(horizon, TIMERS, Event::Horizon);
        }
        let (_, clients, _, mut out) = self.parts(sink);
        clients.begin(&mut out);
    }

    /// Lets the next thing happen, if there is one at `until` or before.
    #[inline]
    fn advance<S: Sink>(&mut self, until: Moment, sink: &mut S) -> Result<bool, Exceeded> {
        let wake = self.port.wake();
        if let Some((at, event)) = self.agenda.pop_until(until.min(wake)) {
            self.now = at;
            self.spend(|| event.actor())?;
            self.dispatch(event, sink);
            Ok(true)
        } else if wake <= until && wake != Moment::NEVER {
            self.now = wake;
            self.spend(|| Actor::Proxy)?;
            let (port, clients, nodes, mut out) = self.parts(sink);
            let out = &mut out;
            port.woke(Hands {
                clients,
                nodes,
                out,
            });
            Ok(true)
        } else {
            Ok(false)
        }
    }

    #[inline]
    fn spend(&mut self, who: impl FnOnce() -> Actor) -> Result<(), Exceeded> {
        let spent = self.meter.spend(self.now, who);
        spent.map_err(|exceeded| self.name_busiest(&exceeded))
    }

    #[cold]
    fn name_busiest(&self, exceeded: &kernel::Exceeded<Actor>) -> Exceeded {
        let name = |actor| match actor {
            Actor::Operator => "the operator".to_owned(),
            Actor::Client(client) if client < self.clients.len() => self.clients.name(client),
            Actor::Client(_) => "a client".to_owned(),
            Actor::Node(node) => self.plan.nodes[node as usize].name.clone(),
            Actor::Proxy => "the proxy".to_owned(),
        };
        let named = |&(actor, count): &(Actor, u64)| (name(actor), count);
        Exceeded {
            limit: match exceeded.limit {
                Limit::Events(count) => format!("{count} events"),
                Limit::Time(span) => format!("{span} of virtual time"),
            },
            at: exceeded.at,
            busiest: exceeded.busiest.iter().map(named).collect(),
        }
    }

    /// The world taken apart, to lend some of it to others.
    #[inline]
    pub(super) fn parts<'a, S>(
        &'a mut self,
        sink: &'a mut S,
    ) -> (&'a mut Port, &'a mut Clients, &'a mut [Node], Outbox<'a, S>) {
        let out = Outbox {
            now: self.now,
            wire: &self.wire,
            numbers: &mut self.numbers,
            pending: &mut self.pending,
            agenda: &mut self.agenda,
            digest: &mut self.digest,
            sink,
        };
        (&mut self.port, &mut self.clients, &mut self.nodes, out)
    }

    #[expect(
        clippy::too_many_lines,
        reason = "one arm for each event, nothing else"
    )]
    #[inline]
    fn dispatch<S: Sink>(&mut self, event: Event, sink: &mut S) {
        if let Event::Act(entry) = event {
            return self.act(entry, sink);
        }
        let (port, clients, nodes, mut out) = self.parts(sink);
        let out = &mut out;
        match event {
            Event::Act(_) => {}
            Event::Horizon => out.retire(),
            Event::ThreadStart { client } => clients.start(client, out),
            Event::ClientTurn { client } => clients.turn(client, out),
            Event::TimedOut { client } => clients.timed_out(client, out),
            Event::Unconnected { client } => clients.unconnected(client, out),
            Event::Delivered { request, outcome } => {
                // A client that gave up at this very moment hears nothing any more.
                let set_cookies = port.collect(request);
                if let Some(client) = out.numbers.owner(request) {
                    out.numbers.delivered(request);
                    clients.delivered(client, outcome, &set_cookies, out);
                }
            }
            Event::Knock { node, caller } => nodes[node as usize].knock(caller, out),
            Event::Job { node, job } => nodes[node as usize].arrive(job, out),
            Event::NodeAlarm { node, life, alarm } => {
                nodes[node as usize].alarm(life, alarm, out);
            }
            Event::Arrives {
                client,
                request,
                first,
            } => {
                port.arrives(
                    client,
                    request,
                    first,
                    Hands {
                        clients,
                        nodes,
                        out,
                    },
                );
            }
            Event::Gone { request } => port.gone(
                request,
                Hands {
                    clients,
                    nodes,
                    out,
                },
            ),
            Event::Connected(caller) => port.connected(
                caller,
                Hands {
                    clients,
                    nodes,
                    out,
                },
            ),
            Event::Refused(caller) => port.refused(
                caller,
                Hands {
                    clients,
                    nodes,
                    out,
                },
            ),
            Event::Head {
                attempt,
                node,
                status,
                visit,
            } => port.head(
                attempt,
                node,
                status,
                visit,
                Hands {
                    clients,
                    nodes,
                    out,
                },
            ),
            Event::Answered {
                attempt,
                node,
                status,
                visit,
            } => port.answered(
                attempt,
                node,
                status,
                visit,
                Hands {
                    clients,
                    nodes,
                    out,
                },
            ),
            Event::Broken(attempt) => port.broken(
                attempt,
                Hands {
                    clients,
                    nodes,
                    out,
                },
            ),
            Event::Probed { probe, status } => {
                port.probed(
                    probe,
                    status,
                    Hands {
                        clients,
                        nodes,
                        out,
                    },
                );
            }
            Event::Closed(probe) => port.closed(
                probe,
                Hands {
                    clients,
                    nodes,
                    out,
                },
            ),
        }
    }
}

/// The last moment that an expectation asks about.
fn horizon(plan: &Plan) -> Option<Moment> {
    let moments = plan
        .expect
        .iter()
        .filter_map(|expectation| match &expectation.claim {
            Claim::State { at, .. } => *at,
            Claim::Down { before, .. } => *before,
            _ => None,
        });
    moments.max()
}
