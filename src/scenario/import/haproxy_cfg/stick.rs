//! `stick-table` and `stick` lines.

use std::collections::BTreeSet;

use balance::Span;
use balance::config::{Stick, StickRule};
use balance::counter::Datum;
use balance::words::WordProblem;

use super::super::Status;
use super::drafts::StickLine;
use super::line::Line;
use super::proxy::{Proxy, words_error};
use super::read::Out;
use super::stage::Stage;
use super::value;
use crate::scenario::diagnostic::{Code, Diagnostic};

/// What a table can store; those that end in `(` need an argument.
const STORED: &[&str] = &[
    "bytes_in_cnt",
    "bytes_in_rate(",
    "bytes_out_cnt",
    "bytes_out_rate(",
    "conn_cnt",
    "conn_cur",
    "conn_rate(",
    "gpc(",
    "gpc0",
    "gpc0_rate(",
    "gpc1",
    "gpc1_rate(",
    "gpc_rate(",
    "gpt(",
    "gpt0",
    "http_err_cnt",
    "http_err_rate(",
    "http_fail_cnt",
    "http_fail_rate(",
    "http_req_cnt",
    "http_req_rate(",
    "server_id",
    "server_key",
    "sess_cnt",
    "sess_rate(",
];

impl Proxy {
    /// A `stick-table` or a `stick` line.
    pub(super) fn stick(&mut self, line: &Line, out: &mut Out) -> Result<(), Diagnostic> {
        match line.word(0) {
            "stick-table" => self.stick_table(line, out),
            _ => self.stick_rule(line, out),
        }
    }

    fn stick_table(&mut self, line: &Line, out: &mut Out) -> Result<(), Diagnostic> {
        if let Some((_, earlier)) = &self.stick.table {
            let message = "this section has a stick table already";
            let note = Diagnostic::new(Code::Twice, message, line.whole());
            return Err(note.also(*earlier, "the first one"));
        }
        // What the core keeps is left; what it does not know is taken out, with its place.
        let mut kept: Vec<(usize, &str)> = Vec::new();
        let mut stored = BTreeSet::new();
        let mut at = 1;
        while !line.word(at).is_empty() {
            let word = line.word(at);
            let argument = line.word(at + 1);
            if matches!(word, "store" | "peers" | "srvkey") && argument.is_empty() {
                return Err(line.missing(at + 1, format!("`{word}` needs an argument")));
            }
            match word {
                "store" => {
                    let unknown = self.stored(line, at + 1, &mut stored)?;
                    let keyword = "stick-table ... store";
                    if unknown.is_empty() {
                        out.enter(line, at, keyword, Status::Modelled, "");
                    } else {
                        let why = format!("`{}` is not counted", unknown.join("`, `"));
                        out.enter(line, at, keyword, Status::NotModelled, why);
                    }
                    at += 2;
                    continue;
                }
                "peers" => self.stick.peers = Some((argument.to_owned(), line.place(at + 1))),
                "srvkey" if argument == "addr" => {}
                _ => {
                    kept.push((at, word));
                    at += 1;
                    continue;
                }
            }
            let (status, why) = match word {
                "peers" => (
                    Status::NotModelled,
                    "the simulated proxy has no peers: the table only learns what it sees itself",
                ),
                _ => (
                    Status::NoEffect,
                    "the simulated servers keep their addresses",
                ),
            };
            out.enter(line, at, format!("stick-table ... {word}"), status, why);
            at += 2;
        }
        let words: Vec<&str> = kept.iter().map(|(_, word)| *word).collect();
        let table = match Stick::parse(&words) {
            Ok(table) => {
                out.enter(line, 0, "stick-table", Status::Modelled, "");
                table
            }
            Err(error) if matches!(error.problem, WordProblem::NotSimulated { .. }) => {
                let why = error.to_string();
                out.enter(line, 0, "stick-table", Status::NotModelled, why);
                Stick::default()
            }
            Err(mut error) => {
                let end = line.words.len() - 1;
                error.index = kept.get(error.index).map_or(end, |(at, _)| at - 1);
                return Err(words_error(line, 0, &error));
            }
        };
        self.stick.table = Some((table, line.whole()));
        Ok(())
    }

    fn stick_rule(&mut self, line: &Line, out: &mut Out) -> Result<(), Diagnostic> {
        const KINDS: [&str; 4] = ["on", "match", "store-request", "store-response"];
        let kind = match line.word(1) {
            "store" => "store-request",
            kind => kind,
        };
        if !KINDS.contains(&kind) {
            let message = format!("`stick` has no `{kind}`");
            return Err(line.unknown(1, message, KINDS));
        }
        if line.word(2).is_empty() {
            return Err(line.missing(
                2,
                "`stick` needs an expression such as `req.cook(NODESESSID)`",
            ));
        }
        let stage = match kind {
            "store-response" => Stage::ANSWER,
            _ => Stage::BACK,
        };
        let mut at = self.expression(line, 2, stage)?;
        let expression = line.from(2)[..at - 2].join(",").replace(",,", ",");
        let table = (line.word(at) == "table").then(|| line.word(at + 1).to_owned());
        at += if table.is_some() { 2 } else { 0 };
        let condition = line.word(at);
        if !matches!(condition, "" | "if" | "unless") {
            let message = format!("`{condition}` cannot follow the expression");
            return Err(line.unknown(at, message, ["table", "if", "unless"]));
        }
        let (rule, status, why) = if condition.is_empty() {
            match StickRule::parse(&[kind, &expression]) {
                Ok(rule) => (Some(rule), Status::Modelled, String::new()),
                Err(error) if matches!(error.problem, WordProblem::NotSimulated { .. }) => {
                    (None, Status::NotModelled, error.to_string())
                }
                Err(error) => return Err(words_error(line, 0, &error)),
            }
        } else {
            self.acls().condition(line, at, false)?;
            let why = "a `stick` rule with a condition is not followed".to_owned();
            (None, Status::NotModelled, why)
        };
        out.enter(line, 0, "stick", status, why);
        self.stick.rules.push(StickLine {
            rule,
            table,
            place: line.whole(),
        });
        Ok(())
    }

    /// Keeps the list after `store`, whose names go to `stored`; what of it is not counted.
    fn stored(
        &mut self,
        line: &Line,
        at: usize,
        stored: &mut BTreeSet<String>,
    ) -> Result<Vec<String>, Diagnostic> {
        let mut unknown = Vec::new();
        // Commas also separate the arguments inside parentheses.
        let mut rest = line.word(at);
        while !rest.is_empty() {
            let end = rest.find([',', '(']).unwrap_or(rest.len());
            let name = &rest[..end];
            let with = format!("{name}(");
            let bare = rest[end..].strip_prefix('(');
            let mut period = Span::ZERO;
            match bare.map(|inside| inside.split_once(')')) {
                Some(Some((inside, after))) if STORED.contains(&with.as_str()) => {
                    rest = after.strip_prefix(',').unwrap_or(after);
                    period = stored_argument(line, at, name, inside)?;
                }
                None if STORED.contains(&name) => {
                    rest = rest[end..].strip_prefix(',').unwrap_or(&rest[end..]);
                }
                None if STORED.contains(&with.as_str()) => {
                    let message = format!("`{name}` needs an argument: `{name}(10s)`");
                    return Err(line.missing(at, message));
                }
                _ => {
                    let message = format!("a table cannot store `{name}`");
                    return Err(line.unknown(at, message, STORED.iter().copied()));
                }
            }
            stored.insert(name.to_owned());
            if let Some((all, one)) = clash(stored) {
                let message = format!("a table cannot store both `{all}` and `{one}`");
                return Err(
                    Diagnostic::new(Code::Clash, message, line.place(at)).help(format!(
                        "`{all}` counts what `{one}` does: leave one of them out"
                    )),
                );
            }
            match Datum::from_name(name) {
                Some(datum) => self.stick.stored.push((datum, period)),
                None if matches!(name, "server_id" | "server_key") => {}
                None => unknown.push(name.to_owned()),
            }
        }
        Ok(unknown)
    }
}

/// Two stored names of which one is a part of the other.
fn clash(stored: &BTreeSet<String>) -> Option<(&'static str, &'static str)> {
    const CLASHES: [(&str, &str); 5] = [
        ("gpc", "gpc0"),
        ("gpc", "gpc1"),
        ("gpc_rate", "gpc0_rate"),
        ("gpc_rate", "gpc1_rate"),
        ("gpt", "gpt0"),
    ];
    let both = |(all, one): &&(&str, &str)| stored.contains(*all) && stored.contains(*one);
    CLASHES.iter().find(both).copied()
}

/// What stands between the parentheses of a stored name: the period of a rate, after a number
/// where there are several, or only that number.
fn stored_argument(line: &Line, at: usize, name: &str, inside: &str) -> Result<Span, Diagnostic> {
    let several = matches!(name, "gpc" | "gpc_rate" | "gpt");
    let rate = name.ends_with("_rate");
    let (number, period) = match inside.split_once(',') {
        Some((number, period)) => (number, period),
        None if several => (inside, ""),
        None => ("", inside),
    };
    if several && !(1..=100).contains(&value::lenient(number).0) {
        let message = format!("`{name}` has 1 to 100 places, not `{number}`");
        return Err(Diagnostic::new(Code::Range, message, line.place(at)));
    }
    if !rate {
        return Ok(Span::ZERO);
    }
    let period = value::understood(period).unwrap_or(period);
    value::time(period).map_err(|why| {
        let message = format!("the period of `{name}`: {why}");
        Diagnostic::new(Code::Duration, message, line.place(at))
    })
}
