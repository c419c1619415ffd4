//! What a health check sends and expects: `option httpchk`, `http-check`, and the checks of
//! other protocols.

use std::borrow::Cow;

use balance::config::CheckKind;

use super::super::Status;
use super::line::Line;
use crate::scenario::diagnostic::{Code, Diagnostic};

/// The checks of one proxy.
#[derive(Clone, Debug, Default)]
pub(super) struct Checks {
    kind: Kind,
    method: String,
    uri: String,
    /// `http-check expect status`: the ranges, and whether they fail instead.
    expect: Option<(Vec<(u16, u16)>, bool)>,
    pub(super) disable_on_404: bool,
    /// A `connect` step names a port of its own.
    pub(super) own_port: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    /// A connection is enough.
    #[default]
    Tcp,
    Http,
}

/// What `http-check expect` can look at.
const PATTERNS: &[&str] = &[
    "status",
    "rstatus",
    "string",
    "rstring",
    "string-lf",
    "hdr",
    "fhdr",
];

impl Checks {
    /// What the core does for a check.
    pub(super) fn kind(&self) -> CheckKind {
        if self.kind == Kind::Tcp {
            return CheckKind::Tcp;
        }
        let (expect, negate) = self.expect.clone().unwrap_or_default();
        // A server reads each up to the first blank.
        let first = |text: &str| text.split_whitespace().next().unwrap_or("").to_owned();
        let or = |text: String, default: &str| match text.as_str() {
            "" => default.to_owned(),
            _ => text,
        };
        CheckKind::Http {
            method: or(first(&self.method), "OPTIONS"),
            uri: or(first(&self.uri), "/"),
            expect,
            negate,
        }
    }

    /// `option httpchk` and the checks of other protocols. The last one counts.
    pub(super) fn option(&mut self, line: &Line, name: &str) -> Result<(), Diagnostic> {
        self.kind = Kind::Tcp;
        match name {
            "httpchk" => {
                line.at_most(1, 3)?;
                self.kind = Kind::Http;
                match (line.word(2), line.word(3)) {
                    ("", _) => {}
                    (uri, "") => uri.clone_into(&mut self.uri),
                    (method, uri) => {
                        method.clone_into(&mut self.method);
                        uri.clone_into(&mut self.uri);
                    }
                }
            }
            "smtpchk" => line.at_most(1, 2)?,
            "mysql-check" => {
                if !matches!(line.word(2), "" | "user") {
                    return Err(line.unknown(2, "`mysql-check` only takes `user`", ["user"]));
                }
                if line.word(2) == "user" && line.word(3).is_empty() {
                    return Err(line.missing(3, "`user` needs a name"));
                }
            }
            "pgsql-check" if line.word(2) != "user" || line.word(3).is_empty() => {
                return Err(line.missing(2, "`pgsql-check` needs `user` and a name"));
            }
            _ => {}
        }
        Ok(())
    }

    /// An `http-check` line that is modelled, at least in part.
    pub(super) fn rule(&mut self, line: &Line) -> Result<(Status, Cow<'static, str>), Diagnostic> {
        match line.word(1) {
            "disable-on-404" => self.disable_on_404 = true,
            "send" => self.send(line)?,
            _ => return self.expect(line),
        }
        Ok((Status::Modelled, "".into()))
    }

    fn send(&mut self, line: &Line) -> Result<(), Diagnostic> {
        let mut at = 2;
        while !line.word(at).is_empty() {
            let name = line.word(at);
            let arguments = match name {
                "meth" | "uri" | "uri-lf" | "ver" | "body" | "body-lf" | "comment" => 1,
                "hdr" => 2,
                _ => {
                    let known = [
                        "meth", "uri", "uri-lf", "ver", "hdr", "body", "body-lf", "comment",
                    ];
                    let message = format!("`http-check send` has no `{name}`");
                    return Err(line.unknown(at, message, known));
                }
            };
            let argument = line.word(at + 1);
            if line.word(at + arguments).is_empty() {
                return Err(line.missing(
                    at + arguments,
                    format!("`{name}` needs {arguments} argument(s)"),
                ));
            }
            match name {
                "meth" => argument.clone_into(&mut self.method),
                "uri" | "uri-lf" => argument.clone_into(&mut self.uri),
                _ => {}
            }
            at += 1 + arguments;
        }
        Ok(())
    }

    fn expect(&mut self, line: &Line) -> Result<(Status, Cow<'static, str>), Diagnostic> {
        let mut at = 2;
        // What may stand before the pattern says nothing about passing or failing.
        while matches!(
            line.word(at),
            "min-recv"
                | "comment"
                | "ok-status"
                | "error-status"
                | "tout-status"
                | "on-success"
                | "on-error"
                | "status-code"
        ) {
            at += 2;
        }
        let negate = line.word(at) == "!" || line.word(at).starts_with('!');
        let pattern = match line.word(at) {
            "!" => {
                at += 1;
                line.word(at)
            }
            word => word.trim_start_matches('!'),
        };
        if pattern.is_empty() {
            return Err(line
                .missing(at, "`http-check expect` needs something to look at")
                .accepted(PATTERNS.join(", ")));
        }
        if !PATTERNS.contains(&pattern) {
            let message = format!("`http-check expect` cannot look at `{pattern}`");
            return Err(line.unknown(at, message, PATTERNS.iter().copied()));
        }
        let text = line.word(at + 1);
        if text.is_empty() {
            return Err(line.missing(at + 1, format!("`{pattern}` needs a pattern")));
        }
        match pattern {
            "status" => {
                self.expect = Some((statuses(line, at + 1)?, negate));
                Ok((Status::Modelled, "".into()))
            }
            "rstatus" => match by_expression(text) {
                Some(ranges) => {
                    self.expect = Some((ranges, negate));
                    Ok((Status::Modelled, "".into()))
                }
                None => Ok((
                    Status::NotModelled,
                    "this expression is not followed: a status of 200 to 399 passes".into(),
                )),
            },
            _ => Ok((
                Status::NotModelled,
                "simulated answers have no content to look at: a status of 200 to 399 passes"
                    .into(),
            )),
        }
    }
}

/// `200,300-399`
fn statuses(line: &Line, at: usize) -> Result<Vec<(u16, u16)>, Diagnostic> {
    let blame = |part: &str| {
        Diagnostic::new(
            Code::Words,
            format!("`{part}` is no status and no range of statuses"),
            line.place(at),
        )
        .accepted("`200`, `200,204`, `200-399`")
    };
    (line.word(at).split(','))
        .map(|part| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            match (first.parse(), last.parse()) {
                (Ok(first), Ok(last)) if (100..1000).contains(&first) && first <= last => {
                    Ok((first, last))
                }
                _ => Err(blame(part)),
            }
        })
        .collect()
}

/// The statuses that a simple expression matches: `^2`, `(2|3)[0-9][0-9]`, `200`.
fn by_expression(expression: &str) -> Option<Vec<(u16, u16)>> {
    let (text, anchored) = match expression.strip_prefix('^') {
        Some(rest) => (rest, true),
        None => (expression, false),
    };
    let text = text.strip_suffix('$').unwrap_or(text);
    let full = ["[0-9][0-9]", r"\d\d", r"\d{2}", "..", "[0-9]{2}"]
        .iter()
        .find_map(|tail| text.strip_suffix(tail));
    let heads = match full {
        Some(heads) => heads,
        None if anchored => text,
        None => {
            return text
                .parse()
                .ok()
                .filter(|n| (100..1000).contains(n))
                .map(|n| vec![(n, n)]);
        }
    };
    let inside = heads
        .strip_prefix('(')
        .and_then(|h| h.strip_suffix(')'))
        .map(|h| h.replace('|', ""))
        .or_else(|| {
            let set = heads.strip_prefix('[')?.strip_suffix(']')?;
            (!set.contains(['-', '^'])).then(|| set.to_owned())
        })
        .unwrap_or_else(|| heads.to_owned());
    let single = inside.len() == 1 || heads != inside;
    let digits: Option<Vec<u16>> = inside
        .chars()
        .map(|c| {
            c.to_digit(10)
                .filter(|d| (1..10).contains(d))
                .map(|d| d as u16)
        })
        .collect();
    digits
        .filter(|digits| single && !digits.is_empty())
        .map(|digits| digits.iter().map(|d| (d * 100, d * 100 + 99)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_about_statuses() {
        for (text, expected) in [
            ("^2", Some(vec![(200, 299)])),
            ("^[23]", Some(vec![(200, 299), (300, 399)])),
            ("(2|3)[0-9][0-9]", Some(vec![(200, 299), (300, 399)])),
            (r"^2\d\d$", Some(vec![(200, 299)])),
            ("200", Some(vec![(200, 200)])),
            ("^20", None),
            ("2.*", None),
            ("[2-3]..", None),
            ("", None),
        ] {
            assert_eq!(by_expression(text), expected, "{text}");
        }
    }
}
