//! `extends` and `replace`: a file that changes another one.

use crate::scenario::Source;
use crate::scenario::diagnostic::{Code, Diagnostic};
use crate::scenario::locate::{FileId, Files, Place};
use crate::scenario::read::{Dialect, read};
use crate::scenario::set;
use crate::scenario::tree::{Brackets, Node, Record, Value};

/// Reads the file called `name` and everything it extends, and merges them into one tree.
/// `asked` is where the name was written, if in a file.
pub(crate) fn load(
    name: &str,
    asked: Option<Place>,
    source: &dyn Source,
    files: &mut Files,
    notes: &mut Vec<Diagnostic>,
) -> Option<Node> {
    let mut chain = Vec::new();
    Loader {
        source,
        files,
        notes,
    }
    .load(name, asked, &mut chain)
}

struct Loader<'a> {
    source: &'a dyn Source,
    files: &'a mut Files,
    notes: &'a mut Vec<Diagnostic>,
}

impl Loader<'_> {
    fn load(&mut self, name: &str, asked: Option<Place>, chain: &mut Vec<String>) -> Option<Node> {
        if let Some(begin) = chain.iter().position(|earlier| earlier == name) {
            let mut circle = chain[begin..].to_vec();
            circle.push(name.to_owned());
            let place = asked.unwrap_or_default();
            self.notes.push(
                Diagnostic::new(Code::Circle, "`extends` leads in a circle", place)
                    .label(circle.join(" -> ")),
            );
            return None;
        }
        let file = read_text(name, asked, self.source, self.files, self.notes)?;
        let text = self.files.file(file).text.clone();
        let mut node = read(file, &text, Dialect::of(name), self.notes)?;
        // For editors; says nothing to us.
        take(&mut node, "$schema");
        let base = take(&mut node, "extends");
        let replaced = take(&mut node, "replace");
        chain.push(name.to_owned());
        let mut whole = match base.and_then(|base| self.base_name(name, &base)) {
            None => node,
            Some((base, place)) => {
                let mut whole = self.load(&base, Some(place), chain)?;
                merge(&mut whole, node);
                whole
            }
        };
        chain.pop();
        if let Some(replaced) = replaced {
            self.replace(&mut whole, replaced);
        }
        Some(whole)
    }

    /// The name of the base, relative to the file that names it.
    fn base_name(&mut self, name: &str, base: &Node) -> Option<(String, Place)> {
        if base.value == Value::Bad {
            return None;
        }
        let Some(text) = base.text() else {
            self.notes.push(
                Diagnostic::new(
                    Code::Kind,
                    format!("the name of a file is needed here, not {}", base.describe()),
                    base.place,
                )
                .help("write extends: \"base.ron\""),
            );
            return None;
        };
        Some((beside(name, text), base.place))
    }

    fn replace(&mut self, whole: &mut Node, replaced: Node) {
        let found = replaced.describe();
        let place = replaced.place;
        match replaced.value {
            Value::Bad => {}
            Value::Record(record)
                if record.brackets != Brackets::Round || record.entries.is_empty() =>
            {
                for entry in record.entries {
                    set::set(whole, &entry.key, entry.key_place, entry.value, self.notes);
                }
            }
            _ => self.notes.push(
                Diagnostic::new(
                    Code::Kind,
                    format!("paths in {{ }} are needed here, not {found}"),
                    place,
                )
                .help("write replace: { \"nodes.s1.delay\": \"250ms\" }"),
            ),
        }
    }
}

/// Reads a text that some file (or the command line) names.
pub(crate) fn read_text(
    name: &str,
    asked: Option<Place>,
    source: &dyn Source,
    files: &mut Files,
    notes: &mut Vec<Diagnostic>,
) -> Option<FileId> {
    match source.text(name) {
        Ok(text) => Some(files.add(name, text)),
        Err(why) => {
            let place = asked.unwrap_or_else(|| {
                let file = files.add(name, "");
                Place::new(file, 0, 0)
            });
            notes.push(Diagnostic::new(
                Code::File,
                format!("{name} cannot be read: {why}"),
                place,
            ));
            None
        }
    }
}

/// `other` as seen from the folder of the file called `name`.
pub(crate) fn beside(name: &str, other: &str) -> String {
    let folder = name.rfind('/').map_or("", |slash| &name[..=slash]);
    if other.starts_with('/') || folder.is_empty() {
        return other.to_owned();
    }
    let mut parts: Vec<&str> = folder.trim_end_matches('/').split('/').collect();
    let mut rest = other;
    loop {
        if let Some(after) = rest.strip_prefix("./") {
            rest = after;
        } else if let (Some(after), Some(last)) = (rest.strip_prefix("../"), parts.last()) {
            if matches!(*last, "" | "." | "..") {
                break;
            }
            parts.pop();
            rest = after;
        } else {
            break;
        }
    }
    parts.push(rest);
    parts.join("/")
}

/// Removes the entry called `key` and returns its value.
fn take(node: &mut Node, key: &str) -> Option<Node> {
    let record = node.record_mut()?;
    let index = record.entries.iter().position(|entry| entry.key == key)?;
    Some(record.entries.remove(index).value)
}

/// Puts `changes` over `base`: names are merged, everything else is replaced.
pub(crate) fn merge(base: &mut Node, changes: Node) {
    match (&mut base.value, changes.value) {
        (Value::Record(old), Value::Record(new)) => merge_records(old, new),
        (Value::Call(word, _, old), Value::Call(same, _, new)) if *word == same => {
            merge(old, *new);
        }
        (_, value) => {
            *base = Node::new(changes.place, value);
        }
    }
}

fn merge_records(base: &mut Record, changes: Record) {
    for entry in changes.entries {
        match base.entry_mut(&entry.key) {
            Some(old) => {
                old.key_place = entry.key_place;
                merge(&mut old.value, entry.value);
            }
            None => base.entries.push(entry),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_relative_to_the_file_that_names() {
        for (file, other, found) in [
            ("a.ron", "b.ron", "b.ron"),
            ("lab3/a.ron", "b.ron", "lab3/b.ron"),
            ("lab3/a.ron", "../b.ron", "b.ron"),
            ("/x/lab3/a.ron", "../../b.ron", "/b.ron"),
            ("../a.ron", "../b.ron", "../../b.ron"),
            ("lab3/a.ron", "./base/b.ron", "lab3/base/b.ron"),
            ("lab3/a.ron", "/b.ron", "/b.ron"),
        ] {
            let found_now = beside(file, other);
            assert_eq!(found_now.trim_start_matches("./"), found, "{file} {other}");
        }
    }
}
