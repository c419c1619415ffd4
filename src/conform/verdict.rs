//! The verdict on one recording: agreement, or the first operation the core did otherwise.

use std::fmt;

use balance::Version;
use serde_json::Value;

use super::recording::{Operation, Recording, RecordingError, Seen};
use super::replay::Replay;

/// What came of replaying one recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The recording's name.
    pub name: String,
    /// The first word of its `balance`, such as `leastconn` or `hdr`.
    pub algorithm: String,
    /// How many operations it has.
    pub operations: usize,
    /// How many of them are requests.
    pub requests: usize,
    /// The first operation that went otherwise, if any.
    pub difference: Option<Difference>,
}

/// The first operation that the core answered otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Its line in the recording, from 1.
    pub line: usize,
    /// The operation, in the words of the format.
    pub operation: String,
    /// Every word that differs: its place, what HAProxy did, what the core did.
    pub words: Vec<(String, String, String)>,
    /// What the core noted meanwhile: its reasons.
    pub reason: Vec<String>,
}

/// Written where one side says nothing.
const NOTHING: &str = "nothing";

impl Verdict {
    /// Replays `recording` with the decisions of `profile`, or else of the recorded version.
    ///
    /// # Errors
    /// Line 1 describes a backend that the core refuses.
    pub fn of(recording: &Recording, profile: Option<Version>) -> Result<Self, RecordingError> {
        let mut replay = Replay::new(&recording.head, profile, 0)?;
        let mut difference = None;
        for step in &recording.steps {
            let words = match replay.step(&step.operation) {
                Ok(seen) => differing(&step.operation, &step.seen, &seen),
                Err(stuck) => vec![("rest".into(), "at rest".into(), stuck.to_string())],
            };
            if !words.is_empty() {
                difference = Some(Difference {
                    line: step.line,
                    operation: step.operation.words(),
                    words,
                    reason: super::reason::of(&replay),
                });
                break;
            }
        }
        Ok(Self {
            name: recording.head.name.clone(),
            algorithm: algorithm(recording),
            operations: recording.steps.len(),
            requests: recording.requests(),
            difference,
        })
    }
}

/// The first word of the backend's `balance`, without arguments.
pub fn algorithm(recording: &Recording) -> String {
    let arguments = recording.head.backend.balance.as_deref();
    let word = arguments.unwrap_or("roundrobin");
    let end = word.find([' ', '(']).unwrap_or(word.len());
    word[..end].to_owned()
}

/// Every word in which two observations of one operation differ.
fn differing(operation: &Operation, recorded: &Seen, core: &Seen) -> Vec<(String, String, String)> {
    let mut recorded = recorded.words();
    if matches!(operation, Operation::End(_)) && recorded.get("status") == Some(&Value::from(200)) {
        // Written when the program did not hold the request and the recorder had to.
        recorded.shift_remove("status");
    }
    let mut differences = Vec::new();
    compare(
        "",
        &Value::Object(recorded),
        &Value::Object(core.words()),
        &mut differences,
    );
    differences
}

fn compare(place: &str, one: &Value, other: &Value, found: &mut Vec<(String, String, String)>) {
    let inner = |word: &str| match place {
        "" => word.to_owned(),
        _ => format!("{place}.{word}"),
    };
    match (one, other) {
        (Value::Object(a), Value::Object(b)) => {
            let new = b.keys().filter(|word| !a.contains_key(*word));
            for word in a.keys().chain(new) {
                let text = |value: Option<&Value>| {
                    value.map_or_else(|| NOTHING.to_owned(), ToString::to_string)
                };
                match (a.get(word), b.get(word)) {
                    (Some(x), Some(y)) => compare(&inner(word), x, y, found),
                    (x, y) => found.push((inner(word), text(x), text(y))),
                }
            }
        }
        (Value::Array(a), Value::Array(b))
            if a.len() == b.len() && a.iter().chain(b).all(Value::is_object) =>
        {
            for (at, (x, y)) in a.iter().zip(b).enumerate() {
                let name = x.get("svname").or_else(|| x.get("srv_name"));
                let name = name.and_then(Value::as_str);
                compare(
                    &inner(&name.map_or(at.to_string(), str::to_owned)),
                    x,
                    y,
                    found,
                );
            }
        }
        (x, y) if x == y => {}
        (x, y) => found.push((place.to_owned(), x.to_string(), y.to_string())),
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "line {}: {}", self.line, self.operation)?;
        for (word, recorded, core) in &self.words {
            writeln!(f, "  {word}: HAProxy {recorded}, the core {core}")?;
        }
        for reason in &self.reason {
            writeln!(f, "  because {reason}")?;
        }
        Ok(())
    }
}
