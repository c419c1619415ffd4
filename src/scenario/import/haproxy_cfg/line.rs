//! One line of words, each with its place in the text.

use super::token::Word;
use crate::scenario::diagnostic::{Code, Diagnostic};
use crate::scenario::suggest;
use crate::scenario::{FileId, Place};

/// A list longer than this is no help.
const LONG: usize = 30;

/// Among more names than these no near one is looked for.
const MANY: usize = 5000;

/// Adds to `note` what would be accepted instead of `word`, and the nearest of it.
pub(super) fn guess(
    note: Diagnostic,
    word: &str,
    known: impl IntoIterator<Item = impl AsRef<str>>,
) -> Diagnostic {
    let mut known: Vec<_> = known.into_iter().take(MANY + 1).collect();
    if known.len() > MANY {
        return note;
    }
    if known.len() > LONG {
        let near = suggest::nearest(word, known.iter().map(AsRef::as_ref)).map(str::to_owned);
        known.clear();
        return match near {
            Some(near) => note.help(format!("did you mean `{near}`?")),
            None => note,
        };
    }
    suggest::attach(note, word, known)
}

/// A line that has at least one word.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) file: FileId,
    /// From 1.
    pub(super) number: u32,
    /// The byte of the text where the line begins.
    pub(super) start: usize,
    pub(super) words: Vec<Word>,
}

impl Line {
    /// The word numbered `index`; empty beyond the end, as HAProxy's own.
    pub(super) fn word(&self, index: usize) -> &str {
        self.words.get(index).map_or("", |word| word.text.as_str())
    }

    /// The words from `index` on, up to the first empty one.
    pub(super) fn from(&self, index: usize) -> Vec<&str> {
        (self.words.iter().skip(index))
            .map(|word| word.text.as_str())
            .take_while(|word| !word.is_empty())
            .collect()
    }

    /// Where the word numbered `index` stands, or should.
    pub(super) fn place(&self, index: usize) -> Place {
        let last = self.words.last().map_or(0, |word| word.end);
        match self.words.get(index) {
            Some(word) => Place::new(self.file, self.start + word.start, self.start + word.end),
            None => Place::new(self.file, self.start + last, self.start + last),
        }
    }

    /// The whole line.
    pub(super) fn whole(&self) -> Place {
        let start = self.words.first().map_or(0, |word| word.start);
        let end = self.words.last().map_or(0, |word| word.end);
        Place::new(self.file, self.start + start, self.start + end)
    }

    /// A complaint about the word numbered `index`.
    pub(super) fn blame(&self, index: usize, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Code::Words, message, self.place(index))
    }

    /// A complaint that something must follow.
    pub(super) fn missing(&self, index: usize, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Code::Missing, message, self.place(index))
    }

    /// A complaint about a word that is none of `known`.
    pub(super) fn unknown(
        &self,
        index: usize,
        message: impl Into<String>,
        known: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Diagnostic {
        let note = Diagnostic::new(Code::UnknownWord, message, self.place(index));
        let word = self.word(index);
        if ["{{", "{%", "<%"].iter().any(|sign| word.starts_with(sign)) {
            return note.help("this is a template: check the file that is made of it");
        }
        guess(note, word, known)
    }

    /// That at most `most` words follow the one numbered `index`.
    pub(super) fn at_most(&self, index: usize, most: usize) -> Result<(), Diagnostic> {
        let extra = index + 1 + most;
        if self.word(extra).is_empty() {
            return Ok(());
        }
        let takes = match most {
            0 => "no argument".to_owned(),
            1 => "one argument".to_owned(),
            n => format!("at most {n} arguments"),
        };
        let message = format!(
            "`{}` takes {takes}: `{}` is too much",
            self.word(index),
            self.word(extra)
        );
        Err(self.blame(extra, message))
    }

    /// A whole number where C's reading of other things would be 0.
    pub(super) fn number(&self, index: usize, what: &str) -> Result<i64, Diagnostic> {
        if self.word(index).is_empty() {
            return Err(self.missing(index, format!("`{what}` needs a number")));
        }
        Ok(super::value::lenient(self.word(index)).0)
    }

    /// A time where one must stand.
    pub(super) fn time(&self, index: usize, what: &str) -> Result<balance::Span, Diagnostic> {
        if self.word(index).is_empty() {
            return Err(self.missing(index, format!("`{what}` needs a time")));
        }
        super::value::time(self.word(index)).map_err(|why| {
            Diagnostic::new(Code::Duration, why, self.place(index))
                .accepted("`500ms`, `2s`, `1m`, `1h`; a bare number counts in milliseconds")
        })
    }
}
