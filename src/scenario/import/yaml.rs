//! YAML as a tree whose every value knows its place. Texts stay texts: what `80` or `yes`
//! means is for the reader to say.
//!
//! An alias is one value seen from two places, so that a file of ten lines cannot become a
//! tree of ten million; who walks the tree must bound its steps.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span};

use crate::scenario::diagnostic::{Code, Diagnostic};
use crate::scenario::locate::{FileId, Place};

/// Values inside values inside values: nobody writes deeper than this.
const DEPTH: usize = 64;

/// The number of a value in its [`Yaml`].
pub(super) type Id = usize;

/// The first document of a text.
#[derive(Debug, Default)]
pub(super) struct Yaml {
    nodes: Vec<Node>,
    root: Option<Id>,
}

/// A value and where it stands, from its first byte to its last.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) value: Value,
}

/// The kinds of values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// `~`, `null`, or nothing at all.
    Null,
    /// Everything else that is no list and no map.
    Text(String),
    /// `[a, b]`, or lines that begin with a dash.
    List(Vec<Id>),
    /// `key: value`; keys are texts.
    Map(Vec<(Id, Id)>),
    /// `*name`: the value that has the anchor `&name`.
    Alias(Id),
}

impl Yaml {
    /// The outermost value; none in an empty text.
    pub(super) fn root(&self) -> Option<Id> {
        self.root
    }

    /// The value numbered `id`; what an alias stands for, not the alias.
    pub(super) fn value(&self, id: Id) -> &Value {
        match &self.nodes[id].value {
            Value::Alias(meant) => &self.nodes[*meant].value,
            value => value,
        }
    }

    /// Where the value numbered `id` stands; of an alias, where that stands.
    pub(super) fn place(&self, id: Id) -> Place {
        self.nodes[id].place
    }

    /// What the alias numbered `id` stands for; anything else is meant itself.
    pub(super) fn meant(&self, id: Id) -> Id {
        match self.nodes[id].value {
            Value::Alias(meant) => meant,
            _ => id,
        }
    }

    /// The text numbered `id`; of anything else, nothing.
    pub(super) fn text(&self, id: Id) -> Option<&str> {
        match self.value(id) {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The pairs of the map numbered `id`; of anything else, none.
    pub(super) fn pairs(&self, id: Id) -> &[(Id, Id)] {
        match self.value(id) {
            Value::Map(pairs) => pairs,
            _ => &[],
        }
    }

    /// Every text that is no key, to be changed.
    pub(super) fn texts_mut(&mut self) -> impl Iterator<Item = (Place, &mut String)> {
        let mut keys = vec![false; self.nodes.len()];
        for node in &self.nodes {
            if let Value::Map(pairs) = &node.value {
                for &(key, _) in pairs {
                    keys[key] = true;
                }
            }
        }
        let values = self.nodes.iter_mut().zip(keys).filter(|(_, key)| !key);
        values.filter_map(|(node, _)| match &mut node.value {
            Value::Text(text) => Some((node.place, text)),
            _ => None,
        })
    }
}

/// Lines in brackets that are pulled up before a file is given up: so many bytes are read
/// again for them.
const AGAIN: usize = 20_000_000;

/// Reads `text`, the file numbered `file`.
///
/// # Errors
/// Where it is no YAML, nests too deeply, or says something twice.
pub(super) fn read(file: FileId, text: &str) -> Result<(Yaml, Vec<Diagnostic>), Diagnostic> {
    let bytes = Bytes::of(text);
    let first = match attempt(file, text, text, &bytes) {
        Err(Failure::Brackets(_, note)) => note,
        outcome => return outcome.map_err(Failure::note),
    };
    let mut chars: Vec<char> = text.chars().collect();
    let mut again = String::new();
    let mut from = usize::MAX;
    for _ in 0..(AGAIN / text.len().max(1)).clamp(10, 1000) {
        let parsed = if again.is_empty() { text } else { &again };
        match attempt(file, text, parsed, &bytes) {
            Ok(read) => return Ok(read),
            Err(Failure::Brackets(at, _)) if at != from && pull_up(&mut chars, at) => from = at,
            Err(Failure::Brackets(..)) => break,
            Err(Failure::Other(note)) => return Err(note),
        }
        again = chars.iter().collect();
    }
    Err(first)
}

/// Why a text was not read.
enum Failure {
    /// Something in brackets or quotes stands further left than the key it belongs to: the number of
    /// its first character. YAML forbids it, but Docker's reader does not.
    Brackets(usize, Diagnostic),
    Other(Diagnostic),
}

impl Failure {
    fn note(self) -> Diagnostic {
        match self {
            Self::Brackets(_, note) | Self::Other(note) => note,
        }
    }
}

/// Puts the line that begins with the character numbered `at` behind the one before it, or all
/// lines of the text in quotes that begins there, without moving any character. Whether it is a line, and there is one.
fn pull_up(chars: &mut [char], at: usize) -> bool {
    // What the parser counts can lie beyond the text.
    let mut end = at.min(chars.len());
    if let Some(&quote @ ('"' | '\'')) = chars.get(at) {
        return join(&mut chars[at + 1..], quote);
    }
    loop {
        let blank = |c: &&char| matches!(**c, ' ' | '\t' | '\r');
        end -= chars[..end].iter().rev().take_while(blank).count();
        if end == 0 || chars[end - 1] != '\n' {
            return end < at && chars[..end].last().is_some_and(|c| *c != '\n');
        }
        chars[end - 1] = ' ';
        let line = chars[..end].iter().rev().position(|c| *c == '\n');
        let start = line.map_or(0, |back| end - back);
        uncomment(&mut chars[start..end]);
    }
}

/// Makes one line of what stands up to the `quote` that closes it. Whether it was more.
fn join(chars: &mut [char], quote: char) -> bool {
    let mut joined = false;
    let mut escaped = false;
    for c in chars {
        match c {
            '\n' | '\r' => {
                (*c, escaped) = (' ', false);
                joined = true;
            }
            _ if escaped => escaped = false,
            '\\' if quote == '"' => escaped = true,
            c if *c == quote => break,
            _ => {}
        }
    }
    joined
}

/// Makes blanks of the comment at the end of a line.
fn uncomment(line: &mut [char]) {
    let mut quote = None;
    for at in 0..line.len() {
        match (quote, line[at]) {
            (None, c @ ('"' | '\'')) => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            (None, '#') if at == 0 || line[at - 1].is_whitespace() => {
                line[at..].fill(' ');
                return;
            }
            _ => {}
        }
    }
}

/// Reads `parsed`, which is `text` with some lines pulled up.
fn attempt(
    file: FileId,
    text: &str,
    parsed: &str,
    bytes: &Bytes,
) -> Result<(Yaml, Vec<Diagnostic>), Failure> {
    let mut reader = Reader {
        file,
        bytes,
        text,
        yaml: Yaml::default(),
        open: Vec::new(),
        anchors: BTreeMap::new(),
        notes: Vec::new(),
    };
    let mut parser = Parser::new_from_str(parsed);
    let mut documents = 0;
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| reader.refused(&error))?;
        documents += usize::from(matches!(event, Event::DocumentStart(_)));
        if documents > 1 {
            let place = reader.point(span.start);
            let message = "a second document begins here, which is not read";
            reader
                .notes
                .push(Diagnostic::new(Code::Idle, message, place));
            break;
        }
        reader.take(event, span).map_err(Failure::Other)?;
    }
    Ok((reader.yaml, reader.notes))
}

/// Characters to bytes.
struct Bytes(Option<Vec<u32>>);

impl Bytes {
    fn of(text: &str) -> Self {
        let offsets = || text.char_indices().map(|(at, _)| at as u32).collect();
        Self((!text.is_ascii()).then(offsets))
    }

    fn at(&self, index: usize, length: usize) -> usize {
        match &self.0 {
            None => index.min(length),
            Some(offsets) => offsets.get(index).map_or(length, |&at| at as usize),
        }
    }
}

/// A list or a map that is not complete.
struct Open {
    id: Id,
    anchor: usize,
    /// Its items, or its keys and values in turn.
    items: Vec<Id>,
    /// A map, not a list.
    map: bool,
}

struct Reader<'a> {
    file: FileId,
    bytes: &'a Bytes,
    text: &'a str,
    yaml: Yaml,
    open: Vec<Open>,
    anchors: BTreeMap<usize, Id>,
    notes: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn point(&self, at: Marker) -> Place {
        let start = self.bytes.at(at.index(), self.text.len());
        let width = self.text[start..].chars().next().map_or(0, char::len_utf8);
        Place::new(self.file, start, start + width)
    }

    fn refused(&self, error: &ScanError) -> Failure {
        let message = format!("this is no YAML: {}", error.info());
        let place = self.point(*error.marker());
        let line = self.text[place.start as usize..].lines().next();
        let help = if line.unwrap_or_default().contains('\t') {
            "indent with blanks: tabs mean nothing in YAML"
        } else {
            "what belongs to a key stands below it, further right, all of it in one column"
        };
        let note = Diagnostic::new(Code::Unreadable, message, place).help(help);
        match error.info() {
            "invalid indentation"
            | "invalid indentation in flow construct"
            | "invalid indentation in quoted scalar" => {
                Failure::Brackets(error.marker().index(), note)
            }
            _ => Failure::Other(note),
        }
    }

    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Diagnostic> {
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let plain = style == ScalarStyle::Plain;
                let null = plain && matches!(&*text, "" | "~" | "null" | "Null" | "NULL");
                let value = if null {
                    Value::Null
                } else {
                    Value::Text(text.into_owned())
                };
                let place = self.whole(span);
                self.complete(anchor, place, value);
            }
            Event::SequenceStart(anchor, _) => self.begin(anchor, span, false)?,
            Event::MappingStart(anchor, _) => self.begin(anchor, span, true)?,
            Event::SequenceEnd | Event::MappingEnd => self.end(span)?,
            Event::Alias(anchor) => {
                let place = self.whole(span);
                let Some(&meant) = self.anchors.get(&anchor) else {
                    let message = "this stands inside of what it is an alias of";
                    return Err(Diagnostic::new(Code::Circle, message, place));
                };
                self.complete(0, place, Value::Alias(meant));
            }
            _ => {}
        }
        Ok(())
    }

    /// The bytes of `span` without blanks at its end.
    fn whole(&self, span: Span) -> Place {
        let start = self.bytes.at(span.start.index(), self.text.len());
        let end = self.bytes.at(span.end.index(), self.text.len()).max(start);
        let words = self.text[start..end].trim_end();
        Place::new(self.file, start, start + words.len())
    }

    fn begin(&mut self, anchor: usize, span: Span, map: bool) -> Result<(), Diagnostic> {
        let place = self.point(span.start);
        if self.open.len() == DEPTH {
            let message = "the values nest too deeply";
            let note = Diagnostic::new(Code::Unreadable, message, place);
            return Err(note.accepted(format!("{DEPTH} levels")));
        }
        let id = self.add(place, Value::Null);
        self.open.push(Open {
            id,
            anchor,
            items: Vec::new(),
            map,
        });
        Ok(())
    }

    fn end(&mut self, span: Span) -> Result<(), Diagnostic> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let start = self.yaml.place(open.id).start as usize;
        // Brackets take room where they close, the end of a block takes none.
        let flow = !span.is_empty();
        let end = match open.items.last() {
            Some(&last) if !flow => self.yaml.place(last).end as usize,
            _ => self.bytes.at(span.end.index(), self.text.len()),
        };
        self.yaml.nodes[open.id].place = Place::new(self.file, start, end.max(start));
        self.yaml.nodes[open.id].value = if open.map {
            let pairs: Vec<(Id, Id)> = open.items.chunks_exact(2).map(|p| (p[0], p[1])).collect();
            self.unique(&pairs)?;
            Value::Map(pairs)
        } else {
            Value::List(open.items)
        };
        self.hand(open.id, open.anchor);
        Ok(())
    }

    /// Keys are texts, and each stands once (but for `<<`, of which some files have two).
    fn unique(&self, pairs: &[(Id, Id)]) -> Result<(), Diagnostic> {
        let mut known: BTreeMap<&str, Id> = BTreeMap::new();
        for &(key, _) in pairs {
            let place = self.yaml.place(key);
            let Some(text) = self.yaml.text(key) else {
                let message = "a list, a map or nothing cannot be a key";
                return Err(Diagnostic::new(Code::Kind, message, place));
            };
            if let Some(twin) = known.insert(text, key).filter(|_| text != "<<") {
                let message = format!("`{text}` is written twice");
                let note = Diagnostic::new(Code::Twice, message, place);
                return Err(note.also(self.yaml.place(twin), "the first one"));
            }
        }
        Ok(())
    }

    fn complete(&mut self, anchor: usize, place: Place, value: Value) {
        let id = self.add(place, value);
        self.hand(id, anchor);
    }

    fn add(&mut self, place: Place, value: Value) -> Id {
        self.yaml.nodes.push(Node { place, value });
        self.yaml.nodes.len() - 1
    }

    /// Gives a complete value to what is around it.
    fn hand(&mut self, id: Id, anchor: usize) {
        if anchor > 0 {
            self.anchors.insert(anchor, id);
        }
        match self.open.last_mut() {
            Some(open) => open.items.push(id),
            None => self.yaml.root = Some(id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn yaml(text: &str) -> Result<Yaml, String> {
        let read = read(FileId::default(), text);
        read.map(|(yaml, _)| yaml).map_err(|note| note.message)
    }

    #[test]
    fn values_know_their_places() {
        let text = "é: [a, \"b\"]\nm: &x {k: ~}\nn: *x\n";
        let yaml = yaml(text).expect("YAML");
        let root = yaml.root().expect("a map");
        let [(_, list), (_, map), (_, alias)] = yaml.pairs(root) else {
            panic!("three pairs")
        };
        let Value::List(items) = yaml.value(*list) else {
            panic!("a list")
        };
        let words = |id| {
            let place = yaml.place(id);
            &text[place.start as usize..place.end as usize]
        };
        assert_eq!([words(items[0]), words(items[1])], ["a", "\"b\""]);
        assert_eq!(yaml.text(items[1]), Some("b"));
        let [(key, value)] = yaml.pairs(*map) else {
            panic!("one pair")
        };
        assert_eq!((words(*key), yaml.value(*value)), ("k", &Value::Null));
        assert_eq!(yaml.meant(*alias), *map);
        assert_eq!(yaml.pairs(*alias), yaml.pairs(*map));
        assert_eq!([words(*list), words(*map)], ["[a, \"b\"]", "&x {k: ~}"]);
        assert_eq!(words(*alias), "*x");
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        for (text, why) in [
            ("a: [1", "this is no YAML"),
            ("a: 1\na: 2\n", "`a` is written twice"),
            ("? [a]\n: 1\n", "a list, a map or nothing cannot be a key"),
            (
                "a: &x [*x]\n",
                "this stands inside of what it is an alias of",
            ),
            (&"[".repeat(100), "the values nest too deeply"),
            ("a: *nobody\n", "this is no YAML"),
            ("a:\n\tb: 1\n", "this is no YAML"),
        ] {
            let message = yaml(text).expect_err(text);
            assert!(message.starts_with(why), "{text}: {message}");
        }
        assert!(yaml("").expect("nothing").root().is_none());
    }

    /// As Docker's reader does it, brackets may close further left.
    #[test]
    fn brackets_may_close_at_the_left() {
        let text =
            "a:\n  b: [\n    \"x\", # é, one\n\n  # two\n  y\n  ]\n  c: {\n  d: e,\n}\nf: g\n";
        let yaml = yaml(text).expect("Docker reads it");
        let [(_, a), (f, _)] = yaml.pairs(yaml.root().expect("a map")) else {
            panic!("two pairs")
        };
        let [(_, b), (_, c)] = yaml.pairs(*a) else {
            panic!("two pairs")
        };
        let Value::List(items) = yaml.value(*b) else {
            panic!("a list")
        };
        assert_eq!(yaml.text(items[1]), Some("y"));
        assert_eq!(yaml.text(yaml.pairs(*c)[0].1), Some("e"));
        let place = yaml.place(*f);
        assert_eq!(&text[place.start as usize..place.end as usize], "f");
        assert!(read(FileId::default(), "a:\n  b: [\n  x\nc: d\n").is_err());
    }

    #[test]
    fn a_bomb_of_aliases_stays_small() {
        let mut text = "a0: &a0 [x, x]\n".to_owned();
        for level in 1..60 {
            let below = level - 1;
            let line = format!("a{level}: &a{level} [*a{below}, *a{below}, *a{below}]\n");
            text.push_str(&line);
        }
        assert!(yaml(&text).expect("YAML").nodes.len() < 400);
    }
}
