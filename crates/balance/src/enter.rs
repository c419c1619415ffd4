//! A request comes in where rules look at it first: what they decide is booked here.

use crate::balancer::Balancer;
use crate::chance::Chance;
use crate::event::{By, Event};
use crate::flow::{Flow, Mark, Phase};
use crate::ids::{AttemptId, BackendId, RequestId};
use crate::journey::{Passage, Stop, Verdict};
use crate::output::Output;
use crate::request::Request;
use crate::rewrite::Rewrite;
use crate::route::{Bind, Door, Frontend};
use crate::rule::Persisting;
use crate::time::Moment;
use crate::timers::NONE;

impl Balancer {
    /// The frontend and the address that `door` stands for.
    pub(crate) fn frontend(&self, door: Door) -> Option<(&Frontend, &Bind)> {
        let frontend = self.frontends.get(door.frontend.0 as usize)?;
        Some((frontend, frontend.binds.get(door.bind as usize)?))
    }

    /// What the server of `request` gets instead of what the client sent, if rules changed
    /// it; valid until its number is used again. [`edits`](Self::edits) come on top.
    pub fn rewrite(&self, request: RequestId) -> Option<&Rewrite> {
        self.passages.get(&request)?.rewrite.as_ref()
    }

    /// Where the answer to `request` redirects to, and the `Set-Cookie` header that comes
    /// with it; valid until its number is used again.
    pub fn redirection(&self, request: RequestId) -> Option<(&str, Option<&str>)> {
        let (location, cookie) = self.passages.get(&request)?.location.as_ref()?;
        Some((location, cookie.as_deref()))
    }

    /// A request has arrived whole through a frontend.
    pub(crate) fn enter(
        &mut self,
        now: Moment,
        request: RequestId,
        (door, first): (Door, bool),
        facts: &Request<'_>,
        chance: &mut dyn Chance,
    ) {
        if self.frontend(door).is_none() || self.flows.at(request).phase != Phase::Over {
            return self.note_ghost();
        }
        let verdict = self.journey(now, Some((door, first)), None, facts, chance);
        self.follow(now, request, Some(door), verdict, facts, chance);
    }

    /// Something more passes over the connection of `attempt`.
    pub(crate) fn stirred(&mut self, now: Moment, attempt: AttemptId) {
        if !self.is_live(attempt, &[Phase::Relaying]) {
            return self.note_ghost();
        }
        let request = attempt.request;
        self.timers.disarm(&mut self.flows, request);
        let lane = self.backend_of(request).limits.server;
        self.timers.arm(&mut self.flows, now, lane, request);
    }

    /// A request has arrived whole for a backend with rules.
    pub(crate) fn pass(
        &mut self,
        now: Moment,
        request: RequestId,
        backend: BackendId,
        facts: &Request<'_>,
        chance: &mut dyn Chance,
    ) {
        let verdict = self.journey(now, None, Some(backend), facts, chance);
        self.follow(now, request, None, verdict, facts, chance);
    }

    fn follow(
        &mut self,
        now: Moment,
        request: RequestId,
        door: Option<Door>,
        verdict: Verdict,
        facts: &Request<'_>,
        chance: &mut dyn Chance,
    ) {
        let Verdict {
            backend,
            stop,
            persisting,
            server,
            mut passage,
            tracks,
            decided: _,
        } = verdict;
        if tracks.any() {
            self.tracked.insert(request, tracks);
        }
        let rewrite = passage.rewrite.take();
        self.passages.remove(&request);
        self.forget_crowd(request);
        if passage != Passage::default() {
            self.passages.insert(request, passage);
        }
        let headers = rewrite.as_ref().map(Rewrite::headers);
        let facts = &match (&rewrite, &headers) {
            (Some(rewrite), Some(headers)) => Request {
                method: rewrite.seen_method(facts.method),
                uri: &rewrite.uri,
                headers,
                ..*facts
            },
            _ => *facts,
        };
        let flow = self.flows.at(request);
        match backend.and_then(|id| self.backends.get_mut(id.0 as usize)) {
            Some(backend) => Self::admit(now, flow, backend, facts),
            None => {
                *flow = Flow {
                    turn: flow.turn,
                    backend: NONE,
                    arrived: now,
                    ..Flow::default()
                }
            }
        }
        if let Some(stop) = stop {
            self.stop(now, request, door, &stop);
        } else {
            self.apply(request, persisting, server);
            if self.backend_of(request).persists {
                self.persist(now, request, facts);
            }
            self.place(now, request, chance);
        }
        drop(headers);
        if let Some(rewrite) = rewrite {
            self.passages.entry(request).or_default().rewrite = Some(rewrite);
        }
    }

    /// What persistence rules and `use-server` have decided.
    fn apply(&mut self, request: RequestId, persisting: Persisting, server: Option<u32>) {
        let flow = &mut self.flows[request];
        match persisting {
            Persisting::Usual => {}
            Persisting::Forced => flow.marks.set(Mark::Forced),
            Persisting::Ignored => {
                if let Some(kept) = &mut flow.persistence {
                    kept.ignored = true;
                }
            }
        }
        if let Some(slot) = server {
            self.bind_to(request, slot, By::UseServer);
        }
    }

    /// A rule has answered `request`, or nobody can.
    fn stop(&mut self, now: Moment, request: RequestId, door: Option<Door>, stop: &Stop) {
        let (status, letters) = match *stop {
            Stop::Denied(status) => (status, *b"PR"),
            Stop::Returned(status) | Stop::Redirected(status) => (status, *b"LR"),
            Stop::Rejected => (0, *b"PR"),
            Stop::Nowhere => (503, *b"SC"),
            Stop::Tarpitted(status) => (status, *b"PT"),
        };
        let flow = &mut self.flows[request];
        flow.status = status;
        flow.letters = letters;
        if matches!(stop, Stop::Tarpitted(_)) {
            let lane = match self.backends.get(flow.backend as usize) {
                Some(backend) => backend.limits.tarpit,
                None => door.and_then(|door| self.tarpits[door.frontend.0 as usize]),
            };
            if lane.is_some() {
                flow.phase = Phase::Held;
                return self.timers.arm(&mut self.flows, now, lane, request);
            }
        }
        self.let_go(now, request);
    }

    /// Gives `request` the answer that a rule has for it.
    pub(crate) fn let_go(&mut self, now: Moment, request: RequestId) {
        let flow = &self.flows[request];
        let (status, known) = (flow.status, flow.backend != NONE);
        let told = match status {
            0 => Output::Close { request },
            _ => Output::Answer { request, status },
        };
        self.outputs.push(told);
        if known {
            if status != 0 {
                self.backend_of(request).counters.answered(status);
            }
            return self.end(now, request, false);
        }
        self.leave(now, request);
    }

    /// The counters that `request` tracked are free of it.
    #[inline(never)]
    pub(crate) fn untrack(&mut self, now: Moment, request: RequestId) {
        if let Some(tracks) = self.tracked.remove(&request) {
            let flow = &self.flows[request];
            // What its server answered, or the server's failure to.
            let failed = matches!(&flow.letters, b"SH" | b"sH" | b"SD" | b"sD" | b"PH");
            let answered = flow.answered_at != Moment::NEVER;
            let status = (answered || failed).then_some(flow.status);
            self.counters.release(&tracks, status, now);
        }
    }

    /// A request that never got to a backend is over.
    pub(crate) fn leave(&mut self, now: Moment, request: RequestId) {
        self.timers.disarm(&mut self.flows, request);
        let flow = &mut self.flows[request];
        flow.phase = Phase::Over;
        flow.until = now;
        if !self.tracked.is_empty() {
            self.untrack(now, request);
        }
        self.note(Event::Ended(request));
    }

    /// The client of a request that is held back has gone.
    pub(crate) fn gone_while_held(&mut self, now: Moment, request: RequestId) {
        let flow = &mut self.flows[request];
        flow.status = 0;
        flow.letters = *b"CR";
        if flow.backend == NONE {
            self.leave(now, request);
        } else {
            self.end(now, request, false);
        }
    }
}
