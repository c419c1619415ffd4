//! Only legal changes of state, and none untold.

use std::collections::BTreeMap;

use balance::config::Observe;
use balance::event::{Cause, Status};
use balance::{Moment, ServerId};
use petgraph::graph::DiGraph;
use petgraph::visit::EdgeRef;

use super::Law;
use crate::plan::Plan;
use crate::trace::machine;
use crate::trace::{Event, Names, Place, States};

/// Holds every change against the state machines.
#[derive(Clone, Debug)]
pub(super) struct Legality {
    /// The walk of the health checks, for servers that only checks can move.
    health: BTreeMap<ServerId, DiGraph<Status, bool>>,
}

impl Legality {
    pub(super) fn new(plan: &Plan) -> Self {
        let ids = Names::of(&plan.proxy);
        let checked = ids.ids().filter_map(|id| {
            let server = &plan.proxy.backends[id.backend.0 as usize].servers[id.slot as usize];
            let check = server.check.as_ref()?;
            let watched = server.observe == Observe::None;
            watched.then(|| (id, machine::health(check.rise, check.fall)))
        });
        Self {
            health: checked.collect(),
        }
    }
}

/// Whether some outcome of one check leads from `from` to `to`.
fn leads(graph: &DiGraph<Status, bool>, from: Status, to: Status, passed: bool) -> bool {
    graph.edge_references().any(|edge| {
        *edge.weight() == passed && graph[edge.source()] == from && graph[edge.target()] == to
    })
}

/// Whether a status is one of those that checks alone lead through.
fn is_plain(status: Status) -> bool {
    matches!(
        status,
        Status::Up | Status::UpGoingDown(..) | Status::Down | Status::DownGoingUp(..)
    )
}

impl Law for Legality {
    fn demands(&self) -> &'static str {
        "servers change their state only as the state machines allow"
    }

    fn event(&mut self, _now: Moment, event: &Event, states: &States) -> Result<(), String> {
        let Event::Balancer(balance::Event::StateChanged {
            server,
            from,
            to,
            cause,
        }) = *event
        else {
            return Ok(());
        };
        let (place, next) = (Place::of(from), Place::of(to));
        let evidence = |what: &str| {
            Err(format!(
                "server {} of backend {} {what} ({from} to {to}, {cause:?})",
                server.slot, server.backend.0
            ))
        };
        if states.status(server).is_some() && states.place(server).0 != place {
            return evidence("changed before without a word");
        }
        if place != next && !machine::may_move(place, next, cause) {
            return evidence("may not do that");
        }
        let Cause::Check(check) = cause else {
            return Ok(());
        };
        match self.health.get(&server) {
            Some(graph)
                if is_plain(from)
                    && is_plain(to)
                    && !leads(graph, from, to, check.code.passed()) =>
            {
                evidence("does not count its checks so")
            }
            _ => Ok(()),
        }
    }
}
