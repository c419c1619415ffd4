//! A sequence diagram for a terminal: lines of life on the left, words on the right.

use super::{Drawn, Kind, Sequence};

/// Columns between two lines of life, at least.
const APART: usize = 10;

/// Draws the diagram with box characters.
pub fn text(sequence: &Sequence) -> String {
    let columns = columns(&sequence.parties);
    let times = sequence.steps.iter().map(|step| step.at.len() + 2);
    let margin = times.max().unwrap_or(0) + 2;
    let mut out = format!("{}\n\n", sequence.title);
    out += heads(sequence, &columns, margin).trim_end();
    out.push('\n');
    for step in &sequence.steps {
        let first = draw(step.drawn, &columns);
        let lines = step.words.iter().map(String::as_str);
        let time = format!("{:>width$} s  ", step.at, width = margin - 4);
        for (number, words) in lines.enumerate() {
            let (time, life) = if number == 0 {
                (time.clone(), first.clone())
            } else {
                (" ".repeat(margin), idle(&columns))
            };
            let life: String = life.into_iter().collect();
            out += format!("{time}{life}   {words}").trim_end();
            out.push('\n');
        }
    }
    out
}

/// Where each party's line of life stands.
fn columns(parties: &[String]) -> Vec<usize> {
    let width = |name: &String| name.chars().count();
    let mut columns: Vec<usize> = Vec::new();
    let mut at = parties.first().map_or(0, |name| width(name) / 2);
    for (index, name) in parties.iter().enumerate() {
        if index > 0 {
            let names = width(&parties[index - 1]).div_ceil(2) + width(name) / 2 + 2;
            at += names.max(APART);
        }
        columns.push(at);
    }
    columns
}

fn heads(sequence: &Sequence, columns: &[usize], margin: usize) -> String {
    let mut line = " ".repeat(margin);
    for (name, column) in sequence.parties.iter().zip(columns) {
        let start = margin + column - name.chars().count() / 2;
        let gap = start.saturating_sub(line.chars().count());
        line += &" ".repeat(gap);
        line += name;
    }
    line
}

fn idle(columns: &[usize]) -> Vec<char> {
    let width = columns.last().map_or(0, |last| last + 1);
    let mut line = vec![' '; width];
    for column in columns {
        line[*column] = '\u{2502}';
    }
    line
}

fn draw(drawn: Drawn, columns: &[usize]) -> Vec<char> {
    let mut line = idle(columns);
    match drawn {
        Drawn::Arrow { from, to, kind } if from != to => {
            let (left, right) = (columns[from.min(to)], columns[from.max(to)]);
            let stroke = match kind {
                Kind::Ask => '\u{2500}',
                Kind::Answer | Kind::Trouble => '\u{254c}',
            };
            for cell in &mut line[left + 1..right] {
                *cell = if *cell == ' ' { stroke } else { '\u{253c}' };
            }
            let (head, place) = if to > from {
                ('\u{25b6}', right - 1)
            } else {
                ('\u{25c0}', left + 1)
            };
            line[place] = head;
            if kind == Kind::Trouble {
                let tail = if to > from { left + 1 } else { right - 1 };
                line[tail] = '\u{2717}';
            }
        }
        Drawn::Arrow { to: place, .. } | Drawn::Note(place) => line[columns[place]] = '\u{2022}',
        Drawn::Turn(place) => line[columns[place]] = '\u{25cf}',
        Drawn::Gap => {
            for column in columns {
                line[*column] = '\u{22ee}';
            }
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sequence::Step;

    #[test]
    fn arrows_point_and_cross() {
        let step = |drawn, words: &[&str]| Step {
            at: "0.001".to_owned(),
            drawn,
            words: words.iter().map(|&word| word.to_owned()).collect(),
        };
        let arrow = |from, to, kind| Drawn::Arrow { from, to, kind };
        let sequence = Sequence {
            title: "t".to_owned(),
            parties: ["anna", "HAProxy", "s1"].map(str::to_owned).to_vec(),
            steps: vec![
                step(arrow(0, 1, Kind::Ask), &["GET /", "Cookie: a=1"]),
                step(arrow(2, 0, Kind::Trouble), &["no"]),
                step(Drawn::Turn(2), &["s1 is DOWN"]),
            ],
        };
        let expected = "\
t

         anna     HAProxy     s1
0.001 s    │────────▶│         │   GET /
           │         │         │   Cookie: a=1
0.001 s    │◀╌╌╌╌╌╌╌╌┼╌╌╌╌╌╌╌╌✗│   no
0.001 s    │         │         ●   s1 is DOWN
";
        assert_eq!(text(&sequence), expected);
    }
}
