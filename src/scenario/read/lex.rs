//! The reader's small parts: blanks, words, numbers and texts.

use super::{Code, Diagnostic, Node, Number, NumberKind, Place, Reader, Text, Value};

impl<'a> Reader<'a> {
    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub(super) fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The place of the character at the current position.
    pub(super) fn char_place(&self) -> Place {
        let len = self.rest().chars().next().map_or(0, char::len_utf8);
        Place::new(self.file, self.at, self.at + len)
    }

    /// Steps over spaces and comments.
    pub(super) fn blank(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start();
            self.at += rest.len() - trimmed.len();
            if trimmed.starts_with("//") {
                self.at += trimmed.find('\n').unwrap_or(trimmed.len());
            } else if trimmed.starts_with("/*") {
                self.block_comment();
            } else if trimmed.starts_with('#') && !trimmed.starts_with("#!") {
                self.shell_comment();
            } else {
                return;
            }
        }
    }

    /// `# ...`: understood, and refused.
    fn shell_comment(&mut self) {
        let place = self.char_place();
        self.complain(
            Diagnostic::new(Code::Unreadable, "`#` has no meaning here", place)
                .help("comments begin with //"),
        );
        self.at += self.rest().find('\n').unwrap_or(self.rest().len());
    }

    /// RON's block comments nest.
    fn block_comment(&mut self) {
        let start = self.at;
        let mut depth = 0usize;
        while !self.rest().is_empty() {
            let rest = self.rest();
            if rest.starts_with("/*") {
                depth += 1;
                self.at += 2;
            } else if rest.starts_with("*/") {
                depth -= 1;
                self.at += 2;
                if depth == 0 {
                    return;
                }
            } else {
                self.at += rest.chars().next().map_or(1, char::len_utf8);
            }
        }
        let place = Place::new(self.file, start, start + 2);
        self.complain(
            Diagnostic::new(Code::Unclosed, "this comment is never closed", place)
                .help("add the missing */"),
        );
        self.give_up();
    }

    /// A bare word. Signs that HAProxy's words contain are taken along, so that one
    /// complaint can name the whole.
    pub(super) fn word(&mut self) -> String {
        let rest = self.rest();
        let end = rest
            .char_indices()
            .find(|&(at, c)| {
                let comment = rest[at..].starts_with("//") || rest[at..].starts_with("/*");
                comment || !(c == '_' || c.is_alphanumeric() || matches!(c, '-' | '.' | '/' | '%'))
            })
            .map_or(rest.len(), |(at, _)| at);
        self.at += end;
        rest[..end].to_owned()
    }

    /// The characters of a number, and of what people write behind numbers.
    pub(super) fn number_text(&mut self) -> &'a str {
        let rest = self.rest();
        let mut before = ' ';
        let end = rest
            .char_indices()
            .find(|&(at, c)| {
                let sign = matches!(c, '+' | '-') && (at == 0 || matches!(before, 'e' | 'E'));
                before = c;
                !(sign || c.is_alphanumeric() || matches!(c, '.' | '_' | '%'))
            })
            .map_or(rest.len(), |(at, _)| at);
        self.at += end;
        &rest[..end]
    }

    pub(super) fn number(&mut self) -> Node {
        let start = self.at;
        let text = self.number_text();
        if let Some(kind) = parse_number(text) {
            let number = Number {
                text: text.to_owned(),
                kind,
                loose: false,
            };
            return self.node(start, Value::Number(number));
        }
        if self.at == start {
            self.strange();
            return self.node(start, Value::Bad);
        }
        let place = Place::new(self.file, start, self.at);
        let digits = text.trim_start_matches(['+', '-']);
        let unit = digits.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let note = if unit.len() < digits.len() && unit.chars().all(char::is_alphabetic) {
            Diagnostic::new(Code::Duration, format!("`{text}` needs quotes"), place)
                .help(format!("write \"{text}\""))
        } else if unit == "%" {
            Diagnostic::new(Code::Unreadable, format!("`{text}` is not a number"), place)
                .help("percentages are written without the sign")
        } else {
            Diagnostic::new(Code::Unreadable, format!("`{text}` is not a number"), place)
        };
        self.complain(note);
        Node::new(place, Value::Bad)
    }

    /// `'text'`: understood, and refused.
    pub(super) fn single_quotes(&mut self) -> Node {
        let start = self.at;
        self.at += 1;
        let rest = self.rest();
        let end = rest.find(['\'', '\n']).unwrap_or(rest.len());
        self.at += end;
        if self.byte() == Some(b'\'') {
            self.at += 1;
        }
        let place = Place::new(self.file, start, self.at);
        self.complain(
            Diagnostic::new(Code::Unreadable, "a text has double quotes", place)
                .help(format!("write \"{}\"", &rest[..end])),
        );
        Node::new(place, Value::Bad)
    }

    /// Whether `r"..."` or `r#"..."#` comes next.
    pub(super) fn raw_text_ahead(&self) -> bool {
        self.rest()[1..].trim_start_matches('#').starts_with('"')
    }

    pub(super) fn raw_text(&mut self) -> Node {
        let start = self.at;
        let rest = &self.rest()[1..];
        let hashes = rest.len() - rest.trim_start_matches('#').len();
        let lead = 1 + hashes + 1;
        let body = &rest[hashes + 1..];
        let ending = format!("\"{}", "#".repeat(hashes));
        let Some(end) = body.find(&ending) else {
            return self.endless_text(start, lead);
        };
        self.at = start + lead + end + ending.len();
        let text = Text {
            text: body[..end].to_owned(),
            lead: Some(lead as u32),
        };
        self.node(start, Value::Text(text))
    }

    pub(super) fn text_value(&mut self) -> Node {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        let mut escapes = false;
        loop {
            let rest = self.rest();
            let Some(stop) = rest.find(['"', '\\']) else {
                return self.endless_text(start, 1);
            };
            text.push_str(&rest[..stop]);
            self.at += stop;
            if self.byte() == Some(b'"') {
                self.at += 1;
                if self.text[start..self.at].contains('\n') && self.in_midst_of_a_line() {
                    return self.endless_text(start, 1);
                }
                break;
            }
            escapes = true;
            text.push(self.escape());
        }
        let lead = (!escapes).then_some(1);
        self.node(start, Value::Text(Text { text, lead }))
    }

    /// Whether something stands here that cannot follow a text. After a text of several
    /// lines this means that its closing quote is missing, and that the one just read
    /// was meant to open another.
    fn in_midst_of_a_line(&self) -> bool {
        let rest = self.rest();
        let comment = rest.starts_with("//") || rest.starts_with("/*");
        let next = rest.chars().next();
        !comment && next.is_some_and(|c| c == '_' || c == '/' || c.is_alphanumeric())
    }

    fn endless_text(&mut self, start: usize, lead: usize) -> Node {
        let line = &self.text[start..];
        let end = line.find('\n').unwrap_or(line.len()).max(lead);
        let place = Place::new(self.file, start, start + end);
        self.complain(
            Diagnostic::new(Code::Unclosed, "this text has no closing quote", place)
                .help("add the missing \""),
        );
        self.give_up();
        self.node(start, Value::Bad)
    }

    /// The character that a backslash and what follows stand for.
    fn escape(&mut self) -> char {
        let start = self.at;
        self.at += 1;
        let Some(kind) = self.rest().chars().next() else {
            return '\\';
        };
        self.at += kind.len_utf8();
        let found = match kind {
            'n' => Some('\n'),
            'r' => Some('\r'),
            't' => Some('\t'),
            '0' => Some('\0'),
            'b' => Some('\u{8}'),
            'f' => Some('\u{c}'),
            '\\' | '"' | '\'' | '/' => Some(kind),
            'x' => self.hex(2).and_then(char::from_u32),
            'u' if self.byte() == Some(b'{') => self.braced_hex(),
            'u' => self.json_unicode(),
            _ => None,
        };
        found.unwrap_or_else(|| {
            let place = Place::new(self.file, start, self.at);
            let words = &self.text[start..self.at];
            self.complain(
                Diagnostic::new(Code::Unreadable, format!("`{words}` is no escape"), place)
                    .help("a backslash itself is written \\\\"),
            );
            '\u{fffd}'
        })
    }

    fn hex(&mut self, digits: usize) -> Option<u32> {
        let digits = self.rest().get(..digits)?;
        let value = u32::from_str_radix(digits, 16).ok()?;
        self.at += digits.len();
        Some(value)
    }

    fn braced_hex(&mut self) -> Option<char> {
        let end = self.rest().find('}')?;
        let value = u32::from_str_radix(&self.rest()[1..end], 16).ok()?;
        self.at += end + 1;
        char::from_u32(value)
    }

    fn json_unicode(&mut self) -> Option<char> {
        let first = self.hex(4)?;
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first);
        }
        if !self.rest().starts_with("\\u") {
            return None;
        }
        self.at += 2;
        let second = self.hex(4)?.checked_sub(0xdc00)?;
        char::from_u32(0x10000 + ((first - 0xd800) << 10) + second)
    }
}

/// Reads RON's and JSON's numbers.
pub(super) fn parse_number(text: &str) -> Option<NumberKind> {
    let plain: String = text.chars().filter(|&c| c != '_').collect();
    let (sign, digits) = match plain.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, plain.strip_prefix('+').unwrap_or(&plain)),
    };
    let radix = match digits.get(..2) {
        Some("0x") => 16,
        Some("0b") => 2,
        Some("0o") => 8,
        _ => 10,
    };
    let digits = if radix == 10 { digits } else { &digits[2..] };
    if !digits.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '.') {
        return None;
    }
    if let Ok(whole) = i128::from_str_radix(digits, radix) {
        return Some(NumberKind::Whole(sign * whole));
    }
    if radix != 10 || digits.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let real = digits.parse::<f64>().ok().filter(|real| real.is_finite())?;
    Some(NumberKind::Real(sign as f64 * real))
}
