//! A graph as a picture. What runs one way stands in columns from left to right; what goes
//! in circles stands in a row, with arcs to the right above it and back below it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef as _;

use super::{Kind, Vertex};
use crate::report::markup::escape;

/// Height of a line of words, and width of a character.
const LINE: i32 = 17;
const LETTER: i32 = 8;
/// Around everything, and around the words of a box.
const EDGE: i32 = 24;
const PAD: i32 = 14;
/// Where the picture begins, below its title.
const TOP: i32 = 56;

const STYLE: &str = "\
.graph text{font:13px ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#111;text-anchor:middle}\
.graph .title{font-size:15px;font-weight:bold;text-anchor:start}.graph .paper{fill:#fff}\
.graph .way{fill:none;stroke:#333;stroke-width:1.4}.graph .tip{fill:#333}.graph .plate{fill:#fff}\
.graph .box{fill:#eef3f8;stroke:#333}.graph .client{fill:#fff8dd;stroke:#6b5200}\
.graph .proxy{fill:#d7eaf7;stroke:#0072b2;stroke-width:2}.graph .node{fill:#e9f5ef;stroke:#00664c;stroke-dasharray:6 3}\
@media(prefers-color-scheme:dark){.graph text{fill:#eee}.graph .paper,.graph .plate{fill:#16181c}\
.graph .way{stroke:#ccc}.graph .tip{fill:#ccc}.graph .box{fill:#263040;stroke:#ccc}.graph .client{fill:#33301f;stroke:#e0c35c}\
.graph .proxy{fill:#15364a;stroke:#56b4e9}.graph .node{fill:#15332a;stroke:#4fd1a5}}";

/// One box of the picture.
#[derive(Clone, Copy, Debug, Default)]
struct Box {
    x: i32,
    y: i32,
    width: i32,
    height: i32,
}

impl Box {
    fn middle(&self) -> (i32, i32) {
        (self.x + self.width / 2, self.y + self.height / 2)
    }
}

/// The graph as an SVG document with this title.
pub fn text(graph: &DiGraph<Vertex, String>, title: &str) -> String {
    let mut picture = Picture {
        graph,
        boxes: graph.node_weights().map(size).collect(),
        body: String::new(),
        words: String::new(),
        width: EDGE * 2 + title.chars().count() as i32 * 9,
        height: 0,
    };
    if petgraph::algo::is_cyclic_directed(graph) {
        picture.row();
    } else {
        picture.columns();
    }
    picture.close(title)
}

/// As large as its words.
fn size(vertex: &Vertex) -> Box {
    let lines = vertex.label.lines();
    let letters = lines.clone().map(|line| line.chars().count()).max();
    Box {
        width: letters.unwrap_or(0) as i32 * LETTER + 2 * PAD,
        height: lines.count() as i32 * LINE + PAD,
        ..Box::default()
    }
}

fn width(words: &str) -> i32 {
    let longest = words.lines().map(|line| line.chars().count()).max();
    longest.unwrap_or(0) as i32 * LETTER
}

struct Picture<'a> {
    graph: &'a DiGraph<Vertex, String>,
    boxes: Vec<Box>,
    body: String,
    /// What stands above all ways.
    words: String,
    width: i32,
    height: i32,
}

impl Picture<'_> {
    /// Every vertex one column right of the last that leads to it.
    fn columns(&mut self) {
        let mut ranks = vec![0_usize; self.boxes.len()];
        let order = petgraph::algo::toposort(self.graph, None).unwrap_or_default();
        for from in &order {
            for to in self.graph.neighbors(*from) {
                ranks[to.index()] = ranks[to.index()].max(ranks[from.index()] + 1);
            }
        }
        let last = ranks.iter().copied().max().unwrap_or(0);
        let heights = (0..=last).map(|rank| {
            let boxes = self.boxes.iter().zip(&ranks).filter(|(_, r)| **r == rank);
            boxes.map(|(each, _)| each.height + EDGE).sum::<i32>()
        });
        let tallest = heights.max().unwrap_or(0);
        let mut x = EDGE;
        for rank in 0..=last {
            let members: Vec<usize> = (0..ranks.len()).filter(|at| ranks[*at] == rank).collect();
            let widest = members.iter().map(|at| self.boxes[*at].width).max();
            let height: i32 = members.iter().map(|at| self.boxes[*at].height + EDGE).sum();
            let mut y = TOP + (tallest - height) / 2;
            for at in members {
                let each = &mut self.boxes[at];
                (each.x, each.y) = (x, y);
                each.width = widest.unwrap_or(each.width);
                y += each.height + EDGE;
            }
            // Room for the words on the way to the next column.
            let leaving = self.graph.edge_references();
            let leaving = leaving.filter(|edge| ranks[edge.source().index()] == rank);
            let words = leaving.map(|edge| width(edge.weight())).max().unwrap_or(0);
            x += widest.unwrap_or(0) + words.max(20) + 50;
            self.width = self.width.max(x - words.max(20) - 50 + EDGE);
        }
        self.height = TOP + tallest;
        for edge in self.graph.edge_references() {
            let (from, to) = (self.at(edge.source()), self.at(edge.target()));
            let start = (from.x + from.width, from.middle().1);
            let end = (to.x, to.middle().1);
            self.way(start, end);
            let middle = (i32::midpoint(start.0, end.0), i32::midpoint(start.1, end.1));
            self.words(middle, edge.weight());
        }
    }

    /// All vertices in a row, edges as arcs: the longer, the higher.
    fn row(&mut self) {
        let mut arcs: BTreeMap<(usize, usize), Vec<&str>> = BTreeMap::new();
        for edge in self.graph.edge_references() {
            let pair = (edge.source().index(), edge.target().index());
            arcs.entry(pair).or_default().push(edge.weight());
        }
        let arcs: BTreeMap<(usize, usize), String> = arcs
            .into_iter()
            .map(|(pair, words)| (pair, words.join("\n")))
            .collect();
        // Neighbours stand so far apart that the words of an arc between them fit.
        let mut gaps = vec![60; self.boxes.len()];
        for ((from, to), words) in &arcs {
            let (left, right) = (*from.min(to), *from.max(to));
            if right > left {
                let between: i32 = (left..right)
                    .map(|at| gaps[at] + self.boxes[at].width)
                    .sum();
                let more = width(words) + 20 - between;
                gaps[left] += more.max(0);
            }
        }
        let lines = |words: &str| words.lines().count() as i32 * LINE;
        // Each arc passes above the words of those below it.
        let most = arcs.values().map(|words| lines(words)).max().unwrap_or(0);
        let step = most * 4 / 3 + 20;
        let rise = |from: usize, to: usize| step * from.abs_diff(to).max(1) as i32;
        let reach = |up: bool| {
            let side = arcs.iter().filter(|((from, to), _)| (from <= to) == up);
            let heights = side.map(|((from, to), words)| rise(*from, *to) * 3 / 4 + lines(words));
            heights.max().unwrap_or(0)
        };
        let y = TOP + reach(true) + 10;
        let mut x = EDGE + 30;
        for (each, gap) in self.boxes.iter_mut().zip(&gaps) {
            (each.x, each.y) = (x, y);
            x += each.width + gap;
        }
        let last = self.boxes.last().map_or(0, |each| each.x + each.width);
        self.width = self.width.max(last + EDGE + 60);
        let height = self.boxes.iter().map(|each| each.height).max().unwrap_or(0);
        self.height = y + height + reach(false) + EDGE;
        for ((from, to), words) in &arcs {
            self.arc((*from, *to), words, rise(*from, *to));
        }
    }

    /// An arc from one box to another, to the right above them, to the left below them.
    fn arc(&mut self, (from, to): (usize, usize), words: &str, rise: i32) {
        let (a, b) = (self.boxes[from], self.boxes[to]);
        let up = from <= to;
        let y = if up { a.y } else { a.y + a.height };
        let top = if up { y - rise } else { y + rise };
        let (start, end) = match from.cmp(&to) {
            std::cmp::Ordering::Less => (a.middle().0 + 14, b.middle().0 - 14),
            // Out of the way of the arcs that leave the first box and reach the others.
            std::cmp::Ordering::Equal if from == 0 => (a.middle().0 - 24, a.middle().0 - 4),
            std::cmp::Ordering::Equal => (a.middle().0 + 24, a.middle().0 + 4),
            std::cmp::Ordering::Greater => (a.middle().0 - 14, b.middle().0 + 14),
        };
        let tip = if up { y - 8 } else { y + 8 };
        let _ = writeln!(
            self.body,
            "<path class=\"way\" d=\"M{start} {y}C{start} {top} {end} {top} {end} {tip}\"/>\n<path class=\"tip\" d=\"M{end} {y}L{} {tip}L{} {tip}Z\"/>",
            end - 5,
            end + 5
        );
        // The arc's highest point is at three quarters of the way to its handles.
        let lines = words.lines().count() as i32 * LINE;
        let peak = if up {
            y - rise * 3 / 4 - lines / 2 - 4
        } else {
            y + rise * 3 / 4 + lines / 2 + 4
        };
        self.words((i32::midpoint(start, end), peak), words);
    }

    fn at(&self, index: NodeIndex) -> Box {
        self.boxes[index.index()]
    }

    fn way(&mut self, (x1, y1): (i32, i32), (x2, y2): (i32, i32)) {
        let half = (x2 - x1) / 2;
        let _ = writeln!(
            self.body,
            "<path class=\"way\" d=\"M{x1} {y1}C{} {y1} {} {y2} {} {y2}\"/>\n<path class=\"tip\" d=\"M{x2} {y2}l-9-4v8z\"/>",
            x1 + half,
            x2 - half,
            x2 - 8
        );
    }

    /// Words around a point, on a plate so that nothing runs through them.
    fn words(&mut self, (x, y): (i32, i32), words: &str) {
        if words.is_empty() {
            return;
        }
        let (width, lines) = (width(words) + 6, words.lines().count() as i32);
        let top = y - lines * LINE / 2;
        let _ = writeln!(
            self.words,
            "<rect class=\"plate\" x=\"{}\" y=\"{top}\" width=\"{width}\" height=\"{}\"/>",
            x - width / 2,
            lines * LINE
        );
        for (number, line) in (0..).zip(words.lines()) {
            let y = top + number * LINE + 13;
            let line = escape(line);
            let _ = writeln!(self.words, "<text x=\"{x}\" y=\"{y}\">{line}</text>");
        }
    }

    fn close(mut self, title: &str) -> String {
        let words = std::mem::take(&mut self.words);
        self.body += &words;
        for (index, each) in self.graph.node_indices().zip(self.boxes.clone()) {
            let vertex = &self.graph[index];
            let (class, round) = match vertex.kind {
                Kind::Client => ("client", each.height / 2),
                Kind::Proxy => ("proxy", 4),
                Kind::Backend | Kind::Server => ("box", 4),
                Kind::Node => ("node", 0),
                Kind::State => ("box", 14),
            };
            let Box {
                x,
                y,
                width,
                height,
            } = each;
            let _ = writeln!(
                self.body,
                "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"{round}\"/>"
            );
            for (number, line) in (0..).zip(vertex.label.lines()) {
                let line = escape(line);
                let (x, y) = (x + width / 2, y + PAD / 2 + number * LINE + 13);
                let _ = writeln!(self.body, "<text x=\"{x}\" y=\"{y}\">{line}</text>");
            }
        }
        let (width, height) = (self.width, self.height);
        let edges = self.graph.edge_references().map(|edge| {
            let name = |index: NodeIndex| self.graph[index].label.lines().next().unwrap_or("");
            let (from, to) = (name(edge.source()), name(edge.target()));
            match edge.weight().as_str() {
                "" => format!("{from} to {to}"),
                words => format!("{from} to {to}: {words}"),
            }
        });
        let described = escape(&edges.collect::<Vec<_>>().join("; "));
        let title = escape(title);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"graph\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\" aria-labelledby=\"graph-title graph-desc\">\n<title id=\"graph-title\">{title}</title>\n<desc id=\"graph-desc\">{described}</desc>\n<style>{STYLE}</style>\n<rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>\n<text class=\"title\" x=\"{EDGE}\" y=\"30\">{title}</text>\n{}</svg>\n",
            self.body
        )
    }
}
