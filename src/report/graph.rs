//! Graphs for pictures: the topology of a plan (clients, proxy, backends, servers, nodes)
//! and the state machines of a server.

pub mod mermaid;
pub mod svg;

use std::fmt::Write as _;

use balance::config::{Backend, Balance, Server};
use balance::{BackendId, ServerId};
use petgraph::dot::{Config, Dot};
use petgraph::graph::{DiGraph, NodeIndex};

use crate::plan::{Client, Plan, Reach, RequestLine};
use crate::trace::machine;

/// What stands at a corner of the graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vertex {
    /// Its kind.
    pub kind: Kind,
    /// Its name and what matters of its settings, in lines.
    pub label: String,
}

/// The kinds of vertices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A thread group or a browser.
    Client,
    /// The balancer.
    Proxy,
    /// A backend of it.
    Backend,
    /// A server of a backend.
    Server,
    /// The application behind servers.
    Node,
    /// A state of a machine.
    State,
}

impl Kind {
    fn shape(self) -> &'static str {
        match self {
            Self::Client => "ellipse",
            Self::Proxy => "diamond",
            Self::Backend => "folder",
            Self::Server | Self::State => "box",
            Self::Node => "box3d",
        }
    }
}

/// The topology of `plan`. An edge says what travels along it.
pub fn topology(plan: &Plan) -> DiGraph<Vertex, String> {
    let mut graph = DiGraph::new();
    let mut vertex = |kind, label| graph.add_node(Vertex { kind, label });
    let version = plan.proxy.profile.version.name();
    let proxy = vertex(Kind::Proxy, format!("HAProxy {version}"));
    let clients: Vec<(NodeIndex, &RequestLine)> = plan
        .clients
        .iter()
        .map(|c| (vertex(Kind::Client, client(c)), request(c)))
        .collect();
    let nodes: Vec<NodeIndex> = plan
        .nodes
        .iter()
        .map(|node| vertex(Kind::Node, self::node(node)))
        .collect();
    for (from, line) in clients {
        let what = format!("{} {}", line.method, line.uri);
        graph.add_edge(from, proxy, what);
    }
    for (number, settings) in (0_u32..).zip(&plan.proxy.backends) {
        let label = backend(settings);
        let from = graph.add_node(Vertex {
            kind: Kind::Backend,
            label,
        });
        graph.add_edge(proxy, from, String::new());
        for (slot, settings) in (0_u32..).zip(&settings.servers) {
            let to = graph.add_node(Vertex {
                kind: Kind::Server,
                label: server(settings),
            });
            graph.add_edge(from, to, format!("weight {}", settings.weight));
            let id = ServerId {
                backend: BackendId(number),
                slot,
            };
            for (node, &behind) in plan.nodes.iter().zip(&nodes) {
                if node.servers.contains(&id) {
                    graph.add_edge(to, behind, checked(settings));
                }
            }
        }
    }
    graph
}

/// The operational states of a server, and what leads from one to another.
pub fn operational() -> DiGraph<Vertex, String> {
    machine::operational().map(
        |_, state| Vertex {
            kind: Kind::State,
            label: format!("{state:?}"),
        },
        |_, trigger| format!("{trigger:?}"),
    )
}

/// The statuses that health checks lead through, for these thresholds.
pub fn health(rise: u32, fall: u32) -> DiGraph<Vertex, String> {
    machine::health(rise, fall).map(
        |_, status| Vertex {
            kind: Kind::State,
            label: status.to_string(),
        },
        |_, passed| if *passed { "passes" } else { "fails" }.to_owned(),
    )
}

/// A graph in the DOT language of Graphviz, under a name of letters.
pub fn dot(graph: &DiGraph<Vertex, String>, name: &str) -> String {
    let dot = Dot::with_attr_getters(
        graph,
        &[
            Config::NodeNoLabel,
            Config::EdgeNoLabel,
            Config::GraphContentOnly,
        ],
        &|_, edge| match edge.weight().as_str() {
            "" => String::new(),
            label => format!("label = \"{}\"", escape(label)),
        },
        &|_, (_, vertex)| {
            let shape = vertex.kind.shape();
            format!("shape = {shape} label = \"{}\"", escape(&vertex.label))
        },
    );
    let mut out = format!("digraph {name} {{\n    rankdir = LR\n");
    let _ = write!(out, "{dot:?}");
    out.push_str("}\n");
    out
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

fn client(client: &Client) -> String {
    match client {
        Client::Threads(group) => format!("{}\n{} threads", group.name, group.threads),
        Client::Script(script) => {
            format!("{}\n{} threads", script.group.name, script.group.threads)
        }
        Client::Browser(browser) => format!("{}\nbrowser", browser.name),
        Client::Arrivals(arrivals) => {
            format!("{}\n{} requests", arrivals.name, arrivals.list.len())
        }
    }
}

fn request(client: &Client) -> &RequestLine {
    client.request(0)
}

fn backend(backend: &Backend) -> String {
    let balance = match &backend.balance {
        Balance::RoundRobin => "roundrobin",
        Balance::StaticRr => "static-rr",
        Balance::LeastConn => "leastconn",
        Balance::First => "first",
        Balance::Random(_) => "random",
        Balance::Hash(_) => "hash",
    };
    let mut label = format!("{}\nbalance {balance}", backend.name);
    if let Some(cookie) = &backend.cookie {
        let _ = write!(label, "\ncookie {}", cookie.name);
    }
    label
}

fn server(server: &Server) -> String {
    let mut label = server.name.clone();
    if server.maxconn > 0 {
        let _ = write!(label, "\nmaxconn {}", server.maxconn);
    }
    if server.backup {
        label.push_str("\nbackup");
    }
    label
}

fn checked(server: &Server) -> String {
    server
        .check
        .as_ref()
        .map_or_else(String::new, |check| format!("check inter {}", check.inter))
}

fn node(node: &crate::plan::Node) -> String {
    let workers = match node.workers {
        1 => "1 worker".to_owned(),
        n => format!("{n} workers"),
    };
    let reach = match node.reach {
        Reach::Listening => "",
        Reach::Refusing => "\nport closed",
        Reach::Vanished => "\naddress gone",
    };
    format!("{}\n{workers}{reach}", node.name)
}

#[cfg(test)]
mod tests {
    use petgraph::visit::EdgeRef;

    use super::*;
    use crate::plan::{Node, Sampled};
    use crate::report::tests::plan;

    fn with_nodes() -> Plan {
        let mut plan = plan();
        for (slot, name) in [(0, "s1"), (1, "s2")] {
            plan.nodes.push(Node {
                name: name.to_owned(),
                servers: vec![ServerId {
                    backend: BackendId(0),
                    slot,
                }],
                workers: 1,
                service: Sampled::Constant(balance::Span::from_millis(3)),
                delay: balance::Span::ZERO,
                event_loop: true,
                session_cookie: None,
                status: 200,
                reach: Reach::Listening,
                keep_alive: true,
            });
        }
        plan
    }

    #[test]
    fn every_server_hangs_between_its_backend_and_its_node() {
        let graph = topology(&with_nodes());
        let kinds = |wanted| graph.node_weights().filter(|v| v.kind == wanted).count();
        assert_eq!((kinds(Kind::Server), kinds(Kind::Node)), (2, 2));
        for index in graph.node_indices() {
            if graph[index].kind != Kind::Server {
                continue;
            }
            let around: Vec<Kind> = graph
                .edges_directed(index, petgraph::Incoming)
                .map(|edge| graph[edge.source()].kind)
                .chain(graph.neighbors(index).map(|to| graph[to].kind))
                .collect();
            assert_eq!(around, [Kind::Backend, Kind::Node]);
        }
        assert!(!petgraph::algo::is_cyclic_directed(&graph));
    }

    #[test]
    fn dot_escapes_what_people_call_things() {
        let mut plan = with_nodes();
        plan.proxy.backends[0].name = "the \"nodes\"".to_owned();
        let dot = dot(&topology(&plan), "topology");
        assert!(dot.starts_with("digraph topology {\n"));
        assert!(dot.ends_with("}\n"));
        assert!(
            dot.contains(r#"label = "the \"nodes\"\nbalance roundrobin""#),
            "{dot}"
        );
        assert_eq!(dot.matches("check inter 2s").count(), 2);
    }
}
