//! The conductor: takes inputs in, keeps the order, hands outputs out.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;

use crate::backend::{self, Backend};
use crate::chance::Chance;
use crate::config::Config;
use crate::counter::{Counters, Tracks};
use crate::crowd::Crowd;
use crate::error::ConfigError;
use crate::event::{By, CheckCode, Event, Interest, Status};
use crate::flow::{Flow, Mark, Phase};
use crate::ids::{AttemptId, BackendId, RequestId, ServerId, Slots};
use crate::input::Input;
use crate::journey::Passage;
use crate::output::{Output, Outputs};
use crate::profile::Profile;
use crate::queue::Ticket;
use crate::route::Frontend;
use crate::time::{Moment, Span};
use crate::timers::{Expired, LaneIndex, NONE, ServerTimer, Timers};

/// How a request ended: the facts of an HTTP log line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ending {
    /// The status the client got; 0 if it got none.
    pub status: u16,
    /// The four characters of the termination state (`--VN`, `SC--`, `sQ--`, ...).
    pub flags: [u8; 4],
    /// The server it was last assigned to, if any.
    pub server: Option<ServerId>,
    /// Who chose that server.
    pub by: Option<By>,
    /// The backend it was for; none if a frontend answered it, or found none for it.
    pub backend: Option<BackendId>,
    /// Attempts after the first (`%rc`).
    pub retries: u32,
    /// Whether it was redispatched (the `+` of `%rc`).
    pub redispatched: bool,
    /// When it arrived.
    pub arrived: Moment,
    /// Time lost in queues and failed attempts, if a server was reached or tried (`Tw`).
    pub waited: Option<Span>,
    /// Time to connect (`Tc`).
    pub connect: Option<Span>,
    /// From the connection to the head of the answer (`Tr`).
    pub response: Option<Span>,
    /// From arrival to the end (`Ta`).
    pub total: Span,
    /// How crowded it was.
    pub crowd: Crowd,
}

/// Header changes of one request and its answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edits {
    /// The `Cookie` headers the server gets instead of those the client sent.
    pub cookies: Option<Vec<String>>,
    /// The `Set-Cookie` values the client gets instead of those the server sent.
    pub set_cookies: Option<Vec<String>>,
    /// Whether `cache-control: private` is added to the answer.
    pub cache_control_private: bool,
}

/// The balancing core: told what happened through [`handle`](Self::handle), asked what to
/// do through [`poll`](Self::poll), woken at [`next_wake`](Self::next_wake).
///
/// Two balancers are equal when they will behave alike from here on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balancer {
    pub(crate) profile: Profile,
    pub(crate) interest: Interest,
    pub(crate) backends: Vec<Backend>,
    pub(crate) frontends: Vec<Frontend>,
    /// The lane of each frontend's `timeout tarpit`.
    pub(crate) tarpits: Vec<LaneIndex>,
    /// Of requests that rules changed or answered, until their numbers are used again.
    pub(crate) passages: BTreeMap<RequestId, Passage>,
    /// The stick tables that count.
    pub(crate) counters: Counters,
    /// What live requests track in them.
    pub(crate) tracked: BTreeMap<RequestId, Tracks>,
    pub(crate) flows: Slots<RequestId, Flow>,
    /// Of requests that wait in a queue, their places there.
    pub(crate) places: BTreeMap<RequestId, Ticket>,
    pub(crate) timers: Timers,
    pub(crate) outputs: Outputs,
    /// Requests let out of a queue that have not connected yet; empty between inputs.
    pub(crate) woken: VecDeque<RequestId>,
    /// Counts arrivals in queues.
    pub(crate) tickets: u64,
    /// What is known of the crowd around requests; kept for those who listen to everything.
    pub(crate) crowds: BTreeMap<RequestId, Crowd>,
    /// Servers in slow start: their limits move with the clock.
    pub(crate) warming: Vec<ServerId>,
    /// Seconds since 1970 at the beginning of the run.
    pub(crate) epoch: u64,
    /// The moment of the last input.
    pub(crate) now: Moment,
}

impl Balancer {
    /// A balancer for `config`, started at `now`: its first checks are armed from there.
    ///
    /// # Errors
    /// Every contradiction in the configuration at once.
    pub fn new(config: Config, now: Moment) -> Result<Self, Vec<ConfigError>> {
        backend::check(&config)?;
        let Config {
            profile,
            epoch,
            backends,
            frontends,
            counting,
            maxconn: _,
        } = config;
        let mut timers = Timers::default();
        let backends = backends
            .into_iter()
            .enumerate()
            .map(|(index, config)| {
                Backend::new(BackendId(index as u32), config, &profile, &mut timers, now)
            })
            .collect();
        let tarpits = frontends.iter();
        let tarpits = tarpits
            .map(|frontend| timers.lane(frontend.timeout_tarpit))
            .collect();
        let mut balancer = Self {
            profile,
            interest: Interest::default(),
            backends,
            tarpits,
            frontends,
            passages: BTreeMap::new(),
            counters: Counters::new(counting),
            tracked: BTreeMap::new(),
            flows: Slots::default(),
            places: BTreeMap::new(),
            timers,
            outputs: Outputs::default(),
            woken: VecDeque::new(),
            tickets: 0,
            crowds: BTreeMap::new(),
            warming: Vec::new(),
            epoch,
            now,
        };
        balancer.link_trackers()?;
        balancer.start_checks(now);
        Ok(balancer)
    }

    /// Says which events are worth a [`Output::Note`].
    pub fn listen(&mut self, interest: Interest) {
        self.interest = interest;
    }

    /// Tells the balancer one fact. `now` must not be earlier than in any call before.
    ///
    /// News from the network at the very moment of a time limit comes first: the limits
    /// that have passed by `now` act after the input.
    #[expect(
        clippy::inline_always,
        reason = "who tells a fact knows its kind: there is nothing to find out where it is told"
    )]
    #[inline(always)]
    pub fn handle(&mut self, now: Moment, input: Input<'_>, chance: &mut dyn Chance) {
        debug_assert!(now >= self.now, "time runs forward");
        self.now = now;
        if !self.warming.is_empty() {
            self.refresh_warmth(now);
        }
        self.take_in(now, input, chance);
        if self.timers.next() <= now || !self.woken.is_empty() {
            self.catch_up(now, chance);
        }
    }

    /// Lets the limits that have passed act, and those start that were let out of a queue.
    #[inline(never)]
    fn catch_up(&mut self, now: Moment, chance: &mut dyn Chance) {
        loop {
            while let Some(expired) = self.timers.expire(&mut self.flows, now) {
                match expired {
                    Expired::Request(request) => self.overdue(now, request, chance),
                    Expired::Server(ServerTimer::Warm, server) => self.warm_up(now, server, chance),
                    Expired::Server(ServerTimer::Check, server) => {
                        self.check_timer(now, server, chance);
                    }
                }
            }
            if !self.run_woken(now) {
                break;
            }
        }
    }

    #[expect(clippy::inline_always, reason = "see `handle`")]
    #[inline(always)]
    fn take_in(&mut self, now: Moment, input: Input<'_>, chance: &mut dyn Chance) {
        match input {
            Input::Arrived {
                request,
                backend,
                facts,
            } => self.arrive(now, request, backend, facts, chance),
            Input::Entered {
                request,
                door,
                first,
                facts,
            } => self.enter(now, request, (door, first), facts, chance),
            Input::Stirred(attempt) => self.stirred(now, attempt),
            Input::Connected(attempt) => self.connected(now, attempt, chance),
            Input::Refused(attempt) => self.refused(now, attempt, chance),
            Input::Answered(attempt, response) => self.answered(now, attempt, response, chance),
            Input::Finished(attempt, bytes) => self.finished(now, attempt, bytes),
            Input::Broken(attempt, breach) => self.broken(now, attempt, breach, chance),
            Input::Gone(request) => self.gone(now, request),
            Input::Probed(probe, outcome) => self.probed(now, probe, outcome, chance),
            Input::Ordered(order, line) => self.ordered(now, order, line, chance),
            Input::Whole(attempt, response, bytes) => {
                self.answered_whole(now, attempt, response, bytes, chance);
            }
            Input::Together(inputs) => self.take_in_each(now, inputs, chance),
            Input::Woke => {}
        }
    }

    fn take_in_each(&mut self, now: Moment, inputs: &[Input<'_>], chance: &mut dyn Chance) {
        for input in inputs {
            self.take_in(now, *input, chance);
        }
    }

    /// The next wish, or none: ask until none.
    #[inline]
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop()
    }

    /// The earliest moment at which it wants to hear [`Input::Woke`].
    #[inline]
    pub fn next_wake(&self) -> Option<Moment> {
        let next = self.timers.next();
        (next != Moment::NEVER).then_some(next)
    }

    /// The profile it follows.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The backend called `name`.
    pub fn backend_named(&self, name: &str) -> Option<BackendId> {
        self.backends
            .iter()
            .find(|backend| backend.config.name == name)
            .map(|backend| backend.id)
    }

    /// The server `server` of the backend called `backend`.
    pub fn server_named(&self, backend: &str, server: &str) -> Option<ServerId> {
        let backend = self.backend_named(backend)?;
        let slot = self.backends[backend.0 as usize].slot_named(server)?;
        Some(ServerId { backend, slot })
    }

    /// The name of a server, also of one that was deleted.
    pub fn server_name(&self, server: ServerId) -> &str {
        &self.server(server).config.name
    }

    /// All servers of a backend that exist now, in declaration order.
    pub fn servers(&self, backend: BackendId) -> Vec<ServerId> {
        let servers = self.backends[backend.0 as usize].servers.iter();
        servers
            .filter(|server| !server.deleted)
            .map(|server| server.id)
            .collect()
    }

    /// The status of a server as `show stat` words it.
    pub fn status(&self, server: ServerId) -> Status {
        self.status_of(server)
    }

    /// The verdict code that `show stat` shows for a server's check: none where it has no
    /// check, or is in maintenance, or its check is disabled.
    pub fn check_code(&self, server: ServerId) -> Option<CheckCode> {
        let server = self.server(server);
        let shown = server.check.configured && server.check.enabled && !server.in_maint();
        shown.then(|| server.check_code())
    }

    /// Requests waiting in the backend's own queue.
    pub fn backend_queue(&self, backend: BackendId) -> u32 {
        self.backends[backend.0 as usize].queue.len()
    }

    /// Requests waiting in this server's queue.
    pub fn server_queue(&self, server: ServerId) -> u32 {
        self.server(server).queue.len()
    }

    /// Header changes of `request`, if there are any; valid until its number is used again.
    pub fn edits(&self, request: RequestId) -> Option<&Edits> {
        self.flows
            .get(request)?
            .persistence
            .as_ref()
            .map(|persistence| &persistence.edits)
    }

    /// The server that `request` is, or was at its end, assigned to, and who chose it: two
    /// facts of its [`ending`](Self::ending) that cost nothing.
    #[inline]
    pub fn placement(&self, request: RequestId) -> Option<(ServerId, By)> {
        let flow = self.flows.get(request)?;
        flow.server_id().map(|server| (server, flow.by))
    }

    /// The server to which a connection for `attempt` is wanted: none if it was hung up, or
    /// has its connection.
    pub fn connecting(&self, attempt: AttemptId) -> Option<ServerId> {
        let flow = self.flows.get(attempt.request)?;
        let wanted = flow.phase == Phase::Connecting && flow.turn == attempt.turn;
        wanted.then(|| flow.server_id())?
    }

    /// Makes room for `count` requests at once, numbered from 0, and no more: who knows how
    /// many there will be saves what growing step by step reserves beyond them.
    pub fn expect_requests(&mut self, count: u32) {
        self.flows.expect(count as usize);
    }

    /// How `request` ended; valid from its end until its number is used again.
    pub fn ending(&self, request: RequestId) -> Option<Ending> {
        let flow = self.flows.get(request)?;
        let ended_at = flow.ended_at()?;
        let (waited, connect, response) = flow.spans();
        let [cause, state] = flow.letters;
        let [asked, told] = self.cookie_letters(flow);
        Some(Ending {
            status: flow.status,
            flags: [cause, state, asked, told],
            server: flow.server_id(),
            by: flow.server_id().map(|_| flow.by),
            backend: (flow.backend != NONE).then_some(BackendId(flow.backend)),
            retries: self
                .backends
                .get(flow.backend as usize)
                .map_or(0, |backend| {
                    u32::from(flow.failures).min(backend.config.retries)
                }),
            redispatched: flow.marks.has(Mark::Redispatched),
            arrived: flow.arrived,
            waited,
            connect,
            response,
            total: ended_at.since(flow.arrived),
            crowd: self.crowd_at_end(request),
        })
    }

    pub(crate) fn backend_of(&mut self, request: RequestId) -> &mut Backend {
        self.parts(request).1
    }

    /// What is remembered of `request`, and the backend it is in.
    #[inline]
    pub(crate) fn parts(&mut self, request: RequestId) -> (&mut Flow, &mut Backend) {
        let flow = &mut self.flows[request];
        let backend = &mut self.backends[flow.backend as usize];
        (flow, backend)
    }

    /// Whether decisions about requests are worth a note.
    #[inline]
    pub(crate) fn wants_decisions(&self) -> bool {
        self.interest == Interest::Everything
    }

    pub(crate) fn note(&mut self, event: Event) {
        if self.wants_decisions() {
            self.outputs.push(Output::Note(event));
        }
    }

    /// Notes something about a server's state.
    pub(crate) fn note_state(&mut self, event: Event) {
        if self.interest != Interest::Nothing {
            self.outputs.push(Output::Note(event));
        }
    }

    /// Something spoke of what is over.
    pub(crate) fn note_ghost(&mut self) {
        self.note(Event::Ghost);
    }
}

#[cfg(test)]
mod ends;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod tables;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod walks;
