//! JMeter's users with more than one request in their loop: threads that follow a script.

use std::sync::Arc;

use balance::{Moment, ServerId, Span};

use crate::kernel::{Collision, Seeds, Ticket};
use crate::plan::script::{Leave, OnError, ScriptRequest};
use crate::plan::{self, RequestLine};
use crate::trace::{self, Sample, Sink};

use super::answers::Answers;
use super::clients::{Common, Outcome};
use super::cookie_jar::CookieJar;
use super::event::Event;
use super::outbox::{Outbox, TIMERS};
use super::program::Program;
use super::script_thread::{Group, Next, Thread};

/// All threads of one group.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ScriptThreads {
    /// Its place in the plan.
    client: u32,
    /// The number of its first thread among all client actors.
    first: u32,
    /// The plan, and what all threads share.
    group: Group,
    /// When it began; `NEVER` while it waits for others.
    begun: Moment,
    threads: Vec<Thread>,
    jars: Vec<CookieJar>,
}

impl ScriptThreads {
    /// The group that stands at place `client` of the plan; its threads are the client actors
    /// from `first` on.
    ///
    /// # Errors
    /// If a stream of random numbers is taken.
    pub(super) fn new(
        script: &plan::ScriptGroup,
        client: u32,
        first: u32,
        seeds: &mut Seeds,
        answers: Arc<Answers>,
    ) -> Result<Self, Collision> {
        let count = script.group.threads;
        let program = Program::of(script);
        let threads = (0..count).map(|number| {
            let path = format!("{}/{number}/script", script.group.name);
            let stream = seeds.stream(&path)?;
            Ok(Thread::new(number, script, program.slots, stream))
        });
        let threads = threads.collect::<Result<Vec<_>, Collision>>()?;
        let jars = if script.group.cookies { count } else { 0 };
        Ok(Self {
            client,
            first,
            begun: Moment::NEVER,
            threads,
            jars: vec![CookieJar::default(); jars as usize],
            group: Group::new(script, program, answers),
        })
    }

    /// Pushes the start of the first thread, unless it waits for others.
    pub(super) fn begin<S: Sink>(&mut self, out: &mut Outbox<'_, S>) {
        if self.group.script.after.is_empty() {
            self.release(out);
        }
    }

    /// The clients that this group waits for are done (or there are none).
    pub(super) fn release<S: Sink>(&mut self, out: &mut Outbox<'_, S>) {
        let client = self.first;
        self.begun = self.group.script.group.start.max(out.now());
        if let Some(duration) = self.group.script.group.duration {
            self.group.deadline = self.begun + duration;
        }
        out.at(self.begun, TIMERS, Event::ThreadStart { client });
    }

    /// Whether it has not begun.
    pub(super) fn is_waiting(&self) -> bool {
        self.begun == Moment::NEVER
    }

    /// The places in the plan of the clients it waits for.
    pub(super) fn after(&self) -> &[usize] {
        &self.group.script.after
    }

    /// A thread starts, and sees to it that the next one will.
    pub(super) fn start<S: Sink>(
        &mut self,
        thread: u32,
        common: &mut Common,
        out: &mut Outbox<'_, S>,
    ) {
        let group = &self.group.script.group;
        let (next, threads) = (thread + 1, group.threads);
        if next < threads {
            let ramp_up = u128::from(group.ramp_up.as_nanos());
            let nanos = ramp_up * u128::from(next) / u128::from(threads);
            let at = self.begun + Span::from_nanos(nanos as u64);
            let client = self.first + next;
            out.at(at, TIMERS, Event::ThreadStart { client });
        }
        self.group.active += 1;
        self.go_on(thread, common, out);
    }

    /// The time that a thread gave itself is over.
    pub(super) fn turn<S: Sink>(
        &mut self,
        thread: u32,
        common: &mut Common,
        out: &mut Outbox<'_, S>,
    ) {
        self.go_on(thread, common, out);
    }

    /// Lets a thread follow its script to the next thing that takes time.
    fn go_on<S: Sink>(&mut self, thread: u32, common: &mut Common, out: &mut Outbox<'_, S>) {
        let state = &mut self.threads[thread as usize];
        let jar = self.jars.get_mut(thread as usize);
        let next = if common.stopped {
            Next::End
        } else {
            state.next(&mut self.group, jar, out.now())
        };
        match next {
            Next::Send(request) => self.send(thread, &request, out),
            Next::Wait(moment) => {
                let client = self.first + thread;
                out.at(moment, TIMERS, Event::ClientTurn { client });
            }
            Next::End => {
                state.connected = false;
                self.group.active -= 1;
                common.retired(self.client);
                out.retire();
            }
            Next::StopTest => {
                common.stopped = true;
                self.go_on(thread, common, out);
            }
        }
    }

    fn send<S: Sink>(&mut self, thread: u32, request: &ScriptRequest, out: &mut Outbox<'_, S>) {
        let state = &mut self.threads[thread as usize];
        let connected = state.connected;
        state.connected = request.keep_alive;
        state.sent = out.now();
        let client = self.first + thread;
        let handshake = if connected {
            Span::ZERO
        } else {
            out.wire().handshake()
        };
        if let Some(limit) = request.connect_timeout
            && handshake > limit
        {
            out.at(out.now() + limit, TIMERS, Event::Unconnected { client });
            return;
        }
        let number = out.numbers().assign(client);
        out.tell(|| trace::Event::Sent {
            client: self.client,
            thread,
            request: number,
        });
        let delay = out.wire().upward(connected);
        out.send(
            delay,
            Event::Arrives {
                client,
                request: number,
                first: !connected,
            },
        );
        if let Some(limit) = request.response_timeout {
            let at = out.now() + handshake + limit;
            let ticket: Ticket = out.timer(at, TIMERS, Event::TimedOut { client });
            self.threads[thread as usize].limit = Some(ticket);
        }
    }

    /// A thread has the whole answer.
    pub(super) fn delivered<S: Sink>(
        &mut self,
        thread: u32,
        outcome: Outcome,
        set_cookies: &[String],
        common: &mut Common,
        out: &mut Outbox<'_, S>,
    ) {
        let state = &mut self.threads[thread as usize];
        if let Some(ticket) = state.limit.take() {
            out.cancel(ticket);
        }
        if let Some(jar) = self.jars.get_mut(thread as usize) {
            for header in set_cookies {
                jar.set(out.now(), header);
            }
        }
        state.heard(&self.group, outcome, set_cookies);
        self.sample(thread, outcome, common, out);
    }

    /// A thread waited long enough for its answer: it closes the connection.
    pub(super) fn timed_out<S: Sink>(
        &mut self,
        thread: u32,
        common: &mut Common,
        out: &mut Outbox<'_, S>,
    ) {
        let request = out.numbers().give_up(self.first + thread);
        out.send(out.wire().client, Event::Gone { request });
        self.threads[thread as usize].limit = None;
        self.unconnected(thread, common, out);
    }

    /// A thread has no answer and no connection.
    pub(super) fn unconnected<S: Sink>(
        &mut self,
        thread: u32,
        common: &mut Common,
        out: &mut Outbox<'_, S>,
    ) {
        let state = &mut self.threads[thread as usize];
        state.heard(&self.group, Outcome::NOTHING, &[]);
        self.sample(thread, Outcome::NOTHING, common, out);
    }

    /// Tells the sample, and goes on as the group says.
    fn sample<S: Sink>(
        &mut self,
        thread: u32,
        outcome: Outcome,
        common: &mut Common,
        out: &mut Outbox<'_, S>,
    ) {
        let state = &mut self.threads[thread as usize];
        let sample = Sample {
            client: self.client,
            thread,
            server: outcome.server,
            by: outcome.by,
            status: outcome.status,
            served: outcome.served,
            session_restarted: outcome.session_restarted,
            sent: state.sent,
            elapsed: out.now().since(state.sent),
        };
        out.sample(&sample);
        if outcome.status == 0 {
            state.connected = false;
        }
        if sample.is_error() {
            match self.group.script.on_error {
                OnError::Continue => {}
                OnError::StartNextLoop => state.leave(Leave::Iteration),
                OnError::StopThread => state.leave(Leave::Thread),
                OnError::StopTest => common.stopped = true,
            }
        }
        let think = state.think(&self.group);
        if think == Span::ZERO {
            self.go_on(thread, common, out);
        } else {
            let client = self.first + thread;
            out.at(out.now() + think, TIMERS, Event::ClientTurn { client });
        }
    }

    /// Whether a thread keeps its connection.
    pub(super) fn is_connected(&self, thread: u32) -> bool {
        self.threads[thread as usize].connected
    }

    /// What a thread sends now.
    pub(super) fn line(&self, thread: u32) -> &RequestLine {
        &self.threads[thread as usize].line
    }

    /// What a thread remembers, if it has a cookie manager.
    pub(super) fn jar(&self, thread: u32) -> Option<&CookieJar> {
        self.jars.get(thread as usize)
    }
}

/// The server that answered, if one did.
pub(super) fn answered(outcome: Outcome) -> Option<ServerId> {
    outcome.server.filter(|_| outcome.served)
}
