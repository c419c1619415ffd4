//! What became of each key, while the file is walked.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::super::yaml::{Id, Value, Yaml};
use super::super::{Directive, Status};
use crate::scenario::diagnostic::{Diagnostic, Severity};
use crate::scenario::{FileId, Place};

/// So many complaints are kept, and as many again if they refuse the file.
const KEPT: usize = 500;

/// Keys longer than this are cut where they are told.
const LONG: usize = 60;

/// The ledger and the complaints.
#[derive(Debug, Default)]
pub(super) struct Out {
    notes: Vec<Diagnostic>,
    /// By place, so that what several services share stands there once.
    entries: BTreeMap<Place, Directive>,
    /// Where the lines of each text begin.
    lines: BTreeMap<FileId, Vec<u32>>,
}

/// What is to be said about a key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fate {
    pub(super) status: Status,
    pub(super) why: &'static str,
}

/// The simulation follows it.
pub(super) const MODELLED: Fate = Fate {
    status: Status::Modelled,
    why: "",
};

impl Out {
    /// Adds a complaint.
    pub(super) fn say(&mut self, note: Diagnostic) {
        let room = match note.severity() {
            Severity::Error => 2 * KEPT,
            Severity::Warning => KEPT,
        };
        if self.notes.len() < room {
            self.notes.push(note);
        }
    }

    /// Whether more complaints are not kept.
    pub(super) fn is_full(&self) -> bool {
        self.notes.len() >= KEPT
    }

    /// Learns the lines of a text.
    pub(super) fn open(&mut self, file: FileId, text: &str) {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = ends.map(|(at, _)| at as u32 + 1);
        self.lines
            .insert(file, std::iter::once(0).chain(starts).collect());
    }

    fn line(&self, place: Place) -> u32 {
        let lines = &self.lines[&place.file];
        lines.partition_point(|&start| start <= place.start) as u32
    }

    /// Enters what becomes of the words at `place`; says whether nothing was known of it.
    pub(super) fn enter(
        &mut self,
        place: Place,
        keyword: &str,
        status: Status,
        why: impl Into<Cow<'static, str>>,
    ) -> bool {
        let key = Place {
            end: place.start,
            ..place
        };
        if self.entries.contains_key(&key) {
            return false;
        }
        let directive = Directive {
            place,
            line: self.line(place),
            keyword: keyword.to_owned().into(),
            status,
            why: why.into(),
        };
        self.entries.insert(key, directive);
        true
    }

    /// Enters the key `key` with `value`, and every key inside of it, with one fate.
    pub(super) fn cover(&mut self, yaml: &Yaml, path: &str, key: Id, value: Id, fate: Fate) {
        let place = whole(yaml, key, value);
        if self.enter(place, path, fate.status, fate.why) && yaml.meant(value) == value {
            self.inside(yaml, path, value, fate);
        }
    }

    /// Enters every key inside of `value`.
    pub(super) fn inside(&mut self, yaml: &Yaml, path: &str, value: Id, fate: Fate) {
        if yaml.meant(value) != value {
            return;
        }
        match yaml.value(value) {
            Value::Map(pairs) => {
                for &(key, inner) in pairs {
                    let path = under(path, yaml.text(key).unwrap_or_default());
                    self.cover(yaml, &path, key, inner, fate);
                }
            }
            Value::List(items) => {
                for (index, &item) in items.iter().enumerate() {
                    let place = yaml.place(item);
                    if matches!(yaml.value(item), Value::Map(_) | Value::List(_)) {
                        self.inside(yaml, path, item, fate);
                    } else if self.begins(place) {
                        let path = under(path, &index.to_string());
                        self.enter(place, &path, fate.status, fate.why);
                    }
                }
            }
            _ => {}
        }
    }

    /// Whether nothing is known yet of the line that `place` begins on, up to there.
    fn begins(&self, place: Place) -> bool {
        let start = self.lines[&place.file][self.line(place) as usize - 1];
        let line = Place {
            start,
            end: start,
            ..place
        };
        let here = Place {
            end: u32::MAX,
            ..place
        };
        self.entries.range(line..=here).next().is_none()
    }

    /// Changes what becomes of the keys at `paths` and inside of them, where it was `from`.
    pub(super) fn change(&mut self, paths: &BTreeSet<String>, from: Status, fate: Fate) {
        for entry in self.entries.values_mut() {
            let keyword = entry.keyword.as_ref();
            let dots = keyword.match_indices('.').map(|(at, _)| at);
            let mut parts = dots.chain([keyword.len()]).map(|at| &keyword[..at]);
            if entry.status == from && parts.any(|part| paths.contains(part)) {
                entry.status = fate.status;
                entry.why = fate.why.into();
            }
        }
    }

    /// The ledger in the order of the texts, and the complaints.
    pub(super) fn close(self) -> (Vec<Directive>, Vec<Diagnostic>) {
        (self.entries.into_values().collect(), self.notes)
    }
}

/// From the beginning of `key` to the end of `value`.
pub(super) fn whole(yaml: &Yaml, key: Id, value: Id) -> Place {
    let (key, value) = (yaml.place(key), yaml.place(value));
    Place {
        end: value.end.max(key.end),
        ..key
    }
}

/// The path of `key` in what is at `path`.
pub(super) fn under(path: &str, key: &str) -> String {
    let shown: String = key.chars().take(LONG).collect();
    if path.is_empty() {
        shown
    } else {
        format!("{path}.{shown}")
    }
}
