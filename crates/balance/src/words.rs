//! Settings from the words of a configuration line: the arguments of `balance`,
//! `hash-type`, `cookie`, `retry-on`, `stick-table` and `stick`, as HAProxy accepts them.
//!
//! Every `parse` takes the words *after* the keyword, quotes already resolved:
//! `cookie SERVERID insert indirect` is `Cookie::parse(&["SERVERID", "insert", "indirect"])`.
//! What HAProxy accepts is accepted, what it refuses is refused; where a word is valid for
//! HAProxy but the simulator cannot follow it, the error is [`WordProblem::NotSimulated`].

mod balance;
mod cookie;
mod retry;
mod stick;

use alloc::string::String;

use crate::config::Fetch;
use crate::time::Span;

/// Which word of a list is wrong, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct ConfigWordError {
    /// Its place in the list that was parsed; the list's length when a word is missing.
    pub index: usize,
    /// What is wrong with it.
    pub problem: WordProblem,
}

/// What is wrong with a word.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WordProblem {
    /// It is none of the words that can stand here.
    #[error("`{word}` is not accepted here: expected {}", Alternatives(.accepted))]
    Unknown {
        /// The word.
        word: String,
        /// Those that can.
        accepted: &'static [&'static str],
    },
    /// Something must follow.
    #[error("`{after}` needs {what}")]
    Missing {
        /// After this word.
        after: String,
        /// What is missing.
        what: &'static str,
    },
    /// It has the wrong form.
    #[error("`{word}` is not {what}")]
    Malformed {
        /// The word.
        word: String,
        /// What it should be.
        what: &'static str,
    },
    /// It contradicts an earlier word.
    #[error("`{word}` cannot be used {why}")]
    Clash {
        /// The word.
        word: String,
        /// `together with ...`, `without ...`
        why: &'static str,
    },
    /// HAProxy may know it, the simulator does not.
    #[error("`{word}` is not simulated; what can stand here: {}", Alternatives(.accepted))]
    NotSimulated {
        /// The word.
        word: String,
        /// What is.
        accepted: &'static [&'static str],
    },
}

/// A list as it is read aloud: `` `a`, `b` or `c` ``.
struct Alternatives<'a>(&'a [&'static str]);

impl core::fmt::Display for Alternatives<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        for (index, word) in self.0.iter().enumerate() {
            let before = match index {
                0 => "",
                _ if index + 1 == self.0.len() => " or ",
                _ => ", ",
            };
            write!(f, "{before}`{word}`")?;
        }
        Ok(())
    }
}

/// A list of words and how much of it has been read.
struct Words<'a> {
    keyword: &'static str,
    all: &'a [&'a str],
    read: usize,
}

impl<'a> Words<'a> {
    fn new(keyword: &'static str, words: &'a [&'a str]) -> Self {
        Self {
            keyword,
            all: words,
            read: 0,
        }
    }

    /// The next word; an empty one ends the list, as it does for HAProxy.
    fn next(&mut self) -> Option<&'a str> {
        let word = self.all.get(self.read).copied().filter(|w| !w.is_empty());
        self.read += usize::from(word.is_some());
        word
    }

    /// The next word, which must be there.
    fn need(&mut self, what: &'static str) -> Result<&'a str, ConfigWordError> {
        self.next().ok_or_else(|| ConfigWordError {
            index: self.read,
            problem: WordProblem::Missing {
                after: match self.read {
                    0 => self.keyword.into(),
                    read => self.all[read - 1].into(),
                },
                what,
            },
        })
    }

    /// Blames the word read last.
    fn blame(&self, problem: WordProblem) -> ConfigWordError {
        ConfigWordError {
            index: self.read.saturating_sub(1),
            problem,
        }
    }

    fn unknown(&self, word: &str, accepted: &'static [&'static str]) -> ConfigWordError {
        self.blame(WordProblem::Unknown {
            word: word.into(),
            accepted,
        })
    }

    fn malformed(&self, word: &str, what: &'static str) -> ConfigWordError {
        self.blame(WordProblem::Malformed {
            word: word.into(),
            what,
        })
    }

    fn clash(&self, word: &str, why: &'static str) -> ConfigWordError {
        self.blame(WordProblem::Clash {
            word: word.into(),
            why,
        })
    }

    fn not_simulated(&self, word: &str, accepted: &'static [&'static str]) -> ConfigWordError {
        self.blame(WordProblem::NotSimulated {
            word: word.into(),
            accepted,
        })
    }

    /// A whole number of at least 1; HAProxy stops reading at the first other character.
    fn count(&mut self) -> Result<u32, ConfigWordError> {
        let what = "a positive whole number";
        let word = self.need(what)?;
        match leading_number(word) {
            Some((count @ 1.., _)) => Ok(count),
            _ => Err(self.malformed(word, what)),
        }
    }

    /// A time; a bare number counts in `unit`.
    fn time(&mut self, unit: Span) -> Result<Span, ConfigWordError> {
        let what = "a time such as `90`, `30m` or `8h`";
        let word = self.need(what)?;
        duration(word, unit).ok_or_else(|| self.malformed(word, what))
    }
}

/// The digits at the beginning of `text` as a number, and what follows them.
fn leading_number(text: &str) -> Option<(u32, &str)> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    Some((text[..end].parse().ok()?, &text[end..]))
}

/// A time as HAProxy writes it: a whole number and `us`, `ms`, `s`, `m`, `h` or `d`;
/// without a unit it counts in `unit`. `None` for anything else, and for more than
/// 2^31 - 1 of `unit`.
///
/// `cookie` counts in seconds, `stick-table` and `timeout` in milliseconds.
pub fn duration(text: &str, unit: Span) -> Option<Span> {
    const MINUTE: u64 = 60;
    let (number, rest) = leading_number(text)?;
    let given = match rest {
        "" => unit,
        "us" => Span::from_micros(1),
        "ms" => Span::from_millis(1),
        "s" => Span::from_secs(1),
        "m" => Span::from_secs(MINUTE),
        "h" => Span::from_secs(60 * MINUTE),
        "d" => Span::from_secs(24 * 60 * MINUTE),
        _ => return None,
    };
    let nanos = given.as_nanos().checked_mul(u64::from(number))?;
    let longest = unit.as_nanos().saturating_mul(i32::MAX as u64);
    (nanos <= longest).then_some(Span::from_nanos(nanos))
}

/// `name(argument)`, `name()` or `name`: the name and what is between the parentheses.
fn call(word: &str) -> (&str, Option<&str>) {
    match word.split_once('(') {
        Some((name, rest)) => match rest.split_once(')') {
            Some((argument, "")) => (name, Some(argument)),
            _ => (word, None),
        },
        None => (word, None),
    }
}

const FETCHES: &[&str] = &[
    "src",
    "path",
    "pathq",
    "url",
    "query",
    "method",
    "req.hdr(NAME)",
    "req.cook(NAME)",
    "url_param(NAME)",
    "str(TEXT)",
];

impl Fetch {
    /// A sample expression about a request, without converters: `req.cook(NODESESSID)`.
    ///
    /// # Errors
    /// [`WordProblem::NotSimulated`] for every other expression: HAProxy knows many more.
    pub fn parse(word: &str) -> Result<Self, ConfigWordError> {
        fetch(&mut Words::new("fetch", &[word]))
    }
}

fn fetch(words: &mut Words<'_>) -> Result<Fetch, ConfigWordError> {
    let word = words.need("a sample expression such as `src`")?;
    let (name, argument) = call(word);
    Ok(match (name, argument) {
        ("src", None | Some("")) => Fetch::Src,
        ("path", None | Some("")) => Fetch::Path,
        ("pathq", None | Some("")) => Fetch::PathQ,
        ("url", None | Some("")) => Fetch::Url,
        ("query", None | Some("")) => Fetch::Query,
        ("method", None | Some("")) => Fetch::Method,
        ("str", Some(text)) => Fetch::Str(text.into()),
        // A second argument changes which value is meant.
        (_, None | Some("")) => return Err(words.not_simulated(word, FETCHES)),
        (_, Some(argument)) if argument.contains(',') => {
            return Err(words.not_simulated(word, FETCHES));
        }
        ("hdr" | "req.hdr", Some(name)) => Fetch::Header(name.to_ascii_lowercase()),
        ("cook" | "cookie" | "req.cook", Some(name)) => Fetch::Cookie(name.into()),
        ("urlp" | "url_param", Some(name)) => Fetch::UrlParam(name.into()),
        _ => return Err(words.not_simulated(word, FETCHES)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;
    use std::vec::Vec;

    pub(super) fn split(line: &str) -> Vec<&str> {
        line.split_whitespace().collect()
    }

    /// The message for `line`, or `None` when it is accepted.
    pub(super) fn complaint<T>(
        parse: impl Fn(&[&str]) -> Result<T, ConfigWordError>,
        line: &str,
    ) -> Option<(usize, String)> {
        let error = parse(&split(line)).err()?;
        Some((error.index, error.to_string()))
    }

    #[test]
    fn times_have_units() {
        let table = [
            ("90", Some(Span::from_secs(90))),
            ("5us", Some(Span::from_micros(5))),
            ("5ms", Some(Span::from_millis(5))),
            ("5s", Some(Span::from_secs(5))),
            ("5m", Some(Span::from_secs(300))),
            ("5h", Some(Span::from_secs(18_000))),
            ("5d", Some(Span::from_secs(432_000))),
            ("", None),
            ("m", None),
            ("1.5s", None),
            ("1h30m", None),
            ("99999999999", None),
        ];
        for (text, expected) in table {
            assert_eq!(duration(text, Span::from_secs(1)), expected, "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_words_are_answered_and_blame_stays_inside(
            words in proptest::collection::vec("[a-z(]{0,6}|len|insert|attr|size|random\\(PC?|\\PC{0,8}", 0..6),
        ) {
            use crate::config::{Balance, Cookie, HashType, RetryOn, Stick, StickRule};
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let errors = [
                Balance::parse(&words).err(),
                HashType::parse(&words).err(),
                Cookie::parse(&words).err(),
                RetryOn::parse(&words).err(),
                Stick::parse(&words).err(),
                StickRule::parse(&words).err(),
            ];
            for error in errors.into_iter().flatten() {
                proptest::prop_assert!(error.index <= words.len());
                proptest::prop_assert!(!error.to_string().is_empty());
            }
        }
    }
}
