//! Deadlines: constant-delay lanes for requests, an ordered set for servers.
//!
//! A request has at most one timer at a time, and few distinct time limits exist, so the
//! requests under one limit form a list that is sorted by itself: arming, disarming and
//! expiring cost the same whatever the number of requests. The links of the list live in
//! the requests.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use crate::flow::Flow;
use crate::ids::{RequestId, ServerId, Slots};
use crate::time::{Moment, Span};

/// No neighbour, no lane.
pub(crate) const NONE: u32 = u32::MAX;

/// Which lane a limit uses; `None` where there is no limit.
pub(crate) type LaneIndex = Option<u8>;

/// Requests under one time limit, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Lane {
    span: Span,
    head: u32,
    tail: u32,
    /// The deadline of its head; [`Moment::NEVER`] when it is empty.
    first: Moment,
}

/// What a server wants to be woken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ServerTimer {
    /// A step of its slow start.
    Warm,
    /// Its next check is due, or the running one is late.
    Check,
}

/// All deadlines of a balancer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Timers {
    lanes: Vec<Lane>,
    /// Ordered by moment, then by the order in which they were armed.
    servers: BTreeSet<(Moment, u64, ServerTimer, ServerId)>,
    /// The moment of the first of `servers`; [`Moment::NEVER`] when there is none.
    first_server: Moment,
    /// The earliest deadline of all; [`Moment::NEVER`] when there is none.
    next: Moment,
    armed: u64,
}

impl Default for Timers {
    fn default() -> Self {
        Self {
            lanes: Vec::new(),
            servers: BTreeSet::new(),
            first_server: Moment::NEVER,
            next: Moment::NEVER,
            armed: 0,
        }
    }
}

/// What has expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expired {
    /// A request's limit.
    Request(RequestId),
    /// A server's timer.
    Server(ServerTimer, ServerId),
}

/// HAProxy counts in whole milliseconds: `span` after the millisecond of `now`.
pub(crate) fn tick(now: Moment, span: Span) -> Moment {
    Moment::from_millis(now.as_millis() + span.as_nanos().div_ceil(1_000_000))
}

impl Timers {
    /// The lane for limits of `span`, made if there was none.
    pub(crate) fn lane(&mut self, span: Option<Span>) -> LaneIndex {
        let span = span?;
        let known = self.lanes.iter().position(|lane| lane.span == span);
        let index = known.unwrap_or_else(|| {
            self.lanes.push(Lane {
                span,
                head: NONE,
                tail: NONE,
                first: Moment::NEVER,
            });
            self.lanes.len() - 1
        });
        u8::try_from(index).ok()
    }

    /// Arms the limit of `request`; it must not be under one already.
    #[inline]
    pub(crate) fn arm(
        &mut self,
        flows: &mut Slots<RequestId, Flow>,
        now: Moment,
        lane: LaneIndex,
        request: RequestId,
    ) {
        if let Some(index) = lane {
            self.link(flows, now, index, request);
        }
    }

    fn link(
        &mut self,
        flows: &mut Slots<RequestId, Flow>,
        now: Moment,
        index: u8,
        request: RequestId,
    ) {
        let lane = &mut self.lanes[usize::from(index)];
        let tail = lane.tail;
        let flow = &mut flows[request];
        flow.lane = index;
        flow.until = tick(now, lane.span);
        flow.previous = tail;
        flow.next = NONE;
        lane.tail = request.0;
        if tail == NONE {
            lane.head = request.0;
            lane.first = flow.until;
            self.next = self.next.min(lane.first);
        } else {
            flows[RequestId(tail)].next = request.0;
        }
    }

    /// Takes `request` out of its lane, if it is in one.
    #[expect(clippy::inline_always, reason = "one step of the way of every request")]
    #[inline(always)]
    pub(crate) fn disarm(&mut self, flows: &mut Slots<RequestId, Flow>, request: RequestId) {
        if flows[request].lane != Flow::NO_LANE {
            self.unlink(flows, request);
        }
    }

    fn unlink(&mut self, flows: &mut Slots<RequestId, Flow>, request: RequestId) {
        let flow = &mut flows[request];
        let lane = &mut self.lanes[usize::from(flow.lane)];
        let (previous, next) = (flow.previous, flow.next);
        flow.lane = Flow::NO_LANE;
        let mut first = Moment::NEVER;
        if next == NONE {
            lane.tail = previous;
        } else {
            let follower = &mut flows[RequestId(next)];
            follower.previous = previous;
            first = follower.until;
        }
        if previous == NONE {
            lane.head = next;
            lane.first = first;
            self.see_next();
        } else {
            flows[RequestId(previous)].next = next;
        }
    }

    /// Arms a timer of a server; cancel it with the moment it was armed for.
    pub(crate) fn arm_server(&mut self, at: Moment, kind: ServerTimer, server: ServerId) {
        self.armed += 1;
        self.servers.insert((at, self.armed, kind, server));
        self.first_server = self.first_server.min(at);
        self.next = self.next.min(at);
    }

    /// Cancels every timer of this kind of `server`.
    pub(crate) fn disarm_server(&mut self, at: Moment, kind: ServerTimer, server: ServerId) {
        let found = self
            .servers
            .range((at, 0, ServerTimer::Warm, ServerId::default())..)
            .take_while(|entry| entry.0 == at)
            .find(|entry| entry.2 == kind && entry.3 == server)
            .copied();
        if let Some(entry) = found {
            self.servers.remove(&entry);
            self.see_first_server();
        }
    }

    fn see_first_server(&mut self) {
        let first = self.servers.first();
        self.first_server = first.map_or(Moment::NEVER, |entry| entry.0);
        self.see_next();
    }

    fn see_next(&mut self) {
        let lanes = self.lanes.iter();
        self.next = lanes.fold(self.first_server, |next, lane| next.min(lane.first));
    }

    /// The earliest deadline; [`Moment::NEVER`] if there is none.
    #[inline]
    pub(crate) fn next(&self) -> Moment {
        self.next
    }

    /// Takes out the earliest deadline not after `now`; servers before requests at the
    /// same moment, requests in the order of their lanes.
    pub(crate) fn expire(
        &mut self,
        flows: &mut Slots<RequestId, Flow>,
        now: Moment,
    ) -> Option<Expired> {
        let at = self.next();
        if at > now || at == Moment::NEVER {
            return None;
        }
        if self.first_server == at {
            let (_, _, kind, server) = self.servers.pop_first()?;
            self.see_first_server();
            return Some(Expired::Server(kind, server));
        }
        let lane = self.lanes.iter().find(|lane| lane.first == at)?;
        let request = RequestId(lane.head);
        self.unlink(flows, request);
        Some(Expired::Request(request))
    }
}
