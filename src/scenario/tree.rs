//! What a text says before anybody asks what it means: values, each with its place.

use std::cell::Cell;

use crate::scenario::locate::Place;

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    /// Its words, brackets and quotes included.
    pub(crate) place: Place,
    /// What it is.
    pub(crate) value: Value,
}

/// The kinds of values.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// Something was wrong here and has been said: nobody complains about it again.
    Bad,
    /// Nothing at all: `None` or `null`.
    Absent,
    /// `true`, `false`
    Bool(bool),
    /// A number, as written.
    Number(Number),
    /// `"text in quotes"`
    Text(Text),
    /// A bare word: `keep`.
    Word(String),
    /// `[a, b]`, or `(a, b)` without names.
    List(Vec<Node>, Brackets),
    /// `(name: value)` or `{ "name": value }`.
    Record(Record),
    /// `word(...)`: the word and what stands in its parentheses.
    Call(String, Place, Box<Node>),
}

/// A number with its writing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Number {
    /// As written.
    pub(crate) text: String,
    /// Its value.
    pub(crate) kind: NumberKind,
    /// Typed on a command line, where quotes are a nuisance: it may also be a text.
    pub(crate) loose: bool,
}

/// Whole or not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum NumberKind {
    /// Without point and exponent.
    Whole(i128),
    /// Anything else.
    Real(f64),
}

/// A text with the way back to its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text {
    /// Without quotes, escapes resolved.
    pub(crate) text: String,
    /// How many bytes the opening quotes take; `None` if the text has escapes, so that
    /// places inside it cannot be told.
    pub(crate) lead: Option<u32>,
}

/// Which brackets something was written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Brackets {
    /// `( )`
    Round,
    /// `[ ]`
    Square,
    /// `{ }`
    Curly,
    /// `{ }` or `[ ]` in JSON, where there is no choice.
    Json,
}

/// Named values in the order written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Record {
    /// The entries.
    pub(crate) entries: Vec<Entry>,
    /// How it was written.
    pub(crate) brackets: Brackets,
    /// Names of entries that were refused and taken out.
    pub(crate) holes: Vec<String>,
    /// Where one was found last: who walks through a long list asks for the next one.
    pub(crate) found: Hint,
}

/// A place to begin looking, which says nothing about what is there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hint(Cell<usize>);

impl PartialEq for Hint {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// One named value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    /// Its name.
    pub(crate) key: String,
    /// Where the name stands, quotes included.
    pub(crate) key_place: Place,
    /// The value.
    pub(crate) value: Node,
}

impl Node {
    /// A value at a place.
    pub(crate) fn new(place: Place, value: Value) -> Self {
        Self { place, value }
    }

    /// The entries of a record, or of the record that is the argument of a call.
    pub(crate) fn record(&self) -> Option<&Record> {
        match &self.value {
            Value::Record(record) => Some(record),
            Value::Call(_, _, argument) => argument.record(),
            _ => None,
        }
    }

    /// [`record`](Self::record), to change it.
    pub(crate) fn record_mut(&mut self) -> Option<&mut Record> {
        match &mut self.value {
            Value::Record(record) => Some(record),
            Value::Call(_, _, argument) => argument.record_mut(),
            _ => None,
        }
    }

    /// The named part of a record.
    pub(crate) fn field(&self, key: &str) -> Option<&Entry> {
        self.record()?.entry(key)
    }

    /// The text, if it is one (or a word, which says the same).
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(&text.text),
            Value::Word(word) => Some(word),
            _ => None,
        }
    }

    /// What kind of thing it is, for messages: `the number 3`.
    pub(crate) fn describe(&self) -> String {
        match &self.value {
            Value::Bad | Value::Absent => "nothing".to_owned(),
            Value::Bool(value) => format!("`{value}`"),
            Value::Number(number) => format!("the number {}", number.text),
            Value::Text(text) => format!("the text {:?}", text.text),
            Value::Word(word) => format!("the word `{word}`"),
            Value::List(_, Brackets::Round) => "values without names in ( )".to_owned(),
            Value::List(..) => "a list".to_owned(),
            Value::Record(record) => match record.brackets {
                Brackets::Round => "settings in ( )".to_owned(),
                _ => "names in { }".to_owned(),
            },
            Value::Call(word, ..) => format!("`{word}(...)`"),
        }
    }
}

impl Record {
    /// The entry called `key`.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        let found = self.found.0.get();
        let is = |at: &usize| self.entries.get(*at).is_some_and(|entry| entry.key == key);
        let near = [found, found + 1].into_iter().find(is);
        let at = near.or_else(|| (0..self.entries.len()).find(is))?;
        self.found.0.set(at);
        self.entries.get(at)
    }

    /// The entry called `key`, to change it.
    pub(crate) fn entry_mut(&mut self, key: &str) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.key == key)
    }
}
