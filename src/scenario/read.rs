//! Text to tree: a reader of RON and JSON that keeps places and goes on after errors.
//!
//! Serde's readers stop at the first error and forget where values stood. A scenario's
//! author wants all errors at once, and `extends` mixes values of several files, so
//! the text is read into a [`tree`](crate::scenario::tree) first; serde then reads the tree.
//! The grammar is RON's with implicit `Some`, and JSON's. Two things are looser: a bare word
//! and a quoted one mean the same, and so do bare and quoted names.

mod lex;

use std::collections::BTreeMap;

use crate::scenario::diagnostic::{Code, Diagnostic};
use crate::scenario::locate::{FileId, Place};
use crate::scenario::tree::{Brackets, Entry, Hint, Node, Number, NumberKind, Record, Text, Value};

/// Which grammar a text follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Rusty Object Notation.
    Ron,
    /// JSON (comments are let through).
    Json,
}

impl Dialect {
    /// The dialect of a file called `name`.
    pub(crate) fn of(name: &str) -> Self {
        let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
        if ending.eq_ignore_ascii_case("json") {
            Self::Json
        } else {
            Self::Ron
        }
    }
}

/// Deeper than any sensible scenario, shallow enough for every stack.
const DEPTH: usize = 64;
/// Nobody reads more complaints about one text.
const COMPLAINTS: usize = 50;

/// Reads one value that fills `text`. Complaints go to `notes`; after some of them the rest
/// of the text cannot be trusted, and nothing is returned.
pub(crate) fn read(
    file: FileId,
    text: &str,
    dialect: Dialect,
    notes: &mut Vec<Diagnostic>,
) -> Option<Node> {
    let mut reader = Reader {
        text,
        file,
        dialect,
        at: 0,
        open: Vec::new(),
        lost: false,
        notes,
    };
    let node = reader.document();
    (!reader.lost).then_some(node)
}

struct Reader<'a> {
    text: &'a str,
    file: FileId,
    dialect: Dialect,
    at: usize,
    /// The brackets around the current position and where they were opened.
    open: Vec<(u8, usize)>,
    /// The structure of the text is broken: stop complaining, trust nothing.
    lost: bool,
    notes: &'a mut Vec<Diagnostic>,
}

impl Reader<'_> {
    fn document(&mut self) -> Node {
        if self.text.starts_with('\u{feff}') {
            self.at = '\u{feff}'.len_utf8();
        }
        self.attributes();
        let node = self.value();
        self.blank();
        if self.at < self.text.len() {
            let place = self.char_place();
            self.complain(
                Diagnostic::new(Code::Unreadable, "the scenario has already ended", place)
                    .label("this comes after its last bracket"),
            );
            self.lost = true;
        }
        node
    }

    /// RON's `#![enable(...)]` and `#![type = "..."]`, which tell us nothing.
    fn attributes(&mut self) {
        loop {
            self.blank();
            if !self.rest().starts_with("#![") {
                return;
            }
            match self.rest().find(']') {
                Some(end) => self.at += end + 1,
                None => self.at = self.text.len(),
            }
        }
    }

    fn value(&mut self) -> Node {
        self.blank();
        let start = self.at;
        if self.open.len() >= DEPTH {
            let place = self.char_place();
            self.complain(Diagnostic::new(
                Code::Unreadable,
                format!("more than {DEPTH} brackets inside one another"),
                place,
            ));
            self.give_up();
            return self.node(start, Value::Bad);
        }
        match self.byte() {
            Some(b'(' | b'[' | b'{') => self.brackets(),
            Some(b'"') => self.text_value(),
            Some(b'\'') => self.single_quotes(),
            Some(b'0'..=b'9' | b'-' | b'+' | b'.') => self.number(),
            Some(b'r') if self.raw_text_ahead() => self.raw_text(),
            Some(byte) if byte == b'_' || byte.is_ascii_alphabetic() || byte >= 0x80 => {
                self.word_value()
            }
            Some(b',' | b')' | b']' | b'}') => {
                let place = self.char_place();
                self.complain(
                    Diagnostic::new(Code::Unreadable, "a value is missing", place)
                        .label("expected before this"),
                );
                self.node(start, Value::Bad)
            }
            Some(_) => {
                self.strange();
                self.node(start, Value::Bad)
            }
            None => {
                let place = Place::new(self.file, start, start);
                self.complain(Diagnostic::new(
                    Code::Unreadable,
                    "the text ends where a value is needed",
                    place,
                ));
                self.lost = true;
                self.node(start, Value::Bad)
            }
        }
    }

    /// A word, alone or in front of `( )`.
    fn word_value(&mut self) -> Node {
        let start = self.at;
        let word = self.word();
        if word.is_empty() {
            self.strange();
            return self.node(start, Value::Bad);
        }
        let place = Place::new(self.file, start, self.at);
        let plain = |c: char| c == '_' || c.is_alphanumeric();
        if !word.chars().all(plain) {
            self.complain(
                Diagnostic::new(Code::Unreadable, format!("`{word}` needs quotes"), place)
                    .help(format!("write \"{word}\"")),
            );
            return Node::new(place, Value::Bad);
        }
        match (word.as_str(), self.dialect) {
            ("true", _) => return self.node(start, Value::Bool(true)),
            ("false", _) => return self.node(start, Value::Bool(false)),
            ("None", Dialect::Ron) | ("null", Dialect::Json) => {
                return self.node(start, Value::Absent);
            }
            _ => {}
        }
        let after_word = self.at;
        self.blank();
        if self.byte() != Some(b'(') {
            self.at = after_word;
            return self.node(start, Value::Word(word));
        }
        let argument = self.brackets();
        if word == "Some" {
            return match argument.value {
                Value::List(mut items, _) if items.len() == 1 => items.remove(0),
                _ => argument,
            };
        }
        self.node(start, Value::Call(word, place, Box::new(argument)))
    }

    /// Everything between a bracket and its partner.
    fn brackets(&mut self) -> Node {
        let start = self.at;
        let opening = self.text.as_bytes()[start];
        self.at += 1;
        self.open.push((opening, start));
        let mut entries = Vec::new();
        let mut items: Vec<Node> = Vec::new();
        loop {
            self.blank();
            if self.lost || self.closed(opening) {
                break;
            }
            if opening == b'[' {
                items.push(self.value());
            } else if let Some((key, key_place)) = self.key() {
                let value = self.value();
                entries.push(Entry {
                    key,
                    key_place,
                    value,
                });
            } else if opening == b'{' {
                self.nameless();
            } else if !entries.is_empty() {
                self.stray(&mut entries);
            } else {
                items.push(self.value());
            }
            self.separator(opening);
        }
        self.open.pop();
        if !items.is_empty() && !entries.is_empty() {
            let place = items[0].place;
            self.complain(
                Diagnostic::new(Code::Unreadable, "this value has no name", place)
                    .help("write it as `name: value`, as the others beside it"),
            );
        }
        let brackets = match (self.dialect, opening) {
            (Dialect::Json, _) => Brackets::Json,
            (Dialect::Ron, b'(') => Brackets::Round,
            (Dialect::Ron, b'[') => Brackets::Square,
            (Dialect::Ron, _) => Brackets::Curly,
        };
        let value = if opening == b'[' || (!items.is_empty() && entries.is_empty()) {
            Value::List(items, brackets)
        } else {
            self.refuse_twins(&mut entries);
            Value::Record(Record {
                found: Hint::default(),
                entries,
                brackets,
                holes: Vec::new(),
            })
        };
        self.node(start, value)
    }

    /// A name and its colon, if that is what comes next.
    fn key(&mut self) -> Option<(String, Place)> {
        let start = self.at;
        let quiet = self.notes.len();
        let quoted = self.byte()? == b'"';
        let key = match self.byte()? {
            b'"' => match self.text_value().value {
                Value::Text(Text { text, .. }) => text,
                _ => return None,
            },
            b'0'..=b'9' => return None,
            _ => self.word(),
        };
        let place = Place::new(self.file, start, self.at);
        self.blank();
        match self.byte() {
            Some(b':') if quoted || !key.is_empty() => self.at += 1,
            Some(b'=') if quoted || !key.is_empty() => {
                let sign = self.char_place();
                self.at += 1;
                self.complain(
                    Diagnostic::new(Code::Unreadable, "`=` stands where `:` is needed", sign)
                        .help(format!("write `{key}: ...`")),
                );
            }
            _ => {
                // Not a name after all; it is read again, and complained about then.
                self.at = start;
                if !self.lost {
                    self.notes.truncate(quiet);
                }
                return None;
            }
        }
        Some((key, place))
    }

    /// A value without name where names are needed.
    fn nameless(&mut self) {
        let start = self.at;
        let node = self.value();
        if node.value == Value::Bad {
            return;
        }
        let place = Place::new(self.file, start, self.at);
        self.complain(
            Diagnostic::new(Code::Unreadable, "a name is needed here", place)
                .help("between { } every value has a name: \"s1\": ..."),
        );
    }

    /// A value without name among named ones; most often the second half of a decimal comma.
    fn stray(&mut self, entries: &mut [Entry]) {
        let start = self.at;
        let last = entries.last_mut().expect("only called after an entry");
        let touching = start as u32 == last.value.place.end + 1;
        let after_number = matches!(last.value.value, Value::Number(_));
        if touching && after_number && self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
            let tail = self.number_text().to_owned();
            let place = Place::new(self.file, last.value.place.start as usize, self.at);
            let head = self.text[place.start as usize..start].trim_end_matches(',');
            last.value.value = Value::Bad;
            let better = format!("{head}.{tail}");
            let help = if tail.ends_with(|c: char| c.is_ascii_alphabetic()) {
                format!("write \"{better}\"")
            } else {
                format!("write {better} for a number, \"{better}s\" for a duration")
            };
            self.complain(
                Diagnostic::new(Code::Duration, "decimal comma", place)
                    .label("the decimal sign is a point")
                    .help(help),
            );
            return;
        }
        let node = self.value();
        if node.value == Value::Bad {
            return;
        }
        self.complain(
            Diagnostic::new(Code::Unreadable, "this value has no name", node.place)
                .help("write it as `name: value`, as the others beside it"),
        );
    }

    /// Consumes the partner of `opening`, or says what stands in its place.
    fn closed(&mut self, opening: u8) -> bool {
        let partner = partner(opening);
        match self.byte() {
            Some(byte) if byte == partner => {
                self.at += 1;
                true
            }
            Some(byte @ (b')' | b']' | b'}')) => {
                let place = self.char_place();
                let (_, opened) = *self.open.last().expect("inside brackets");
                let opened = Place::new(self.file, opened, opened + 1);
                self.complain(
                    Diagnostic::new(
                        Code::Brackets,
                        format!("`{}` is closed by `{}`", opening as char, byte as char),
                        place,
                    )
                    .label(format!("expected `{}`", partner as char))
                    .also(opened, "opened here"),
                );
                self.give_up();
                true
            }
            Some(_) => false,
            None => {
                let (_, opened) = *self.open.last().expect("inside brackets");
                let opened = Place::new(self.file, opened, opened + 1);
                self.complain(
                    Diagnostic::new(
                        Code::Unclosed,
                        format!("this `{}` is never closed", opening as char),
                        opened,
                    )
                    .help(format!("add the missing `{}`", partner as char)),
                );
                self.give_up();
                true
            }
        }
    }

    /// The comma after a value.
    fn separator(&mut self, opening: u8) {
        let end = self.at;
        self.blank();
        match self.byte() {
            Some(b',') => self.at += 1,
            None | Some(b')' | b']' | b'}') => {}
            Some(b';') => {
                let place = self.char_place();
                self.at += 1;
                self.complain(
                    Diagnostic::new(Code::Comma, "`;` stands where `,` is needed", place)
                        .help("write `,`"),
                );
            }
            Some(b':') if opening == b'(' || opening == b'{' => self.strange(),
            Some(_) if self.lost => {}
            Some(_) => {
                let place = Place::new(self.file, end, end);
                self.complain(
                    Diagnostic::new(Code::Comma, "a comma is missing", place)
                        .label("expected `,` here"),
                );
            }
        }
    }

    /// Complains about entries that share a name and keeps the first of them.
    fn refuse_twins(&mut self, entries: &mut Vec<Entry>) {
        let mut seen: BTreeMap<&str, Place> = BTreeMap::new();
        let mut twins = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            match seen.get(entry.key.as_str()) {
                Some(&first) => twins.push((index, first)),
                None => {
                    seen.insert(&entry.key, entry.key_place);
                }
            }
        }
        for &(index, first) in twins.iter().rev() {
            let entry = entries.remove(index);
            self.complain(
                Diagnostic::new(
                    Code::Twice,
                    format!("`{}` is written twice", entry.key),
                    entry.key_place,
                )
                .label("the second one")
                .also(first, "the first one")
                .help("remove one of them, or give it another name"),
            );
        }
    }

    /// Complains about a character that means nothing here, and steps over it.
    fn strange(&mut self) {
        let place = self.char_place();
        let what = self.rest().chars().next().unwrap_or(' ');
        let note = Diagnostic::new(
            Code::Unreadable,
            format!("`{what}` has no meaning here"),
            place,
        );
        let note = match what {
            '“' | '”' | '«' | '»' | '‘' | '’' => {
                note.help("quotes are straight: write \" instead")
            }
            _ => note,
        };
        self.complain(note);
        match what {
            '“' | '”' | '«' | '»' | '‘' | '’' => self.give_up(),
            // The text may have ended, or been given up, meanwhile.
            _ => self.at = (self.at + what.len_utf8()).min(self.text.len()),
        }
    }

    /// The structure is broken: read no further.
    fn give_up(&mut self) {
        self.lost = true;
        self.at = self.text.len();
    }

    fn complain(&mut self, note: Diagnostic) {
        if self.lost {
            return;
        }
        self.notes.push(note);
        if self.notes.len() >= COMPLAINTS {
            self.give_up();
        }
    }

    fn node(&self, start: usize, value: Value) -> Node {
        Node::new(Place::new(self.file, start, self.at.max(start)), value)
    }
}

fn partner(opening: u8) -> u8 {
    match opening {
        b'(' => b')',
        b'[' => b']',
        _ => b'}',
    }
}

#[cfg(test)]
mod tests;
