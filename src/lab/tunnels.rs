//! Mode tcp: a client's connection leads to one server for as long as it lasts, whatever is
//! asked over it, and holds its place there.

use std::collections::BTreeMap;

use balance::{AttemptId, Config, RequestId, ServerId};

use super::backlog::ConnectionId;

/// The connections through the proxy. Empty, and free of cost, where every backend speaks
/// HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tunnels {
    /// Whether each backend is in mode tcp; none if there is no such backend.
    tcp: Vec<bool>,
    /// Which connections requests came over.
    came: BTreeMap<RequestId, ConnectionId>,
    ends: BTreeMap<ConnectionId, Tunnel>,
    by_attempt: BTreeMap<AttemptId, ConnectionId>,
    /// The connection of each request that waits for its answer over one.
    riders: BTreeMap<RequestId, ConnectionId>,
    /// Requests answered over the connection of another one, and which that was.
    carried: BTreeMap<RequestId, RequestId>,
}

/// A connection that has been answered over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tunnel {
    /// That of the first request, which stands for all of them.
    pub(super) attempt: AttemptId,
    pub(super) server: ServerId,
    /// The request that waits for its answer.
    pub(super) rider: Option<RequestId>,
}

impl Tunnels {
    pub(super) fn new(config: &Config) -> Self {
        let tcp: Vec<bool> = (config.backends.iter())
            .map(|backend| !backend.http)
            .collect();
        Self {
            tcp: if tcp.contains(&true) { tcp } else { Vec::new() },
            came: BTreeMap::new(),
            ends: BTreeMap::new(),
            by_attempt: BTreeMap::new(),
            riders: BTreeMap::new(),
            carried: BTreeMap::new(),
        }
    }

    /// Whether there is any backend in mode tcp.
    #[inline]
    pub(super) fn is_on(&self) -> bool {
        !self.tcp.is_empty()
    }

    /// Whether connections to `server` are not looked into.
    pub(super) fn leads_to(&self, server: ServerId) -> bool {
        self.tcp.get(server.backend.0 as usize) == Some(&true)
    }

    /// `request` comes over `connection`: through the tunnel that this is, if it is one.
    pub(super) fn ride(&mut self, connection: ConnectionId, request: RequestId) -> Option<Tunnel> {
        let Some(tunnel) = self.ends.get_mut(&connection) else {
            self.came.insert(request, connection);
            return None;
        };
        if let Some(before) = tunnel.rider.replace(request) {
            self.riders.remove(&before);
        }
        self.riders.insert(request, connection);
        Some(*tunnel)
    }

    /// The answer to `attempt` is here. The request that waits for it, and whether this is
    /// the first over its connection.
    pub(super) fn arrived(&mut self, attempt: AttemptId, server: ServerId) -> (RequestId, bool) {
        if let Some(connection) = self.by_attempt.get(&attempt)
            && let Some(tunnel) = self.ends.get_mut(connection)
        {
            let rider = match tunnel.rider.take() {
                Some(rider) => {
                    self.riders.remove(&rider);
                    rider
                }
                None => attempt.request,
            };
            if rider != attempt.request {
                self.carried.insert(rider, attempt.request);
            }
            return (rider, false);
        }
        if let Some(connection) = self.came.remove(&attempt.request) {
            let tunnel = Tunnel {
                attempt,
                server,
                rider: None,
            };
            self.ends.insert(connection, tunnel);
            self.by_attempt.insert(attempt, connection);
        }
        (attempt.request, true)
    }

    /// The request under way over the tunnel of `attempt`; its own while it is none.
    pub(super) fn rider(&self, attempt: AttemptId) -> RequestId {
        let tunnel = (self.by_attempt.get(&attempt)).and_then(|at| self.ends.get(at));
        tunnel
            .and_then(|tunnel| tunnel.rider)
            .unwrap_or(attempt.request)
    }

    /// The request over whose connection `request` was answered: its placement is that one's.
    pub(super) fn carrier(&mut self, request: RequestId) -> RequestId {
        self.carried.remove(&request).unwrap_or(request)
    }

    /// The attempt whose connection `request` waits on.
    pub(super) fn ridden(&self, request: RequestId) -> Option<AttemptId> {
        let connection = self.riders.get(&request)?;
        Some(self.ends.get(connection)?.attempt)
    }

    /// The tunnel that `connection` is, if nothing is asked over it now.
    pub(super) fn idle(&self, connection: ConnectionId) -> Option<Tunnel> {
        let tunnel = self.ends.get(&connection)?;
        tunnel.rider.is_none().then_some(*tunnel)
    }

    /// The tunnels over which nothing is asked now.
    pub(super) fn idle_ones(&self) -> Vec<Tunnel> {
        let all = self.ends.values();
        all.filter(|tunnel| tunnel.rider.is_none())
            .copied()
            .collect()
    }

    /// The connection of `attempt` is closed; what it was.
    pub(super) fn close(&mut self, attempt: AttemptId) -> Option<Tunnel> {
        let connection = self.by_attempt.remove(&attempt)?;
        let tunnel = self.ends.remove(&connection)?;
        if let Some(rider) = tunnel.rider {
            self.riders.remove(&rider);
        }
        Some(tunnel)
    }
}
