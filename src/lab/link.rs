//! The way from the proxy to a server: who is behind it, and the connections kept to it.

use std::collections::VecDeque;

use balance::Config;

use crate::plan::{self, Reach};

use super::lines::Idle;

/// The way from the proxy to one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Link {
    /// Index of the node behind it; none if nothing is there.
    pub(super) node: Option<u32>,
    /// Whether that node's process runs.
    pub(super) alive: bool,
    /// Established connections that nobody uses.
    pub(super) idle: Idle,
}

/// The ways to all servers, by backend and place in it.
pub(super) fn links(config: &Config, nodes: &[plan::Node]) -> Vec<Vec<Link>> {
    let nowhere = Link {
        node: None,
        alive: false,
        idle: Idle::Closed,
    };
    let backends = config.backends.iter();
    let mut links: Vec<Vec<Link>> = backends
        .map(|backend| vec![nowhere.clone(); backend.servers.len()])
        .collect();
    for (index, node) in (0..).zip(nodes) {
        for server in &node.servers {
            links[server.backend.0 as usize][server.slot as usize] = Link {
                node: Some(index),
                alive: node.reach == Reach::Listening,
                idle: match (node.keep_alive, node.event_loop) {
                    (false, _) => Idle::Closed,
                    (true, false) => Idle::Counted(0),
                    (true, true) => Idle::Known(VecDeque::new()),
                },
            };
        }
    }
    links
}
