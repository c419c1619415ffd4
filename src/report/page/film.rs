//! A run frame by frame: what was told in each step, and what it changed in the
//! statistics. Going back is as cheap as going on.

use std::collections::BTreeMap;

use balance::Moment;
use serde_json::{Value, json};

use super::words::{Script, matters};
use crate::report::journal::Journal;

/// The columns of `show stat` that a page follows. Those that change as time goes by,
/// without anything happening, are not among them.
pub const COLUMNS: [&str; 16] = [
    "status",
    "weight",
    "scur",
    "smax",
    "qcur",
    "qmax",
    "stot",
    "lbtot",
    "hrsp_2xx",
    "hrsp_5xx",
    "econ",
    "wretr",
    "wredis",
    "check_status",
    "chkfail",
    "chkdown",
];

/// A page stays below a megabyte: after so many bytes only what matters to everybody is
/// kept, and of that at most so many frames.
const ROOM: usize = 560_000;
const MOST: usize = 3_000;

/// One step of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Frame {
    at: Moment,
    /// Entries of the journal.
    entries: Vec<usize>,
    /// Cells and what they read from now on.
    changes: Vec<(usize, String)>,
}

/// All kept steps of a run.
#[derive(Clone, Debug, Default)]
pub struct Film {
    rows: Vec<String>,
    places: BTreeMap<String, usize>,
    cells: BTreeMap<usize, String>,
    frames: Vec<Frame>,
    /// Entries of the journal that have been looked at.
    seen: usize,
    bytes: usize,
    /// Frames taken since there was no room.
    late: usize,
    left_out: usize,
}

impl Film {
    /// Takes a picture after a step: `rows` makes what is shown at that moment, by name, in
    /// the order of [`COLUMNS`]. Nothing, if nothing was told since the last one.
    pub fn take(
        &mut self,
        at: Moment,
        journal: &Journal,
        rows: impl FnOnce() -> Vec<(String, Vec<String>)>,
    ) {
        let entries = self.seen..journal.entries.len();
        self.seen = journal.entries.len();
        let entries: Vec<usize> = entries
            .filter(|entry| super::words::is_shown(&journal.entries[*entry].what))
            .collect();
        if entries.is_empty() {
            return;
        }
        if self.bytes > ROOM {
            let mut entries = entries.iter();
            let matters = entries.any(|entry| matters(&journal.entries[*entry].what));
            if !matters || self.late == MOST {
                self.left_out += 1;
                return;
            }
            self.late += 1;
        }
        self.add(at, entries, rows());
    }

    /// Takes the first picture, before anything happens.
    pub fn begin(&mut self, rows: Vec<(String, Vec<String>)>) {
        self.add(Moment::ZERO, Vec::new(), rows);
    }

    fn add(&mut self, at: Moment, entries: Vec<usize>, rows: Vec<(String, Vec<String>)>) {
        let mut changes = Vec::new();
        for (name, values) in rows {
            let row = self.row(&name);
            for (column, value) in values.into_iter().enumerate() {
                let cell = row * COLUMNS.len() + column;
                if self.cells.get(&cell).is_none_or(|known| *known != value) {
                    self.cells.insert(cell, value.clone());
                    changes.push((cell, value));
                }
            }
        }
        self.bytes += 16 + entries.len() * 9 + changes.len() * 9;
        self.frames.push(Frame {
            at,
            entries,
            changes,
        });
    }

    fn row(&mut self, name: &str) -> usize {
        if let Some(row) = self.places.get(name) {
            return *row;
        }
        self.places.insert(name.to_owned(), self.rows.len());
        self.rows.push(name.to_owned());
        self.rows.len() - 1
    }

    /// How many steps there are.
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// The steps that were left out for want of room.
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// What is followed, by name.
    pub fn rows(&self) -> &[String] {
        &self.rows
    }

    /// The film for the page's script: `frames` are arrays of the microseconds since the
    /// frame before, of pairs (number of the request or 0, index into `words`), and of pairs
    /// (cell, value).
    pub fn value(&self, script: &Script<'_>) -> Value {
        let mut words: Vec<String> = Vec::new();
        let mut known: BTreeMap<String, usize> = BTreeMap::new();
        let mut last = None;
        let mut frames = Vec::with_capacity(self.frames.len());
        for frame in &self.frames {
            let micros = script.micros(frame.at);
            let mut told = Vec::with_capacity(frame.entries.len() * 2);
            let mut lines: Vec<(usize, String)> = frame
                .entries
                .iter()
                .map(|entry| script.line(*entry))
                .collect();
            if lines.is_empty() {
                lines.push((0, script.words.put("line", "the proxy starts").into_owned()));
            }
            for (request, text) in lines {
                let next = words.len();
                let index = *known.entry(text).or_insert_with_key(|text| {
                    words.push(text.clone());
                    next
                });
                told.extend([request, index]);
            }
            let changes = frame.changes.iter().flat_map(|(cell, value)| {
                let value = value
                    .parse::<u64>()
                    .map_or_else(|_| json!(value), |n| json!(n));
                [json!(cell), value]
            });
            let changes: Vec<Value> = changes.collect();
            frames.push(json!([micros - last.unwrap_or(0), told, changes]));
            last = Some(micros);
        }
        json!({
            "columns": COLUMNS,
            "rows": self.rows,
            "words": words,
            "frames": frames,
            "left_out": self.left_out,
            "position": script.words.put("page", "@1, step @2 of @3"),
        })
    }
}
