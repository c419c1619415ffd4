//! Mode tcp: a server is chosen once for a client's connection, whatever is asked over it.

use std::collections::BTreeMap;

use balance::{Config, ServerId};

/// The servers at the other end of the clients' connections. Empty, and free of cost, where
/// every backend speaks HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tunnels {
    /// Whether each backend is in mode tcp; none if there is no such backend.
    tcp: Vec<bool>,
    /// By client.
    ends: BTreeMap<u32, ServerId>,
}

impl Tunnels {
    pub(super) fn new(config: &Config) -> Self {
        let tcp: Vec<bool> = config
            .backends
            .iter()
            .map(|backend| !backend.http)
            .collect();
        Self {
            tcp: if tcp.contains(&true) { tcp } else { Vec::new() },
            ends: BTreeMap::new(),
        }
    }

    /// The server at the other end of the connection over which `client` sends a request; none
    /// if that is its first there, or if a server is chosen for each.
    #[inline]
    pub(super) fn of(&mut self, client: Option<u32>, first: bool) -> Option<ServerId> {
        if self.tcp.is_empty() {
            return None;
        }
        let client = client?;
        if first {
            self.ends.remove(&client);
        }
        self.ends.get(&client).copied()
    }

    /// Whether there may be any: some backend is in mode tcp.
    #[inline]
    pub(super) fn matter(&self) -> bool {
        !self.tcp.is_empty()
    }

    /// `server` has answered `client`.
    pub(super) fn keep(&mut self, client: Option<u32>, server: Option<ServerId>) {
        let (Some(client), Some(server)) = (client, server) else {
            return;
        };
        if self.tcp.get(server.backend.0 as usize) == Some(&true) {
            self.ends.insert(client, server);
        }
    }
}
