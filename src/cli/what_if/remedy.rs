//! Small changes of a configuration that might help, each to be tried.

use std::collections::BTreeSet;

use balance::config::{Backend, Balance, Check, Observe, OnError};
use balance::{ServerId, Span};

use crate::plan::Plan;

/// One change.
pub(super) struct Remedy {
    /// Of several changes of one kind, only the best is told.
    pub(super) kind: &'static str,
    /// As it is written in a haproxy.cfg.
    pub(super) line: String,
    /// The plan with it.
    pub(super) plan: Plan,
}

/// Every change worth trying, for the backends of these servers.
pub(super) fn all(plan: &Plan, affected: &BTreeSet<ServerId>) -> Vec<Remedy> {
    let backends: BTreeSet<usize> = affected.iter().map(|id| id.backend.0 as usize).collect();
    let mut remedies = Vec::new();
    for index in backends {
        let mut kit = Kit {
            plan,
            index,
            remedies: &mut remedies,
        };
        kit.algorithms();
        kit.limits();
        kit.checks();
        kit.weights(affected);
        kit.failures();
    }
    remedies
}

struct Kit<'a> {
    plan: &'a Plan,
    index: usize,
    remedies: &'a mut Vec<Remedy>,
}

impl Kit<'_> {
    fn backend(&self) -> &Backend {
        &self.plan.proxy.backends[self.index]
    }

    /// Keeps a change, unless it changes nothing.
    fn add(
        &mut self,
        kind: &'static str,
        line: impl Into<String>,
        change: impl FnOnce(&mut Backend),
    ) {
        let mut plan = self.plan.clone();
        change(&mut plan.proxy.backends[self.index]);
        if plan != *self.plan {
            let line = line.into();
            self.remedies.push(Remedy { kind, line, plan });
        }
    }

    fn algorithms(&mut self) {
        for (name, balance) in [
            ("leastconn", Balance::LeastConn),
            ("random(2)", Balance::Random(2)),
            ("roundrobin", Balance::RoundRobin),
        ] {
            self.add("balance", format!("balance {name}"), |backend| {
                backend.balance = balance;
            });
        }
    }

    fn limits(&mut self) {
        for limit in [1, 2, 4, 8, 16] {
            let line = format!("default-server maxconn {limit}");
            self.add("maxconn", line, |backend| {
                for server in &mut backend.servers {
                    if server.maxconn == 0 || server.maxconn > limit {
                        server.maxconn = limit;
                        server.minconn = server.minconn.min(limit);
                    }
                }
            });
        }
    }

    fn checks(&mut self) {
        let is_checked = |backend: &Backend| backend.servers.iter().any(|s| s.check.is_some());
        if !is_checked(self.backend()) {
            self.add("check", "default-server check", |backend| {
                for server in &mut backend.servers {
                    server.check = Some(Check::default());
                }
            });
            return;
        }
        for seconds in [1, 4, 10, 30] {
            let line = format!("timeout check {seconds}s");
            self.add("timeout check", line, |backend| {
                backend.timeout_check = Some(Span::from_secs(seconds));
            });
        }
        for (text, inter, fall) in [
            ("inter 500ms fall 2", 500, 2),
            ("inter 1s fall 2", 1000, 2),
            ("inter 10s", 10_000, 3),
            ("fall 10", 2000, 10),
        ] {
            self.add("inter", format!("default-server {text}"), |backend| {
                let checks = backend.servers.iter_mut().filter_map(|s| s.check.as_mut());
                for check in checks {
                    check.inter = Span::from_millis(inter);
                    check.fall = fall;
                }
            });
        }
    }

    fn weights(&mut self, affected: &BTreeSet<ServerId>) {
        let hit: BTreeSet<usize> = affected
            .iter()
            .filter(|id| id.backend.0 as usize == self.index)
            .map(|id| id.slot as usize)
            .collect();
        if hit.len() >= self.backend().servers.len()
            || !self.backend().balance.is_dynamic(self.backend().hash)
        {
            return;
        }
        for times in [4, 10] {
            let line = format!("weight times {times} on the other servers");
            self.add("weight", line, |backend| {
                for (slot, server) in backend.servers.iter_mut().enumerate() {
                    if !hit.contains(&slot) {
                        server.weight = (server.weight * times).min(256);
                    }
                }
            });
        }
    }

    fn failures(&mut self) {
        self.add("redispatch", "option redispatch 1", |backend| {
            backend.redispatch = Some(1);
            backend.retries = backend.retries.max(3);
        });
        self.add(
            "observe",
            "default-server observe layer4 error-limit 1 on-error mark-down",
            |backend| {
                for server in &mut backend.servers {
                    if server.check.is_some() {
                        server.observe = Observe::Layer4;
                        server.error_limit = 1;
                        server.on_error = OnError::MarkDown;
                    }
                }
            },
        );
    }
}
