//! Lines with conditions: rules on requests and answers, redirections, the choice of a
//! backend or a server.

use std::sync::Arc;

use balance::counter::Level;
use balance::rule::Label;

use super::super::Status;
use super::acl::sample_error;
use super::actions::{self, Takes};
use super::arguments::PAGES;
use super::drafts::{RuleDraft, RuleKind, UseLine};
use super::keywords::Keyword;
use super::line::Line;
use super::proxy::Proxy;
use super::read::Out;
use super::sample;
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
                let at = redirect(line, 1)?;
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
                    let parts = sample::format(line.word(1))
                        .map_err(|error| sample_error(line, 1, error))?;
                    self.acls().want_all(line, 1, &parts);
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
            let parts = sample::format(name).map_err(|error| sample_error(line, 1, error))?;
            self.acls().want_all(line, 1, &parts);
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
            if let Some(lua) = word.strip_prefix("lua.") {
                let message = format!("`{lua}` would be defined by a Lua file, which is not read");
                return Err(line.blame(at, message));
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
            Takes::Words(shape) => self.words_of(line, at, shape)?,
            Takes::Free => self.free(line, at, action.name)?,
        };
        let condition = self.acls().condition(line, next, false)?;
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

    /// The arguments that `shape` asks for; the word after them.
    fn words_of(&mut self, line: &Line, at: usize, shape: &str) -> Result<usize, Diagnostic> {
        let mut next = at + 1;
        for kind in shape.chars() {
            let word = line.word(next);
            if word.is_empty() || (kind == 'E' && matches!(word, "if" | "unless")) {
                let message = format!("`{}` needs {} argument(s)", line.word(at), shape.len());
                return Err(line.missing(next, message));
            }
            next += match kind {
                'E' => {
                    let words = line.from(next);
                    let sample = sample::sample(&words, true)
                        .map_err(|error| sample_error(line, next, error))?;
                    self.acls().want(line, next, &sample);
                    sample.words
                }
                'F' => {
                    let parts =
                        sample::format(word).map_err(|error| sample_error(line, next, error))?;
                    self.acls().want_all(line, next, &parts);
                    1
                }
                'R' => {
                    sample::regex(word).map_err(|why| line.blame(next, why))?;
                    1
                }
                _ => 1,
            };
        }
        Ok(next)
    }

    /// The arguments of the actions that have a language of their own.
    fn free(&mut self, line: &Line, at: usize, name: &str) -> Result<usize, Diagnostic> {
        match name {
            "redirect" => redirect(line, at + 1),
            "deny" | "return" | "tarpit" => answer(line, at, name),
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
            "track-sc" => self.track(line, at),
            "capture" => {
                let next = self.words_of(line, at, "E")?;
                match line.word(next) {
                    "len" | "id" => Ok(next + 2),
                    word => {
                        let message = format!("`{word}` cannot stand here");
                        Err(line.unknown(next, message, ["len", "id"]))
                    }
                }
            }
            "wait-for-body" if line.word(at + 1) != "time" => {
                Err(line.missing(at + 1, "`wait-for-body` needs `time` and a time"))
            }
            "sc-set-gpt" | "sc-set-gpt0" => {
                let number = line.word(at + 1).parse::<i64>().is_ok();
                self.words_of(line, at, if number { "W" } else { "E" })
            }
            "set-status" if value::lenient(line.word(at + 1)).0 < 100 => {
                Err(line.missing(at + 1, "`set-status` needs a status"))
            }
            "set-timeout" => {
                if !matches!(line.word(at + 1), "server" | "tunnel") {
                    let known = ["server", "tunnel"];
                    let message = format!("`set-timeout` has no `{}`", line.word(at + 1));
                    return Err(line.unknown(at + 1, message, known));
                }
                Ok(at + 3)
            }
            // The rest: everything up to the condition.
            _ => Ok((at + 1..line.words.len())
                .find(|&i| matches!(line.word(i), "" | "if" | "unless"))
                .unwrap_or(line.words.len())),
        }
    }

    fn track(&mut self, line: &Line, at: usize) -> Result<usize, Diagnostic> {
        let digits = &line.word(at)["track-sc".len()..];
        if digits.parse::<u8>().map_or(true, |n| n > 2) {
            return Err(line.blame(
                at,
                "the counters are `track-sc0`, `track-sc1` and `track-sc2`",
            ));
        }
        let next = self.words_of(line, at, "E")?;
        let (table, place, next) = match line.word(next) {
            "table" => (line.word(next + 1), next + 1, next + 2),
            _ => ("", at, next),
        };
        self.acls().wants.push(super::acl::Want {
            names: super::samples::Names::Table,
            name: table.to_owned(),
            place: line.place(place),
        });
        Ok(next)
    }
}

/// The words of a redirection from `at` on; the word after them.
fn redirect(line: &Line, at: usize) -> Result<usize, Diagnostic> {
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
                sample::format(line.word(next + 1))
                    .map_err(|error| sample_error(line, next + 1, error))?;
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
fn answer(line: &Line, at: usize, name: &str) -> Result<usize, Diagnostic> {
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
                sample::format(line.word(next + 1))
                    .map_err(|error| sample_error(line, next + 1, error))?;
                1
            }
            "hdr" => 2,
            "default-errorfiles" => 0,
            _ => return Ok(next),
        };
        if arguments > 0 && line.words.len() <= next + arguments {
            return Err(line.missing(next + arguments, format!("`{word}` needs an argument")));
        }
        next += 1 + arguments;
    }
}
