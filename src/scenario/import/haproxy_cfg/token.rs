//! One line of a `haproxy.cfg` into words, each with its exact place.
//!
//! Quotes, escapes, comments and variables follow HAProxy 2.6 (manual, 2.2 and 2.3):
//! variables only count between double quotes, a backslash is kept where it escapes
//! nothing, and there is no continuation of lines.

/// The most words a line may have, the keyword included.
pub(super) const MAX_WORDS: usize = 64;

/// One word: what HAProxy reads, and where it stands in the line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Word {
    /// The text after quotes, escapes and variables.
    pub(super) text: String,
    /// Its first byte in the line, quotes included.
    pub(super) start: usize,
    /// The byte after its last one.
    pub(super) end: usize,
}

/// Why a line has no words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum TokenProblem {
    /// A quote that never closes.
    #[error("this quote is not closed before the end of the line")]
    Quote,
    /// `\x` without two hexadecimal digits.
    #[error("`\\x` must be followed by two hexadecimal digits")]
    Hex,
    /// `${` without `}`.
    #[error("the name of this variable is not closed by `}}`")]
    Brace,
    /// `$` before something that cannot begin a name.
    #[error("a variable's name begins with a letter or `_`; write `\\$` for a plain dollar")]
    Name,
    /// `[` inside braces that is not `[*]`.
    #[error("only `[*]` can follow a variable's name inside braces")]
    Expand,
    /// A NUL byte.
    #[error("a NUL byte cannot stand in a configuration")]
    Nul,
    /// More than [`MAX_WORDS`].
    #[error("a line has at most 64 words; the rest is not read")]
    TooMany,
}

/// A problem with its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TokenError {
    /// The byte of the line where it is.
    pub(super) at: usize,
    /// What is wrong.
    pub(super) problem: TokenProblem,
}

/// Splits `line` (without its line feed). `variable` gives the value of a variable;
/// pseudo-variables keep their dot (`.LINE`).
///
/// # Errors
/// The first thing in the line that HAProxy refuses to read.
pub(super) fn words(
    line: &str,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Vec<Word>, TokenError> {
    let mut lexer = Lexer {
        chars: line.char_indices().collect(),
        length: line.len(),
        at: 0,
        words: Vec::new(),
        open: None,
        quote: None,
    };
    lexer.run(&variable)?;
    Ok(lexer.words)
}

struct Lexer {
    chars: Vec<(usize, char)>,
    /// Of the line, in bytes.
    length: usize,
    /// Index into `chars`.
    at: usize,
    words: Vec<Word>,
    /// The word being read.
    open: Option<Word>,
    /// The quote in force, and the column where it opened.
    quote: Option<(char, usize)>,
}

impl Lexer {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).map(|&(_, c)| c)
    }

    /// The byte where the character numbered `at` begins.
    fn byte(&self, at: usize) -> usize {
        self.chars.get(at).map_or(self.length, |&(byte, _)| byte)
    }

    fn blame(&self, at: usize, problem: TokenProblem) -> TokenError {
        TokenError {
            at: self.byte(at),
            problem,
        }
    }

    /// The word being read, begun here if there is none.
    fn word(&mut self) -> &mut Word {
        let start = self.byte(self.at);
        self.open.get_or_insert_with(|| Word {
            start,
            ..Word::default()
        })
    }

    fn close(&mut self) -> Result<(), TokenError> {
        let end = self.byte(self.at);
        if let Some(mut word) = self.open.take() {
            if self.words.len() == MAX_WORDS {
                return Err(TokenError {
                    at: word.start,
                    problem: TokenProblem::TooMany,
                });
            }
            word.end = end;
            self.words.push(word);
        }
        Ok(())
    }

    fn run(&mut self, variable: &impl Fn(&str) -> Option<String>) -> Result<(), TokenError> {
        while let Some(c) = self.peek(0) {
            let quoted = self.quote.map(|(quote, _)| quote);
            match c {
                '\0' => return Err(self.blame(self.at, TokenProblem::Nul)),
                '"' | '\'' if quoted.is_none() => {
                    self.word();
                    self.quote = Some((c, self.at));
                    self.at += 1;
                }
                '"' | '\'' if quoted == Some(c) => {
                    self.quote = None;
                    self.at += 1;
                }
                '#' if quoted.is_none() => break,
                '\\' if quoted != Some('\'') => self.escape(quoted)?,
                '$' if quoted == Some('"') => self.expand(variable)?,
                _ if quoted.is_none() && is_blank(c) => {
                    self.close()?;
                    self.at += 1;
                }
                _ => {
                    self.word().text.push(c);
                    self.at += 1;
                }
            }
        }
        if let Some((_, at)) = self.quote {
            return Err(self.blame(at, TokenProblem::Quote));
        }
        self.close()
    }

    fn escape(&mut self, quoted: Option<char>) -> Result<(), TokenError> {
        let (text, length) = match self.peek(1) {
            Some(c @ (' ' | '\\' | '#' | '"' | '\'')) => (c, 2),
            Some('$') if quoted == Some('"') => ('$', 2),
            Some('t') => ('\t', 2),
            Some('n') => ('\n', 2),
            Some('r') => ('\r', 2),
            Some('x') => {
                let digit = |ahead| self.peek(ahead).and_then(|c: char| c.to_digit(16));
                let (Some(high), Some(low)) = (digit(2), digit(3)) else {
                    return Err(self.blame(self.at + 1, TokenProblem::Hex));
                };
                (char::from((high * 16 + low) as u8), 4)
            }
            _ => ('\\', 1),
        };
        self.word().text.push(text);
        self.at += length;
        Ok(())
    }

    fn text(&self, from: usize, to: usize) -> String {
        self.chars[from..to].iter().map(|&(_, c)| c).collect()
    }

    /// A variable between double quotes: `$NAME`, `${NAME}`, `${NAME-default}`, `${NAME[*]}`.
    fn expand(&mut self, variable: &impl Fn(&str) -> Option<String>) -> Result<(), TokenError> {
        self.word();
        self.at += 1;
        let brace = self.peek(0) == Some('{');
        self.at += usize::from(brace);
        let start = self.at;
        match self.peek(0) {
            Some(c) if c.is_ascii_alphabetic() || c == '_' || c == '.' => self.at += 1,
            _ => return Err(self.blame(start, TokenProblem::Name)),
        }
        while self
            .peek(0)
            .is_some_and(|c| c.is_ascii_alphanumeric() || c == '_')
        {
            self.at += 1;
        }
        let name = self.text(start, self.at);
        let mut value = variable(&name);
        let mut split = false;
        if brace && self.peek(0) == Some('[') {
            if self.peek(1) != Some('*') || self.peek(2) != Some(']') {
                return Err(self.blame(self.at, TokenProblem::Expand));
            }
            split = true;
            self.at += 3;
        }
        if brace {
            let from = self.at;
            while self.at > from || self.peek(0) == Some('-') {
                match self.peek(0) {
                    None => return Err(self.blame(start, TokenProblem::Brace)),
                    Some('}') => break,
                    Some(_) => self.at += 1,
                }
            }
            if self.peek(0) != Some('}') {
                return Err(self.blame(start, TokenProblem::Brace));
            }
            if self.at > from {
                value = value.or_else(|| Some(self.text(from + 1, self.at)));
            }
            self.at += 1;
        }
        self.insert(&value.unwrap_or_default(), split)
    }

    /// Appends a variable's value; with `[*]` each of its words is a word of its own.
    fn insert(&mut self, value: &str, split: bool) -> Result<(), TokenError> {
        if !split {
            self.word().text.push_str(value);
            return Ok(());
        }
        let mut blank = false;
        for c in value.chars() {
            if is_blank(c) {
                if !blank {
                    self.close()?;
                    self.word();
                }
            } else {
                self.word().text.push(c);
            }
            blank = is_blank(c);
        }
        Ok(())
    }
}

/// What separates words.
fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\x0b' | '\x0c' | '\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(name: &str) -> Option<String> {
        match name {
            "HOME" => Some("/root".into()),
            "WORDS" => Some("one  two".into()),
            ".LINE" => Some("7".into()),
            _ => None,
        }
    }

    fn split(line: &str) -> Result<Vec<String>, TokenProblem> {
        words(line, variable)
            .map(|words| words.into_iter().map(|w| w.text).collect())
            .map_err(|error| error.problem)
    }

    /// Each row was put to HAProxy 2.6.12, which named the word in its complaint.
    #[test]
    fn words_are_those_of_haproxy() {
        for (line, expected) in [
            (r"a\ b", vec!["a b"]),
            (r"a\tb", vec!["a\tb"]),
            (r"a\qb", vec![r"a\qb"]),
            (r#""a\qb""#, vec![r"a\qb"]),
            (r#""a\ b""#, vec!["a b"]),
            (r#""a\$b""#, vec!["a$b"]),
            (r"a\$b", vec![r"a\$b"]),
            (r"'a\ b'", vec![r"a\ b"]),
            (r"a\x41b", vec!["aAb"]),
            (r#""a\x41'b""#, vec!["aA'b"]),
            ("a#b", vec!["a"]),
            ("\"a#b\"", vec!["a#b"]),
            (r"a\#b", vec!["a#b"]),
            (r#"ab"cd"'ef'gh"#, vec!["abcdefgh"]),
            ("$HOME", vec!["$HOME"]),
            ("\"$HOME\" x", vec!["/root", "x"]),
            ("\"${NOPE}x\"", vec!["x"]),
            ("\"${NOPE-d f}x\"", vec!["d fx"]),
            ("\"${HOME-d}x\"", vec!["/rootx"]),
            ("\"$HOME.x\"", vec!["/root.x"]),
            ("\"$HO-ME\"", vec!["-ME"]),
            ("\"${WORDS[*]}\" z", vec!["one", "two", "z"]),
            ("\"${.LINE}\"", vec!["7"]),
            ("\\'a\\\" x", vec!["'a\"", "x"]),
            (r"a\", vec![r"a\"]),
            ("\"\" y", vec!["", "y"]),
            ("  # nothing", vec![]),
            ("a b\r", vec!["a", "b"]),
        ] {
            assert_eq!(split(line).as_deref(), Ok(&*owned(&expected)), "{line}");
        }
    }

    fn owned(words: &[&str]) -> Vec<String> {
        words.iter().map(|&w| w.to_owned()).collect()
    }

    #[test]
    fn unreadable_lines_say_why_and_where() {
        use TokenProblem as P;
        for (line, at, problem) in [
            (r"a\x4", 2, P::Hex),
            ("\"x$\"", 3, P::Name),
            ("\"x$1\"", 3, P::Name),
            ("\"x${HO ME}\"", 4, P::Brace),
            ("\"x${HOME\"", 4, P::Brace),
            ("\"x${HOME-d\"", 4, P::Brace),
            ("\"x${HOME[1]}\"", 8, P::Expand),
            ("é \"unclosed", 3, P::Quote),
            ("a\0b", 1, P::Nul),
        ] {
            let error = words(line, variable).expect_err(line);
            assert_eq!((error.at, error.problem), (at, problem), "{line}");
        }
        let long = "w ".repeat(MAX_WORDS + 1);
        assert_eq!(split(&long), Err(P::TooMany));
        assert_eq!(split(&"w ".repeat(MAX_WORDS)).map(|w| w.len()), Ok(64));
    }

    #[test]
    fn places_are_bytes_and_include_the_quotes() {
        let got = words("  é \"x y\" z", variable).expect("readable");
        let places: Vec<_> = got.iter().map(|w| (w.start, w.end)).collect();
        assert_eq!(places, [(2, 4), (5, 10), (11, 12)]);
    }
}
