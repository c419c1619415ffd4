//! Tree to schema: a serde deserializer over the tree that says what does not fit, and where.
//!
//! Serde stops at the first misfit. [`decode`] takes the culprit out of the tree and tries
//! again, until what is left fits: so every misfit is reported, and what is left can
//! still be checked for sense.

mod source;

use std::fmt;

use serde::de::{self, DeserializeOwned, Expected, Unexpected};

use self::source::Source;
use crate::scenario::diagnostic::{Code, Diagnostic};
use crate::scenario::locate::Place;
use crate::scenario::suggest;
use crate::scenario::tree::{Node, Record, Value};

/// Reads a `T` from `root`, complaining to `notes` about everything that does not fit and
/// cutting it out of `root`.
pub(crate) fn decode<T: DeserializeOwned + Default>(
    root: &mut Node,
    notes: &mut Vec<Diagnostic>,
) -> T {
    loop {
        match T::deserialize(Source { node: root }) {
            Ok(value) => return value,
            Err(misfit) => {
                let place = misfit.place.unwrap_or(root.place);
                let (name, cut) = prune(root, &misfit.path);
                notes.extend(misfit.kind.diagnostic(name.as_deref(), place));
                if !cut {
                    return T::default();
                }
            }
        }
    }
}

/// Takes the value at `path` (innermost step first) out of the tree. Says what the value
/// is called, and whether it could be found.
fn prune(root: &mut Node, path: &[Step]) -> (Option<String>, bool) {
    let Some((last, way)) = path.split_first() else {
        return (None, false);
    };
    let mut node = root;
    let mut name = None;
    for step in way.iter().rev() {
        let inner = match (step, argument(node)) {
            (Step::Entry(index) | Step::Key(index), Value::Record(record)) => {
                let entry = record.entries.get_mut(*index);
                entry.map(|entry| {
                    name = Some(entry.key.clone());
                    &mut entry.value
                })
            }
            (Step::Item(index), Value::List(items, _)) => items.get_mut(*index),
            _ => None,
        };
        let Some(inner) = inner else {
            return (name, false);
        };
        node = inner;
    }
    match (last, argument(node)) {
        (Step::Entry(index), Value::Record(record)) if *index < record.entries.len() => {
            let entry = &mut record.entries[*index];
            name = Some(entry.key.clone());
            if entry.value.value == Value::Bad {
                // Nothing can stand for a value of this kind.
                record.take_out(*index);
            } else {
                entry.value.value = Value::Bad;
            }
            (name, true)
        }
        (Step::Key(index), Value::Record(record)) if *index < record.entries.len() => {
            record.take_out(*index);
            (name, true)
        }
        (Step::Item(index), Value::List(items, _)) if *index < items.len() => {
            items.remove(*index);
            (name, true)
        }
        _ => (name, false),
    }
}

impl Record {
    /// Removes an entry and remembers its name.
    fn take_out(&mut self, index: usize) {
        let entry = self.entries.remove(index);
        self.holes.push(entry.key);
    }
}

/// The value, or the argument if it is a call.
fn argument(node: &mut Node) -> &mut Value {
    match node.value {
        Value::Call(_, _, ref mut inner) => argument(inner),
        ref mut value => value,
    }
}

/// Something that does not fit the schema.
#[derive(Debug)]
struct Misfit {
    kind: Kind,
    place: Option<Place>,
    /// The way to the culprit, innermost step first.
    path: Vec<Step>,
}

/// One step from a value to a part of it.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// The value of an entry.
    Entry(usize),
    /// An entry, because of its name.
    Key(usize),
    /// An item of a list.
    Item(usize),
}

#[derive(Debug)]
enum Kind {
    /// The value was bad already.
    Said,
    Mismatch {
        found: String,
        wanted: String,
    },
    UnknownKey(String, &'static [&'static str]),
    UnknownWord(String, &'static [&'static str]),
    Missing(&'static str),
    Other(String),
}

impl Kind {
    /// The complaint about the value called `name` at `place`; none if it has been made.
    fn diagnostic(self, name: Option<&str>, place: Place) -> Option<Diagnostic> {
        Some(match self {
            Self::Said => return None,
            Self::Mismatch { found, wanted } => {
                let who = name.map_or("the scenario".to_owned(), |name| format!("`{name}`"));
                let wanted_here = plain(&wanted);
                let message = format!("{who} needs {wanted_here}, not {found}");
                let code = if is_about_brackets(&found, &wanted) {
                    Code::Brackets
                } else {
                    Code::Kind
                };
                with_help(Diagnostic::new(code, message, place), &found, &wanted)
            }
            Self::UnknownKey(key, known) => {
                let message = match name {
                    Some(name) => format!("`{name}` has no setting `{key}`"),
                    None => format!("a scenario has no setting `{key}`"),
                };
                let note = Diagnostic::new(Code::UnknownKey, message, place);
                suggest::attach(note, &key, known)
            }
            Self::UnknownWord(word, known) => {
                let message = match name {
                    Some(name) => format!("`{word}` is no value of `{name}`"),
                    None => format!("there is no `{word}` here"),
                };
                let note = Diagnostic::new(Code::UnknownWord, message, place);
                suggest::attach(note, &word, known)
            }
            Self::Missing(key) => {
                Diagnostic::new(Code::Missing, format!("`{key}` is missing"), place)
            }
            Self::Other(message) => Diagnostic::new(Code::Kind, message, place),
        })
    }
}

/// Serde's words for kinds, in the language's.
fn plain(wanted: &str) -> &str {
    match wanted {
        "a string" | "string" => "a text in quotes",
        "i64" => "a whole number",
        "u64" => "a whole number, 0 or more",
        "f64" => "a number",
        "a boolean" => "`true` or `false`",
        "a sequence" => "a list in [ ]",
        "a tuple of size 2" => "a pair ( , )",
        other => other,
    }
}

/// Whether the parts are right and only stand in the wrong brackets.
fn is_about_brackets(found: &str, wanted: &str) -> bool {
    (wanted.starts_with("settings") && found.starts_with("names in { }"))
        || (wanted.starts_with("names") && found.starts_with("settings"))
}

/// Adds what to write instead, where that can be told.
fn with_help(note: Diagnostic, found: &str, wanted: &str) -> Diagnostic {
    let number = found.strip_prefix("the number ");
    let text = found
        .strip_prefix("the text \"")
        .and_then(|text| text.strip_suffix('"'))
        .filter(|text| text.parse::<f64>().is_ok());
    if wanted.starts_with("settings") && found.starts_with("names in { }") {
        note.help("settings stand in ( ); { } is for names that you choose")
    } else if wanted.starts_with("names") && found.starts_with("settings") {
        note.help("names that you choose stand in { }, each in quotes: { \"s1\": (...) }")
    } else if wanted == "a sequence" {
        note.help("a list is written [a, b, c]")
    } else if let (Some(number), "a string") = (number, wanted) {
        note.help(format!("write \"{number}\""))
    } else if let (Some(text), "i64" | "u64" | "f64") = (text, wanted) {
        note.help(format!("write {text} without quotes"))
    } else {
        note
    }
}

impl Misfit {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            place: None,
            path: Vec::new(),
        }
    }

    /// Says where, unless an inner part has.
    fn at(mut self, place: Place) -> Self {
        self.place.get_or_insert(place);
        self
    }

    /// Says on which way.
    fn through(mut self, step: Step) -> Self {
        self.path.push(step);
        self
    }

    /// The culprit is this whole value: its parts cannot be missed one by one.
    fn whole(mut self) -> Self {
        self.path.clear();
        self
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.kind)
    }
}

impl std::error::Error for Misfit {}

impl de::Error for Misfit {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(Kind::Other(message.to_string()))
    }

    fn invalid_type(found: Unexpected<'_>, wanted: &dyn Expected) -> Self {
        // `Source` describes what it found itself, in words of the language.
        let found = match found {
            Unexpected::Other(found) => found.to_owned(),
            Unexpected::Signed(number) => format!("the number {number}"),
            Unexpected::Unsigned(number) => format!("the number {number}"),
            Unexpected::Float(number) => format!("the number {number}"),
            found => found.to_string(),
        };
        Self::new(Kind::Mismatch {
            found,
            wanted: wanted.to_string(),
        })
    }

    fn invalid_value(found: Unexpected<'_>, wanted: &dyn Expected) -> Self {
        Self::invalid_type(found, wanted)
    }

    fn invalid_length(found: usize, wanted: &dyn Expected) -> Self {
        Self::new(Kind::Mismatch {
            found: format!("{found} values"),
            wanted: wanted.to_string(),
        })
    }

    fn unknown_field(name: &str, known: &'static [&'static str]) -> Self {
        Self::new(Kind::UnknownKey(name.to_owned(), known))
    }

    fn unknown_variant(name: &str, known: &'static [&'static str]) -> Self {
        Self::new(Kind::UnknownWord(name.to_owned(), known))
    }

    fn missing_field(name: &'static str) -> Self {
        Self::new(Kind::Missing(name))
    }
}
