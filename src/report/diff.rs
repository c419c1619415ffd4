//! Two reports held against each other: only what changed, beyond a threshold of noise.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::distribution::{Row, Times};
use super::table::{Align, Cell, Ink, Style, Table};
use super::{Report, Transition, number};
use crate::locale::{AsWritten, Words};

/// Everything in which two reports differ.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The numbers that changed by more than the noise, in the order of the servers.
    pub numbers: Vec<Changed>,
    /// How many numbers changed, but not by more than the noise.
    pub within_noise: usize,
    /// How many numbers are the same.
    pub same: usize,
    /// Servers that end in another state, or that only one side has.
    pub states: Vec<EndState>,
    /// State changes that only one side has, or that came at another time.
    pub moments: Vec<Moved>,
    /// The first request that went to another server, if any did and both sides know.
    pub parted: Option<Parted>,
    /// Expectations that hold on one side only: their text, and what each side got.
    pub verdicts: Vec<Turned>,
}

/// A number that changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Changed {
    /// Whose: a server's name, or `total`.
    pub of: String,
    /// Which: the key it has in a report's JSON.
    pub key: &'static str,
    /// Its unit, if it has one.
    pub unit: &'static str,
    /// On the left; none if there is no such number.
    pub left: Option<f64>,
    /// On the right.
    pub right: Option<f64>,
}

impl Changed {
    /// The change in parts of the left number: 0.5 for half as much again. None where the
    /// left is nothing.
    pub fn relative(&self) -> Option<f64> {
        let (left, right) = (self.left?, self.right?);
        (left != 0.0).then(|| (right - left) / left)
    }

    /// How far apart the two are, in parts of the greater one, 0 to 1 (2 across zero).
    fn apart(&self) -> f64 {
        match (self.left, self.right) {
            (Some(left), Some(right)) => {
                let greater = left.abs().max(right.abs());
                if greater == 0.0 {
                    0.0
                } else {
                    (right - left).abs() / greater
                }
            }
            (None, None) => 0.0,
            _ => 1.0,
        }
    }
}

/// A server's state at the end, on both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndState {
    /// The server.
    pub server: String,
    /// On the left; none if there is no such server.
    pub left: Option<String>,
    /// On the right.
    pub right: Option<String>,
}

/// A state change, with its times on both sides.
#[derive(Clone, Debug, PartialEq)]
pub struct Moved {
    /// The server.
    pub server: String,
    /// The state it came to.
    pub to: String,
    /// In seconds on the left; none if it did not happen there.
    pub left: Option<f64>,
    /// In seconds on the right.
    pub right: Option<f64>,
}

/// Where two runs part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parted {
    /// The request in the order of sending, from 1.
    pub request: usize,
    /// Who answered it on the left; none for nobody, or if it was never sent.
    pub left: Option<String>,
    /// Who answered it on the right.
    pub right: Option<String>,
}

/// An expectation that turned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turned {
    /// Its text.
    pub text: String,
    /// Whether it holds on the right; it does not on the left, then.
    pub holds: bool,
    /// What the left got.
    pub left: String,
    /// What the right got.
    pub right: String,
}

/// A number of a row: its key, its unit and its value.
type Number = (&'static str, &'static str, Option<f64>);

fn numbers(row: &Row) -> Vec<Number> {
    let count = |key, count: u64| (key, "", Some(count as f64));
    let time = |key, pick: fn(&Times) -> f64| (key, "ms", row.times.as_ref().map(pick));
    vec![
        count("requests", row.requests),
        ("share", "%", Some(row.share * 100.0)),
        count("errors", row.errors),
        time("mean_ms", |t| t.mean),
        time("stddev_ms", |t| t.deviation),
        time("min_ms", |t| t.min),
        time("p50_ms", |t| t.p50),
        time("p95_ms", |t| t.p95),
        time("p99_ms", |t| t.p99),
        time("max_ms", |t| t.max),
        ("rps", "/s", Some(row.rate)),
        count("by_algorithm", row.by_algorithm),
        count("by_cookie", row.by_cookie),
        count("by_stick", row.by_stick),
        count("by_rule", row.by_rule),
        count("by_queue", row.by_queue),
        count("sessions_restarted", row.sessions_restarted),
    ]
}

impl Difference {
    /// What `right` does differently from `left`. Numbers that lie apart by no more than
    /// `noise`, in parts of the greater one (0 to 1), are only counted; so are times of
    /// state changes, where less than a second counts as a second.
    pub fn of(left: &Report, right: &Report, noise: f64) -> Self {
        let mut difference = Self {
            numbers: Vec::new(),
            within_noise: 0,
            same: 0,
            states: Vec::new(),
            moments: moments(left, right, noise),
            parted: parted(left, right),
            verdicts: verdicts(left, right),
        };
        let find = |report: &Report, name: &str| {
            let server = report.servers.iter().find(|server| server.name == name);
            server.cloned()
        };
        for name in names(left, right) {
            let sides = (find(left, name), find(right, name));
            let state =
                |side: &Option<super::Server>| side.as_ref().map(|s| s.state.status.clone());
            let (was, is) = (state(&sides.0), state(&sides.1));
            if was != is {
                difference.states.push(EndState {
                    server: name.to_owned(),
                    left: was,
                    right: is,
                });
            }
            if let (Some(was), Some(is)) = sides {
                difference.compare(name, &was.row, &is.row, noise);
            }
        }
        difference.compare("total", &left.total, &right.total, noise);
        difference
    }

    fn compare(&mut self, of: &str, left: &Row, right: &Row, noise: f64) {
        for ((key, unit, left), (_, _, right)) in numbers(left).into_iter().zip(numbers(right)) {
            let changed = Changed {
                of: of.to_owned(),
                key,
                unit,
                left,
                right,
            };
            let apart = changed.apart();
            if apart > noise {
                self.numbers.push(changed);
            } else if apart > 0.0 {
                self.within_noise += 1;
            } else {
                self.same += 1;
            }
        }
    }

    /// Whether nothing at all changed, not even within the noise.
    pub fn is_nothing(&self) -> bool {
        self.numbers.is_empty()
            && self.within_noise == 0
            && self.states.is_empty()
            && self.moments.is_empty()
            && self.parted.is_none()
            && self.verdicts.is_empty()
    }
}

/// The servers of both, those of the left first.
fn names<'a>(left: &'a Report, right: &'a Report) -> Vec<&'a str> {
    let mut names: Vec<&str> = Vec::new();
    for server in left.servers.iter().chain(&right.servers) {
        if !names.contains(&server.name.as_str()) {
            names.push(&server.name);
        }
    }
    names
}

/// The state changes of each server to each state, the first held against the first, the
/// second against the second.
fn moments(left: &Report, right: &Report, noise: f64) -> Vec<Moved> {
    let times = |report: &Report| {
        let mut times: BTreeMap<(String, String), Vec<f64>> = BTreeMap::new();
        for Transition { server, to, at, .. } in &report.transitions {
            let key = (server.clone(), to.clone());
            times.entry(key).or_default().push(*at);
        }
        times
    };
    let (left, mut right) = (times(left), times(right));
    let mut pairs: Vec<Moved> = Vec::new();
    let mut pair = |key: (String, String), left: &[f64], right: &[f64]| {
        for turn in 0..left.len().max(right.len()) {
            pairs.push(Moved {
                server: key.0.clone(),
                to: key.1.clone(),
                left: left.get(turn).copied(),
                right: right.get(turn).copied(),
            });
        }
    };
    for (key, times) in left {
        let others = right.remove(&key).unwrap_or_default();
        pair(key, &times, &others);
    }
    for (key, times) in right {
        pair(key, &[], &times);
    }
    pairs.retain(|moved| match (moved.left, moved.right) {
        (Some(left), Some(right)) => {
            (right - left).abs() > noise * left.abs().max(right.abs()).max(1.0)
        }
        _ => true,
    });
    let first = |moved: &Moved| moved.left.or(moved.right).unwrap_or_default();
    pairs.sort_by(|a, b| first(a).total_cmp(&first(b)));
    pairs
}

fn parted(left: &Report, right: &Report) -> Option<Parted> {
    let (left, right) = (left.picks.as_ref()?, right.picks.as_ref()?);
    let at = (0..left.len().max(right.len())).find(|&at| left.get(at) != right.get(at))?;
    let side = |picks: &[Option<String>]| picks.get(at).cloned().flatten();
    Some(Parted {
        request: at + 1,
        left: side(left),
        right: side(right),
    })
}

fn verdicts(left: &Report, right: &Report) -> Vec<Turned> {
    let turned = left.expect.iter().filter_map(|was| {
        let is = right.expect.iter().find(|is| is.text == was.text)?;
        (is.ok != was.ok).then(|| Turned {
            text: was.text.clone(),
            holds: is.ok,
            left: was.got.clone(),
            right: is.got.clone(),
        })
    });
    turned.collect()
}

impl Difference {
    /// The difference for people; `left` and `right` name the sides.
    pub fn text(&self, [left, right]: [&str; 2], noise: f64, ink: &dyn Ink) -> String {
        let words = ink.words();
        let put = |text: &str| words.put("diff", text).into_owned();
        let mut out = put(&format!("left   {left}")) + "\n";
        out += &(put(&format!("right  {right}")) + "\n");
        let sections = [
            ("numbers", self.number_table(words)),
            ("states at the end", self.state_table()),
            ("state changes", self.moment_table()),
            ("expectations", self.verdict_table()),
        ];
        for (title, table) in sections.iter().filter(|(_, table)| !table.is_empty()) {
            out.push('\n');
            ink.ink(&mut out, Style::Title, &put(title));
            out.push('\n');
            out.push_str(&table.text(ink));
        }
        out.push('\n');
        if self.is_nothing() {
            out += &(put("no difference") + "\n");
            return out;
        }
        if let Some(parted) = &self.parted {
            let (left, right) = (parted.left.as_deref(), parted.right.as_deref());
            let sentence = format!(
                "the runs part at request {}: {} on the left, {} on the right",
                parted.request,
                name(left),
                name(right)
            );
            out += &(put(&sentence) + "\n");
        }
        let percent = number(noise * 100.0, 1);
        let aside = format!(
            "not shown: {} numbers that differ by no more than {percent} %, {} that are the same",
            self.within_noise, self.same
        );
        ink.ink(&mut out, Style::Faint, &put(&aside));
        out.push('\n');
        out
    }

    /// The difference in Markdown.
    pub fn markdown(&self, [left, right]: [&str; 2], words: &dyn Words) -> String {
        let put = |text: &str| words.put("diff", text).into_owned();
        let mut out = put(&format!("* left: {left}")) + "\n";
        out += &(put(&format!("* right: {right}")) + "\n");
        let sections = [
            ("Numbers", self.number_table(words)),
            ("States at the end", self.state_table()),
            ("State changes", self.moment_table()),
            ("Expectations", self.verdict_table()),
        ];
        for (title, table) in sections.iter().filter(|(_, table)| !table.is_empty()) {
            out.extend(["\n### ", &put(title), "\n\n", &table.told(words).markdown()]);
        }
        if self.is_nothing() {
            out.extend(["\n", &put("No difference."), "\n"]);
        }
        out
    }

    /// The numbers as CSV.
    pub fn csv(&self) -> String {
        self.number_table(&AsWritten).csv()
    }

    /// The difference as JSON; a number that a side lacks is null.
    pub fn json(&self, noise: f64) -> Value {
        json!({
            "noise": noise,
            "within_noise": self.within_noise,
            "same": self.same,
            "numbers": self.numbers.iter().map(|changed| json!({
                "of": changed.of,
                "key": changed.key,
                "left": changed.left,
                "right": changed.right,
                "relative": changed.relative(),
            })).collect::<Vec<_>>(),
            "states": self.states.iter().map(|state| json!({
                "server": state.server, "left": state.left, "right": state.right,
            })).collect::<Vec<_>>(),
            "transitions": self.moments.iter().map(|moved| json!({
                "server": moved.server, "to": moved.to,
                "left_s": moved.left, "right_s": moved.right,
            })).collect::<Vec<_>>(),
            "parted": self.parted.as_ref().map(|parted| json!({
                "request": parted.request, "left": parted.left, "right": parted.right,
            })),
            "expect": self.verdicts.iter().map(|turned| json!({
                "text": turned.text, "ok": turned.holds,
                "left": turned.left, "right": turned.right,
            })).collect::<Vec<_>>(),
        })
    }

    fn number_table(&self, words: &dyn Words) -> Table {
        let mut table = Table::new(&[
            ("of", Align::Left),
            ("number", Align::Left),
            ("left", Align::Right),
            ("right", Align::Right),
            ("change", Align::Right),
        ]);
        for changed in &self.numbers {
            let value = |value: Option<f64>| match (value, changed.unit) {
                (None, _) => "-".to_owned(),
                (Some(value), "") => number(value, 0),
                (Some(value), "%") => format!("{} %", number(value, 1)),
                (Some(value), "/s") => number(value, 2),
                (Some(value), _) => number(value, 1),
            };
            let change = changed.relative().map_or_else(
                || "new".to_owned(),
                |part| {
                    let sign = if part > 0.0 { "+" } else { "" };
                    format!("{sign}{} %", number(part * 100.0, 1))
                },
            );
            let change = if changed.right.is_none() {
                "gone".to_owned()
            } else {
                change
            };
            let key = changed.key.trim_end_matches("_ms").replace('_', " ");
            table.push(vec![
                changed.of.as_str().into(),
                words.put("diff", &key).into_owned().into(),
                value(changed.left).into(),
                value(changed.right).into(),
                Cell::phrase(change, Style::Plain),
            ]);
        }
        table
    }

    fn state_table(&self) -> Table {
        let mut table = Table::new(&[
            ("server", Align::Left),
            ("left", Align::Left),
            ("right", Align::Left),
        ]);
        for state in &self.states {
            table.push(vec![
                state.server.as_str().into(),
                name(state.left.as_deref()).into(),
                name(state.right.as_deref()).into(),
            ]);
        }
        table
    }

    fn moment_table(&self) -> Table {
        let mut table = Table::new(&[
            ("server", Align::Left),
            ("to", Align::Left),
            ("left", Align::Right),
            ("right", Align::Right),
        ]);
        for moved in &self.moments {
            let at = |at: Option<f64>| {
                at.map_or_else(|| "-".to_owned(), |at| format!("{} s", number(at, 3)))
            };
            table.push(vec![
                moved.server.as_str().into(),
                moved.to.as_str().into(),
                at(moved.left).into(),
                at(moved.right).into(),
            ]);
        }
        table
    }

    fn verdict_table(&self) -> Table {
        let mut table = Table::new(&[
            ("", Align::Left),
            ("expected", Align::Left),
            ("left", Align::Left),
            ("right", Align::Left),
        ]);
        for turned in &self.verdicts {
            let (style, sign) = if turned.holds {
                (Style::Good, "now holds")
            } else {
                (Style::Bad, "now fails")
            };
            table.push(vec![
                Cell::phrase(sign, style),
                turned.text.as_str().into(),
                turned.left.as_str().into(),
                turned.right.as_str().into(),
            ]);
        }
        table
    }
}

fn name(side: Option<&str>) -> &str {
    side.unwrap_or("-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::table::NoInk;
    use crate::report::tests::report;

    const SIDES: [&str; 2] = ["a", "b"];

    #[test]
    fn a_report_does_not_differ_from_itself() {
        let difference = Difference::of(&report(), &report(), 0.0);
        assert!(difference.is_nothing(), "{difference:?}");
        assert!(
            difference
                .text(SIDES, 0.0, &NoInk)
                .ends_with("no difference\n")
        );
    }

    /// What is told one way round is told the other way round too.
    #[test]
    fn left_and_right_are_told_alike() {
        let (left, mut right) = (report(), report());
        right.servers[0].row.requests += 50;
        right.servers[0].state.status = "DRAIN".to_owned();
        right.transitions.clear();
        let there = Difference::of(&left, &right, 0.05);
        let back = Difference::of(&right, &left, 0.05);
        assert_eq!(there.numbers.len(), 1);
        assert_eq!(there.numbers[0].left, back.numbers[0].right);
        assert_eq!(there.states[0].left, back.states[0].right);
        assert_eq!(there.moments.len(), left.transitions.len());
        assert_eq!(there.moments[0].left, back.moments[0].right);
    }

    #[test]
    fn noise_is_counted_and_not_shown() {
        let (mut left, mut right) = (report(), report());
        left.total.requests = 1000;
        right.total.requests = 1004;
        let difference = Difference::of(&left, &right, 0.005);
        assert!(difference.numbers.is_empty());
        assert_eq!(difference.within_noise, 1);
        assert!(!difference.is_nothing());
        let difference = Difference::of(&left, &right, 0.003);
        assert_eq!(difference.numbers[0].key, "requests");
    }

    #[test]
    fn a_server_of_one_side_only_is_named() {
        let (left, mut right) = (report(), report());
        let gone = right.servers.pop().unwrap();
        let difference = Difference::of(&left, &right, 0.05);
        assert_eq!(difference.states[0].server, gone.name);
        assert_eq!(difference.states[0].right, None);
    }

    #[test]
    fn runs_part_at_the_first_other_pick() {
        let (mut left, mut right) = (report(), report());
        let picks = |names: &[&str]| Some(names.iter().map(|n| Some((*n).to_owned())).collect());
        left.picks = picks(&["s1", "s2", "s1"]);
        right.picks = picks(&["s1", "s2"]);
        let parted = Difference::of(&left, &right, 0.0).parted.unwrap();
        assert_eq!(parted.request, 3);
        assert_eq!(parted.right, None);
    }
}
