//! The arguments of lines that decide nothing, as far as HAProxy would refuse them.

use super::line::Line;
use super::value::{self, Address, Ports};
use crate::scenario::diagnostic::{Code, Diagnostic};

/// Keywords that are nothing without so many arguments.
const LEAST: &[(&str, usize)] = &[
    ("backlog", 1),
    ("capture cookie", 3),
    ("capture request", 4),
    ("capture response", 4),
    ("compression algo", 1),
    ("description", 1),
    ("dispatch", 1),
    ("email-alert from", 1),
    ("email-alert level", 1),
    ("email-alert myhostname", 1),
    ("email-alert to", 1),
    ("errorfile", 2),
    ("errorfiles", 1),
    ("errorloc", 2),
    ("errorloc302", 2),
    ("errorloc303", 2),
    ("external-check command", 1),
    ("external-check path", 1),
    ("filter", 1),
    ("http-check comment", 1),
    ("http-error", 2),
    ("http-send-name-header", 1),
    ("id", 1),
    ("load-server-state-from-file", 1),
    ("log-tag", 1),
    ("max-keep-alive-queue", 1),
    ("persist", 1),
    ("rate-limit sessions", 1),
    ("source", 1),
    ("stats auth", 1),
    ("stats realm", 1),
    ("stats refresh", 1),
    ("stats scope", 1),
    ("stats uri", 1),
    ("tcp-check comment", 1),
    ("tcp-check expect", 1),
    ("tcp-check send", 1),
    ("tcp-check send-binary", 1),
    ("tcp-check send-lf", 1),
    ("tcp-check send-binary-lf", 1),
    ("unique-id-header", 1),
    ("use-fcgi-app", 1),
];

/// Keywords whose first argument is one of a few words.
const CHOICES: &[(&str, &[&str])] = &[
    (
        "compression algo",
        &["identity", "gzip", "deflate", "raw-deflate"],
    ),
    (
        "filter",
        &[
            "cache",
            "compression",
            "fcgi-app",
            "opentracing",
            "spoe",
            "trace",
        ],
    ),
    ("load-server-state-from-file", &["global", "local", "none"]),
    ("persist", &["rdp-cookie"]),
    (
        "email-alert level",
        &[
            "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug",
        ],
    ),
];

/// The statuses that have a page.
pub(super) const PAGES: [i64; 19] = [
    200, 400, 401, 403, 404, 405, 407, 408, 410, 413, 421, 422, 425, 429, 500, 501, 502, 503, 504,
];

const FACILITIES: &[&str] = &[
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "auth2",
    "ftp", "ntp", "audit", "alert", "cron2", "local0", "local1", "local2", "local3", "local4",
    "local5", "local6", "local7",
];

const LEVELS: &[&str] = &[
    "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug",
];

/// Checks the arguments of a line whose keyword is `words`.
pub(super) fn arguments(words: &str, line: &Line) -> Result<(), Diagnostic> {
    let at = 1 + usize::from(words.contains(' '));
    if let Some((_, least)) = LEAST.iter().find(|(known, _)| *known == words) {
        let last = at + least - 1;
        if line.words.len() <= last || (line.word(last).is_empty() && *least == 1) {
            let message = format!("`{words}` needs {least} argument(s)");
            return Err(line.missing(last, message));
        }
    }
    if let Some((_, known)) = CHOICES.iter().find(|(known, _)| *known == words) {
        let word = line.word(at).split('(').next().unwrap_or_default();
        if !known.contains(&word) {
            let message = format!("`{words}` has no `{word}`");
            return Err(line.unknown(at, message, *known));
        }
    }
    match words {
        "log" => log(line, 1, true),
        "errorfile" | "errorloc" | "errorloc302" | "errorloc303" => page(line, 1),
        "http-error" => match line.word(1) {
            "status" => page(line, 2),
            _ => Ok(()),
        },
        "id" => {
            if value::lenient(line.word(1)).0 < 1 {
                return Err(line.blame(1, "an id is a number of at least 1"));
            }
            Ok(())
        }
        "max-keep-alive-queue" | "rate-limit sessions" => {
            if value::lenient(line.word(at)).1 {
                return Ok(());
            }
            Err(line.blame(at, format!("`{}` is no whole number", line.word(at))))
        }
        "stats refresh"
        | "timeout client-fin"
        | "timeout http-keep-alive"
        | "timeout http-request"
        | "timeout server-fin" => line.time(at, words).map(drop),
        "dispatch" => {
            let address = value::address(line.word(1), &super::Env::default(), Ports::Server);
            match address.map_err(|why| line.blame(1, why))? {
                (Address::Ip(ip), _) if ip.port() == 0 => {
                    Err(line.missing(1, "`dispatch` needs an address with a port"))
                }
                _ => Ok(()),
            }
        }
        "http-check connect" | "tcp-check connect" => connect(line),
        "tcp-check expect" => expect(line),
        "tcp-check send-binary" => {
            let word = line.word(2);
            if word.len().is_multiple_of(2) && word.chars().all(|c| c.is_ascii_hexdigit()) {
                return Ok(());
            }
            Err(line.blame(2, format!("`{word}` is not a list of hexadecimal bytes")))
        }
        _ => Ok(()),
    }
}

/// The arguments of `log` from `at` on; `proxy` says whether `log global` can stand here.
pub(super) fn log(line: &Line, mut at: usize, proxy: bool) -> Result<(), Diagnostic> {
    if proxy && line.word(at) == "global" {
        return match line.word(at + 1) {
            "" => Ok(()),
            word => Err(line.blame(at + 1, format!("`{word}` cannot follow `log global`"))),
        };
    }
    let target = line.word(at);
    // A name is not looked up.
    let known = !FACILITIES.contains(&target) && !LEVELS.contains(&target);
    if target.is_empty() || line.word(at + 1).is_empty() {
        let note = line.missing(at + 1, "`log` needs an address and a facility");
        return Err(
            note.accepted("`log 127.0.0.1 local0`, `log global`, `log stdout format raw local0`")
        );
    }
    if !known {
        return Err(line.blame(at, format!("`{target}` is no address")));
    }
    at += 1;
    while matches!(line.word(at), "len" | "format" | "sample") {
        if line.word(at) == "format" {
            let known = [
                "local", "rfc3164", "rfc5424", "priority", "short", "timed", "iso", "raw",
            ];
            let format = line.word(at + 1);
            if !known.contains(&format) {
                let message = format!("there is no log format `{format}`");
                return Err(line.unknown(at + 1, message, known));
            }
        }
        at += 2;
    }
    for (offset, known, what) in [
        (0, FACILITIES, "facility"),
        (1, LEVELS, "level"),
        (2, LEVELS, "level"),
    ] {
        let word = line.word(at + offset);
        if (offset == 0 || !word.is_empty()) && !known.contains(&word) {
            let message = format!("there is no log {what} `{word}`");
            return Err(line.unknown(at + offset, message, known));
        }
    }
    Ok(())
}

fn page(line: &Line, at: usize) -> Result<(), Diagnostic> {
    let status = value::lenient(line.word(at)).0;
    if PAGES.contains(&status) {
        return Ok(());
    }
    let message = format!("HAProxy has no page for status {}", line.word(at));
    let accepted: Vec<_> = PAGES.iter().map(ToString::to_string).collect();
    Err(Diagnostic::new(Code::Range, message, line.place(at)).accepted(accepted.join(", ")))
}

fn connect(line: &Line) -> Result<(), Diagnostic> {
    const KNOWN: [&str; 12] = [
        "addr",
        "alpn",
        "comment",
        "default",
        "linger",
        "port",
        "proto",
        "send-proxy",
        "sni",
        "socks4",
        "ssl",
        "via-socks4",
    ];
    let mut at = 2;
    while !line.word(at).is_empty() {
        let word = line.word(at);
        if !KNOWN.contains(&word) {
            return Err(line.unknown(at, format!("`connect` has no `{word}`"), KNOWN));
        }
        at += match word {
            "addr" | "alpn" | "comment" | "port" | "proto" | "sni" | "socks4" => 2,
            _ => 1,
        };
    }
    Ok(())
}

fn expect(line: &Line) -> Result<(), Diagnostic> {
    const KNOWN: [&str; 7] = [
        "binary",
        "binary-lf",
        "rbinary",
        "rstring",
        "string",
        "string-lf",
        "min-recv",
    ];
    let mut at = 2;
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
            | "!"
    ) {
        at += if line.word(at) == "!" { 1 } else { 2 };
    }
    let word = line.word(at).trim_start_matches('!');
    if KNOWN.contains(&word) && !line.word(at + 1).is_empty() {
        return Ok(());
    }
    Err(line.unknown(
        at,
        format!("`tcp-check expect` cannot look at `{word}`"),
        KNOWN,
    ))
}

/// The words of `option forwardfor` and its like.
pub(super) fn forwardfor(line: &Line, name: &str) -> Result<(), Diagnostic> {
    let mut at = 2;
    while !line.word(at).is_empty() {
        at += match line.word(at) {
            "if-none" if name == "forwardfor" => 1,
            word @ ("except" | "header") => {
                if line.word(at + 1).is_empty() {
                    return Err(line.missing(at + 1, format!("`{word}` needs an argument")));
                }
                2
            }
            word => {
                let known = ["except", "header", "if-none"];
                return Err(line.unknown(at, format!("`option {name}` has no `{word}`"), known));
            }
        };
    }
    Ok(())
}
