//! Failed attempts: again, elsewhere, or given up (spec: queues, 5).

use crate::backend::Backend;
use crate::balancer::Balancer;
use crate::chance::Chance;
use crate::config::{Balance, Observe};
use crate::event::Event;
use crate::flow::{Flow, Mark, Phase, Trouble};
use crate::ids::{AttemptId, BackendId, RequestId};
use crate::server::Operational;
use crate::time::Moment;

impl Backend {
    /// Whether `retry-on` covers this status, and `flow` may be tried once more.
    #[inline]
    pub(crate) fn retries_status(&self, flow: &Flow, status: u16) -> bool {
        let covered = &self.config.retry_on.statuses;
        !covered.is_empty()
            && covered.contains(&status)
            && u32::from(flow.failures) < self.config.retries
    }
}

impl Balancer {
    /// The connection of an attempt was refused.
    pub(crate) fn refused(&mut self, now: Moment, attempt: AttemptId, chance: &mut dyn Chance) {
        if !self.is_live(attempt, &[Phase::Connecting]) {
            return self.note_ghost();
        }
        self.timers.disarm(&mut self.flows, attempt.request);
        self.attempt_failed(now, attempt.request, Trouble::Connection, chance);
    }

    /// A connection could not be made.
    pub(crate) fn attempt_failed(
        &mut self,
        now: Moment,
        request: RequestId,
        trouble: Trouble,
        chance: &mut dyn Chance,
    ) {
        let (flow, backend) = self.parts(request);
        backend.uncount(flow);
        flow.phase = Phase::Pausing;
        flow.trouble.get_or_insert(trouble);
        flow.failures = flow.failures.saturating_add(1);
        let observer = backend.observer(flow, Observe::Layer4);
        let (failures, backend) = (u32::from(flow.failures), flow.backend);
        if let Some(server) = observer {
            self.observe_connection(now, server, false, chance);
        }
        if self.flows[request].phase == Phase::Over {
            return;
        }
        let config = &self.backends[backend as usize].config;
        if failures > config.retries || !config.retry_on.conn_failure {
            self.count_failure(request);
            return self.refuse(now, request, trouble, true);
        }
        let moves = self.redispatches(request);
        let few = self.backends[backend as usize].farm.actives <= 1;
        let slowly =
            self.profile.retry_pauses_unless_round_robin && !self.round_robin_kind(backend);
        let pauses = trouble == Trouble::Connection && (!moves || few || slowly);
        self.leave_or_stay(now, request, moves);
        if pauses {
            let lane = self.backends[backend as usize].limits.pause;
            self.timers.arm(&mut self.flows, now, lane, request);
        } else {
            self.try_again(now, request, chance);
        }
    }

    /// An answer failed in a way that `retry-on` covers: at once again, here or elsewhere.
    pub(crate) fn retry_answer(
        &mut self,
        now: Moment,
        request: RequestId,
        chance: &mut dyn Chance,
    ) {
        let (flow, backend) = self.parts(request);
        backend.uncount(flow);
        flow.phase = Phase::Pausing;
        flow.failures = flow.failures.saturating_add(1);
        // It counts as a retry by itself, besides the retry or redispatch that follows.
        backend.counters.wretr += 1;
        backend.servers[flow.server as usize].counters.wretr += 1;
        let moves = self.redispatches(request);
        self.leave_or_stay(now, request, moves);
        self.try_again(now, request, chance);
    }

    /// Whether one more attempt is allowed after an answer that failed.
    pub(crate) fn may_retry(&self, request: RequestId) -> bool {
        let flow = &self.flows[request];
        u32::from(flow.failures) < self.backends[flow.backend as usize].config.retries
    }

    fn try_again(&mut self, now: Moment, request: RequestId, chance: &mut dyn Chance) {
        if self.flows[request].marks.has(Mark::Assigned) {
            self.connect(now, request);
        } else {
            self.place(now, request, chance);
        }
    }

    /// Gives the slot back and forgets the server, or books one more try on it.
    fn leave_or_stay(&mut self, now: Moment, request: RequestId, moves: bool) {
        let flow = &self.flows[request];
        let (backend, slot) = (flow.backend, flow.server);
        if moves {
            let (flow, home) = self.parts(request);
            home.drop_slot(flow);
            self.dequeue(now, BackendId(backend), slot);
            let flow = &mut self.flows[request];
            flow.marks.clear(Mark::Direct);
            flow.marks.clear(Mark::Assigned);
            flow.leaving = slot;
            return;
        }
        let backend = &mut self.backends[backend as usize];
        backend.counters.wretr += 1;
        backend.servers[slot as usize].counters.wretr += 1;
        if self.wants_decisions() {
            let flow = &self.flows[request];
            let attempt = AttemptId {
                request,
                turn: flow.turn,
            };
            let server = flow.server_id().expect("an attempt has a server");
            self.note(Event::Retried(attempt, server));
        }
    }

    /// Whether the next attempt goes through balancing again (spec: queues, 5, step 2).
    fn redispatches(&self, request: RequestId) -> bool {
        let flow = &self.flows[request];
        let backend = &self.backends[flow.backend as usize];
        let Some(interval) = backend
            .config
            .redispatch
            .filter(|_| !flow.marks.has(Mark::Forced))
        else {
            return false;
        };
        let server = &backend.servers[flow.server as usize];
        if matches!(server.state, Operational::Stopped | Operational::Starting) {
            return true;
        }
        let failures = i64::from(flow.failures);
        let period = match i64::from(interval) {
            n if n < 0 => i64::from(backend.config.retries) + 1 + n,
            n => n,
        };
        if period != 0 && failures % period == 0 {
            return true;
        }
        let spreads = if self.profile.only_round_robin_moves_at_once {
            self.round_robin_kind(flow.backend)
        } else {
            !matches!(backend.config.balance, Balance::Hash(_))
        };
        !flow.marks.has(Mark::Direct) && backend.farm.actives > 1 && spreads
    }

    /// Whether the algorithm is of the round-robin kind, as 2.2 distinguishes.
    fn round_robin_kind(&self, backend: u32) -> bool {
        matches!(
            self.backends[backend as usize].config.balance,
            Balance::RoundRobin | Balance::StaticRr | Balance::Random(_)
        )
    }

    fn count_failure(&mut self, request: RequestId) {
        let flow = &self.flows[request];
        let backend = &mut self.backends[flow.backend as usize];
        backend.counters.econ += 1;
        backend.servers[flow.server as usize].counters.econ += 1;
    }
}
