//! No server gets more than its `maxconn` at once.

use std::collections::{BTreeMap, BTreeSet};

use balance::{Moment, RequestId, ServerId};

use super::Law;
use crate::plan::{Action, Plan};
use crate::trace::{Event, Names, Place, States};

/// Counts the slots held on every server.
///
/// Looked at when a moment is over: within one moment the balancer chooses first and
/// queues then, and lets the next request start before it closes the books of the last.
#[derive(Clone, Debug)]
pub(super) struct Capacity {
    /// The highest limit a server ever has; absent: nothing is demanded.
    limits: BTreeMap<ServerId, u32>,
    /// Who holds a slot where.
    slots: BTreeMap<RequestId, ServerId>,
    served: BTreeMap<ServerId, u32>,
    /// The servers that took a request in the present moment.
    touched: BTreeSet<ServerId>,
    now: Moment,
}

impl Capacity {
    pub(super) fn new(plan: &Plan) -> Self {
        let mut limits = BTreeMap::new();
        let names = Names::of(&plan.proxy);
        for id in names.ids() {
            let backend = &plan.proxy.backends[id.backend.0 as usize];
            let limit = backend.servers[id.slot as usize].maxconn;
            // A request that is redispatched gives its slot back before it pauses, which
            // no event tells.
            if limit > 0 && backend.redispatch.is_none() {
                limits.insert(id, limit);
            }
        }
        for timed in &plan.timeline {
            if let Action::Command(line) = &timed.action {
                raise(&mut limits, plan, line);
            }
        }
        Self {
            limits,
            slots: BTreeMap::new(),
            served: BTreeMap::new(),
            touched: BTreeSet::new(),
            now: Moment::ZERO,
        }
    }

    fn take(&mut self, request: RequestId, server: ServerId) {
        self.give_back(request);
        self.slots.insert(request, server);
        *self.served.entry(server).or_default() += 1;
        self.touched.insert(server);
    }

    fn give_back(&mut self, request: RequestId) {
        if let Some(server) = self.slots.remove(&request) {
            *self.served.entry(server).or_default() -= 1;
        }
    }

    fn end_moment(&mut self) -> Result<(), String> {
        for server in std::mem::take(&mut self.touched) {
            let served = self.served.get(&server).copied().unwrap_or(0);
            if let Some(limit) = self.limits.get(&server).filter(|limit| served > **limit) {
                return Err(format!(
                    "at {} server {} of backend {} has {served}, and may have {limit}",
                    self.now, server.slot, server.backend.0
                ));
            }
        }
        Ok(())
    }
}

/// `set maxconn server B/S N` in the timeline: the limit may be as high as that.
fn raise(limits: &mut BTreeMap<ServerId, u32>, plan: &Plan, line: &str) {
    for command in line.split(';') {
        let words: Vec<&str> = command.split_whitespace().collect();
        let ["set", "maxconn", "server", target, number] = words[..] else {
            continue;
        };
        let number = number.parse().unwrap_or(0);
        limits.retain(|id, limit| {
            let backend = &plan.proxy.backends[id.backend.0 as usize];
            let server = &backend.servers[id.slot as usize];
            if target == format!("{}/{}", backend.name, server.name) {
                *limit = number.max(*limit);
                // Without a limit for a while: nothing can be demanded.
                return number > 0;
            }
            true
        });
    }
}

impl Law for Capacity {
    fn demands(&self) -> &'static str {
        "no server gets more requests at once than its maxconn"
    }

    fn event(&mut self, now: Moment, event: &Event, states: &States) -> Result<(), String> {
        let verdict = if now > self.now {
            self.end_moment()
        } else {
            Ok(())
        };
        self.now = now;
        let Event::Balancer(event) = event else {
            return verdict;
        };
        match *event {
            balance::Event::Chosen {
                request, server, ..
            } => self.take(request, server),
            balance::Event::Dequeued {
                request, server, ..
            } => {
                // A server that comes up draws from the backend's queue without counting
                // (spec: queues, 4; up to 2.6): such a request holds no slot.
                if states.place(server) == (Place::Up, now) {
                    self.give_back(request);
                } else {
                    self.take(request, server);
                }
            }
            balance::Event::Queued { request, .. }
            | balance::Event::Redispatched { request, .. }
            | balance::Event::Ended(request) => self.give_back(request),
            _ => {}
        }
        verdict
    }

    fn close(&mut self) -> Result<(), String> {
        self.end_moment()
    }
}
