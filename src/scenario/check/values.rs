//! Single values: durations, moments, numbers in a range, HAProxy's words.

use std::fmt::Display;
use std::ops::RangeInclusive;

use balance::words::{ConfigWordError, WordProblem};
use balance::{Moment, Span};

use super::{At, Check};
use crate::plan::Sampled;
use crate::scenario::diagnostic::{Code, Diagnostic};
use crate::scenario::schema::Time;
use crate::scenario::suggest;
use crate::scenario::units::{self, BadDuration, BadSampled};

impl Check {
    /// A length of time.
    pub(super) fn span(&mut self, at: At<'_>, time: Option<&Time>) -> Option<Span> {
        let text = &time?.0;
        units::duration(text)
            .map_err(|error| self.bad_duration(at, text, &error))
            .ok()
    }

    /// A moment, counted from the start of the clients.
    pub(super) fn moment(&mut self, at: At<'_>, time: Option<&Time>) -> Option<Moment> {
        let text = &time?.0;
        let offset = units::offset(text)
            .map_err(|error| self.bad_duration(at, text, &error))
            .ok()?;
        let moment = i128::from(self.warm_up.as_nanos()) + i128::from(offset);
        let moment = u64::try_from(moment).ok().map(Moment::from_nanos);
        if moment.is_none() {
            let lead = units::write(Span::from_nanos(offset.unsigned_abs()));
            let complaint = Diagnostic::new(
                Code::TooEarly,
                format!("{text} is before the proxy starts"),
                at.place(),
            )
            .label(format!(
                "the proxy starts {} before the clients",
                units::write(self.warm_up)
            ))
            .help(format!(
                "let the proxy run longer before the clients: warm_up: \"{lead}\""
            ));
            self.say(at, complaint);
        }
        moment
    }

    /// A length of time that may vary.
    pub(super) fn sampled(&mut self, at: At<'_>, time: Option<&Time>) -> Option<Sampled> {
        let text = &time?.0;
        let error = match units::sampled(text) {
            Ok(sampled) => return Some(sampled),
            Err(error) => error,
        };
        let complaint = match error {
            BadSampled::Duration(error) => {
                self.bad_duration(at, text, &error);
                return None;
            }
            BadSampled::Shape(start, end) => {
                let word = &text[start..end];
                let complaint = Diagnostic::new(
                    Code::Duration,
                    format!("{text:?} is no duration, not even a varying one"),
                    at.part(start..end),
                );
                suggest::attach(complaint, word, units::SHAPES).accepted(units::SAMPLED)
            }
            BadSampled::Count(why) => {
                Diagnostic::new(Code::Duration, why, at.place()).accepted(units::SAMPLED)
            }
            BadSampled::Order => {
                Diagnostic::new(Code::Range, "`uniform` goes from more to less", at.place())
                    .help("write the shorter duration first")
            }
        };
        self.say(at, complaint);
        None
    }

    fn bad_duration(&mut self, at: At<'_>, text: &str, error: &BadDuration) {
        let place = if error.at == (0, text.len()) {
            at.place()
        } else {
            at.part(error.at.0..error.at.1)
        };
        let complaint =
            Diagnostic::new(Code::Duration, format!("{text:?} is not a duration"), place)
                .label(error.why)
                .accepted(units::ACCEPTED);
        let complaint = match &error.help {
            Some(help) => complaint.help(help),
            None => complaint,
        };
        self.say(at, complaint);
    }

    /// A whole number within `range`.
    pub(super) fn whole(
        &mut self,
        at: At<'_>,
        number: Option<i64>,
        range: RangeInclusive<i64>,
    ) -> Option<i64> {
        let number = number?;
        if range.contains(&number) {
            return Some(number);
        }
        let accepted = match (*range.start(), *range.end()) {
            (least, i64::MAX | 0xffff_ffff) => format!("{least} or more"),
            (least, most) => format!("{least} to {most}"),
        };
        self.out_of_range(at, &number.to_string(), &accepted);
        None
    }

    /// [`whole`](Self::whole), for numbers that the plan keeps in 32 bits.
    pub(super) fn small(&mut self, at: At<'_>, number: Option<i64>, least: i64) -> Option<u32> {
        self.whole(at, number, least..=i64::from(u32::MAX))
            .map(|number| number as u32)
    }

    pub(super) fn out_of_range(&mut self, at: At<'_>, number: &str, accepted: &str) {
        let complaint = Diagnostic::new(
            Code::Range,
            format!("`{}` cannot be {number}", at.key()),
            at.place(),
        )
        .accepted(accepted);
        self.say(at, complaint);
    }

    /// A setting is missing that cannot be guessed.
    pub(super) fn missing(&mut self, at: At<'_>, key: &str, example: &str) {
        // Perhaps it is there under a wrong name, which has been complained about.
        let misspelt = |hole: &String| suggest::nearest(hole, [key]).is_some();
        if at.field(key).is_bad() || at.holes().iter().any(misspelt) {
            return;
        }
        let complaint = Diagnostic::new(Code::Missing, format!("`{key}` is missing"), at.head())
            .help(format!("write `{key}: {example}`"));
        self.say(at, complaint);
    }

    /// Something written in HAProxy's words.
    pub(super) fn words<T>(
        &mut self,
        at: At<'_>,
        line: Option<&str>,
        parse: impl Fn(&[&str]) -> Result<T, ConfigWordError>,
    ) -> Option<T> {
        let line = line?;
        let words: Vec<&str> = line.split_whitespace().collect();
        parse(&words)
            .map_err(|error| self.bad_word(at, line, &error))
            .ok()
    }

    /// Points at the word of `line` that `error` blames.
    pub(super) fn bad_word(&mut self, at: At<'_>, line: &str, error: &ConfigWordError) {
        let place = match line.split_whitespace().nth(error.index) {
            Some(word) => {
                let start = word.as_ptr() as usize - line.as_ptr() as usize;
                at.part(start..start + word.len())
            }
            None => at.place(),
        };
        let complaint = match &error.problem {
            WordProblem::Unknown { word, accepted } => suggest::attach(
                Diagnostic::new(Code::Words, format!("HAProxy has no `{word}` here"), place),
                word,
                accepted.iter().copied(),
            ),
            WordProblem::NotSimulated { word, accepted } => suggest::attach(
                Diagnostic::new(Code::Words, format!("`{word}` is not simulated"), place),
                word,
                accepted.iter().copied(),
            ),
            problem => Diagnostic::new(Code::Words, problem.to_string(), place),
        };
        self.say(at, complaint);
    }

    /// One of a few of HAProxy's words.
    pub(super) fn one_of<T: Copy>(
        &mut self,
        at: At<'_>,
        word: Option<&str>,
        known: &[(&str, T)],
    ) -> Option<T> {
        let word = word?;
        if let Some((_, meant)) = known.iter().find(|(name, _)| *name == word) {
            return Some(*meant);
        }
        let complaint = Diagnostic::new(
            Code::UnknownWord,
            format!("`{word}` is no value of `{}`", at.key()),
            at.place(),
        );
        let names = known.iter().map(|(name, _)| *name);
        self.say(at, suggest::attach(complaint, word, names));
        None
    }

    /// Names appear in commands, tables and paths, so they have HAProxy's characters only.
    pub(super) fn proper_name(&mut self, at: At<'_>, name: &str) {
        let proper = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
        if !name.is_empty() && name.chars().all(proper) {
            return;
        }
        let complaint =
            Diagnostic::new(Code::Range, format!("{name:?} cannot be a name"), at.head())
                .accepted("letters and digits (ASCII) and `-`, `_`, `.`, `:`");
        self.say(at, complaint);
    }

    /// Two settings of which only one can be meant.
    pub(super) fn clash(&mut self, at: At<'_>, first: &str, second: &str, why: impl Display) {
        let complaint = Diagnostic::new(
            Code::Clash,
            format!("`{first}` and `{second}` contradict each other"),
            at.field(second).head(),
        )
        .label(why.to_string())
        .also(at.field(first).head(), "")
        .help("keep one of them");
        self.say(at, complaint);
    }
}
