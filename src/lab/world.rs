//! The lab as one value, and the loop that lets things happen in it.

use std::sync::Arc;

use balance::{Balancer, ConfigError, Moment};

use crate::kernel::{self, Agenda, Collision, Limit, Meter, Seeds};
use crate::plan::{Plan, RequestLine};
use crate::trace::{Digest, Sink};

use super::clients::Clients;
use super::event::{Actor, Event};
use super::foresight::Foresight;
use super::node::Node;
use super::numbers::Numbers;
use super::outbox::{AtOnce, Ground, Outbox};
use super::parcel::Parcel;
use super::port::Port;
use super::stage::Stage;
use super::wire::{Stalls, Wire};

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

/// How much is let happen.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    /// One thing, and what follows from it at once.
    One,
    /// Everything there is.
    All,
    /// Everything until the run is over.
    Over,
}

/// The lab in the middle of a run. Equal worlds have equal futures.
#[derive(Clone, Debug, PartialEq)]
pub struct World {
    plan: Arc<Plan>,
    ground: Ground,
    clients: Clients,
    port: Port,
    nodes: Vec<Node>,
    meter: Meter<Actor>,
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

    fn build(
        plan: &Plan,
        mut seeds: Seeds,
        mut agenda: Agenda<Parcel>,
    ) -> Result<Self, BuildError> {
        let wire = Wire::new(&plan.wire, &mut agenda);
        let clients = Clients::new(plan, &mut seeds, &mut agenda)?;
        let nodes = (0..)
            .zip(&plan.nodes)
            .map(|(index, node)| Node::new(node, index, &mut seeds, &mut agenda))
            .collect::<Result<_, _>>()?;
        let stalls = Stalls::new(&plan.wire, &clients, &mut seeds)?;
        let chance = seeds.stream("proxy/balance")?;
        let port = Port::new(&plan.proxy, &plan.nodes, clients.len(), chance, stalls);
        Ok(Self {
            plan: Arc::new(plan.clone()),
            ground: Ground {
                now: Moment::ZERO,
                agenda,
                at_once: AtOnce::default(),
                wire,
                numbers: Numbers::new(clients.len()),
                digest: Digest::default(),
                pending: 0,
            },
            clients,
            port: port.map_err(BuildError::Config)?,
            nodes,
            meter: Meter::new(plan.budget.events, plan.budget.time),
            begun: false,
        })
    }

    /// Lets everything happen until all clients are done, the whole timeline is carried out
    /// and the last moment is reached that an expectation asks about.
    ///
    /// # Errors
    /// If that takes more than the plan's budget.
    pub fn run(&mut self, sink: &mut impl Sink) -> Result<Summary, Exceeded> {
        self.live(Moment::NEVER, Extent::Over, sink)?;
        Ok(self.summary())
    }

    /// Lets everything happen up to and including `moment`, also after the clients are done.
    ///
    /// # Errors
    /// If that takes more than the plan's budget.
    pub fn run_until(&mut self, moment: Moment, sink: &mut impl Sink) -> Result<(), Exceeded> {
        self.live(moment, Extent::All, sink)?;
        self.ground.now = self.ground.now.max(moment);
        Ok(())
    }

    /// Lets the next thing happen, and what follows from it at once. False if there is none.
    ///
    /// # Errors
    /// If that takes more than the plan's budget.
    pub fn step(&mut self, sink: &mut impl Sink) -> Result<bool, Exceeded> {
        self.live(Moment::NEVER, Extent::One, sink)
    }

    /// Whether all clients are done, the whole timeline is carried out and the last moment
    /// is reached that an expectation asks about.
    pub fn is_over(&self) -> bool {
        self.begun && self.ground.pending == 0
    }

    /// The present moment.
    pub fn now(&self) -> Moment {
        self.ground.now
    }

    /// The balancer as it is now.
    pub fn balancer(&self) -> &Balancer {
        self.port.core().0
    }

    /// What the balancer has in its books for such a request with this `Cookie` header, and
    /// what it would decide if the request arrived now. Nothing changes.
    pub fn foresee(&self, line: &RequestLine, cookie: Option<&str>, turns: usize) -> Foresight {
        let idle = self.ground.numbers.idle();
        Foresight::of(self.port.core(), self.ground.now, idle, line, cookie, turns)
    }

    /// How the run went so far.
    pub fn summary(&self) -> Summary {
        Summary {
            ended: self.ground.now,
            events: self.meter.events(),
            digest: self.ground.digest.value(),
            unfinished: self.ground.pending,
        }
    }

    /// Lets things happen that come at `until` or before, as many as `extent` says. Whether
    /// the last try found one.
    fn live<S: Sink>(
        &mut self,
        until: Moment,
        extent: Extent,
        sink: &mut S,
    ) -> Result<bool, Exceeded> {
        let begun = std::mem::replace(&mut self.begun, true);
        let Self {
            plan,
            ground,
            clients,
            port,
            nodes,
            meter,
            ..
        } = self;
        let mut stage = Stage {
            plan,
            clients,
            port,
            nodes,
            out: Outbox { ground, sink },
        };
        stage.listen();
        if !begun {
            stage.begin();
        }
        let exceeded = 'life: loop {
            if extent == Extent::Over && stage.out.ground.pending == 0 {
                return Ok(true);
            }
            let Some(mut event) = stage.next(until) else {
                return Ok(false);
            };
            loop {
                if let Err(exceeded) =
                    meter.spend(stage.out.ground.now, || Event::from(event).actor())
                {
                    break 'life exceeded;
                }
                stage.play(event);
                let Some(next) = stage.out.ground.at_once.pop() else {
                    break;
                };
                event = next;
            }
            if extent == Extent::One {
                return Ok(true);
            }
        };
        Err(self.name_busiest(&exceeded))
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
}
