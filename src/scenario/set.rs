//! Changes by path: `replace` in a file and `--set` on the command line.

use crate::scenario::diagnostic::{Code, Diagnostic};
use crate::scenario::locate::{Files, Place};
use crate::scenario::read::{Dialect, read};
use crate::scenario::suggest;
use crate::scenario::tree::{Brackets, Entry, Hint, Node, Record, Text, Value};

/// What the names of texts from the command line begin with.
pub(crate) const COMMAND: &str = "--set ";

/// Changes typed on the command line, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `nodes.s1.delay=250ms`
    pub list: Vec<String>,
    /// Changes of nodes, `s1.delay=250ms`; they come first.
    pub nodes: Vec<String>,
}

impl Overrides {
    /// The changes `list`, each `path=value`.
    pub fn new(list: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            list: list.into_iter().map(Into::into).collect(),
            nodes: Vec::new(),
        }
    }

    /// Carries them out on `root`.
    pub(crate) fn apply(&self, root: &mut Node, files: &mut Files, notes: &mut Vec<Diagnostic>) {
        for change in &self.nodes {
            let name = format!("--node {change}");
            one(root, &name, &format!("nodes.{change}"), files, notes);
        }
        for change in &self.list {
            one(root, &format!("{COMMAND}{change}"), change, files, notes);
        }
    }
}

/// Carries out the change that the command line calls `name`.
fn one(root: &mut Node, name: &str, change: &str, files: &mut Files, notes: &mut Vec<Diagnostic>) {
    let file = files.add(name, change);
    let Some((path, value)) = change.split_once('=') else {
        let place = Place::new(file, 0, change.len());
        notes.push(
            Diagnostic::new(Code::Path, "a change is written path=value", place)
                .help("for example: --set nodes.s1.delay=250ms"),
        );
        return;
    };
    let place = Place::new(file, 0, path.len());
    let value_place = Place::new(file, path.len() + 1, change.len());
    let value = typed(value, value_place);
    set(root, path.trim(), place, value, notes);
}

/// A value typed without quotes: brackets and numbers are read, the rest is text.
fn typed(text: &str, place: Place) -> Node {
    let structured = text.trim_start().starts_with(['[', '(', '{', '"', '-'])
        || text.trim_start().starts_with(|c: char| c.is_ascii_digit())
        || matches!(text.trim(), "true" | "false" | "None")
        || text.trim_end().ends_with(')');
    // Blanks keep the bytes of the value where they are in the argument.
    let padded = " ".repeat(place.start as usize) + text;
    if structured {
        let read = read(place.file, &padded, Dialect::Ron, &mut Vec::new());
        if let Some(mut node) = read.filter(|node| !has_bad(node)) {
            if let Value::Number(number) = &mut node.value {
                number.loose = true;
            }
            return node;
        }
    }
    let text = Text {
        text: text.to_owned(),
        lead: Some(0),
    };
    Node::new(place, Value::Text(text))
}

fn has_bad(node: &Node) -> bool {
    match &node.value {
        Value::Bad => true,
        Value::List(items, _) => items.iter().any(has_bad),
        Value::Record(record) => record.entries.iter().any(|entry| has_bad(&entry.value)),
        Value::Call(_, _, argument) => has_bad(argument),
        _ => false,
    }
}

/// Puts `value` where `path` leads from `root`. `place` is where the path is written.
pub(crate) fn set(
    root: &mut Node,
    path: &str,
    place: Place,
    value: Node,
    notes: &mut Vec<Diagnostic>,
) {
    if path.is_empty() {
        notes.push(Diagnostic::new(Code::Path, "the path is empty", place));
        return;
    }
    declare_servers(root, path, place);
    // The quotes around a path in a file are not part of it.
    let lead = usize::from((place.end - place.start) as usize == path.len() + 2);
    let mut walk = Walk {
        path,
        place,
        lead,
        notes,
    };
    walk.follow(root, 0, value);
}

/// Servers can be changed although no file lists them: then there is one for each node.
fn declare_servers(root: &mut Node, path: &str, place: Place) {
    let single = path.starts_with("proxy.servers.") && root.field("config").is_none();
    let listed = root
        .field("proxy")
        .and_then(|proxy| proxy.value.field("servers"))
        .is_some();
    if !single || listed {
        return;
    }
    let nodes = root.field("nodes").and_then(|nodes| nodes.value.record());
    let names: Vec<Entry> = nodes
        .into_iter()
        .flat_map(|nodes| &nodes.entries)
        .map(|node| Entry {
            key: node.key.clone(),
            key_place: node.key_place,
            value: empty(place, Brackets::Round),
        })
        .collect();
    let Some(record) = root.record_mut() else {
        return;
    };
    let proxy = child(record, "proxy", place);
    let Some(record) = proxy.record_mut() else {
        return;
    };
    let servers = child(record, "servers", place);
    servers.value = Value::Record(Record {
        found: Hint::default(),
        entries: names,
        brackets: Brackets::Curly,
        holes: Vec::new(),
    });
}

/// The entry called `key`, made if it was not there.
fn child<'a>(record: &'a mut Record, key: &str, place: Place) -> &'a mut Node {
    let index = record.entries.iter().position(|entry| entry.key == key);
    let index = index.unwrap_or_else(|| {
        record.entries.push(Entry {
            key: key.to_owned(),
            key_place: place,
            value: empty(place, Brackets::Round),
        });
        record.entries.len() - 1
    });
    &mut record.entries[index].value
}

fn empty(place: Place, brackets: Brackets) -> Node {
    Node::new(
        place,
        Value::Record(Record {
            found: Hint::default(),
            entries: Vec::new(),
            brackets,
            holes: Vec::new(),
        }),
    )
}

struct Walk<'a> {
    path: &'a str,
    place: Place,
    lead: usize,
    notes: &'a mut Vec<Diagnostic>,
}

impl Walk<'_> {
    /// Follows the path from its byte `at` into `node`.
    fn follow(&mut self, node: &mut Node, at: usize, value: Node) {
        let rest = &self.path[at..];
        if rest.is_empty() {
            *node = value;
            return;
        }
        if let Value::Call(_, _, argument) = &mut node.value {
            return self.follow(argument, at, value);
        }
        match &mut node.value {
            Value::Record(record) => self.follow_record(record, at, value),
            Value::List(items, _) => {
                let step = rest.split('.').next().unwrap_or(rest);
                let index = step.parse::<usize>().ok().filter(|&i| i < items.len());
                if let Some(index) = index {
                    let next = (at + step.len() + 1).min(self.path.len());
                    return self.follow(&mut items[index], next, value);
                }
                let complaint = Diagnostic::new(
                    Code::Path,
                    format!("`{step}` is not a place in this list"),
                    self.part(at, step.len()),
                );
                let complaint = match items.len() {
                    0 => complaint.label("the list is empty"),
                    1 => complaint.accepted("0"),
                    count => complaint.accepted(format!("0 to {}", count - 1)),
                };
                self.notes.push(complaint);
            }
            Value::Bad => {}
            _ => {
                let complaint = Diagnostic::new(
                    Code::Path,
                    format!("there is nothing inside {}", node.describe()),
                    self.part(at, rest.len()),
                );
                self.notes
                    .push(complaint.also(node.place, "this is a single value"));
            }
        }
    }

    fn follow_record(&mut self, record: &mut Record, at: usize, value: Node) {
        let rest = &self.path[at..];
        // Names may contain dots themselves: the longest name that fits is meant.
        let known = record
            .entries
            .iter()
            .enumerate()
            .filter(|(_, entry)| {
                rest.strip_prefix(entry.key.as_str())
                    .is_some_and(|after| after.is_empty() || after.starts_with('.'))
            })
            .max_by_key(|(_, entry)| entry.key.len())
            .map(|(index, entry)| (index, entry.key.len()));
        if let Some((index, len)) = known {
            let next = (at + len + 1).min(self.path.len());
            let entry = &mut record.entries[index];
            if next == self.path.len() {
                entry.key_place = self.part(at, len);
            }
            return self.follow(&mut entry.value, next, value);
        }
        let step = rest.split('.').next().unwrap_or(rest);
        let place = self.part(at, step.len());
        // Names of the author's own are declared in a file, not by a path.
        if record.brackets != Brackets::Round && !record.entries.is_empty() {
            let known = record.entries.iter().map(|entry| entry.key.as_str());
            let complaint =
                Diagnostic::new(Code::Path, format!("there is no `{step}` here"), place);
            self.notes.push(suggest::attach(complaint, step, known));
            return;
        }
        let next = (at + step.len() + 1).min(self.path.len());
        let mut made = empty(place, Brackets::Round);
        self.follow(&mut made, next, value);
        record.entries.push(Entry {
            key: step.to_owned(),
            key_place: place,
            value: made,
        });
    }

    fn part(&self, at: usize, len: usize) -> Place {
        self.place.part(self.lead + at, len)
    }
}
