//! JMeter's users: threads that start along the ramp-up and send the same request in a loop.

use balance::{Moment, Span};

use crate::kernel::{Agenda, Collision, Delay, Seeds, Ticket};
use crate::plan::{self, RequestLine};
use crate::trace::{self, Sample, Sink};

use super::clients::Outcome;
use super::cookie_jar::CookieJar;
use super::event::Event;
use super::outbox::{Outbox, TIMERS};
use super::pace::{self, Pace};
use super::parcel::Parcel;

/// All threads of one group.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ThreadGroup {
    /// Its place in the plan.
    client: u32,
    /// The number of its first thread among all client actors.
    first: u32,
    /// The settings.
    plan: plan::ThreadGroup,
    /// No request starts from here on.
    deadline: Moment,
    threads: Vec<Thread>,
    think: Think,
    /// One per thread, if threads have a cookie manager.
    jars: Vec<CookieJar>,
    /// One per thread, if there is a limit to waiting.
    limits: Vec<Option<Ticket>>,
}

/// Own time between an answer and the next request.
#[derive(Clone, Debug, PartialEq)]
enum Think {
    /// The same for all threads and each time.
    Alike(Delay),
    /// Drawn for each thread.
    Own(Vec<Pace>),
}

/// `Thread::left` of a thread that only stops at the deadline.
const ENDLESS: u64 = u64::MAX;

/// Small, because there may be a hundred thousand.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Thread {
    /// Requests still to be sent.
    left: u64,
    /// When the request under way was sent; `NEVER` while there is no connection.
    sent: Moment,
}

impl ThreadGroup {
    /// The group that stands at place `client` of the plan; its threads are the client actors
    /// from `first` on.
    ///
    /// # Errors
    /// If a stream of random numbers is taken.
    pub(super) fn new(
        plan: &plan::ThreadGroup,
        client: u32,
        first: u32,
        seeds: &mut Seeds,
        agenda: &mut Agenda<Parcel>,
    ) -> Result<Self, Collision> {
        let count = plan.threads as usize;
        let constant = pace::constant(&plan.think, TIMERS, agenda);
        let think = match constant {
            Some(delay) => Think::Alike(delay),
            None => Think::Own(
                (0..count)
                    .map(|thread| {
                        let path = format!("{}/{thread}/think", plan.name);
                        let stream = seeds.stream(&path)?;
                        Ok(Pace::varying(&plan.think, TIMERS, stream))
                    })
                    .collect::<Result<_, Collision>>()?,
            ),
        };
        let thread = Thread {
            left: plan.loops.unwrap_or(ENDLESS),
            sent: Moment::NEVER,
        };
        let limited = plan.response_timeout.is_some();
        Ok(Self {
            client,
            first,
            deadline: plan
                .duration
                .map_or(Moment::NEVER, |span| plan.start + span),
            threads: vec![thread; count],
            think,
            jars: vec![CookieJar::default(); if plan.cookies { count } else { 0 }],
            limits: vec![None; if limited { count } else { 0 }],
            plan: plan.clone(),
        })
    }

    /// Pushes the start of the first thread.
    pub(super) fn begin<S: Sink>(&mut self, out: &mut Outbox<'_, S>) {
        let client = self.first;
        out.at(self.plan.start, TIMERS, Event::ThreadStart { client });
    }

    /// A thread starts, and sees to it that the next one will: thread i of T starts i/T of
    /// the ramp-up after the first.
    pub(super) fn start<S: Sink>(&mut self, thread: u32, out: &mut Outbox<'_, S>) {
        let (next, threads) = (thread + 1, self.plan.threads);
        if next < threads {
            let ramp_up = u128::from(self.plan.ramp_up.as_nanos());
            let nanos = ramp_up * u128::from(next) / u128::from(threads);
            let at = self.plan.start + Span::from_nanos(nanos as u64);
            let client = self.first + next;
            out.at(at, TIMERS, Event::ThreadStart { client });
        }
        self.turn(thread, out);
    }

    /// A thread begins its next iteration, or ends.
    #[inline(never)]
    pub(super) fn turn<S: Sink>(&mut self, thread: u32, out: &mut Outbox<'_, S>) {
        self.iterate(thread, out);
    }

    /// [`turn`](Self::turn), put where every request comes by.
    #[expect(clippy::inline_always, reason = "one step of the way of every request")]
    #[inline(always)]
    fn iterate<S: Sink>(&mut self, thread: u32, out: &mut Outbox<'_, S>) {
        let state = &mut self.threads[thread as usize];
        if state.left == 0 || out.now() >= self.deadline {
            let client = self.client;
            out.tell(|| trace::Event::Left { client, thread });
            out.retire();
            state.sent = Moment::NEVER;
            return;
        }
        if state.left != ENDLESS {
            state.left -= 1;
        }
        if self.plan.clear_cookies
            && let Some(jar) = self.jars.get_mut(thread as usize)
        {
            jar.clear();
        }
        self.send(thread, out);
    }

    #[expect(clippy::inline_always, reason = "one step of the way of every request")]
    #[inline(always)]
    fn send<S: Sink>(&mut self, thread: u32, out: &mut Outbox<'_, S>) {
        let state = &mut self.threads[thread as usize];
        let connected = self.plan.keep_alive && state.sent != Moment::NEVER;
        state.sent = out.now();
        let client = self.first + thread;
        let handshake = if connected {
            Span::ZERO
        } else {
            out.wire().handshake()
        };
        if let Some(limit) = self.plan.connect_timeout
            && handshake > limit
        {
            out.at(out.now() + limit, TIMERS, Event::Unconnected { client });
            return;
        }
        let request = out.numbers().assign(client);
        out.tell(|| trace::Event::Sent {
            client: self.client,
            thread,
            request,
        });
        let delay = out.wire().upward(connected);
        let first = !connected;
        out.send(
            delay,
            Event::Arrives {
                client,
                request,
                first,
            },
        );
        if let Some(limit) = self.plan.response_timeout {
            let at = out.now() + handshake + limit;
            let ticket = out.timer(at, TIMERS, Event::TimedOut { client });
            self.limits[thread as usize] = Some(ticket);
        }
    }

    /// A thread has the whole answer.
    #[expect(clippy::inline_always, reason = "one step of the way of every request")]
    #[inline(always)]
    pub(super) fn delivered<S: Sink>(
        &mut self,
        thread: u32,
        outcome: Outcome,
        set_cookies: &[String],
        out: &mut Outbox<'_, S>,
    ) {
        if let Some(ticket) = self.limits.get_mut(thread as usize).and_then(Option::take) {
            out.cancel(ticket);
        }
        if let Some(jar) = self.jars.get_mut(thread as usize) {
            for header in set_cookies {
                jar.set(out.now(), header);
            }
        }
        self.sample(thread, outcome, out);
    }

    /// A thread waited long enough for its answer: it closes the connection.
    pub(super) fn timed_out<S: Sink>(&mut self, thread: u32, out: &mut Outbox<'_, S>) {
        let request = out.numbers().give_up(self.first + thread);
        out.send(out.wire().client, Event::Gone { request });
        self.limits[thread as usize] = None;
        self.unconnected(thread, out);
    }

    /// A thread has no answer and no connection.
    #[inline(never)]
    pub(super) fn unconnected<S: Sink>(&mut self, thread: u32, out: &mut Outbox<'_, S>) {
        self.sample(thread, Outcome::NOTHING, out);
    }

    /// Ends an iteration.
    #[expect(clippy::inline_always, reason = "one step of the way of every request")]
    #[inline(always)]
    fn sample<S: Sink>(&mut self, thread: u32, outcome: Outcome, out: &mut Outbox<'_, S>) {
        let state = &mut self.threads[thread as usize];
        out.sample(&Sample {
            client: self.client,
            thread,
            server: outcome.server,
            by: outcome.by,
            status: outcome.status,
            served: outcome.served,
            session_restarted: outcome.session_restarted,
            sent: state.sent,
            elapsed: out.now().since(state.sent),
        });
        if outcome.status == 0 {
            state.sent = Moment::NEVER;
        }
        let think = match &mut self.think {
            Think::Alike(delay) => *delay,
            Think::Own(paces) => paces[thread as usize].next(),
        };
        if think.span() == Span::ZERO {
            self.iterate(thread, out);
        } else {
            let client = self.first + thread;
            out.after(think, Event::ClientTurn { client });
        }
    }

    /// Whether a thread keeps its connection.
    pub(super) fn is_connected(&self, thread: u32) -> bool {
        self.plan.keep_alive && self.threads[thread as usize].sent != Moment::NEVER
    }

    /// What every thread sends.
    #[inline]
    pub(super) fn line(&self) -> &RequestLine {
        &self.plan.request
    }

    /// What a thread remembers, if it has a cookie manager.
    #[inline]
    pub(super) fn jar(&self, thread: u32) -> Option<&CookieJar> {
        self.jars.get(thread as usize)
    }
}
