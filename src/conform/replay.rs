//! The core driven through a recording's operations, each at rest before the next.
//!
//! There is no simulation here: origins answer at once or hold, clients send and wait, and
//! the clock moves only between operations and over the wait before a retry.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use balance::{
    AttemptId, BackendId, Balancer, Chance, Ending, Event, Input, Interest, Moment, OrderId,
    Output, Profile, Request, RequestId, Response, ServerId, Span,
};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

use super::crowd;
use super::listing;
use super::recording::{
    Operation, Outcome, Recording, RecordingError, Seen, Sent, Skip, To, added_server,
};
use super::setting::BACKEND;

/// How many rounds of wake-ups one operation may take before we call it endless.
const ROUNDS: usize = 10_000;

/// Time between two operations: enough to tell their places in a queue apart.
const PAUSE: Span = Span::from_millis(1);

/// A recording has one backend.
const ONLY: BackendId = BackendId(0);

/// The core, and around it only what a recording speaks of.
pub struct Replay {
    core: Balancer,
    chance: Draws,
    now: Moment,
    recorded: Recorded,
    /// Whether each server's origin listens, by the server's name.
    origins: BTreeMap<String, bool>,
    exchanges: Vec<Exchange>,
    /// The recording's number of each request.
    numbers: BTreeMap<u32, RequestId>,
    live: BTreeSet<RequestId>,
    /// Attempts made and not yet told how they went, in order.
    attempts: Vec<AttemptId>,
    reply: Option<String>,
    orders: u32,
    queues: BTreeMap<String, u32>,
    notes: Vec<Event>,
}

/// Which facts the recorder wrote down for this backend.
struct Recorded {
    /// The `cookie` header the origin got.
    cookies: bool,
    /// The termination state of every request, not only of failed ones.
    flags: bool,
    /// The counts of the log.
    crowds: bool,
}

/// One request on its way.
struct Exchange {
    sent: Sent,
    /// Whether the origin keeps the answer back: as sent, or because it had to wait.
    hold: bool,
    stage: Stage,
    /// The server whose origin got it.
    reached: Option<ServerId>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// In a queue, or between two attempts.
    Waiting,
    /// A connection is being made to this server.
    Trying(AttemptId, ServerId),
    /// The origin has it and keeps the answer back.
    Held(AttemptId),
    /// The client has its answer.
    Over,
}

/// The core did not come to rest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stuck {
    /// Requests wait for something, and the core asks for no wake-up.
    #[error("the core waits for nothing while {0} requests are neither queued nor held nor over")]
    Forgotten(usize),
    /// Wake-ups without end.
    #[error("the core is not at rest after {ROUNDS} wake-ups")]
    Endless,
    /// A command got no reply.
    #[error("the core gave no reply")]
    Silent,
}

impl Replay {
    /// A core set up as the recording's first line says, with the decisions of `profile`.
    /// `seed` feeds what HAProxy leaves to chance.
    ///
    /// # Errors
    /// What cannot be understood, or contradicts itself, on the first line.
    pub fn new(recording: &Recording, profile: Profile, seed: u64) -> Result<Self, RecordingError> {
        let config = recording.config(profile)?;
        let head = &recording.head;
        let mut core = Balancer::new(config, Moment::ZERO).map_err(|errors| {
            let problems: Vec<String> = errors.iter().map(ToString::to_string).collect();
            RecordingError::new(recording.first, problems.join("; "))
        })?;
        core.listen(Interest::Everything);
        let names = head
            .backend
            .servers
            .iter()
            .map(|server| server.name.clone());
        Ok(Self {
            core,
            chance: Draws(ChaCha8Rng::seed_from_u64(seed)),
            now: Moment::ZERO,
            recorded: Recorded {
                cookies: head.backend.cookie.is_some(),
                flags: head.backend.cookie.is_some() || head.backend.connect_ms.is_some(),
                crowds: crowd::is_told(recording),
            },
            origins: names.map(|name| (name, true)).collect(),
            exchanges: Vec::new(),
            numbers: BTreeMap::new(),
            live: BTreeSet::new(),
            attempts: Vec::new(),
            reply: None,
            orders: 0,
            queues: BTreeMap::new(),
            notes: Vec::new(),
        })
    }

    /// Serves `requests` requests, one at a time, before the program begins: another
    /// starting point for everything that involves chance.
    pub fn warm_up(&mut self, requests: u32) {
        for _ in 0..requests {
            let request = RequestId(0);
            let facts = Request::default();
            let arrived = Input::Arrived {
                request,
                backend: ONLY,
                facts: &facts,
            };
            self.now += PAUSE;
            self.core.handle(self.now, arrived, &mut self.chance);
            while let Some(output) = self.core.poll() {
                if let Output::Dispatch { attempt, .. } = output {
                    let head = Response::default();
                    for input in [
                        Input::Connected(attempt),
                        Input::Answered(attempt, &head),
                        Input::Finished(attempt, 0),
                    ] {
                        self.core.handle(self.now, input, &mut self.chance);
                    }
                }
            }
        }
    }

    /// Does one operation and says what came of it once everything is at rest.
    ///
    /// # Errors
    /// The core does not come to rest.
    pub fn step(&mut self, operation: &Operation) -> Result<Seen, Stuck> {
        self.now += PAUSE;
        self.notes.clear();
        let before: Vec<(RequestId, Stage)> = self
            .live
            .iter()
            .map(|id| (*id, self.exchange(*id).stage))
            .collect();
        let mut seen = match operation {
            Operation::Request(sent) => self.send(sent)?,
            Operation::End(id) => self.end(self.numbers[id])?,
            Operation::Abort(id) => {
                self.tell(Input::Gone(self.numbers[id]));
                self.settle()?;
                Seen::default()
            }
            Operation::Admin(command) => self.order(command)?,
            Operation::Origin { server, up } => {
                self.origins.insert(server.clone(), *up);
                Seen::default()
            }
        };
        self.effects(operation, &before, &mut seen);
        Ok(seen)
    }

    /// What the core noted during the last operation.
    pub fn notes(&self) -> &[Event] {
        &self.notes
    }

    /// The core, to look at.
    pub fn core(&self) -> &Balancer {
        &self.core
    }

    /// The recording's number for a request of the core.
    pub fn number(&self, request: RequestId) -> u32 {
        self.exchange(request).sent.id
    }

    fn send(&mut self, sent: &Sent) -> Result<Seen, Stuck> {
        let request = RequestId(self.exchanges.len() as u32);
        self.numbers.insert(sent.id, request);
        self.live.insert(request);
        self.exchanges.push(Exchange {
            sent: sent.clone(),
            hold: sent.hold,
            stage: Stage::Waiting,
            reached: None,
        });
        let mut headers: Vec<(&str, &str)> = sent
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        headers.extend(sent.cookie.as_deref().map(|value| ("cookie", value)));
        let facts = Request {
            source: sent.source,
            method: &sent.method,
            uri: &sent.uri,
            headers: &headers,
            body: &[],
        };
        self.tell(Input::Arrived {
            request,
            backend: ONLY,
            facts: &facts,
        });
        self.settle()?;

        let exchange = self.exchange(request);
        Ok(match exchange.stage {
            Stage::Over => Seen {
                outcome: self.outcome(request),
                ..Seen::default()
            },
            Stage::Held(_) => Seen {
                outcome: Outcome {
                    to: Some(to_word(self.reached_name(exchange))),
                    cookie_seen: self.cookie_seen(request),
                    ..Outcome::default()
                },
                ..Seen::default()
            },
            Stage::Waiting | Stage::Trying(..) => {
                self.exchanges[request.0 as usize].hold = true;
                Seen {
                    queued: true,
                    ..Seen::default()
                }
            }
        })
    }

    fn end(&mut self, request: RequestId) -> Result<Seen, Stuck> {
        let attempt = match self.exchange(request).stage {
            Stage::Held(attempt) => attempt,
            Stage::Over => {
                return Ok(Seen {
                    skip: Some(Skip::Done),
                    ..Seen::default()
                });
            }
            Stage::Waiting | Stage::Trying(..) => {
                return Ok(Seen {
                    skip: Some(Skip::Queued),
                    ..Seen::default()
                });
            }
        };
        self.answer(attempt);
        self.settle()?;
        // The request line has told where it went and with which cookie.
        let outcome = self.outcome(request);
        Ok(Seen {
            outcome: Outcome {
                to: None,
                cookie_seen: None,
                last: None,
                status: outcome.status.filter(|status| *status != 200),
                ..outcome
            },
            ..Seen::default()
        })
    }

    fn order(&mut self, command: &str) -> Result<Seen, Stuck> {
        self.orders += 1;
        let listing = listing::of(command);
        let typed = match listing {
            Some(listing) => listing.command().to_owned(),
            None => command.replace('@', &self.fresh_address().to_string()),
        };
        self.reply = None;
        self.tell(Input::Ordered(OrderId(self.orders), &typed));
        self.settle()?;
        let reply = self.reply.take().ok_or(Stuck::Silent)?;
        if reply.trim() == "New server registered."
            && let Some(name) = added_server(command)
        {
            self.origins.insert(name.to_owned(), true);
        }
        let rows = listing.and_then(|listing| listing.rows(&reply));
        Ok(match rows {
            Some(rows) => Seen {
                rows: Some(rows),
                ..Seen::default()
            },
            None => Seen {
                reply: Some(reply.trim().to_owned()),
                ..Seen::default()
            },
        })
    }

    /// An address nothing else has. Nothing recorded depends on which.
    fn fresh_address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], 10_000 + (self.orders % 50_000) as u16))
    }

    /// Fills in what the operation did to other requests, and to the queues.
    fn effects(&mut self, operation: &Operation, before: &[(RequestId, Stage)], seen: &mut Seen) {
        let own = match operation {
            Operation::End(id) | Operation::Abort(id) => Some(self.numbers[id]),
            Operation::Request(_) | Operation::Admin(_) | Operation::Origin { .. } => None,
        };
        for (request, stage) in before {
            let exchange = self.exchange(*request);
            let number = exchange.sent.id;
            match (stage, exchange.stage) {
                (Stage::Waiting, Stage::Held(_)) => {
                    let server = self.reached_name(exchange);
                    let server = server.expect("a held request has reached an origin");
                    seen.dispatched.push((number, server));
                }
                (Stage::Waiting | Stage::Held(_), Stage::Over) if own != Some(*request) => {
                    seen.finished.push((number, self.outcome(*request)));
                }
                _ => {}
            }
        }
        seen.dispatched.sort();
        seen.finished.sort_by_key(|(number, _)| *number);
        let queues = self.queue_lengths();
        if queues != self.queues {
            self.queues.clone_from(&queues);
            seen.queues = Some(queues);
        }
    }

    fn queue_lengths(&self) -> BTreeMap<String, u32> {
        let servers = self.core.servers(ONLY).into_iter().map(|server| {
            let name = self.core.server_name(server).to_owned();
            (name, self.core.server_queue(server))
        });
        let own = (BACKEND.to_owned(), self.core.backend_queue(ONLY));
        servers
            .chain([own])
            .filter(|(_, length)| *length > 0)
            .collect()
    }

    /// Runs everything that follows from what was told, until nothing moves.
    fn settle(&mut self) -> Result<(), Stuck> {
        for _ in 0..ROUNDS {
            if !self.attempts.is_empty() {
                self.connect();
                continue;
            }
            let queued: u32 = self.queue_lengths().values().sum();
            let waiting = self.waiting();
            if waiting <= queued as usize {
                return Ok(());
            }
            // Whoever waits outside the queues waits for its next attempt.
            let wake = self.core.next_wake();
            let wake = wake.ok_or(Stuck::Forgotten(waiting - queued as usize))?;
            self.now = self.now.max(wake);
            self.tell(Input::Woke);
        }
        Err(Stuck::Endless)
    }

    fn waiting(&self) -> usize {
        self.live
            .iter()
            .filter(|id| self.exchange(**id).stage == Stage::Waiting)
            .count()
    }

    /// One I/O phase: every attempt made so far learns how it went, in order, and only
    /// then do attempts count that follow from this (spec: queues, 5). Answers come after
    /// that, a round trip later.
    fn connect(&mut self) {
        let mut connected = Vec::new();
        let mut news = Vec::new();
        for attempt in std::mem::take(&mut self.attempts) {
            let Stage::Trying(current, server) = self.exchange(attempt.request).stage else {
                continue;
            };
            if current != attempt {
                continue;
            }
            let listens = self.origins.get(self.core.server_name(server));
            let exchange = &mut self.exchanges[attempt.request.0 as usize];
            if listens.copied().unwrap_or(false) {
                exchange.stage = Stage::Held(attempt);
                exchange.reached = Some(server);
                news.push(Input::Connected(attempt));
                connected.push(attempt);
            } else {
                exchange.stage = Stage::Waiting;
                news.push(Input::Refused(attempt));
            }
        }
        self.tell(Input::Together(&news));
        for attempt in connected {
            let exchange = self.exchange(attempt.request);
            if exchange.stage == Stage::Held(attempt) && !exchange.hold {
                self.answer(attempt);
            }
        }
    }

    /// The origin answers, and its answer is forwarded whole.
    fn answer(&mut self, attempt: AttemptId) {
        let exchange = &mut self.exchanges[attempt.request.0 as usize];
        exchange.stage = Stage::Over;
        self.live.remove(&attempt.request);
        let cookies = exchange.sent.app_cookies.clone();
        let headers: Vec<(&str, &str)> = cookies
            .iter()
            .map(|value| ("set-cookie", value.as_str()))
            .collect();
        let head = Response {
            status: 200,
            headers: &headers,
        };
        self.tell(Input::Answered(attempt, &head));
        self.tell(Input::Finished(attempt, 0));
    }

    /// Tells the core one fact and takes its wishes down.
    fn tell(&mut self, input: Input<'_>) {
        self.core.handle(self.now, input, &mut self.chance);
        while let Some(output) = self.core.poll() {
            match output {
                Output::Dispatch { attempt, server } => {
                    self.set_stage(attempt.request, Stage::Trying(attempt, server));
                    self.attempts.push(attempt);
                }
                Output::Answer { request, .. } | Output::Close { request } => {
                    self.set_stage(request, Stage::Over);
                    self.live.remove(&request);
                }
                Output::Hangup(attempt) => {
                    let current = match self.exchange(attempt.request).stage {
                        Stage::Trying(current, _) | Stage::Held(current) => Some(current),
                        Stage::Waiting | Stage::Over => None,
                    };
                    if current == Some(attempt) {
                        self.set_stage(attempt.request, Stage::Waiting);
                    }
                }
                Output::Reply(_, text) => self.reply = Some(text),
                Output::Note(event) => self.notes.push(event),
                // Answers are read back at the end of the exchange; there are no checks.
                Output::Relay { .. } | Output::Probe(_) | Output::Abandon(_) => {}
            }
        }
    }

    fn exchange(&self, request: RequestId) -> &Exchange {
        &self.exchanges[request.0 as usize]
    }

    fn set_stage(&mut self, request: RequestId, stage: Stage) {
        self.exchanges[request.0 as usize].stage = stage;
    }

    fn reached_name(&self, exchange: &Exchange) -> Option<String> {
        let server = exchange.reached?;
        Some(self.core.server_name(server).to_owned())
    }

    /// Everything recorded about an exchange that is over.
    fn outcome(&self, request: RequestId) -> Outcome {
        let exchange = self.exchange(request);
        let ending = self.core.ending(request).unwrap_or_default();
        let to = self
            .reached_name(exchange)
            .filter(|_| ending_is_answer(&ending));
        let last = ending.server.filter(|_| to.is_none());
        let wants_flags = self.recorded.flags || ending.status != 200;
        let edited = self.core.edits(request);
        let set_cookie = match edited.and_then(|edits| edits.set_cookies.clone()) {
            Some(cookies) => cookies,
            None if to.is_some() => exchange.sent.app_cookies.clone(),
            None => Vec::new(),
        };
        Outcome {
            cookie_seen: self.cookie_seen(request).filter(|_| to.is_some()),
            status: Some(ending.status),
            last: last.map(|server| self.core.server_name(server).to_owned()),
            set_cookie,
            flags: wants_flags.then(|| String::from_utf8_lossy(&ending.flags).into_owned()),
            retries: retries_word(&ending),
            crowd: self.recorded.crowds.then(|| crowd::word(ending.crowd)),
            to: Some(to_word(to)),
        }
    }

    /// The `cookie` header as the origin got it, if the recorder looked.
    fn cookie_seen(&self, request: RequestId) -> Option<String> {
        if !self.recorded.cookies {
            return None;
        }
        let edited = self.core.edits(request);
        match edited.and_then(|edits| edits.cookies.as_ref()) {
            Some(cookies) => Some(cookies.join("; ")).filter(|text| !text.is_empty()),
            None => self.exchange(request).sent.cookie.clone(),
        }
    }
}

/// Whether the client's answer came from an origin (the proxy's own are errors).
fn ending_is_answer(ending: &Ending) -> bool {
    ending.status == 200
}

fn to_word(reached: Option<String>) -> To {
    reached.map_or(To::Nobody, To::Server)
}

/// `%rc`: `3`, `+1`, or nothing when it is 0.
fn retries_word(ending: &Ending) -> Option<String> {
    let plus = if ending.redispatched { "+" } else { "" };
    (ending.retries > 0 || ending.redispatched).then(|| format!("{plus}{}", ending.retries))
}

/// A seeded source of what HAProxy leaves to chance.
struct Draws(ChaCha8Rng);

impl Chance for Draws {
    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }
}
