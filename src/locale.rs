//! The languages of what people read: sentences as data, and how each language writes
//! numbers. HAProxy's words are the same in all of them.
//!
//! Whoever has something to say makes a [`Said`]: the key of a sentence and the values in
//! it. A [`Speaker`] turns it into words; the one with the catalogues of `locales/` is
//! [`catalogue::Catalogue`].

#[cfg(feature = "cli")]
pub mod catalogue;
#[cfg(feature = "cli")]
pub mod phrases;
pub mod wrap;

use std::borrow::Cow;

use balance::Span;
use serde_json::{Value as Json, json};

/// A language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lang {
    /// English
    #[default]
    En,
    /// French
    Fr,
}

impl Lang {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::En, Self::Fr];

    /// Its two letters: `en`.
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Fr => "fr",
        }
    }

    /// The language of a name such as `fr`, `fr_CH.UTF-8` or `fr-CH`; none if it is none of
    /// ours.
    pub fn of(name: &str) -> Option<Self> {
        let end = name.find(|c: char| !c.is_ascii_alphabetic());
        let language = &name[..end.unwrap_or(name.len())];
        Self::ALL
            .into_iter()
            .find(|lang| language.eq_ignore_ascii_case(lang.tag()))
    }

    /// What separates whole from decimal digits in prose.
    fn mark(self) -> char {
        match self {
            Self::En => '.',
            Self::Fr => ',',
        }
    }

    /// `value` with up to `decimals` digits behind the mark, without idle zeros.
    pub fn number(self, value: f64, decimals: usize) -> String {
        let text = format!("{value:.decimals$}");
        let text = match text.split_once('.') {
            Some(_) => text.trim_end_matches('0').trim_end_matches('.'),
            None => text.as_str(),
        };
        let text = if text == "-0" { "0" } else { text };
        self.marked(text)
    }

    /// `value` with exactly `decimals` digits behind the mark.
    pub fn fixed(self, value: f64, decimals: usize) -> String {
        let text = format!("{value:.decimals$}");
        let zero = text.bytes().all(|b| matches!(b, b'-' | b'0' | b'.'));
        let text = if zero {
            text.trim_start_matches('-')
        } else {
            &text
        };
        self.marked(text)
    }

    fn marked(self, text: &str) -> String {
        text.chars()
            .map(|c| if c == '.' { self.mark() } else { c })
            .collect()
    }

    /// A length of time: `250 ms`, `2.5 s`, `1 min 30 s`, three digits or so of it.
    pub fn span(self, span: Span) -> String {
        let millis = span.as_nanos() as f64 / 1e6;
        if millis < 999.95 {
            return format!("{} ms", self.number(millis, 1));
        }
        // A minute of running time is easier to read as such.
        let whole = (millis / 1e3).round() as u64;
        if whole >= 120 {
            let (minutes, seconds) = (whole / 60, whole % 60);
            return match seconds {
                0 => format!("{minutes} min"),
                _ => format!("{minutes} min {seconds} s"),
            };
        }
        format!("{} s", self.number(millis / 1e3, 3))
    }

    /// A moment of a run, in seconds from the clients' start.
    pub fn moment(self, seconds: f64) -> String {
        format!("{} s", self.fixed(seconds, 3))
    }
}

/// Something to say: the key of a sentence in the catalogues, and the values in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// The key.
    pub key: &'static str,
    /// The values, by the names that the sentence has for them.
    pub values: Vec<(&'static str, Value)>,
}

/// A value in a sentence.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A name, or words that are no language's: as they are. Sentences may choose by it.
    Word(String),
    /// A count. Sentences may choose by it.
    Count(u64),
    /// A length of time.
    Span(Span),
    /// A moment: seconds from the clients' start.
    Moment(f64),
    /// Any other number, with up to so many decimals.
    Number(f64, usize),
    /// Several: `s1, s2 and s3`.
    Several(Vec<Self>),
    /// A piece of sentence.
    Said(Box<Said>),
}

impl Said {
    /// The sentence of `key`, without values.
    pub fn new(key: &'static str) -> Self {
        Self {
            key,
            values: Vec::new(),
        }
    }

    /// The same with one more value.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.values.push((name, value.into()));
        self
    }

    /// Key and values, for programs.
    pub fn json(&self) -> Json {
        let values = self.values.iter();
        let values: serde_json::Map<String, Json> = values
            .map(|(name, value)| ((*name).to_owned(), value.json()))
            .collect();
        json!({ "key": self.key, "values": values })
    }
}

impl Value {
    /// The value in words.
    pub fn text(&self, speaker: &dyn Speaker) -> String {
        let lang = speaker.lang();
        match self {
            Self::Word(text) => text.clone(),
            Self::Count(count) => count.to_string(),
            Self::Span(span) => lang.span(*span),
            Self::Moment(seconds) => lang.moment(*seconds),
            Self::Number(value, decimals) => lang.number(*value, *decimals),
            Self::Said(said) => speaker.say(said),
            Self::Several(values) => {
                let texts: Vec<String> = values.iter().map(|value| value.text(speaker)).collect();
                match texts.as_slice() {
                    [] => String::new(),
                    [one] => one.clone(),
                    [most @ .., last] => {
                        let and = match lang {
                            Lang::En => "and",
                            Lang::Fr => "et",
                        };
                        format!("{} {and} {last}", most.join(", "))
                    }
                }
            }
        }
    }

    /// The value for programs: spans in milliseconds, moments in seconds.
    pub fn json(&self) -> Json {
        match self {
            Self::Word(text) => json!(text),
            Self::Count(count) => json!(count),
            Self::Span(span) => {
                let micros = (span.as_nanos() + 500) / 1000;
                json!({ "ms": micros as f64 / 1e3 })
            }
            Self::Moment(seconds) => json!({ "s": seconds }),
            Self::Number(value, _) => json!(value),
            Self::Several(values) => values.iter().map(Self::json).collect(),
            Self::Said(said) => said.json(),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Word(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Word(text)
    }
}

impl From<u64> for Value {
    fn from(count: u64) -> Self {
        Self::Count(count)
    }
}

impl From<u32> for Value {
    fn from(count: u32) -> Self {
        Self::Count(count.into())
    }
}

impl From<usize> for Value {
    fn from(count: usize) -> Self {
        Self::Count(count as u64)
    }
}

impl From<Span> for Value {
    fn from(span: Span) -> Self {
        Self::Span(span)
    }
}

impl From<Said> for Value {
    fn from(said: Said) -> Self {
        Self::Said(Box::new(said))
    }
}

impl From<Vec<Self>> for Value {
    fn from(values: Vec<Self>) -> Self {
        Self::Several(values)
    }
}

impl From<Vec<String>> for Value {
    fn from(names: Vec<String>) -> Self {
        Self::Several(names.into_iter().map(Self::Word).collect())
    }
}

/// Whoever knows the words of a language.
pub trait Speaker {
    /// Which language it is.
    fn lang(&self) -> Lang;
    /// The sentence in words; its key if it has none.
    fn say(&self, said: &Said) -> String;

    /// Several sentences, one after the other.
    fn say_all(&self, said: &[Said]) -> String {
        let sentences: Vec<String> = said.iter().map(|said| self.say(said)).collect();
        sentences.join(" ")
    }
}

/// Whoever can put into a language what is written in English where it arises: heads of
/// tables, captions, diagnostics.
pub trait Words: std::fmt::Debug + Sync {
    /// Which language it is.
    fn lang(&self) -> Lang;
    /// `english` in this language, as it is if it is no phrase of `context`: `table`, `page`,
    /// `line` (journals), `plot`, `seq`, `time` (timelines), `say` (what commands say),
    /// `flaw` (diagnostics).
    fn put<'a>(&self, context: &str, english: &'a str) -> Cow<'a, str>;
}

/// English: everything as it is written.
#[derive(Clone, Copy, Debug, Default)]
pub struct AsWritten;

impl Words for AsWritten {
    fn lang(&self) -> Lang {
        Lang::En
    }

    fn put<'a>(&self, _context: &str, english: &'a str) -> Cow<'a, str> {
        Cow::Borrowed(english)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_by_name() {
        for (name, lang) in [
            ("fr", Some(Lang::Fr)),
            ("fr_CH.UTF-8", Some(Lang::Fr)),
            ("FR-ch", Some(Lang::Fr)),
            ("en_GB", Some(Lang::En)),
            ("C", None),
            ("POSIX", None),
            ("de_CH", None),
            ("french", None),
            ("", None),
        ] {
            assert_eq!(Lang::of(name), lang, "{name}");
        }
    }

    #[test]
    fn numbers_as_each_language_writes_them() {
        let rows = [
            (0, "0 ms", "0 ms"),
            (250_000_000, "250 ms", "250 ms"),
            (8_149_999, "8.1 ms", "8,1 ms"),
            (999_949_999, "999.9 ms", "999,9 ms"),
            (999_960_000, "1 s", "1 s"),
            (2_500_000_000, "2.5 s", "2,5 s"),
            (90_000_000_000, "90 s", "90 s"),
            (119_499_600_000, "119.5 s", "119,5 s"),
            (120_000_000_000, "2 min", "2 min"),
            (125_400_000_000, "2 min 5 s", "2 min 5 s"),
        ];
        for (nanos, en, fr) in rows {
            let span = Span::from_nanos(nanos);
            assert_eq!(
                (Lang::En.span(span).as_str(), Lang::Fr.span(span).as_str()),
                (en, fr)
            );
        }
        assert_eq!(Lang::Fr.moment(10.25), "10,250 s");
        assert_eq!(Lang::En.moment(-0.000_1), "0.000 s");
        assert_eq!(Lang::En.moment(-3.4), "-3.400 s");
        assert_eq!(Lang::Fr.number(66.70, 1), "66,7");
        assert_eq!(Lang::Fr.number(100.0, 1), "100");
        assert_eq!(Lang::En.number(-0.01, 1), "0");
    }

    struct Bare(Lang);

    impl Speaker for Bare {
        fn lang(&self) -> Lang {
            self.0
        }
        fn say(&self, said: &Said) -> String {
            let values = said.values.iter().map(|(_, value)| value.text(self));
            values.fold(said.key.to_owned(), |text, value| text + " " + &value)
        }
    }

    #[test]
    fn several_are_joined() {
        let names = |count: usize| -> Value {
            let names = ["s1", "s2", "s3"];
            let names: Vec<String> = names[..count].iter().map(|n| (*n).to_owned()).collect();
            names.into()
        };
        for (count, text) in [(0, ""), (1, "s1"), (2, "s1 et s2"), (3, "s1, s2 et s3")] {
            assert_eq!(names(count).text(&Bare(Lang::Fr)), text);
        }
        assert_eq!(names(3).text(&Bare(Lang::En)), "s1, s2 and s3");
    }

    #[test]
    fn values_for_programs() {
        let said = Said::new("waits")
            .with("server", "s1")
            .with("span", Span::from_nanos(1_234_567_890))
            .with("count", 3_u32);
        assert_eq!(
            said.json(),
            json!({
                "key": "waits",
                "values": { "server": "s1", "span": { "ms": 1_234.568 }, "count": 3 },
            })
        );
    }
}
