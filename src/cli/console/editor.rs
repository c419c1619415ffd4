//! Lines from whoever types: edited and completed on a terminal, read as they are elsewhere.

use std::io::{self, BufRead, IsTerminal};

use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::MemHistory;
use rustyline::validate::Validator;
use rustyline::{CompletionType, Config, Context, Helper};

use super::order::WORDS;
use super::session::Session;

/// A line, or why there is none.
pub(super) enum Line {
    Typed(String),
    /// Given up with Ctrl-C.
    Dropped,
    /// Nothing more will come.
    End,
}

/// Where lines come from.
pub(super) enum Editor {
    Terminal(Box<rustyline::Editor<Words, MemHistory>>),
    Pipe,
}

impl Editor {
    /// An editor for standard input, which completes the names of `session`.
    pub(super) fn new(session: &Session) -> Self {
        if !io::stdin().is_terminal() {
            return Self::Pipe;
        }
        let config = Config::builder()
            .auto_add_history(true)
            .completion_type(CompletionType::List)
            .build();
        match rustyline::Editor::with_history(config, MemHistory::new()) {
            Ok(mut editor) => {
                editor.set_helper(Some(Words::of(session)));
                Self::Terminal(Box::new(editor))
            }
            // A terminal that cannot be edited on can still be read from.
            Err(_) => Self::Pipe,
        }
    }

    /// Whether a person types.
    pub(super) fn is_watched(&self) -> bool {
        matches!(self, Self::Terminal(_))
    }

    /// The next line.
    pub(super) fn line(&mut self, prompt: &str) -> io::Result<Line> {
        match self {
            Self::Terminal(editor) => match editor.readline(prompt) {
                Ok(line) => Ok(Line::Typed(line)),
                Err(ReadlineError::Interrupted) => Ok(Line::Dropped),
                Err(ReadlineError::Eof) => Ok(Line::End),
                Err(ReadlineError::Io(error)) => Err(error),
                Err(error) => Err(io::Error::other(error)),
            },
            Self::Pipe => {
                let mut line = String::new();
                let read = io::stdin().lock().read_line(&mut line)?;
                Ok(if read == 0 {
                    Line::End
                } else {
                    Line::Typed(line.trim_end().to_owned())
                })
            }
        }
    }
}

/// Everything that can be completed: lines begin with one of these texts.
pub(super) struct Words(Vec<String>);

impl Words {
    fn of(session: &Session) -> Self {
        let plan = session.plan();
        let mut lines: Vec<String> = WORDS
            .iter()
            .map(|(word, usage, _)| {
                let space = if usage.is_empty() { "" } else { " " };
                format!("{word}{space}")
            })
            .collect();
        for node in &plan.nodes {
            lines.extend(["delay", "stop", "start"].map(|word| format!("{word} {}", node.name)));
        }
        for backend in &plan.proxy.backends {
            for server in &backend.servers {
                let name = format!("{}/{}", backend.name, server.name);
                let states = ["ready", "drain", "maint"];
                lines.extend(states.map(|state| format!("set server {name} state {state}")));
                lines.push(format!("set server {name} weight "));
                lines.push(format!("set server {name} health "));
                lines.extend(["enable", "disable"].map(|word| format!("{word} server {name}")));
                lines.push(format!("get weight {name}"));
                lines.extend(
                    ["UP", "DOWN"].map(|state| format!("run until {} {state}", server.name)),
                );
            }
            lines.push(format!("show servers state {}", backend.name));
        }
        lines.extend(["show stat", "clear counters", "clear cookies"].map(str::to_owned));
        lines.sort();
        Self(lines)
    }

    /// What `typed` can become, up to the end of the next word.
    fn completions(&self, typed: &str) -> Vec<String> {
        let fitting = self.0.iter().filter(|line| line.starts_with(typed));
        let mut found: Vec<String> = fitting
            .map(|line| {
                let rest = &line[typed.len()..];
                let end = rest
                    .char_indices()
                    .skip(1)
                    .find(|(_, c)| *c == ' ')
                    .map_or(rest.len(), |(at, _)| at + 1);
                line[..typed.len() + end].to_owned()
            })
            .filter(|line| line != typed)
            .collect();
        found.dedup();
        found
    }
}

impl Completer for Words {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        at: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        Ok((0, self.completions(&line[..at])))
    }
}

impl Hinter for Words {
    type Hint = String;
}

impl Highlighter for Words {}

impl Validator for Words {}

impl Helper for Words {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_completed_word_by_word() {
        let words = Words(
            [
                "set server be/s1 state drain",
                "set server be/s1 state ready",
                "step ",
            ]
            .map(str::to_owned)
            .to_vec(),
        );
        assert_eq!(words.completions("s"), ["set ", "step "]);
        assert_eq!(words.completions("set "), ["set server "]);
        let last = "set server be/s1 state ";
        assert_eq!(
            words.completions(last),
            [format!("{last}drain"), format!("{last}ready")]
        );
        assert!(words.completions("x").is_empty());
    }
}
