//! A sequence diagram as a picture: dark and light, told apart without colours, and with
//! its words as text.

use std::fmt::Write as _;

use super::{Drawn, Kind, Sequence};
use crate::report::markup::escape;

/// Height of a line of words, and what stands between two steps.
const LINE: usize = 15;
const PAD: usize = 12;
/// Width of a character of the small monospaced letters.
const LETTER: usize = 7;
/// Where the first party may stand: right of the times.
const TIMES: usize = 84;

/// How diagrams look.
pub const STYLE: &str = "\
text{font:12px ui-monospace,Menlo,Consolas,monospace;fill:#111}\
.title{font-size:15px;font-weight:bold}.head{font-weight:bold;text-anchor:middle}\
.time{fill:#555;text-anchor:end}.words{text-anchor:middle}\
.paper{fill:#fff}.box{fill:#eef3f8;stroke:#333}.life{stroke:#999;stroke-dasharray:2 3}\
.ask{stroke:#0072b2;stroke-width:1.6}.answer{stroke:#0072b2;stroke-width:1.6;stroke-dasharray:6 3}\
.trouble{stroke:#b34700;stroke-width:2.2;stroke-dasharray:3 3}\
.cross{stroke:#b34700;stroke-width:2.2}.tip{fill:#0072b2}.bad{fill:#b34700}.note{fill:#fff8dd;stroke:#777}.turn{fill:#fbe3d6;stroke:#b34700;stroke-width:1.6}\
@media(prefers-color-scheme:dark){text{fill:#eee}.time{fill:#bbb}.paper{fill:#16181c}.box{fill:#263040;stroke:#ccc}\
.ask,.answer{stroke:#56b4e9}.tip{fill:#56b4e9}.trouble,.cross{stroke:#ff9a57}.bad{fill:#ff9a57}\
.note{fill:#33301f;stroke:#aaa}.turn{fill:#432a1c;stroke:#ff9a57}}";

/// The diagram as an SVG document.
pub fn text(sequence: &Sequence) -> String {
    let style = format!("</title>\n<style>{STYLE}</style>");
    element(sequence).replacen("</title>", &style, 1)
}

/// The diagram as an element of a page where [`STYLE`] holds inside of `.sequence`.
pub fn element(sequence: &Sequence) -> String {
    let columns = columns(sequence);
    let right = columns.last().copied().unwrap_or(TIMES);
    let mut body = String::new();
    let mut y = 96;
    let mut overhang = 0;
    for step in &sequence.steps {
        let height = step.words.len() * LINE;
        let middle = y + height + 5;
        if !matches!(step.drawn, Drawn::Gap) {
            let _ = writeln!(
                body,
                "<text class=\"time\" x=\"{}\" y=\"{}\">{} s</text>",
                TIMES - 20,
                y + 11,
                step.at
            );
        }
        let widest = step.words.iter().map(|words| words.chars().count());
        let width = widest.max().unwrap_or(0) * LETTER;
        match step.drawn {
            Drawn::Arrow { from, to, kind } => {
                let (a, b) = (columns[from], columns[to]);
                words(&mut body, &step.words, usize::midpoint(a, b), y);
                arrow(&mut body, a, b, middle, kind);
            }
            Drawn::Note(place) | Drawn::Turn(place) => {
                let class = match step.drawn {
                    Drawn::Turn(_) => "turn",
                    _ => "note",
                };
                let half = width / 2 + 8;
                overhang = overhang.max((columns[place] + half).saturating_sub(right));
                let _ = writeln!(
                    body,
                    "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"3\"/>",
                    columns[place].saturating_sub(half),
                    y - 2,
                    2 * half,
                    height + 6
                );
                words(&mut body, &step.words, columns[place], y);
            }
            Drawn::Gap => {
                let x = usize::midpoint(columns[0], right);
                words(&mut body, &step.words, x, y);
            }
        }
        y = middle + PAD;
    }
    let names = sequence
        .parties
        .last()
        .map_or(0, |name| name.len() * LETTER / 2 + 12);
    let width = right + overhang.max(names) + 16;
    let width = width.max(sequence.title.chars().count() * 10 + 32);
    frame(sequence, &columns, &body, width, y + 10)
}

/// The body in its frame: paper, title, heads and lines of life.
fn frame(
    sequence: &Sequence,
    columns: &[usize],
    body: &str,
    width: usize,
    height: usize,
) -> String {
    let title = escape(&sequence.title);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"sequence\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\" aria-label=\"{title}\">\n<title>{title}</title>\n<rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>\n<text class=\"title\" x=\"16\" y=\"26\">{title}</text>\n"
    );
    for (name, x) in sequence.parties.iter().zip(columns) {
        let half = name.chars().count() * LETTER / 2 + 10;
        let _ = writeln!(
            out,
            "<line class=\"life\" x1=\"{x}\" y1=\"66\" x2=\"{x}\" y2=\"{}\"/>\n<rect class=\"box\" x=\"{}\" y=\"42\" width=\"{}\" height=\"26\" rx=\"4\"/>\n<text class=\"head\" x=\"{x}\" y=\"59\">{}</text>",
            height - 8,
            x - half,
            2 * half,
            escape(name)
        );
    }
    out + body + "</svg>\n"
}

/// Where each party stands: far enough apart for the words between them.
fn columns(sequence: &Sequence) -> Vec<usize> {
    let count = sequence.parties.len();
    let mut gaps = vec![110; count.saturating_sub(1)];
    let mut first = 60;
    for step in &sequence.steps {
        let longest = step.words.iter().map(|words| words.chars().count());
        let width = longest.max().unwrap_or(0) * LETTER + 24;
        match step.drawn {
            Drawn::Arrow { from, to, .. } if from != to => {
                let (a, b) = (from.min(to), from.max(to));
                let each = width.div_ceil(b - a);
                for gap in &mut gaps[a..b] {
                    *gap = (*gap).max(each);
                }
            }
            // Half of a note hangs over to the left.
            Drawn::Note(0) | Drawn::Turn(0) => first = first.max(width / 2 + 8),
            Drawn::Note(place) | Drawn::Turn(place) => {
                gaps[place - 1] = gaps[place - 1].max(width / 2 + 4);
            }
            Drawn::Arrow { .. } | Drawn::Gap => {}
        }
    }
    let mut columns = vec![TIMES + first];
    for gap in gaps {
        let last = columns.last().copied().unwrap_or(TIMES);
        columns.push(last + gap);
    }
    columns.truncate(count);
    columns
}

fn words(body: &mut String, lines: &[String], x: usize, y: usize) {
    for (number, line) in lines.iter().enumerate() {
        let y = y + 11 + number * LINE;
        let line = escape(line);
        let _ = writeln!(
            body,
            "<text class=\"words\" x=\"{x}\" y=\"{y}\">{line}</text>"
        );
    }
}

fn arrow(body: &mut String, from: usize, to: usize, y: usize, kind: Kind) {
    let (class, tip) = match kind {
        Kind::Ask => ("ask", "tip"),
        Kind::Answer => ("answer", "tip"),
        Kind::Trouble => ("trouble", "bad"),
    };
    let back = if to > from { to - 9 } else { to + 9 };
    let _ = writeln!(
        body,
        "<line class=\"{class}\" x1=\"{from}\" y1=\"{y}\" x2=\"{back}\" y2=\"{y}\"/>\n<path class=\"{tip}\" d=\"M{to} {y}L{back} {}L{back} {}Z\"/>",
        y - 4,
        y + 4
    );
    if kind == Kind::Trouble {
        let _ = writeln!(
            body,
            "<path class=\"cross\" d=\"M{} {}l8 8m0 -8l-8 8\"/>",
            if to > from { to - 30 } else { to + 22 },
            y - 4
        );
    }
}
