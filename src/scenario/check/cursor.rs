//! A cursor that follows the tree while the check reads the schema, and knows places.

use std::ops::Range;

use crate::scenario::locate::Place;
use crate::scenario::tree::{Brackets, Node, Value};

/// A value of the schema as it stands in the text, or the place where it would stand.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    node: Option<&'a Node>,
    /// Where to point when a part of this is missing: its name.
    head: Place,
    /// What it is called; empty for items and the whole.
    key: &'a str,
}

impl<'a> At<'a> {
    pub(crate) fn root(node: &'a Node) -> Self {
        Self {
            node: Some(node),
            head: first_byte(node),
            key: "",
        }
    }

    /// The setting called `key`. If it is not there, the cursor stays where it is missing.
    pub(crate) fn field(self, key: &str) -> Self {
        let Some(node) = self.node else {
            return self;
        };
        match node.field(key) {
            Some(entry) => Self {
                node: Some(&entry.value),
                head: entry.key_place,
                key: &entry.key,
            },
            // What is missing in a value that was refused was perhaps there.
            None if self.is_bad() => self,
            None => Self {
                node: None,
                head: self.head,
                key: "",
            },
        }
    }

    /// The item at `index` of a list.
    pub(crate) fn item(self, index: usize) -> Self {
        let Some(Value::List(items, _)) = self.node.map(|node| &node.value) else {
            return self;
        };
        match items.get(index) {
            Some(node) => Self {
                node: Some(node),
                head: first_byte(node),
                key: self.key,
            },
            None => self,
        }
    }

    /// What stands in the brackets of `word(...)`, in JSON `{"word": ...}`.
    pub(crate) fn inside(self) -> Self {
        let inner = match self.node.map(|node| &node.value) {
            Some(Value::Call(_, _, argument)) => match &argument.value {
                Value::List(items, Brackets::Round) if items.len() == 1 => &items[0],
                _ => &**argument,
            },
            Some(Value::Record(record))
                if record.brackets == Brackets::Json && record.entries.len() == 1 =>
            {
                &record.entries[0].value
            }
            _ => return self,
        };
        Self {
            node: Some(inner),
            ..self
        }
    }

    /// The value's place; the nearest name if it is missing.
    pub(crate) fn place(self) -> Place {
        self.node.map_or(self.head, |node| match node.value {
            // Long things are better pointed at by their names.
            Value::Record(_) | Value::Call(..) => self.head,
            _ => node.place,
        })
    }

    /// What it is called; empty for the whole file.
    pub(crate) fn key(self) -> &'a str {
        self.key
    }

    /// The names of entries that were refused.
    pub(crate) fn holes(self) -> &'a [String] {
        self.node
            .and_then(Node::record)
            .map_or(&[], |record| &record.holes)
    }

    /// The name it has, or where it begins.
    pub(crate) fn head(self) -> Place {
        self.head
    }

    /// Some bytes of a text; the whole if they cannot be told.
    pub(crate) fn part(self, bytes: Range<usize>) -> Place {
        match self.node.map(|node| (&node.value, node.place)) {
            Some((Value::Text(text), place)) => match text.lead {
                Some(lead) => place.part(lead as usize + bytes.start, bytes.len()),
                None => place,
            },
            Some((Value::Word(_), place)) => place.part(bytes.start, bytes.len()),
            _ => self.place(),
        }
    }

    /// How many bytes of a text's place come before it; none if its bytes cannot be told.
    pub(crate) fn lead(self) -> Option<u32> {
        match self.node.map(|node| &node.value) {
            Some(Value::Text(text)) => text.lead,
            Some(Value::Word(_)) => Some(0),
            _ => None,
        }
    }

    /// Whether the author wrote it.
    pub(crate) fn is_there(self) -> bool {
        self.node.is_some()
    }

    /// Whether something about it has been said already.
    pub(crate) fn is_bad(self) -> bool {
        self.node.is_some_and(|node| node.value == Value::Bad)
    }
}

fn first_byte(node: &Node) -> Place {
    match &node.value {
        Value::Call(_, place, _) => *place,
        Value::Record(_) | Value::List(..) => node.place.part(0, 1),
        _ => node.place,
    }
}
