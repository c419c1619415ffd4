//! One thread with the turns of an event loop: Node.js with Express and express-session.
//!
//! The loop knows two kinds of work in turn. First it *polls*: it takes every socket that has
//! something to read, in the order in which they became ready, and handles each at once; one
//! waiting connection is accepted. Then it *runs the callbacks* put off so far, oldest first.
//! What is put off while callbacks run waits for the next turn. A handler that sleeps stops
//! all of this. Three things make answers come in surprising orders:
//!
//! * A health check, or a request without a session cookie, is handled while polling. A request
//!   that brings a session cookie must first fetch its session from the store, which puts its
//!   handler off among the callbacks of the same turn.
//! * The end of an answer waits until the session is saved, another callback: the next one
//!   after polling for the former kind, a whole turn later for the latter. In between, whatever
//!   is found while polling is handled first, and may sleep.
//! * A new connection is accepted in one turn and read in the next.
//!
//! One connection in a turn is what Node.js 20 accepts; up to Node.js 18 it was all that wait.
//! So where many clients come at once, whoever is accepted keeps the turns long, and the last
//! of n waits for a turn of each number of jobs up to n. Of 300 clients without think time who
//! send 20 requests each to two nodes that need 8 ms, the slowest real request took 24.8 s
//! (3.9 s on Node.js 18); of 100 requests each, some ran into HAProxy's 50 s.
//!
//! The kernel names ready sockets in the order in which they became ready, and goes on naming
//! a socket in its old place as long as it finds something to read there at every poll
//! (level-triggered epoll); so a connection that is busy again at once stays ahead of others.

use std::collections::{BTreeMap, VecDeque};

use balance::Span;

use crate::trace::Sink;

use super::lines::Line;
use super::node::{Desk, Job, Reply};

/// The part of its service time that a job needs after its answer has left, for clearing up:
/// one in this many (0.2 to 0.3 of 1.5 ms on Node.js 20). A client that answers faster than
/// that is heard in the same poll as those who wait.
const CLEARING_UP: u64 = 5;

/// The thread and what waits for it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct EventLoop {
    /// Connections that wait to be accepted, each with the job that came over it.
    backlog: VecDeque<Job>,
    /// Accepted in this turn; the next poll looks at them.
    accepted: Option<Job>,
    /// What is to be read from each socket that is in `ready`: nothing once it was taken, and
    /// never anything from the one where connections come in.
    unread: BTreeMap<Socket, Option<Job>>,
    /// The sockets the kernel would look at in the next poll, in its order.
    ready: Vec<Socket>,
    /// What this poll found and has not handled yet.
    found: VecDeque<Socket>,
    /// Callbacks to run in this turn.
    callbacks: VecDeque<Callback>,
    /// Callbacks put off.
    put_off: VecDeque<Callback>,
    /// Whether this turn's callbacks have had their time.
    called: bool,
    /// What the thread is doing; everything else waits for it.
    busy: Option<Busy>,
    /// Jobs that came over a connection of their own.
    strangers: u64,
}

/// Something the kernel watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Socket {
    /// Where connections come in.
    Listening,
    /// A connection kept for many requests.
    Line(Line),
    /// A connection for one job.
    Once(u64),
}

/// Work that was put off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Callback {
    /// The session is there: handle the request.
    Handle(Job),
    /// The session is saved: send the end of the answer.
    End(Reply, Span),
}

/// What keeps the thread busy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Busy {
    /// A handler, asleep or not, and how long its clearing up will take.
    Handling(Job, Span),
    /// Clearing up after an answer.
    ClearingUp,
}

impl EventLoop {
    /// A loop that waits.
    pub(super) fn new() -> Self {
        Self {
            backlog: VecDeque::new(),
            accepted: None,
            unread: BTreeMap::new(),
            ready: Vec::new(),
            found: VecDeque::new(),
            callbacks: VecDeque::new(),
            put_off: VecDeque::new(),
            called: true,
            busy: None,
            strangers: 0,
        }
    }

    /// Bytes of a job come in.
    pub(super) fn arrive<S: Sink>(&mut self, job: Job, desk: &mut Desk<'_, '_, S>) {
        if let Job::Request {
            line, new: false, ..
        } = job
        {
            self.read_later(Socket::Line(line), Some(job));
        } else {
            self.backlog.push_back(job);
            self.read_later(Socket::Listening, None);
        }
        self.go(desk);
    }

    /// What kept the thread busy is over.
    pub(super) fn alarm<S: Sink>(&mut self, desk: &mut Desk<'_, '_, S>) {
        if let Some(Busy::Handling(job, clearing_up)) = self.busy.take() {
            let reply = desk.finished(job);
            if desk.saves_sessions() {
                desk.send_head(reply);
                self.put_off.push_back(Callback::End(reply, clearing_up));
            } else {
                self.end(reply, clearing_up, desk);
            }
        }
        self.go(desk);
    }

    /// The process ends: every job is lost, those worked on before those that wait.
    pub(super) fn stop(&mut self, mut lost: impl FnMut(Job)) {
        let ended = std::mem::replace(self, Self::new());
        if let Some(Busy::Handling(job, _)) = ended.busy {
            lost(job);
        }
        let put_off = ended.callbacks.into_iter().chain(ended.put_off);
        let put_off = put_off.map(|callback| match callback {
            Callback::Handle(job) => job,
            Callback::End(reply, _) => reply.job(),
        });
        let waiting = ended.unread.into_values().flatten().chain(ended.accepted);
        put_off.chain(waiting).chain(ended.backlog).for_each(lost);
    }

    /// Works until the thread is busy or nothing is left to do.
    fn go<S: Sink>(&mut self, desk: &mut Desk<'_, '_, S>) {
        while self.busy.is_none() {
            if let Some(socket) = self.found.pop_front() {
                self.take(socket, desk);
            } else if let Some(callback) = self.callbacks.pop_front() {
                match callback {
                    Callback::Handle(job) => self.handle(job, desk),
                    Callback::End(reply, clearing_up) => self.end(reply, clearing_up, desk),
                }
            } else if !self.called {
                self.called = true;
                std::mem::swap(&mut self.callbacks, &mut self.put_off);
            } else if !self.turn() {
                break;
            }
        }
    }

    /// Begins the next turn; false if there is nothing to do in it.
    fn turn(&mut self) -> bool {
        if let Some(job) = self.accepted.take() {
            let socket = match job {
                Job::Request { line, .. } => Socket::Line(line),
                Job::Check(_) | Job::Delay(_) => {
                    self.strangers += 1;
                    Socket::Once(self.strangers)
                }
            };
            self.read_later(socket, Some(job));
        }
        let (unread, backlog) = (&mut self.unread, &self.backlog);
        self.ready.retain(|socket| {
            let stays = match socket {
                Socket::Listening => !backlog.is_empty(),
                connection => unread.get(connection).is_some_and(Option::is_some),
            };
            if !stays {
                unread.remove(socket);
            }
            stays
        });
        self.found.extend(&self.ready);
        self.called = self.ready.is_empty() && self.put_off.is_empty();
        !self.called
    }

    /// Takes what a socket has.
    fn take<S: Sink>(&mut self, socket: Socket, desk: &mut Desk<'_, '_, S>) {
        if socket == Socket::Listening {
            self.accepted = self.backlog.pop_front();
        } else if let Some(job) = self.unread.get_mut(&socket).and_then(Option::take) {
            match job {
                Job::Request { session, .. } if session.is_some() => {
                    self.put_off.push_back(Callback::Handle(job));
                }
                _ => self.handle(job, desk),
            }
        }
    }

    fn handle<S: Sink>(&mut self, job: Job, desk: &mut Desk<'_, '_, S>) {
        desk.started(job);
        let (service, delay) = desk.time(job);
        let clearing_up = Span::from_nanos(service.as_nanos() / CLEARING_UP);
        self.busy = Some(Busy::Handling(job, clearing_up));
        desk.wake_after(service - clearing_up + delay);
    }

    /// Sends what is missing of an answer and clears up.
    fn end<S: Sink>(&mut self, reply: Reply, clearing_up: Span, desk: &mut Desk<'_, '_, S>) {
        desk.send(reply);
        self.busy = Some(Busy::ClearingUp);
        desk.wake_after(clearing_up);
    }

    /// There is something to be read; the socket keeps the place that it has, if it has one.
    fn read_later(&mut self, socket: Socket, job: Option<Job>) {
        if self.unread.insert(socket, job).is_none() {
            self.ready.push(socket);
        }
    }
}

#[cfg(test)]
mod tests {
    use balance::{AttemptId, Interest, Moment, ProbeId, RequestId, ServerId};

    use crate::kernel::Few;
    use crate::kernel::{Agenda, Seeds};
    use crate::lab::event::Event;
    use crate::lab::node::Node;
    use crate::lab::numbers::Numbers;
    use crate::lab::outbox::{Ground, Outbox, TIMERS};
    use crate::lab::parcel::Parcel;
    use crate::lab::sessions::{Brought, Sessions};
    use crate::lab::wire::Wire;
    use crate::plan::{self, Reach, Sampled};
    use crate::trace::{self, Digest, Sample};

    use super::*;

    /// What comes in, over which connection, and when its answer is whole.
    #[derive(Clone, Copy, PartialEq)]
    enum Kind {
        /// A health check, on a connection of its own.
        Check,
        /// The first request of a client: no cookie, and a connection of its own.
        Newcomer(u32),
        /// A request with a session cookie over a connection that is there.
        Regular(u32),
        /// A request over a connection that is there whose client cleared its cookies.
        Cleared(u32),
    }
    use Kind::{Check, Cleared, Newcomer, Regular};

    struct Silence;
    impl Sink for Silence {
        fn interest(&self) -> Interest {
            Interest::Nothing
        }
        fn sample(&mut self, _: &Sample) {}
        fn event(&mut self, _: Moment, _: &trace::Event) {}
    }

    fn line(number: u32) -> Line {
        (0..number).fold(Line::ANY, |line, _| line.next())
    }

    fn node(service_micros: u64, delay_millis: u64, session_cookie: Option<&str>) -> plan::Node {
        plan::Node {
            name: "s1".to_owned(),
            servers: Vec::new(),
            workers: 1,
            service: Sampled::Constant(Span::from_micros(service_micros)),
            delay: Span::from_millis(delay_millis),
            event_loop: true,
            session_cookie: session_cookie.map(str::to_owned),
            status: 200,
            reach: Reach::Listening,
            keep_alive: true,
        }
    }

    /// Lets these jobs come in (milliseconds) and returns, for each, when the head of its
    /// answer and when the whole answer left (milliseconds).
    fn answers(plan: &plan::Node, jobs: &[(u64, Kind)]) -> Vec<(Option<u64>, u64)> {
        let mut agenda = Agenda::default();
        let at_once = plan::Wire {
            client: Span::ZERO,
            node: Span::ZERO,
            stall: Span::ZERO,
            stall_per_mille: 0,
        };
        let wire = Wire::new(&at_once, &mut agenda);
        let mut node = Node::new(plan, 0, &mut Seeds::new(1), &mut agenda).unwrap();
        let mut known = Sessions::new("s1", "NODESESSID");
        known.visit(Brought::NONE);
        let mine = known.brought("NODESESSID=s1.1").unwrap();
        let job = |index: u32, kind: Kind| {
            let attempt = AttemptId {
                request: RequestId(index),
                turn: 0,
            };
            let request = |number, session, new| Job::Request {
                attempt,
                session,
                line: line(number),
                new,
            };
            match kind {
                Check => Job::Check(ProbeId {
                    server: ServerId::default(),
                    turn: index,
                }),
                Newcomer(number) => request(number, Brought::NONE, true),
                Regular(number) => request(number, mine, false),
                Cleared(number) => request(number, Brought::NONE, false),
            }
        };
        for (entry, &(at, _)) in (0..).zip(jobs) {
            let arrival = Event::Post { node: 0, entry };
            agenda.at(Moment::from_millis(at), TIMERS, Parcel::from(arrival));
        }
        let mut heads = vec![None; jobs.len()];
        let mut wholes = vec![u64::MAX; jobs.len()];
        let mut ground = Ground {
            now: Moment::ZERO,
            agenda,
            at_once: Few::default(),
            wire,
            numbers: Numbers::new(0),
            digest: Digest::default(),
            pending: 0,
        };
        loop {
            let at_once = ground.at_once.pop();
            let next = at_once.map(|event| (ground.now, event));
            let next = next.or_else(|| ground.agenda.pop_until(Moment::NEVER));
            let Some((now, parcel)) = next else { break };
            ground.now = now;
            let mut out = Outbox {
                ground: &mut ground,
                sink: &mut Silence,
            };
            match Event::from(parcel) {
                Event::Post { entry, .. } => {
                    node.arrive(job(entry, jobs[entry as usize].1), &mut out);
                }
                Event::NodeAlarm { life, alarm, .. } => node.alarm(life, alarm, &mut out),
                Event::Head { attempt, .. } => {
                    heads[attempt.request.0 as usize] = Some(now.as_millis());
                }
                Event::Answered { attempt, .. } => {
                    wholes[attempt.request.0 as usize] = now.as_millis();
                }
                Event::Probed { probe, .. } => wholes[probe.turn as usize] = now.as_millis(),
                other => panic!("{other:?}"),
            }
        }
        heads.into_iter().zip(wholes).collect()
    }

    /// When the whole answers left, for a node that keeps sessions and works in no time.
    fn wholes(delay: u64, jobs: &[(u64, Kind)]) -> Vec<u64> {
        let plan = node(0, delay, Some("NODESESSID"));
        let answers = answers(&plan, jobs).into_iter();
        answers.map(|(_, whole)| whole).collect()
    }

    #[test]
    fn one_thread_handles_one_job_after_the_other() {
        let jobs = [(0, Newcomer(1)), (100, Check), (300, Newcomer(2))];
        assert_eq!(wholes(250, &jobs), [250, 500, 750]);
    }

    #[test]
    fn a_check_sleeps_between_the_head_and_the_end_of_a_regular_answer() {
        // As recorded at 2500 ms: the second sample took 7.5 s, its head came after 5.0 s.
        let jobs = [
            (0, Newcomer(1)),
            (620, Check),
            (2503, Regular(1)),
            (4620, Check),
        ];
        let plan = node(0, 2500, Some("NODESESSID"));
        let expected = [
            (Some(2500), 2500),
            (None, 5000),
            (Some(7500), 10_000),
            (None, 10_000),
        ];
        assert_eq!(answers(&plan, &jobs), expected);
    }

    #[test]
    fn a_check_that_comes_too_late_to_be_accepted_lets_the_answer_go_first() {
        // The other phase that was recorded: the second sample took 5.0 s.
        let jobs = [
            (0, Newcomer(1)),
            (1200, Check),
            (2512, Regular(1)),
            (5200, Check),
        ];
        assert_eq!(wholes(2500, &jobs), [2500, 5000, 7500, 10_000]);
    }

    #[test]
    fn two_regular_clients_take_turns() {
        let jobs = [
            (0, Regular(1)),
            (100, Regular(2)),
            (251, Regular(1)),
            (501, Regular(2)),
        ];
        assert_eq!(wholes(250, &jobs), [250, 500, 750, 1000]);
    }

    #[test]
    fn those_found_in_one_poll_end_together() {
        // Both wait for the first; neither's session is saved before the other slept.
        for kind in [Regular, Cleared] {
            let jobs = [(0, Newcomer(1)), (10, kind(2)), (20, kind(3))];
            assert_eq!(wholes(250, &jobs), [250, 750, 750]);
        }
    }

    #[test]
    fn one_connection_is_accepted_in_each_turn() {
        let jobs = [(0, Newcomer(1)), (10, Newcomer(2)), (20, Newcomer(3))];
        assert_eq!(wholes(250, &jobs), [250, 500, 750]);
    }

    #[test]
    fn what_became_ready_first_is_read_first() {
        // The newcomer is accepted at 250 and looked at from the next poll on, at 500, behind
        // the fourth job; so its end waits until that one has slept.
        let jobs = [
            (0, Regular(1)),
            (10, Newcomer(2)),
            (20, Regular(3)),
            (260, Regular(4)),
        ];
        assert_eq!(wholes(250, &jobs), [250, 1000, 750, 1000]);
    }

    #[test]
    fn without_sessions_nothing_is_put_off() {
        let jobs = [(0, Regular(1)), (10, Regular(2)), (20, Check)];
        let plan = node(0, 250, None);
        let expected = [(None, 250), (None, 500), (None, 750)];
        assert_eq!(answers(&plan, &jobs), expected);
    }

    #[test]
    fn clearing_up_comes_after_the_answer() {
        let jobs = [(0, Newcomer(1)), (1, Newcomer(2))];
        let plan = node(5000, 0, Some("NODESESSID"));
        assert_eq!(answers(&plan, &jobs), [(Some(4), 4), (Some(9), 9)]);
    }
}
