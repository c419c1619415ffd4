//! Text to groups of words and comments. The text has been read before: its brackets match.

/// A comment, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Comment<'a> {
    pub(super) text: &'a str,
    /// There is an empty line before it.
    pub(super) apart: bool,
}

/// What stands between two commas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Item<'a> {
    /// On lines before it, or somewhere inside.
    pub(super) comments: Vec<Comment<'a>>,
    /// There is an empty line before it (after its comments).
    pub(super) apart: bool,
    /// It goes on where the item before it ends, on the same line.
    pub(super) joined: bool,
    pub(super) key: Option<&'a str>,
    pub(super) value: Value<'a>,
    /// Behind it, on its last line.
    pub(super) tail: Vec<&'a str>,
}

impl<'a> Item<'a> {
    /// Takes `comments` over, the first `above` of which stood before it and the others
    /// inside: those move up, and so does the empty line before the item.
    fn lift(&mut self, above: usize, comments: &mut Vec<Comment<'a>>) {
        self.comments = std::mem::take(comments);
        if above == 0
            && let Some(first) = self.comments.first_mut()
        {
            first.apart = std::mem::take(&mut self.apart);
        }
    }
}

/// A word, a number, a text; or brackets, perhaps with a word in front.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    Plain(&'a str),
    Group(&'a str, Group<'a>),
}

impl Default for Value<'_> {
    fn default() -> Self {
        Self::Plain("")
    }
}

/// What stands between brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group<'a> {
    pub(super) bracket: char,
    pub(super) items: Vec<Item<'a>>,
    /// After the last item.
    pub(super) rest: Vec<Comment<'a>>,
    /// The author began a new line after the bracket.
    pub(super) open: bool,
}

/// A whole text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Document<'a> {
    /// RON's `#![...]`
    pub(super) attributes: Vec<&'a str>,
    /// The scenario, with what stands before it.
    pub(super) root: Item<'a>,
    /// What stands after it.
    pub(super) rest: Vec<Comment<'a>>,
}

/// Splits a text that [`read`](crate::scenario::read::read) accepts.
pub(super) fn document(text: &str) -> Document<'_> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut cutter = Cutter {
        text,
        at: 0,
        lines: 0,
        waiting: Vec::new(),
    };
    let mut attributes = Vec::new();
    cutter.blank();
    while cutter.rest().starts_with("#![") {
        let end = cutter
            .rest()
            .find(']')
            .map_or(cutter.rest().len(), |end| end + 1);
        attributes.push(cutter.take(end));
        cutter.blank();
    }
    let mut root = cutter.item();
    cutter.tail(&mut root);
    cutter.blank();
    let rest = std::mem::take(&mut cutter.waiting);
    Document {
        attributes,
        root,
        rest,
    }
}

struct Cutter<'a> {
    text: &'a str,
    at: usize,
    /// Line ends among the blanks before the current position.
    lines: usize,
    /// Comments that belong to what comes next.
    waiting: Vec<Comment<'a>>,
}

impl<'a> Cutter<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn take(&mut self, len: usize) -> &'a str {
        let taken = &self.rest()[..len];
        self.at += len;
        taken
    }

    fn next(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Steps over blanks and counts their lines.
    fn spaces(&mut self) {
        let rest = self.rest();
        let len = rest.len() - rest.trim_start().len();
        self.lines = self.take(len).matches('\n').count();
    }

    /// The comment that begins here.
    fn comment(&mut self) -> Option<&'a str> {
        let rest = self.rest();
        if rest.starts_with("//") {
            let len = rest.find('\n').unwrap_or(rest.len());
            return Some(self.take(len).trim_end());
        }
        rest.starts_with("/*").then(|| {
            let len = block(rest);
            self.take(len)
        })
    }

    /// Steps over blanks and comments, and keeps the comments.
    fn blank(&mut self) {
        self.spaces();
        loop {
            let apart = self.lines > 1;
            let Some(text) = self.comment() else {
                return;
            };
            self.waiting.push(Comment { text, apart });
            self.spaces();
        }
    }

    /// What stands before the next comma or closing bracket.
    fn item(&mut self) -> Item<'a> {
        self.blank();
        let mut item = Item {
            apart: self.lines > 1,
            joined: self.lines == 0 && self.waiting.is_empty(),
            ..Item::default()
        };
        let above = self.waiting.len();
        let first = self.value();
        self.lines = 0;
        let before = (self.at, self.waiting.len());
        self.blank();
        if self.next() == Some(':')
            && let Value::Plain(key) = first
        {
            self.at += 1;
            item.key = Some(key);
            self.blank();
            item.value = self.value();
        } else {
            // What follows the value is looked at again by whoever comes next.
            self.at = before.0;
            self.waiting.truncate(before.1);
            item.value = first;
        }
        item.lift(above, &mut self.waiting);
        item
    }

    fn value(&mut self) -> Value<'a> {
        let word = self.plain();
        let (at, kept) = (self.at, self.waiting.len());
        if !word.is_empty() {
            if word.starts_with(['"', '\'']) || word.starts_with("r\"") || word.starts_with("r#") {
                return Value::Plain(word);
            }
            self.blank();
        }
        match self.next() {
            Some(bracket @ ('(' | '[' | '{')) if word.is_empty() || bracket == '(' => {
                let outer = std::mem::take(&mut self.waiting);
                let group = self.group(bracket);
                self.waiting = outer;
                Value::Group(word, group)
            }
            _ => {
                self.at = at;
                self.waiting.truncate(kept);
                Value::Plain(word)
            }
        }
    }

    fn group(&mut self, bracket: char) -> Group<'a> {
        self.at += 1;
        let mut group = Group {
            bracket,
            items: Vec::new(),
            rest: Vec::new(),
            open: false,
        };
        let begin = self.at;
        self.spaces();
        group.open = self.lines > 0;
        self.at = begin;
        loop {
            let (at, kept) = (self.at, self.waiting.len());
            self.blank();
            match self.next() {
                None | Some(')' | ']' | '}') => {
                    self.at += usize::from(self.next().is_some());
                    break;
                }
                Some(',') => {
                    // Cannot be in a text that was accepted; nothing is lost if it is.
                    self.at += 1;
                    continue;
                }
                Some(_) => {}
            }
            self.at = at;
            self.waiting.truncate(kept);
            let mut item = self.item();
            self.tail(&mut item);
            let (at, kept) = (self.at, self.waiting.len());
            self.blank();
            if self.next() == Some(',') {
                self.at += 1;
                let above = item.comments.len();
                let mut comments = std::mem::take(&mut item.comments);
                comments.append(&mut self.waiting);
                item.lift(above, &mut comments);
                self.tail(&mut item);
            } else {
                self.at = at;
                self.waiting.truncate(kept);
            }
            group.items.push(item);
        }
        group.rest = std::mem::take(&mut self.waiting);
        group
    }

    /// Comments behind `item` on the same line.
    fn tail(&mut self, item: &mut Item<'a>) {
        loop {
            let at = self.at;
            self.spaces();
            let comment = if self.lines == 0 {
                self.comment()
            } else {
                None
            };
            let Some(comment) = comment else {
                self.at = at;
                return;
            };
            // A comment in front of another value of the same line is that value's.
            let ends_line = comment.starts_with("//") || {
                let rest = self.rest().trim_start_matches([' ', '\t', '\r']);
                rest.is_empty() || rest.starts_with(['\n', ')', ']', '}', ',', '/'])
            };
            if !ends_line || comment.contains('\n') {
                self.at = at;
                return;
            }
            item.tail.push(comment);
        }
    }

    /// A text with its quotes, or everything up to a blank, a sign or a comment.
    fn plain(&mut self) -> &'a str {
        let rest = self.rest();
        let len = quoted(rest)
            .or_else(|| raw(rest))
            .unwrap_or_else(|| bare(rest));
        self.take(len)
    }
}

/// The length of a word or number.
fn bare(text: &str) -> usize {
    let ends = |(at, c): &(usize, char)| {
        c.is_whitespace()
            || matches!(c, '(' | ')' | '[' | ']' | '{' | '}' | ',' | ':' | '"')
            || text[*at..].starts_with("//")
            || text[*at..].starts_with("/*")
    };
    let end = text.char_indices().find(ends);
    end.map_or(text.len(), |(at, _)| at)
}

/// The length of a text in quotes.
fn quoted(text: &str) -> Option<usize> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == quote {
            return Some(at + 1);
        }
    }
    Some(text.len())
}

/// The length of a raw text: `r#"..."#`.
fn raw(text: &str) -> Option<usize> {
    let after = text.strip_prefix('r')?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    let inner = after[hashes..].strip_prefix('"')?;
    let close = format!("\"{}", "#".repeat(hashes));
    let lead = 1 + hashes + 1;
    let end = inner.find(&close).map(|end| lead + end + close.len());
    Some(end.unwrap_or(text.len()))
}

/// The length of a block comment; they nest.
fn block(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}
