//! What a server may receive in each of its states (spec: server states, 2).

use std::collections::{BTreeMap, BTreeSet};

use balance::{By, Moment, RequestId, ServerId};

use super::Law;
use crate::plan::Plan;
use crate::trace::{Event, Place, States};

/// Watches whom requests are given to.
#[derive(Clone, Debug)]
pub(super) struct Eligibility {
    /// Backends with `option persist`: a cookie may lead to a dead server.
    persist: BTreeSet<u32>,
    /// Effective weights, as far as they were changed.
    weights: BTreeMap<ServerId, u32>,
    /// Configured weights of 0.
    weightless: BTreeSet<ServerId>,
    /// Requests in a backend's own queue.
    unassigned: BTreeSet<RequestId>,
}

impl Eligibility {
    pub(super) fn new(plan: &Plan) -> Self {
        let backends = || (0_u32..).zip(&plan.proxy.backends);
        Self {
            persist: backends()
                .filter(|(_, backend)| backend.persist)
                .map(|(index, _)| index)
                .collect(),
            weights: BTreeMap::new(),
            weightless: backends()
                .flat_map(|(index, backend)| {
                    let servers = (0_u32..).zip(&backend.servers);
                    servers
                        .filter(|(_, server)| server.weight == 0)
                        .map(move |(slot, _)| ServerId {
                            backend: balance::BackendId(index),
                            slot,
                        })
                })
                .collect(),
            unassigned: BTreeSet::new(),
        }
    }

    fn weight_is_zero(&self, server: ServerId) -> bool {
        match self.weights.get(&server) {
            Some(weight) => *weight == 0,
            None => self.weightless.contains(&server),
        }
    }

    fn may_take(&self, server: ServerId, bound: bool, place: Place) -> Result<(), &'static str> {
        match place {
            Place::Up if !bound && self.weight_is_zero(server) => Err("of weight 0"),
            Place::Up => Ok(()),
            Place::Drain | Place::NoLb if bound => Ok(()),
            Place::Down | Place::Maint if bound && self.persist.contains(&server.backend.0) => {
                Ok(())
            }
            Place::Drain | Place::NoLb | Place::Down | Place::Maint => Err(place.word()),
        }
    }
}

impl Law for Eligibility {
    fn demands(&self) -> &'static str {
        "a server in MAINT or DOWN receives nothing, one in DRAIN or NOLB or of weight 0 only what is bound to it"
    }

    fn event(&mut self, _now: Moment, event: &Event, states: &States) -> Result<(), String> {
        let Event::Balancer(event) = event else {
            return Ok(());
        };
        let (request, server, bound) = match *event {
            balance::Event::WeightChanged { server, to, .. } => {
                self.weights.insert(server, to);
                return Ok(());
            }
            balance::Event::Queued { request, queue } => {
                if queue.is_none() {
                    self.unassigned.insert(request);
                }
                return Ok(());
            }
            balance::Event::Ended(request) => {
                self.unassigned.remove(&request);
                return Ok(());
            }
            balance::Event::Chosen {
                request,
                server,
                by,
            } => (request, server, by != By::Algorithm),
            // Whoever waits in a server's own queue is bound to it, whatever became of it.
            balance::Event::Dequeued {
                request, server, ..
            } if self.unassigned.remove(&request) => (request, server, false),
            _ => return Ok(()),
        };
        let (place, _) = states.place(server);
        self.may_take(server, bound, place).map_err(|why| {
            format!(
                "request {} goes to server {} of backend {}, which is {why}",
                request.0, server.slot, server.backend.0
            )
        })
    }
}
