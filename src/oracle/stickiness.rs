//! A cookie that names a living server is obeyed.

use std::collections::{BTreeMap, BTreeSet};

use balance::config::CookieMode;
use balance::{By, Moment, ServerId};

use super::Law;
use crate::plan::{Client, Plan};
use crate::trace::{Event, Sample, States};

/// Remembers for every client who keeps cookies which server's cookie it holds.
#[derive(Clone, Debug)]
pub(super) struct Stickiness {
    /// Clients that keep the balancer's own cookie from one request to the next.
    keepers: BTreeSet<u32>,
    /// The cookie value of every server that has one.
    values: BTreeMap<ServerId, String>,
    /// Client and thread to the server that answered last.
    held: BTreeMap<(u32, u32), ServerId>,
}

impl Stickiness {
    pub(super) fn new(plan: &Plan) -> Self {
        let backends = &plan.proxy.backends;
        let keepers = (0_u32..).zip(&plan.clients).filter(|(_, client)| {
            let (keeps, request) = match client {
                Client::Threads(group) => (group.cookies && !group.clear_cookies, &group.request),
                Client::Browser(browser) => (true, &browser.request),
                // Users come and go with cookies of their own.
                Client::Arrivals(_) | Client::Script(_) => return false,
            };
            let own_cookie = request.headers.iter().any(|(name, _)| name == "cookie");
            keeps
                && !own_cookie
                && backends
                    .get(request.backend.0 as usize)
                    .is_some_and(is_demanding)
        });
        let servers = (0_u32..).zip(backends).flat_map(|(index, backend)| {
            (0_u32..)
                .zip(&backend.servers)
                .filter_map(move |(slot, server)| {
                    let id = ServerId {
                        backend: balance::BackendId(index),
                        slot,
                    };
                    Some((id, server.cookie.clone()?))
                })
        });
        Self {
            keepers: keepers.map(|(index, _)| index).collect(),
            values: servers.collect(),
            held: BTreeMap::new(),
        }
    }
}

/// Whether every answer of this backend binds its client, and nothing may loosen it but the
/// server's death: the cookie is inserted always and does not age, and a request that fails
/// is not balanced anew.
fn is_demanding(backend: &balance::config::Backend) -> bool {
    backend.redispatch.is_none()
        && backend.cookie.as_ref().is_some_and(|cookie| {
            cookie.mode == CookieMode::Insert
                && !cookie.postonly
                && cookie.maxidle.is_none()
                && cookie.maxlife.is_none()
        })
}

impl Law for Stickiness {
    fn demands(&self) -> &'static str {
        "a cookie that names a living server is obeyed"
    }

    fn event(&mut self, _now: Moment, event: &Event, _states: &States) -> Result<(), String> {
        if let Event::CookiesCleared { client } = *event {
            self.held.retain(|(owner, _), _| *owner != client);
        }
        Ok(())
    }

    fn sample(&mut self, sample: &Sample, states: &States) -> Result<(), String> {
        if !self.keepers.contains(&sample.client) {
            return Ok(());
        }
        let who = (sample.client, sample.thread);
        let value = |server: Option<ServerId>| server.and_then(|server| self.values.get(&server));
        let held = self.held.get(&who).copied();
        let verdict = match held {
            Some(server) if is_alive_since(states, server, sample.sent) => {
                let obeyed = value(sample.server) == value(held) && sample.by == Some(By::Cookie);
                if obeyed || sample.status == 0 {
                    Ok(())
                } else {
                    Err(format!(
                        "thread {} of client {} holds the cookie of server {} and gets {:?} by {:?}",
                        who.1, who.0, server.slot, sample.server, sample.by
                    ))
                }
            }
            _ => Ok(()),
        };
        match sample.server.filter(|_| sample.served) {
            Some(server) if self.values.contains_key(&server) => {
                self.held.insert(who, server);
            }
            _ => {}
        }
        verdict
    }
}

/// Whether the server honoured its cookie during the whole life of a request.
fn is_alive_since(states: &States, server: ServerId, sent: Moment) -> bool {
    let (place, since) = states.place(server);
    place.is_alive() && (since < sent || since == Moment::ZERO)
}
