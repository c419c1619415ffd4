//! A graph in the language of Mermaid, which many wikis and forges draw.

use std::fmt::Write as _;

use petgraph::graph::DiGraph;
use petgraph::visit::EdgeRef as _;

use super::{Kind, Vertex};

/// The graph as a Mermaid flowchart from left to right.
pub fn text(graph: &DiGraph<Vertex, String>) -> String {
    let mut out = String::from("flowchart LR\n");
    for index in graph.node_indices() {
        let vertex = &graph[index];
        let (open, close) = match vertex.kind {
            Kind::Client => ("([", "])"),
            Kind::Proxy => ("{{", "}}"),
            Kind::Backend => ("[/", "/]"),
            Kind::Server => ("[", "]"),
            Kind::Node => ("[[", "]]"),
            Kind::State => ("(", ")"),
        };
        let label = label(&vertex.label);
        let _ = writeln!(out, "    n{}{open}\"{label}\"{close}", index.index());
    }
    for edge in graph.edge_references() {
        let (from, to) = (edge.source().index(), edge.target().index());
        let _ = match edge.weight().as_str() {
            "" => writeln!(out, "    n{from} --> n{to}"),
            words => writeln!(out, "    n{from} -->|\"{}\"| n{to}", label(words)),
        };
    }
    out
}

/// Words in quotes, with Mermaid's entities for what has a meaning there.
fn label(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    for character in words.chars() {
        match character {
            '\n' => out.push_str("<br/>"),
            '"' | '#' | '<' | '>' | '&' | ';' | '`' => {
                let _ = write!(out, "#{};", u32::from(character));
            }
            other => out.push(other),
        }
    }
    out
}
