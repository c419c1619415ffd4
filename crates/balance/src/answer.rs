//! An answer and the end: forwarded, booked, and what the end of a request brings about.
//!
//! Sources: spec http-and-timing 4 and 5 (order of the books), queues 4.

use crate::backend::Backend;
use crate::balancer::Balancer;
use crate::chance::Chance;
use crate::config::Observe;
use crate::event::Event;
use crate::flow::{Flow, Phase};
use crate::ids::{AttemptId, BackendId, RequestId};
use crate::output::Output;
use crate::request::Response;
use crate::time::Moment;
use crate::timers::NONE;

impl Balancer {
    /// The head of the answer is there.
    pub(crate) fn answered(
        &mut self,
        now: Moment,
        attempt: AttemptId,
        response: &Response<'_>,
        chance: &mut dyn Chance,
    ) {
        self.relay(now, attempt, response, false, chance);
    }

    /// Forwards an answer; `whole` if the end of it is there too. Whether it is being
    /// forwarded from now on.
    fn relay(
        &mut self,
        now: Moment,
        attempt: AttemptId,
        response: &Response<'_>,
        whole: bool,
        chance: &mut dyn Chance,
    ) -> bool {
        let request = attempt.request;
        let Some((flow, backend)) = self.present(attempt, Phase::Waiting) else {
            self.note_ghost();
            return false;
        };
        if backend.retries_status(flow, response.status) {
            self.hang_up(request);
            self.retry_answer(now, request, chance);
            return false;
        }
        flow.phase = Phase::Relaying;
        flow.answered_at = now;
        flow.status = response.status;
        let lane = backend.limits.server;
        if let Some(server) = backend.count_answer(flow, Observe::Layer7) {
            self.observe_status(now, server, response.status, chance);
            // That may have taken the server down, and its requests with it.
            if self.flows[request].phase == Phase::Over {
                return false;
            }
        }
        if self.flows[request].persistence.is_some() {
            self.bind(now, request, response);
        }
        if !whole {
            self.timers.arm(&mut self.flows, now, lane, request);
        }
        self.outputs.push(Output::Relay { request });
        true
    }

    /// The head of the answer is there, and its end with it.
    #[expect(clippy::inline_always, reason = "one step of the way of every request")]
    #[inline(always)]
    pub(crate) fn answered_whole(
        &mut self,
        now: Moment,
        attempt: AttemptId,
        response: &Response<'_>,
        bytes: u64,
        chance: &mut dyn Chance,
    ) {
        if !self.answer_plainly(now, attempt, response, bytes) {
            self.answer_with_care(now, attempt, response, bytes, chance);
        }
    }

    /// The answer to a request that nothing and nobody else looks at is forwarded and booked
    /// in one go. False, and nothing but its time limit is over, if it is not such a one.
    #[expect(clippy::inline_always, reason = "one step of the way of every request")]
    #[inline(always)]
    fn answer_plainly(
        &mut self,
        now: Moment,
        attempt: AttemptId,
        response: &Response<'_>,
        bytes: u64,
    ) -> bool {
        let listened_to = self.wants_decisions() || !self.tracked.is_empty();
        let request = attempt.request;
        let Some((flow, backend)) = self.present(attempt, Phase::Waiting) else {
            return false;
        };
        if listened_to
            || flow.persistence.is_some()
            || backend.retries_status(flow, response.status)
            || backend.observer(flow, Observe::Layer7).is_some()
        {
            return false;
        }
        flow.answered_at = now;
        flow.status = response.status;
        backend.count_answer(flow, Observe::Layer7);
        let waiting = backend.count_end(now, flow, bytes);
        if !waiting {
            backend.farm.connections -= 1;
        }
        self.outputs.push(Output::Relay { request });
        if waiting {
            self.follow_end(now, request, true);
        }
        true
    }

    #[inline(never)]
    fn answer_with_care(
        &mut self,
        now: Moment,
        attempt: AttemptId,
        response: &Response<'_>,
        bytes: u64,
        chance: &mut dyn Chance,
    ) {
        if self.relay(now, attempt, response, true, chance) {
            self.close_books(now, attempt.request, bytes, true);
        } else {
            self.note_ghost();
        }
    }

    /// The answer has been forwarded whole.
    pub(crate) fn finished(&mut self, now: Moment, attempt: AttemptId, bytes: u64) {
        let request = attempt.request;
        if !self.is_live(attempt, &[Phase::Relaying]) {
            return self.note_ghost();
        }
        self.close_books(now, request, bytes, true);
    }

    /// Closes the books of `request` (spec: http-and-timing 4, step 7).
    pub(crate) fn end(&mut self, now: Moment, request: RequestId, server_side: bool) {
        self.close_books(now, request, 0, server_side);
    }

    fn close_books(&mut self, now: Moment, request: RequestId, bytes: u64, server_side: bool) {
        self.timers.disarm(&mut self.flows, request);
        let (flow, backend) = self.parts(request);
        backend.count_end(now, flow, bytes);
        self.follow_end(now, request, server_side);
    }

    /// What the end of `request`, whose books are closed, brings about.
    #[inline(never)]
    fn follow_end(&mut self, now: Moment, request: RequestId, server_side: bool) {
        let flow = &self.flows[request];
        let (id, slot) = (BackendId(flow.backend), flow.server);
        let persists = flow.persistence.is_some();
        let known = slot != NONE;
        if known && server_side && self.backends[id.0 as usize].has_waiting(slot) {
            self.dequeue(now, id, slot);
        }
        if persists {
            self.release_place(request);
        }
        if !self.tracked.is_empty() {
            self.untrack(now, request);
        }
        if self.wants_decisions() {
            self.note(Event::Ended(request));
        }
        self.backends[id.0 as usize].farm.connections -= 1;
        if self.wants_decisions() {
            self.note_crowd(request);
        }
        if known && self.backends[id.0 as usize].has_waiting(slot) {
            self.dequeue(now, id, slot);
        }
    }

    /// What is remembered of the request of `attempt`, and the backend it is in, if that is its
    /// present attempt and it is in this phase. Its time limit is over then.
    #[expect(clippy::inline_always, reason = "one step of the way of every request")]
    #[inline(always)]
    pub(crate) fn present(
        &mut self,
        attempt: AttemptId,
        phase: Phase,
    ) -> Option<(&mut Flow, &mut Backend)> {
        let flow = self.flows.get(attempt.request)?;
        if flow.turn != attempt.turn || flow.phase != phase {
            return None;
        }
        self.timers.disarm(&mut self.flows, attempt.request);
        Some(self.parts(attempt.request))
    }
}
