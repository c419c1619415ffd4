//! A node: a process that answers requests and health checks, one after the other.
//!
//! What all nodes share is here: reachability, the time a job takes, sessions, the status.
//! In which order a node works is its *engine*: an ideal queue of one worker ([`Fifo`]) or of
//! several ([`Pool`]), or one thread with the turns of an event loop. An engine is told of jobs and of its own alarms, and
//! works through a [`Desk`].

use balance::{AttemptId, ProbeId, Span};

use crate::kernel::{Agenda, Collision, Delay, Seeds};
use crate::plan::{self, Reach};
use crate::trace::{self, Sink};

use super::event::{Caller, Event, Handshake};
use super::event_loop::EventLoop;
use super::fifo::Fifo;
use super::lines::Line;
use super::outbox::{Outbox, TIMERS};
use super::pace::Pace;
use super::parcel::Parcel;
use super::pool::Pool;
use super::sessions::{Brought, Sessions, Visit};

/// Something to be done by a node; its bytes are at the node's socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Job {
    /// A client's request.
    Request {
        /// Whom to answer.
        attempt: AttemptId,
        /// What it brings of the node's sessions.
        session: Brought,
        /// The connection it came over.
        line: Line,
        /// Whether that connection was made for it.
        new: bool,
    },
    /// A health check.
    Check(ProbeId),
    /// `POST /delay`: every job takes longer once this one is done, by as much as the node has
    /// written down under this number.
    Delay(u32),
}

/// What stands in a queue where nothing waits.
impl Default for Job {
    fn default() -> Self {
        Self::Delay(0)
    }
}

const _: () = {
    // One per client of a closed loop waits at a node.
    assert!(size_of::<Job>() <= 20);
};

/// An answer that a node has made up its mind about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    job: Job,
    status: u16,
    visit: Visit,
}

impl Reply {
    /// What is answered.
    pub(super) fn job(self) -> Job {
        self.job
    }
}

/// One node.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    reach: Reach,
    engine: Engine,
    manner: Manner,
}

/// How a node works, whatever its engine.
#[derive(Clone, Debug, PartialEq)]
struct Manner {
    /// Its place in the plan.
    index: u32,
    /// How often it stopped.
    life: u32,
    status: u16,
    /// Time for one job.
    service: Pace,
    /// Further time for every job but `POST /delay`.
    delay: Span,
    /// The delays that were posted, in the order in which they came in.
    posted: Vec<Span>,
    /// `service` and `delay` together, if both are constant.
    slowed: Option<Delay>,
    sessions: Option<Sessions>,
}

#[derive(Clone, Debug, PartialEq)]
#[repr(u8)]
enum Engine {
    Fifo(Fifo),
    Pool(Pool),
    EventLoop(Box<EventLoop>),
}

/// Lent to an engine while it works.
pub(super) struct Desk<'a, 'b, S> {
    manner: &'a mut Manner,
    out: &'a mut Outbox<'b, S>,
}

impl Node {
    /// The node at place `index` of a plan.
    ///
    /// # Errors
    /// If its stream of random numbers is taken.
    pub(super) fn new(
        plan: &plan::Node,
        index: u32,
        seeds: &mut Seeds,
        agenda: &mut Agenda<Parcel>,
    ) -> Result<Self, Collision> {
        let service = if let Some(pace) = Pace::constant(&plan.service, TIMERS, agenda) {
            pace
        } else {
            let stream = seeds.stream(&format!("{}/service", plan.name))?;
            Pace::varying(&plan.service, TIMERS, stream)
        };
        let sessions = plan.session_cookie.as_deref();
        let mut manner = Manner {
            index,
            life: 0,
            status: plan.status,
            service,
            delay: Span::ZERO,
            posted: Vec::new(),
            slowed: None,
            sessions: sessions.map(|cookie| Sessions::new(&plan.name, cookie)),
        };
        manner.slow(plan.delay, agenda);
        Ok(Self {
            reach: plan.reach,
            engine: if plan.event_loop {
                Engine::EventLoop(Box::new(EventLoop::new()))
            } else {
                match plan.workers {
                    0..=1 => Engine::Fifo(Fifo::default()),
                    workers => Engine::Pool(Pool::new(workers)),
                }
            },
            manner,
        })
    }

    /// Its sessions, if it keeps any.
    pub(super) fn sessions(&self) -> Option<&Sessions> {
        self.manner.sessions.as_ref()
    }

    /// Somebody asks for a connection.
    pub(super) fn knock<S: Sink>(&self, caller: Caller, out: &mut Outbox<'_, S>) {
        match self.reach {
            Reach::Listening => out.send(out.wire().node, caller.event(Handshake::Connected)),
            Reach::Refusing => out.send(out.wire().node, caller.event(Handshake::Refused)),
            Reach::Vanished => {}
        }
    }

    /// A `POST /delay` comes in.
    pub(super) fn post<S: Sink>(&mut self, to: Span, out: &mut Outbox<'_, S>) {
        let number = self.manner.posted.len() as u32;
        self.manner.posted.push(to);
        self.arrive(Job::Delay(number), out);
    }

    /// Bytes of a job come in. If the node has stopped meanwhile, the connection breaks.
    #[expect(clippy::inline_always, reason = "one step of the way of every request")]
    #[inline(always)]
    pub(super) fn arrive<S: Sink>(&mut self, job: Job, out: &mut Outbox<'_, S>) {
        if self.reach != Reach::Listening {
            broken(job, out);
            return;
        }
        let mut desk = Desk {
            manner: &mut self.manner,
            out,
        };
        match &mut self.engine {
            Engine::Fifo(fifo) => fifo.arrive(job, &mut desk),
            Engine::Pool(pool) => pool.arrive(job, &mut desk),
            Engine::EventLoop(event_loop) => event_loop.arrive(job, &mut desk),
        }
    }

    /// An alarm that the engine set in its life `life` has come; void if that life is over.
    #[expect(clippy::inline_always, reason = "one step of the way of every request")]
    #[inline(always)]
    pub(super) fn alarm<S: Sink>(&mut self, life: u32, alarm: u32, out: &mut Outbox<'_, S>) {
        if life != self.manner.life {
            return;
        }
        let mut desk = Desk {
            manner: &mut self.manner,
            out,
        };
        match &mut self.engine {
            Engine::Fifo(fifo) => fifo.alarm(&mut desk),
            Engine::Pool(pool) => pool.alarm(alarm, &mut desk),
            Engine::EventLoop(event_loop) => event_loop.alarm(&mut desk),
        }
    }

    /// The process ends: its connections break, its memory is gone, and its address behaves
    /// as told.
    pub(super) fn stop<S: Sink>(&mut self, reach: Reach, out: &mut Outbox<'_, S>) {
        self.reach = reach;
        self.manner.life += 1;
        if let Some(sessions) = &mut self.manner.sessions {
            sessions.forget();
        }
        match &mut self.engine {
            Engine::Fifo(fifo) => fifo.stop(|job| broken(job, out)),
            Engine::Pool(pool) => pool.stop(|job| broken(job, out)),
            Engine::EventLoop(event_loop) => event_loop.stop(|job| broken(job, out)),
        }
    }

    /// The process begins, with the delay it was planned with.
    pub(super) fn start(&mut self, plan: &plan::Node, agenda: &mut Agenda<Parcel>) {
        self.reach = Reach::Listening;
        self.manner.slow(plan.delay, agenda);
    }

    /// It answers with `status` from now on.
    pub(super) fn set_status(&mut self, status: u16) {
        self.manner.status = status;
    }
}

/// The proxy learns that nobody will answer this job.
fn broken<S: Sink>(job: Job, out: &mut Outbox<'_, S>) {
    match job {
        Job::Request { attempt, .. } => out.send(out.wire().node, Event::Broken(attempt)),
        Job::Check(probe) => out.send(out.wire().node, Event::Closed(probe)),
        Job::Delay(_) => {}
    }
}

impl Manner {
    /// Every job but `POST /delay` takes `delay` longer from now on.
    fn slow(&mut self, delay: Span, agenda: &mut Agenda<Parcel>) {
        self.delay = delay;
        self.slowed = match &self.service {
            Pace::Constant(service) => Some(agenda.delay(service.span() + delay, TIMERS)),
            Pace::Varying(_) => None,
        };
    }
}

impl<S: Sink> Desk<'_, '_, S> {
    /// How long the node's thread is busy with `job`. A varying time is drawn now.
    #[inline]
    pub(super) fn duration(&mut self, job: Job) -> Delay {
        match (job, self.manner.slowed) {
            (Job::Delay(_), _) => self.manner.service.next(),
            (_, Some(slowed)) => slowed,
            (_, None) => {
                let span = self.manner.service.next().span() + self.manner.delay;
                Delay::once(span, TIMERS)
            }
        }
    }

    /// Sets an alarm: the engine is told `alarm` after `delay`.
    #[inline]
    pub(super) fn alarm(&mut self, delay: Delay, alarm: u32) {
        let (node, life) = (self.manner.index, self.manner.life);
        self.out
            .after(delay, Event::NodeAlarm { node, life, alarm });
    }

    /// A job's service time, and for how long it sleeps beside. A varying time is drawn now.
    pub(super) fn time(&mut self, job: Job) -> (Span, Span) {
        let service = self.manner.service.next().span();
        match job {
            Job::Delay(_) => (service, Span::ZERO),
            Job::Request { .. } | Job::Check(_) => (service, self.manner.delay),
        }
    }

    /// Sets the only alarm of an engine that needs just one.
    pub(super) fn wake_after(&mut self, span: Span) {
        self.alarm(Delay::once(span, TIMERS), 0);
    }

    /// Whether the node keeps sessions, in a store that takes its time.
    pub(super) fn saves_sessions(&self) -> bool {
        self.manner.sessions.is_some()
    }

    /// The node's thread begins with `job`.
    #[inline]
    pub(super) fn started(&mut self, job: Job) {
        let (node, check) = (self.manner.index, matches!(job, Job::Check(_)));
        self.out.tell(|| trace::Event::NodeStarted { node, check });
    }

    /// The node's thread is done with `job`: what it will answer is settled now, whenever
    /// it is sent.
    #[expect(clippy::inline_always, reason = "one step of the way of every request")]
    #[inline(always)]
    pub(super) fn finished(&mut self, job: Job) -> Reply {
        let (node, check) = (self.manner.index, matches!(job, Job::Check(_)));
        self.out.tell(|| trace::Event::NodeFinished { node, check });
        let visit = match (job, &mut self.manner.sessions) {
            (Job::Request { session, .. }, Some(sessions)) => sessions.visit(session),
            _ => Visit::PLAIN,
        };
        if let Job::Delay(number) = job {
            self.obey(number);
        }
        Reply {
            job,
            status: self.manner.status,
            visit,
        }
    }

    /// Every job takes as much longer from now on as the posted delay `number` says.
    #[cold]
    fn obey(&mut self, number: u32) {
        let to = self.manner.posted[number as usize];
        self.manner.slow(to, &mut self.out.ground.agenda);
    }

    /// Sends an answer but its end, if it has a body at all.
    pub(super) fn send_head(&mut self, reply: Reply) {
        let Reply { job, status, visit } = reply;
        if let Job::Request { attempt, .. } = job {
            let event = Event::Head {
                attempt,
                status,
                visit,
            };
            self.out.send(self.out.wire().node, event);
        }
    }

    /// Sends an answer, or what is still missing of it.
    #[inline]
    pub(super) fn send(&mut self, reply: Reply) {
        let Reply { job, status, visit } = reply;
        let event = match job {
            Job::Request { attempt, .. } => Event::Answered {
                attempt,
                status,
                visit,
            },
            Job::Check(probe) => Event::Probed { probe, status },
            // Whoever posted it does not listen.
            Job::Delay(_) => return,
        };
        self.out.send(self.out.wire().node, event);
    }
}
