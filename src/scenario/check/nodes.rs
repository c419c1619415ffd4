//! The applications, and which servers reach them.

use balance::{BackendId, Config, ServerId, Span};
use std::collections::BTreeMap;

use super::{At, Check};
use crate::plan::{Node, Reach, Sampled};
use crate::scenario::diagnostic::{Code, Diagnostic};
use crate::scenario::schema::{self, Named};
use crate::scenario::suggest;

/// The lab's application keeps its sessions under this name.
pub(crate) const SESSION_COOKIE: &str = "NODESESSID";

/// The names that `nodes` declares, templates spelled out. Unreadable counts count as 1.
pub(super) fn declared(nodes: Option<&Named<schema::Node>>) -> Vec<String> {
    let mut names = Vec::new();
    for (name, node) in nodes.into_iter().flat_map(|nodes| &nodes.0) {
        match node.count {
            Some(count) => names.extend((1..=count.min(MOST)).map(|n| format!("{name}{n}"))),
            None => names.push(name.clone()),
        }
    }
    names
}

/// More nodes than anybody can look at.
const MOST: i64 = 100_000;

impl Check {
    /// All nodes in the order written. With an imported configuration (`imported` says of
    /// each backend whether it keeps connections), servers that no node was written for
    /// get one with the usual settings.
    pub(super) fn nodes(
        &mut self,
        root: At<'_>,
        nodes: Option<&Named<schema::Node>>,
        proxy: &Config,
        imported: Option<&[bool]>,
    ) -> Vec<Node> {
        let at = root.field("nodes");
        let mut plans = Vec::new();
        for (name, node) in nodes.into_iter().flat_map(|nodes| &nodes.0) {
            let at = at.field(name);
            self.proper_name(at, name);
            let first = self.node_settings(at, name, node);
            let Some(count) = self.whole(at.field("count"), node.count, 1..=MOST) else {
                self.learn_node(at, first, &mut plans);
                continue;
            };
            for number in 1..=count {
                let mut node = first.clone();
                node.name = format!("{name}{number}");
                self.learn_node(at, node, &mut plans);
            }
        }
        self.reach_nodes(root, nodes, proxy, imported, &mut plans);
        plans
    }

    fn learn_node(&mut self, at: At<'_>, node: Node, plans: &mut Vec<Node>) {
        if self.names.nodes.contains_key(&node.name) {
            let complaint = Diagnostic::new(
                Code::Twice,
                format!("two nodes are called `{}`", node.name),
                at.head(),
            )
            .help("`count` makes names by numbering: choose another name");
            self.say(at, complaint);
            return;
        }
        self.names.nodes.insert(node.name.clone(), plans.len());
        self.names.node_order.push(node.name.clone());
        plans.push(node);
    }

    fn node_settings(&mut self, at: At<'_>, name: &str, node: &schema::Node) -> Node {
        let workers = self
            .small(at.field("workers"), node.workers, 1)
            .unwrap_or(1);
        if workers > 1 && node.event_loop == Some(true) {
            self.clash(at, "workers", "event_loop", "an event loop is one worker");
        }
        Node {
            workers,
            service: self
                .sampled(at.field("service"), node.service.as_ref())
                .unwrap_or(Sampled::Constant(Span::from_millis(3))),
            delay: self
                .span(at.field("delay"), node.delay.as_ref())
                .unwrap_or_default(),
            event_loop: node.event_loop.unwrap_or(workers == 1),
            session_cookie: match node.session_cookie.as_deref() {
                None => Some(SESSION_COOKIE.to_owned()),
                Some("off") => None,
                Some(cookie) => Some(cookie.to_owned()),
            },
            status: self
                .whole(at.field("status"), node.status, 100..=599)
                .unwrap_or(200) as u16,
            reach: node.reach.map_or(Reach::Listening, Reach::from),
            keep_alive: node.keep_alive.unwrap_or(true),
            ..Node::new(name)
        }
    }

    /// Finds for each server the node behind it.
    fn reach_nodes(
        &mut self,
        root: At<'_>,
        nodes: Option<&Named<schema::Node>>,
        proxy: &Config,
        imported: Option<&[bool]>,
        plans: &mut Vec<Node>,
    ) {
        let at = root.field("nodes");
        let behind = self.nodes_by_hand(at, nodes);
        for (backend, settings) in (0..).zip(&proxy.backends) {
            for (slot, server) in (0..).zip(&settings.servers) {
                let id = ServerId {
                    backend: BackendId(backend),
                    slot,
                };
                let by_name = || self.names.nodes.get(&server.name).copied();
                if let Some(node) = behind.get(&id).copied().or_else(by_name) {
                    plans[node].servers.push(id);
                } else if let Some(keeps) = imported {
                    let mut node = self.node_settings(at, &server.name, &schema::Node::default());
                    node.servers.push(id);
                    node.keep_alive = keeps.get(backend as usize).copied().unwrap_or(true);
                    self.learn_node(at, node, plans);
                } else {
                    self.nobody_behind(root, &server.name);
                }
            }
        }
        for (name, node) in nodes.into_iter().flat_map(|nodes| &nodes.0) {
            let written = at.field(name);
            if let (Some(keeps), None) = (imported, node.keep_alive) {
                self.keep_as_imported(name, keeps, plans);
            }
            let reached = self.names.nodes.get(name).map(|&node| &plans[node].servers);
            if reached.is_some_and(Vec::is_empty) {
                let complaint = Diagnostic::new(
                    Code::Idle,
                    format!("no server reaches node `{name}`"),
                    written.head(),
                );
                let complaint = suggest::attach(complaint, name, self.names.servers_to_offer());
                self.say(written, complaint);
            }
        }
    }

    /// A node's connections are kept if its servers' backends keep theirs.
    fn keep_as_imported(&self, name: &str, keeps: &[bool], plans: &mut [Node]) {
        let Some(&index) = self.names.nodes.get(name) else {
            return;
        };
        let kept = |id: &ServerId| keeps.get(id.backend.0 as usize).copied().unwrap_or(true);
        plans[index].keep_alive = plans[index].servers.iter().all(kept);
    }

    /// What `servers: [...]` of the nodes says.
    fn nodes_by_hand(
        &mut self,
        at: At<'_>,
        nodes: Option<&Named<schema::Node>>,
    ) -> BTreeMap<ServerId, usize> {
        let mut behind = BTreeMap::new();
        for (name, node) in nodes.into_iter().flat_map(|nodes| &nodes.0) {
            let at = at.field(name).field("servers");
            let Some(&index) = self.names.nodes.get(name) else {
                continue;
            };
            for (item, server) in node.servers.iter().flatten().enumerate() {
                let at = at.item(item);
                let Some(id) = self.server(at, Some(server)) else {
                    continue;
                };
                if let Some(other) = behind.insert(id, index).filter(|&other| other != index) {
                    let complaint = Diagnostic::new(
                        Code::Clash,
                        format!(
                            "`{server}` cannot lead both to node `{}` and to node `{name}`",
                            self.names.node_order[other]
                        ),
                        at.place(),
                    );
                    self.say(at, complaint);
                }
            }
        }
        behind
    }

    fn nobody_behind(&mut self, root: At<'_>, server: &str) {
        if self.nodes_refused {
            return;
        }
        let proxy = root.field("proxy");
        let own = proxy.field("servers").field(server);
        let at = if own.is_there() { own } else { proxy };
        let complaint = Diagnostic::new(
            Code::UnknownName,
            format!("no node stands behind server `{server}`"),
            at.head(),
        )
        .help(format!(
            "declare it: nodes: {{ \"{server}\": (service: \"3ms\") }}"
        ));
        self.say(at, complaint);
    }
}

impl From<schema::Reach> for Reach {
    fn from(reach: schema::Reach) -> Self {
        match reach {
            schema::Reach::Listening => Self::Listening,
            schema::Reach::Refusing => Self::Refusing,
            schema::Reach::Vanished => Self::Vanished,
        }
    }
}
