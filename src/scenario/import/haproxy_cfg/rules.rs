//! Lines with conditions: rules on requests and answers, redirections, the choice of a
//! backend or a server.

use std::sync::Arc;

use balance::counter::Level;
use balance::rule::Label;

use super::super::Status;
use super::actions::{self, Takes};
use super::arguments::PAGES;
use super::drafts::{RuleDraft, RuleKind, UseLine};
use super::keywords::{Keyword, Role};
use super::line::Line;
use super::proxy::Proxy;
use super::read::Out;
use super::sample;
use super::samples::Names;
use super::stage::Stage;
use super::value;
use super::written::{self, WrittenLine};
use crate::scenario::diagnostic::{Code, Diagnostic};

impl Proxy {
    /// Its ACLs, to add to; nobody shares them while its lines are read.
    pub(super) fn acls(&mut self) -> &mut super::acl::Acls {
        Arc::make_mut(&mut self.acls)
    }

    /// Reads a line with a condition, and keeps it as it can be written again; `false` if it
    /// is none of those.
    pub(super) fn rule_line(
        &mut self,
        keyword: &'static Keyword,
        line: &Line,
        out: &mut Out,
    ) -> Result<bool, Diagnostic> {
        let (entry, named) = (out.ledger.len(), self.acls.files.len());
        let known = self.rule(keyword, line, out)?;
        if known && written::KEYWORDS.contains(&line.word(0)) {
            let words = line.words.iter().map(|word| word.text.as_str());
            let text = written::line(words);
            let files = &self.acls.files[named..];
            self.written.push(WrittenLine {
                entry,
                text,
                lists: files.iter().map(|file| file.name.clone()).collect(),
            });
        }
        Ok(known)
    }

    /// A line with a condition; `None` if it is none of those.
    fn rule(
        &mut self,
        keyword: &'static Keyword,
        line: &Line,
        out: &mut Out,
    ) -> Result<bool, Diagnostic> {
        match keyword.words {
            "acl" => self.acls().declare(line, out.ledger.len())?,
            "http-request" | "http-response" | "http-after-response" => {
                self.action(line, keyword.words, 1, out)?;
                return Ok(true);
            }
            "tcp-request connection"
            | "tcp-request session"
            | "tcp-request content"
            | "tcp-response content" => {
                self.action(line, keyword.words, 2, out)?;
                return Ok(true);
            }
            "tcp-request inspect-delay" | "tcp-response inspect-delay" => {
                line.time(2, keyword.words)?;
            }
            "redirect" => {
                // What stands here is no format: that is left to `http-request redirect`.
                let at = self.redirect(line, 1, None)?;
                let condition = self.acls().condition(line, at, false)?;
                self.draft(RuleKind::Redirect, line, 1..at, condition, out);
            }
            "use_backend" => return self.use_backend(line, out).map(|()| true),
            "use-server" => {
                if line.word(1).is_empty() {
                    return Err(line.missing(1, "`use-server` needs the name of a server"));
                }
                let condition = self.acls().condition(line, 2, true)?;
                if line.word(1).contains('%') {
                    self.late_format(line, 1, Stage::FRONT, out.ledger.len());
                } else {
                    self.uses.push(UseLine {
                        name: line.word(1).to_owned(),
                        place: line.place(1),
                        server: true,
                    });
                }
                self.draft(RuleKind::UseServer, line, 1..2, condition, out);
            }
            "force-persist" | "ignore-persist" => {
                let condition = self.acls().condition(line, 1, true)?;
                let kind = match keyword.words {
                    "force-persist" => RuleKind::Force,
                    _ => RuleKind::Ignore,
                };
                self.draft(kind, line, 1..1, condition, out);
            }
            "monitor" => self.monitor_fail(line, out)?,
            "monitor-uri" => self.monitor_uri(line)?,
            "stats admin" => {
                self.acls().condition(line, 2, true)?;
            }
            "stats http-request" => {
                let at = match line.word(2) {
                    "auth" if line.word(3) == "realm" => 5,
                    "allow" | "deny" | "auth" => 3,
                    word => {
                        let message = format!("`stats http-request` has no `{word}`");
                        return Err(line.unknown(2, message, ["allow", "deny", "auth"]));
                    }
                };
                self.acls().condition(line, at, false)?;
            }
            _ => return Ok(false),
        }
        out.enter(line, 0, keyword.words, keyword.status, keyword.why);
        Ok(true)
    }

    fn monitor_fail(&mut self, line: &Line, out: &Out) -> Result<(), Diagnostic> {
        if line.word(1) != "fail" {
            return Err(line.unknown(1, "`monitor` only takes `fail`", ["fail"]));
        }
        let condition = self.acls().condition(line, 2, true)?;
        self.draft(RuleKind::Fail, line, 1..1, condition, out);
        Ok(())
    }

    fn monitor_uri(&mut self, line: &Line) -> Result<(), Diagnostic> {
        if line.word(1).is_empty() {
            return Err(line.missing(1, "`monitor-uri` needs a path such as `/health`"));
        }
        self.settings.monitor_uri = Some(line.word(1).to_owned());
        Ok(())
    }

    fn use_backend(&mut self, line: &Line, out: &mut Out) -> Result<(), Diagnostic> {
        let name = line.word(1);
        if name.is_empty() {
            return Err(line.missing(1, "`use_backend` needs the name of a backend"));
        }
        let condition = self.acls().condition(line, 2, false)?;
        if name.contains('%') {
            self.late_format(line, 1, Stage::FRONT, out.ledger.len());
        } else {
            self.uses.push(UseLine {
                name: name.to_owned(),
                place: line.place(1),
                server: false,
            });
        }
        self.draft(RuleKind::UseBackend, line, 1..2, condition, out);
        out.enter(line, 0, "use_backend", Status::Modelled, "");
        Ok(())
    }

    /// Keeps a rule that is about to be entered into the ledger; `words` are those between
    /// its keyword and its condition.
    fn draft(
        &mut self,
        kind: RuleKind,
        line: &Line,
        words: std::ops::Range<usize>,
        condition: super::acl::Draft,
        out: &Out,
    ) {
        self.rules.push(RuleDraft {
            kind,
            words: words.map(|at| line.word(at).to_owned()).collect(),
            condition,
            label: Label {
                line: line.number,
                text: line.from(0).join(" "),
            },
            entry: out.ledger.len(),
        });
    }

    /// An action with its arguments and condition; its name is the word numbered `at`.
    fn action(
        &mut self,
        line: &Line,
        rules: &'static str,
        at: usize,
        out: &mut Out,
    ) -> Result<(), Diagnostic> {
        let word = line.word(at);
        if word.is_empty() {
            return Err(line.missing(at, format!("`{rules}` needs an action")));
        }
        let Some(action) = actions::action(rules, word) else {
            if word.starts_with("lua.") {
                return self.lua(line, rules, at, out);
            }
            let message = format!("`{rules}` has no action `{word}`");
            return Err(line.unknown(at, message, actions::names(rules)));
        };
        if let Some(inside) = word.split_once('(').map(|(_, inside)| inside) {
            let Some(argument) = inside.strip_suffix(')') else {
                return Err(line.blame(at, format!("`{word}` is not closed by `)`")));
            };
            if action.name.contains("-var") {
                let name = argument.split(',').next().unwrap_or(argument);
                sample::variable(name).map_err(|why| line.blame(at, why))?;
            }
        } else if action.name.contains("-var") {
            let message = format!("`{word}` needs a variable: `{word}(txn.name)`");
            return Err(line.missing(at, message));
        }
        let next = match action.takes {
            Takes::Nothing => at + 1,
            Takes::Words(shape) => {
                let stage = self.stage(rules, action.name);
                self.words_of(line, at, shape, stage)?
            }
            Takes::Free => self.free(line, at, rules, action.name)?,
        };
        let condition = self.acls().condition(line, next, false)?;
        self.acts = true;
        let level = match rules {
            "http-request" => Some(Level::Request),
            "tcp-request connection" | "tcp-request session" => Some(Level::Connection),
            "tcp-request content" => Some(Level::Content),
            _ => None,
        };
        if let Some(level) = level {
            let kind = RuleKind::Action(level, action.name);
            self.draft(kind, line, at..next, condition, out);
        }
        let keyword = format!("{rules} {}", action.name);
        out.enter(line, 0, keyword, action.status, action.why);
        Ok(())
    }

    /// Where the expressions of an action of such `rules` are evaluated.
    fn stage(&self, rules: &str, action: &str) -> Stage {
        match (rules, action) {
            ("tcp-request connection", "set-src" | "set-src-port" | "set-dst" | "set-dst-port") => {
                self.role.request()
            }
            ("tcp-request connection", _) => Stage::CONNECTION,
            ("tcp-request session", _) => Stage::SESSION,
            ("http-request", "capture" | "sc-set-gpt" | "sc-set-gpt0")
            | ("tcp-request content", "sc-set-gpt" | "sc-set-gpt0") => Stage::FRONT,
            ("http-request" | "tcp-request content", _) => self.role.request(),
            _ => Stage::ANSWER,
        }
    }

    /// The arguments that `shape` asks for; the word after them.
    fn words_of(
        &mut self,
        line: &Line,
        at: usize,
        shape: &str,
        stage: Stage,
    ) -> Result<usize, Diagnostic> {
        let mut next = at + 1;
        for kind in shape.chars() {
            let word = line.word(next);
            if word.is_empty() || (kind == 'E' && matches!(word, "if" | "unless")) {
                let message = format!("`{}` needs {} argument(s)", line.word(at), shape.len());
                return Err(line.missing(next, message));
            }
            next = match kind {
                'E' => self.expression(line, next, stage)?,
                'F' => {
                    self.format(line, next, stage)?;
                    next + 1
                }
                'R' => {
                    sample::regex(word).map_err(|why| line.blame(next, why))?;
                    next + 1
                }
                _ => next + 1,
            };
        }
        Ok(next)
    }

    /// The arguments of the actions that have a language of their own.
    fn free(
        &mut self,
        line: &Line,
        at: usize,
        rules: &str,
        name: &str,
    ) -> Result<usize, Diagnostic> {
        let stage = self.stage(rules, name);
        match name {
            "redirect" => self.redirect(line, at + 1, Some(stage)),
            "deny" | "return" | "tarpit" => self.answer(line, at, name, stage),
            "auth" => match line.word(at + 1) {
                "realm" if line.word(at + 2).is_empty() => {
                    Err(line.missing(at + 2, "`realm` needs a name"))
                }
                "realm" => Ok(at + 3),
                _ => Ok(at + 1),
            },
            "del-header" => {
                if line.word(at + 1).is_empty() {
                    return Err(line.missing(at + 1, "`del-header` needs a name"));
                }
                Ok(if line.word(at + 2) == "-m" {
                    at + 4
                } else {
                    at + 2
                })
            }
            "track-sc" => self.track(line, at, stage),
            "capture" => self.capture(line, at, rules, stage),
            "wait-for-body" if line.word(at + 1) != "time" => {
                Err(line.missing(at + 1, "`wait-for-body` needs `time` and a time"))
            }
            "sc-set-gpt" | "sc-set-gpt0" => {
                let number = line.word(at + 1).parse::<i64>().is_ok();
                if !number && rules == "tcp-request connection" {
                    let message = format!("`{name}` only takes a number here");
                    return Err(line.blame(at + 1, message));
                }
                self.words_of(line, at, if number { "W" } else { "E" }, stage)
            }
            "set-status" if value::lenient(line.word(at + 1)).0 < 100 => {
                Err(line.missing(at + 1, "`set-status` needs a status"))
            }
            "set-timeout" => self.set_timeout(line, at),
            // The rest: everything up to the condition.
            _ => Ok((at + 1..line.words.len())
                .find(|&i| matches!(line.word(i), "" | "if" | "unless"))
                .unwrap_or(line.words.len())),
        }
    }

    fn capture(
        &mut self,
        line: &Line,
        at: usize,
        rules: &str,
        stage: Stage,
    ) -> Result<usize, Diagnostic> {
        let next = self.words_of(line, at, "E", stage)?;
        let known: &[&str] = match (rules, self.role) {
            ("http-request", Role::Backend) => &["id"],
            ("http-request", _) => &["len", "id"],
            ("tcp-request content", Role::Backend) => {
                return Err(line.blame(at, "a `backend` captures nothing here"));
            }
            ("tcp-request content", _) => &["len"],
            _ => &["id"],
        };
        let word = line.word(next);
        if !known.contains(&word) {
            let message = format!("`{word}` cannot stand here");
            return Err(line.unknown(next, message, known));
        }
        Ok(next + 2)
    }

    fn set_timeout(&mut self, line: &Line, at: usize) -> Result<usize, Diagnostic> {
        const KNOWN: [&str; 2] = ["server", "tunnel"];
        let word = line.word(at + 1);
        if !KNOWN.contains(&word) {
            let message = format!("`set-timeout` has no `{word}`");
            return Err(line.unknown(at + 1, message, KNOWN));
        }
        if self.role == Role::Frontend {
            return Err(line.blame(at, "a `frontend` has no timeout of servers"));
        }
        let time = line.word(at + 2);
        match value::time(value::understood(time).unwrap_or(time)) {
            Ok(_) => Ok(at + 3),
            Err(_) => self.expression(line, at + 2, Stage::ANY),
        }
    }

    fn track(&mut self, line: &Line, at: usize, stage: Stage) -> Result<usize, Diagnostic> {
        let digits = &line.word(at)["track-sc".len()..];
        if digits.parse::<u8>().map_or(true, |n| n > 2) {
            return Err(line.blame(
                at,
                "the counters are `track-sc0`, `track-sc1` and `track-sc2`",
            ));
        }
        let next = self.words_of(line, at, "E", stage)?;
        let (table, place, next) = match line.word(next) {
            "table" => (line.word(next + 1), next + 1, next + 2),
            _ => ("", at, next),
        };
        self.acls()
            .want_name(Names::Table, table, line.place(place));
        Ok(next)
    }

    /// The words of a redirection from `at` on, whose target may be a format at `stage`; the word
    /// after them.
    fn redirect(
        &mut self,
        line: &Line,
        at: usize,
        stage: Option<Stage>,
    ) -> Result<usize, Diagnostic> {
        const KINDS: [&str; 3] = ["location", "prefix", "scheme"];
        const FLAGS: [&str; 4] = ["drop-query", "append-slash", "set-cookie", "clear-cookie"];
        let mut next = at;
        let mut kind = false;
        loop {
            let word = line.word(next);
            match word {
                "" | "if" | "unless" => break,
                "location" | "prefix" | "scheme" => {
                    if line.word(next + 1).is_empty() {
                        return Err(line.missing(next + 1, format!("`{word}` needs an argument")));
                    }
                    if let Some(stage) = stage {
                        self.format(line, next + 1, stage)?;
                    }
                    kind = true;
                    next += 2;
                }
                "code" => {
                    let code = value::lenient(line.word(next + 1)).0;
                    if ![301, 302, 303, 307, 308].contains(&code) {
                        let note = line.blame(next + 1, format!("{code} is no redirection"));
                        return Err(note.accepted("301, 302, 303, 307, 308"));
                    }
                    next += 2;
                }
                "set-cookie" | "clear-cookie" => next += 2,
                "drop-query" | "append-slash" | "ignore-empty" => next += 1,
                _ => {
                    let known = KINDS
                        .into_iter()
                        .chain(FLAGS)
                        .chain(["code", "if", "unless"]);
                    return Err(line.unknown(next, format!("`{word}` cannot stand here"), known));
                }
            }
        }
        if !kind {
            let note = line.missing(at, "a redirection needs a target");
            return Err(note.accepted("`location URL`, `prefix URL`, `scheme https`"));
        }
        Ok(next)
    }

    /// The words of `deny`, `return` and `tarpit`; the word after them.
    fn answer(
        &mut self,
        line: &Line,
        at: usize,
        name: &str,
        stage: Stage,
    ) -> Result<usize, Diagnostic> {
        let mut next = at + 1;
        loop {
            let word = line.word(next);
            let arguments = match word {
                "status" | "deny_status" => {
                    let status = value::lenient(line.word(next + 1)).0;
                    let fine = if name == "return" {
                        (200..600).contains(&status)
                    } else {
                        PAGES.contains(&status)
                    };
                    if !fine {
                        let message = format!("HAProxy cannot answer with status {status} here");
                        return Err(Diagnostic::new(Code::Range, message, line.place(next + 1)));
                    }
                    1
                }
                "content-type" | "errorfile" | "errorfiles" | "file" | "lf-file" | "string" => 1,
                "lf-string" => {
                    self.format(line, next + 1, stage)?;
                    1
                }
                "hdr" => {
                    self.format(line, next + 2, stage)?;
                    2
                }
                "default-errorfiles" => 0,
                _ => return Ok(next),
            };
            if arguments > 0 && line.words.len() <= next + arguments {
                return Err(line.missing(next + arguments, format!("`{word}` needs an argument")));
            }
            next += 1 + arguments;
        }
    }
}
