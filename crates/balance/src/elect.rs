//! The election of a server, what follows when there is none, and the books of an attempt.
//!
//! Source: spec balancing 1.4.

use crate::backend::Backend;
use crate::balancer::Balancer;
use crate::chance::Chance;
use crate::config::{Balance, HashKey, Observe};
use crate::flow::{Flow, Mark, Phase, Trouble};
use crate::ids::{AttemptId, RequestId, ServerId};
use crate::output::Output;
use crate::pick::{Ask, Policy};
use crate::profile::Profile;
use crate::request::Request;
use crate::server::Counters;
use crate::time::Moment;

/// What an election comes to.
pub(crate) enum Elected {
    /// This server, full or not.
    Server(u32),
    /// Nobody can take it now: wait in the backend's queue.
    Full,
    /// Nobody is usable.
    Nobody,
}

impl Backend {
    /// Balancing proper (spec: balancing, 1.4).
    #[expect(clippy::inline_always, reason = "one step of the way of every request")]
    #[inline(always)]
    pub(crate) fn elect(
        &mut self,
        profile: &Profile,
        now: Moment,
        flow: &Flow,
        chance: &mut dyn Chance,
    ) -> Elected {
        let farm = &self.farm;
        if farm.weight() == 0 {
            return Elected::Nobody;
        }
        let in_turn = || {
            matches!(
                self.config.balance,
                Balance::RoundRobin | Balance::StaticRr | Balance::First
            )
        };
        if farm.queued > 0
            && in_turn()
            && profile.queue_means_full
            && farm.queued != farm.connections
            && (!profile.full_needs_served || farm.served > 0)
        {
            return Elected::Full;
        }
        let hash = if self.hashes { self.key_of(flow) } else { None };
        let avoid = flow.avoid();
        match self.picker.pick(farm, Ask { hash, avoid, now }, chance) {
            Some(slot) => Elected::Server(slot),
            None => Elected::Full,
        }
    }

    /// The hash of what balancing takes of a request, if there is any.
    #[inline(never)]
    pub(crate) fn hash_of(&self, facts: &Request<'_>) -> Option<u32> {
        match &self.config.balance {
            Balance::Hash(key) => crate::key::hash_of(key, self.config.hash, facts),
            _ => None,
        }
    }

    /// The hash by which balancing goes now.
    #[inline(never)]
    fn key_of(&self, flow: &Flow) -> Option<u32> {
        match &self.config.balance {
            Balance::Hash(HashKey::UrlParam { .. }) => flow.hash(),
            Balance::Hash(_) if self.farm.used() == 1 => Some(0),
            _ => flow.hash(),
        }
    }

    /// Counts that balancing chose `slot` for `flow`; not if it only comes back there.
    #[inline]
    pub(crate) fn count_choice(&mut self, flow: &Flow, slot: u32) {
        if flow.leaving != slot {
            self.counters.lbtot += 1;
            self.servers[slot as usize].counters.lbtot += 1;
        }
    }

    /// `flow`, whose number is `request`, makes its next attempt on its server.
    #[expect(clippy::inline_always, reason = "one step of the way of every request")]
    #[inline(always)]
    pub(crate) fn start_attempt(
        &mut self,
        now: Moment,
        request: RequestId,
        flow: &mut Flow,
    ) -> Output {
        flow.phase = Phase::Connecting;
        flow.turn = flow.turn.wrapping_add(1);
        flow.marks.set(Mark::Counted);
        let slot = flow.server;
        let server = &mut self.servers[slot as usize];
        server.connections += 1;
        server.counters.stot += 1;
        server.counters.smax = server.counters.smax.max(server.connections);
        server.counters.last_session = Some(now);
        self.counters.last_session = Some(now);
        let server = server.id;
        self.picker.started(slot, now);
        if !flow.marks.has(Mark::Slot) {
            flow.assigned_at = now;
            self.picker.took(&self.farm, slot);
        }
        Output::Dispatch {
            attempt: AttemptId {
                request,
                turn: flow.turn,
            },
            server,
        }
    }

    /// Counts an answer to `flow`, which has its status; returns its server if that is
    /// [observed](Self::observer).
    #[inline]
    pub(crate) fn count_answer(&mut self, flow: &Flow, layer: Observe) -> Option<ServerId> {
        let class = Counters::class(flow.status);
        self.counters.hrsp[class] += 1;
        let server = &mut self.servers[flow.server as usize];
        server.counters.hrsp[class] += 1;
        (server.config.observe == layer).then_some(server.id)
    }

    /// The server of `flow`, if it observes its traffic in this way.
    #[inline]
    pub(crate) fn observer(&self, flow: &Flow, layer: Observe) -> Option<ServerId> {
        // Without a server its place is beyond them all.
        let server = self.servers.get(flow.server as usize)?;
        (server.config.observe == layer).then_some(server.id)
    }
}

impl Balancer {
    /// The assigned server is full: `request` queues there, or is refused, or may look for
    /// another one, which is said.
    #[inline(never)]
    pub(crate) fn leave_full_server(&mut self, now: Moment, request: RequestId) -> bool {
        let (flow, backend) = self.parts(request);
        let slot = flow.server;
        let member = &backend.farm.members[slot as usize];
        if member.maxqueue == 0 || member.queued < member.maxqueue {
            self.enqueue(now, request, Some(slot));
            return false;
        }
        let may_leave = backend.config.redispatch.is_some();
        if !(flow.marks.has(Mark::Direct) && may_leave && !flow.marks.has(Mark::Forced)) {
            backend.counters.econ += 1;
            backend.servers[slot as usize].counters.econ += 1;
            self.refuse(now, request, Trouble::QueueFull, false);
            return false;
        }
        flow.marks.clear(Mark::Direct);
        flow.marks.clear(Mark::Assigned);
        flow.leaving = slot;
        true
    }

    /// No server can take `request` now.
    #[inline(never)]
    pub(crate) fn wait_for_anybody(&mut self, now: Moment, request: RequestId) {
        self.settle(request, None);
        if let Some(slot) = self.idle_server(request) {
            return self.start_on_idle(now, request, slot);
        }
        self.enqueue(now, request, None);
    }

    /// No server is usable.
    #[cold]
    pub(crate) fn find_nobody(&mut self, now: Moment, request: RequestId) {
        self.settle(request, None);
        let backend = self.backend_of(request);
        backend.counters.econ += 1;
        self.refuse(now, request, Trouble::Connection, false);
    }
}
