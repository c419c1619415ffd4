//! Lines that stand in a scenario instead of a configuration.

use std::cell::Cell;

use super::super::super::Env;
use super::super::line::Line;
use super::super::token::{self, TokenError};
use super::super::{Dialect, SectionLine};
use super::{Draft, Reader, Section};
use crate::scenario::Files;
use crate::scenario::diagnostic::{Code, Diagnostic};

/// Reads lines that are written in no configuration; they name no variables.
pub(in super::super) fn read_lines(lines: Vec<SectionLine>) -> Draft {
    let files = Files::default();
    let mut reader = Reader {
        dialect: Dialect::V2_6,
        files: &files,
        env: Env::default(),
        draft: Draft::default(),
        section: Section::None,
        section_name: String::new(),
        blocks: Vec::new(),
    };
    for line in lines {
        reader.section_line(&line);
    }
    reader.draft
}

impl Reader<'_> {
    /// A line of a scenario.
    fn section_line(&mut self, written: &SectionLine) {
        let named = Cell::new(false);
        let nothing = |_: &str| {
            named.set(true);
            None
        };
        let mut line = Line {
            file: written.place.file,
            number: 0,
            start: written.place.start as usize,
            words: Vec::new(),
        };
        let width = (written.place.end - written.place.start) as usize;
        match token::words(&written.text, nothing) {
            Ok(words) => line.words = words,
            Err(TokenError { problem, .. }) => {
                let note = Diagnostic::new(Code::Words, problem.to_string(), written.place);
                self.refuse(&line, written.place, "", note);
                return;
            }
        }
        for word in &mut line.words {
            (word.start, word.end) = match written.lead {
                Some(lead) => {
                    let inside = |at: usize| at.saturating_add_signed(lead as isize).min(width);
                    (inside(word.start), inside(word.end))
                }
                None => (0, width),
            };
        }
        if named.get() {
            let message = "a scenario has no environment variables";
            let note = Diagnostic::new(Code::Words, message, written.place);
            let note = note.help("write the value itself; `'$'` in single quotes is a dollar sign");
            self.refuse(&line, written.place, "", note);
            return;
        }
        let entered = self.draft.out.ledger.len();
        if let Err(note) = self.directive(line.clone()) {
            self.draft.out.ledger.truncate(entered);
            let first = line.word(0).to_owned();
            self.refuse(&line, line.whole(), &first, note);
        }
    }
}
