//! Expressions and formats in the lines of a section: read at once, or when all lines are
//! known, as HAProxy does.

use std::sync::Arc;

use super::super::Status;
use super::acl::{self, Want, sample_error};
use super::format::{self, Part};
use super::keywords::Role;
use super::line::Line;
use super::lists::FileUse;
use super::proxy::Proxy;
use super::read::Out;
use super::sample::{self, SampleError};
use super::samples::Names;
use super::stage::{self, Stage};
use crate::scenario::Place;
use crate::scenario::diagnostic::{Code, Diagnostic};

impl Role {
    /// Where requests are looked at.
    pub(super) const fn request(self) -> Stage {
        match self {
            Self::Frontend => Stage::FRONT,
            Self::Backend => Stage::BACK,
            _ => Stage::REQUEST,
        }
    }
}

impl Proxy {
    /// An action that a Lua file defines, with whatever arguments.
    pub(super) fn lua(
        &mut self,
        line: &Line,
        rules: &'static str,
        at: usize,
        out: &mut Out,
    ) -> Result<(), Diagnostic> {
        let name = line.word(at).to_owned();
        let next = (at + 1..line.words.len()).find(|&i| matches!(line.word(i), "if" | "unless"));
        self.acls()
            .condition(line, next.unwrap_or(line.words.len()), false)?;
        self.acls().want_name(Names::Lua, &name, line.place(at));
        let why = "Lua is not run: what it decides is not known";
        out.enter(line, 0, format!("{rules} {name}"), Status::NotModelled, why);
        Ok(())
    }

    /// The expression that begins at `at`, its converters perhaps as words of their own; the
    /// word after it.
    pub(super) fn expression(
        &mut self,
        line: &Line,
        at: usize,
        stage: Stage,
    ) -> Result<usize, Diagnostic> {
        let sample = stage::expression(&line.from(at), stage);
        let sample = sample.map_err(|error| sample_error(line, at, error))?;
        self.acls().want(line, at, &sample);
        Ok(at + sample.words)
    }

    /// That the word numbered `at` is a format.
    pub(super) fn format(
        &mut self,
        line: &Line,
        at: usize,
        stage: Stage,
    ) -> Result<(), Diagnostic> {
        let parts = format::read(line.word(at), stage, self.settings.http);
        let parts = parts.map_err(|error| sample_error(line, at, error))?;
        self.acls().want_all(line, at, &parts);
        Ok(())
    }

    /// The formats and expressions in lines about logs, checks and error pages; `entry` is the
    /// place of the line in the ledger.
    pub(super) fn formats(
        &mut self,
        keyword: &str,
        line: &Line,
        entry: usize,
    ) -> Result<(), Diagnostic> {
        let (stage, pairs) = match keyword {
            "log-format" | "log-format-sd" | "error-log-format" | "unique-id-format" => {
                one_format(line)?;
                self.settings.last.set(keyword, line, entry);
                return Ok(());
            }
            "http-check set-var" | "tcp-check set-var" => {
                return self.expression(line, 2, Stage::CHECK).map(drop);
            }
            "http-check set-var-fmt"
            | "tcp-check set-var-fmt"
            | "tcp-check send-lf"
            | "tcp-check send-binary-lf" => return self.format(line, 2, Stage::CHECK),
            "http-check send" => (Stage::CHECK, true),
            "http-check expect" | "tcp-check expect" | "http-check connect"
            | "tcp-check connect" => (Stage::CHECK, false),
            "http-error" => (Stage::ANY, true),
            _ => return Ok(()),
        };
        let mut at = 2;
        while !line.word(at).is_empty() {
            at += match line.word(at) {
                "uri-lf" | "body-lf" | "string-lf" | "binary-lf" | "lf-string" | "on-success"
                | "on-error" => {
                    self.format(line, at + 1, stage)?;
                    2
                }
                "hdr" if pairs => {
                    self.format(line, at + 2, stage)?;
                    3
                }
                "port" if line.word(at + 1).parse::<u16>().is_err() => {
                    self.expression(line, at + 1, stage)?;
                    2
                }
                "comment" | "sni" | "body" | "uri" | "string" | "content-type" => 2,
                _ => 1,
            };
        }
        Ok(())
    }

    /// The same of a line that HAProxy only looks at when all are known: nobody complains of
    /// it in a section that is disabled, and the mode is that of the whole section.
    pub(super) fn late_format(&mut self, line: &Line, at: usize, stage: Stage, entry: usize) {
        let fail = |error| sample_error(line, at, error);
        // Whether the section is in mode http is not known yet.
        let (note, tcp) = match format::read(line.word(at), stage, true) {
            Err(error) => (fail(error), false),
            Ok(parts) => {
                self.acls().want_all(line, at, &parts);
                match format::judge_tcp(&parts) {
                    Ok(()) => return,
                    Err(error) => (fail(error), true),
                }
            }
        };
        self.late.push(Late { note, tcp, entry });
    }
}

/// A complaint that counts unless its section is disabled.
#[derive(Clone, Debug)]
pub(super) struct Late {
    pub(super) note: Diagnostic,
    /// Only in `mode tcp`.
    pub(super) tcp: bool,
    /// Its place in the ledger.
    pub(super) entry: usize,
}

/// The formats and the expression of which the last one counts, and only that is looked at.
#[derive(Clone, Debug, Default)]
pub(super) struct Last {
    /// `log-format`, unless an `option` sets it.
    pub(super) log: Option<Arc<Written>>,
    /// `log-format-sd`
    pub(super) data: Option<Arc<Written>>,
    /// `error-log-format`
    pub(super) error: Option<Arc<Written>>,
    /// `unique-id-format`
    pub(super) id: Option<Arc<Written>>,
    /// `balance hash`
    pub(super) hash: Option<Arc<Written>>,
}

/// One of those as it stands in a line.
#[derive(Debug)]
pub(super) struct Written {
    line: Line,
    at: usize,
    /// Its place in the ledger.
    pub(super) entry: usize,
    expression: bool,
}

/// What such a line names.
#[derive(Debug, Default)]
pub(super) struct Named {
    pub(super) wants: Vec<Want>,
    pub(super) files: Vec<FileUse>,
}

impl Last {
    /// What a section of this kind takes over from its `defaults`.
    pub(super) fn inherited(&self, role: Role) -> Self {
        let mut last = self.clone();
        match role {
            Role::Frontend => last.hash = None,
            Role::Backend => last.error = None,
            _ => {}
        }
        last
    }

    /// The line with the keyword `words`, of which this is only the last one so far.
    pub(super) fn set(&mut self, words: &str, line: &Line, entry: usize) {
        let expression = words == "balance";
        let written = || {
            Some(Arc::new(Written {
                line: line.clone(),
                at: 1 + usize::from(expression),
                entry,
                expression,
            }))
        };
        match words {
            "log-format" => self.log = written(),
            "log-format-sd" => self.data = written(),
            "error-log-format" => self.error = written(),
            "unique-id-format" => self.id = written(),
            "balance" => self.hash = written().filter(|_| line.word(1) == "hash"),
            _ => {}
        }
    }

    /// Those that count in a section of this kind, each with its place in a request's life.
    pub(super) fn counting(&self, role: Role) -> impl Iterator<Item = (&Arc<Written>, Stage)> {
        let front = role.is_front();
        let logs = [&self.log, &self.data].map(|written| (written, Stage::LOG));
        let logs = logs.into_iter().filter(move |_| front);
        let others = [
            (&self.error, Stage::LOG),
            (&self.id, role.request()),
            (&self.hash, Stage::BACK),
        ];
        let all = logs.chain(others);
        all.filter_map(|(written, stage)| Some((written.as_ref()?, stage)))
    }
}

impl Written {
    pub(super) fn place(&self) -> Place {
        self.line.place(self.at)
    }

    /// What it names.
    ///
    /// # Errors
    /// What HAProxy would refuse.
    pub(super) fn read(&self, stage: Stage, http: bool) -> Result<Named, Diagnostic> {
        let read = || {
            let mut named = Named::default();
            if self.expression {
                let sample = stage::expression(&self.line.from(self.at), stage)?;
                named.add(&sample, self.place());
                return Ok(named);
            }
            let parts = format::read(self.line.word(self.at), stage, http)?;
            for part in &parts {
                if let Part::Sample(sample) = part {
                    named.add(sample, self.place());
                }
            }
            Ok(named)
        };
        read().map_err(|error: SampleError| sample_error(&self.line, self.at, error))
    }
}

impl Named {
    fn add(&mut self, sample: &sample::Sample, place: Place) {
        self.wants.extend(acl::wants(sample, place));
        self.files.extend(acl::maps(sample, place));
    }
}

/// That a variable of `global` is set to what is known by then.
pub(super) fn set_var(line: &Line) -> Result<(), Diagnostic> {
    if !line.word(1).starts_with("proc.") {
        let message = format!(
            "`global` only sets variables such as `proc.{}`",
            line.word(1)
        );
        return Err(line.blame(1, message));
    }
    let read = if line.word(0) == "set-var" {
        stage::expression(&line.from(2), Stage::START).map(drop)
    } else {
        format::read(line.word(2), Stage::START, false).map(drop)
    };
    read.map_err(|error| sample_error(line, 2, error))
}

/// That `line` has one format behind its keyword.
fn one_format(line: &Line) -> Result<(), Diagnostic> {
    if line.word(1).is_empty() {
        let message = format!("`{}` needs a format", line.word(0));
        return Err(line.missing(1, message));
    }
    let extra = line.word(2);
    if extra.is_empty() {
        return Ok(());
    }
    let message = format!(
        "`{}` takes one argument: `{extra}` is too much",
        line.word(0)
    );
    Err(Diagnostic::new(Code::Words, message, line.place(2))
        .help("write a space inside it as `\\ `, or put it all into quotes"))
}
