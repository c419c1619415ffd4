//! Logs that scenarios name as load: reads them, and says what of them is no request.

use std::collections::BTreeMap;

use crate::scenario::diagnostic::{Code, Diagnostic};
use crate::scenario::extends::{beside, read_text};
use crate::scenario::import::log::{self, Load, Passed};
use crate::scenario::locate::{FileId, Files, Place};
use crate::scenario::tree::{Node, Value};
use crate::scenario::{Source, set};

/// The logs of a scenario, by the client that replays each.
#[derive(Clone, Debug, Default)]
pub(crate) struct Logs {
    /// What they come to; none if the log cannot be used, which has been complained about.
    pub(crate) loads: BTreeMap<String, Option<Load>>,
}

impl Logs {
    /// The only log: `load`, replayed by `client`.
    pub(crate) fn only(client: &str, load: Load) -> Self {
        Self {
            loads: BTreeMap::from([(client.to_owned(), Some(load))]),
        }
    }
}

/// Reads the logs that the clients of `root` name.
pub(crate) fn read(
    root: &Node,
    source: &dyn Source,
    files: &mut Files,
    notes: &mut Vec<Diagnostic>,
) -> Logs {
    let mut logs = Logs::default();
    let clients = root.field("clients").and_then(|entry| entry.value.record());
    for entry in clients.into_iter().flat_map(|clients| &clients.entries) {
        let is_open = matches!(&entry.value.value, Value::Call(word, ..) if word == "arrivals")
            || entry.value.field("arrivals").is_some();
        let inner = entry
            .value
            .field("arrivals")
            .map_or(&entry.value, |inner| &inner.value);
        let Some(named) = inner.field("log").filter(|_| is_open) else {
            continue;
        };
        let Some(name) = named.value.text() else {
            continue;
        };
        let place = named.value.place;
        let asker = &files.file(place.file).name;
        let name = if asker.starts_with(set::COMMAND) {
            name.to_owned()
        } else {
            beside(asker, name)
        };
        let file = read_text(&name, Some(place), source, files, notes);
        let load = file.and_then(|file| of_file(file, files, notes));
        logs.loads.insert(entry.key.clone(), load);
    }
    logs
}

/// What the log `file` comes to, with everything about it that must be said; none if no
/// line of it is a request.
pub(crate) fn of_file(file: FileId, files: &Files, notes: &mut Vec<Diagnostic>) -> Option<Load> {
    let text = &files.file(file).text;
    let load = log::read(text);
    for passed in load.passed.iter().filter(|passed| !passed.harmless) {
        notes.push(about(passed, file, text));
    }
    if load.arrivals.is_empty() {
        let place = Place::new(file, 0, text.find('\n').unwrap_or(text.len()));
        let note = Diagnostic::new(Code::Import, "no line of this log is a request", place)
            .accepted(
                "HAProxy's HTTP log (`option httplog`, also `clf`), its TCP log, or results of \
                 JMeter as CSV or XML",
            );
        notes.push(note);
        return None;
    }
    Some(load)
}

/// That these lines are no load.
fn about(passed: &Passed, file: FileId, text: &str) -> Diagnostic {
    let first = passed.lines.first().map_or(1, |(first, _)| *first);
    let mut lines = text.split_inclusive('\n');
    let start: usize = lines.by_ref().take(first as usize - 1).map(str::len).sum();
    let line = lines.next().unwrap_or("");
    let place = Place::new(file, start, start + line.trim_end().len());
    let told = match passed.count {
        1 => format!("line {first} is not replayed"),
        count => format!("{count} lines are not replayed: {}", passed.told()),
    };
    Diagnostic::new(Code::Unplayed, told, place).label(passed.why)
}
