//! The statistics as a page: HAProxy's columns, a colour for each state of a server, and the
//! same said in words. One file without scripts that loads nothing.

use std::fmt::Write as _;

use balance::stats::{StatRow, Subject};

/// What the page says above the tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The scenario's title.
    pub title: String,
    /// The moment, in words.
    pub moment: String,
    /// How to see it again: seed, profile, digest.
    pub signature: String,
}

/// A column: its head and what a row shows in it.
type Column = (&'static str, fn(&StatRow) -> String);

/// A group of columns under one head.
type Group = (&'static str, &'static [Column]);

/// HAProxy's groups of columns.
const GROUPS: &[Group] = &[
    (
        "Queue",
        &[
            ("Cur", |row| plain(row, "qcur")),
            ("Max", |row| plain(row, "qmax")),
            ("Limit", |row| plain(row, "qlimit")),
        ],
    ),
    (
        "Session rate",
        &[
            ("Cur", |row| plain(row, "rate")),
            ("Max", |row| plain(row, "rate_max")),
            ("Limit", |row| plain(row, "rate_lim")),
        ],
    ),
    (
        "Sessions",
        &[
            ("Cur", |row| plain(row, "scur")),
            ("Max", |row| plain(row, "smax")),
            ("Limit", |row| plain(row, "slim")),
            ("Total", |row| plain(row, "stot")),
            ("LbTot", |row| plain(row, "lbtot")),
            ("Last", |row| age(row.field("lastsess"))),
        ],
    ),
    (
        "Bytes",
        &[
            ("In", |row| plain(row, "bin")),
            ("Out", |row| plain(row, "bout")),
        ],
    ),
    (
        "Denied",
        &[
            ("Req", |row| plain(row, "dreq")),
            ("Resp", |row| plain(row, "dresp")),
        ],
    ),
    (
        "Errors",
        &[
            ("Req", |row| plain(row, "ereq")),
            ("Conn", |row| plain(row, "econ")),
            ("Resp", |row| plain(row, "eresp")),
        ],
    ),
    (
        "Warnings",
        &[
            ("Retr", |row| plain(row, "wretr")),
            ("Redis", |row| plain(row, "wredis")),
        ],
    ),
    (
        "Server",
        &[
            ("Status", |row| {
                let status = plain(row, "status");
                match row.field("lastchg") {
                    "" => status,
                    seconds => format!("{} {status}", age(seconds)),
                }
            }),
            ("LastChk", last_check),
            ("Wght", |row| plain(row, "weight")),
            ("Act", |row| plain(row, "act")),
            ("Bck", |row| plain(row, "bck")),
            ("Chk", |row| plain(row, "chkfail")),
            ("Dwn", |row| plain(row, "chkdown")),
            ("Dwntme", |row| age(row.field("downtime"))),
            ("Thrtle", |row| percent(row.field("throttle"))),
        ],
    ),
];

/// The states that rows are told apart by: class, what the legend says.
const LEGEND: [(&str, &str); 8] = [
    ("up", "active UP"),
    ("backup", "backup UP"),
    ("falling", "UP, going down"),
    ("rising", "DOWN, going up"),
    ("down", "DOWN"),
    ("maint", "in maintenance (MAINT)"),
    ("drain", "takes no new clients (DRAIN, NOLB)"),
    ("nocheck", "not checked"),
];

/// Colours: Okabe and Ito's, lightened for text on top; each state has a mark as well.
const STYLE: &str = "
:root { color-scheme: light dark; --ink: #111; --paper: #fff; --line: #767676; --head: #e8e8e8;
  --up: #c9efdf; --backup: #cfe6f7; --falling: #fbf5b0; --rising: #fbdfae; --down: #f9cdbf;
  --maint: #e3d3c1; --drain: #d5d9f5; --nocheck: #ececec; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #f2f2f2; --paper: #161616; --line: #9a9a9a; --head: #2c2c2c;
    --up: #0b4a36; --backup: #0a3d5c; --falling: #564f00; --rising: #5c3b00; --down: #6b2408;
    --maint: #4a3624; --drain: #2d3166; --nocheck: #333; } }
body { margin: 1rem; background: var(--paper); color: var(--ink);
  font: 100%/1.4 system-ui, sans-serif; }
.wide { overflow-x: auto; }
table { border-collapse: separate; border-spacing: 0; margin: 0 0 1rem; font-size: 0.72rem;
  border: solid var(--line); border-width: 1px 0 0 1px; }
caption { text-align: start; font-size: 1.1rem; font-weight: bold; padding: 0.3rem 0; }
th, td { border: solid var(--line); border-width: 0 1px 1px 0; padding: 0.15rem 0.22rem; text-align: end;
  white-space: nowrap; font-variant-numeric: tabular-nums; }
thead th { background: var(--head); text-align: center; }
tbody th, td.words { text-align: start; }
tbody th { position: sticky; left: 0; background: inherit; }
tr.total, tr.front { font-weight: bold; background: var(--head); }
ul { display: flex; flex-wrap: wrap; gap: 0.4rem; padding: 0; list-style: none; }
li { border: 1px solid var(--line); padding: 0.15rem 0.6rem; }
.up { background: var(--up); } .backup { background: var(--backup); }
.falling { background: var(--falling); } .rising { background: var(--rising); }
.down { background: var(--down); } .maint { background: var(--maint); }
.drain { background: var(--drain); } .nocheck { background: var(--nocheck); }
@media print { body { margin: 0; } table { font-size: 0.6rem; } }
";

/// The page: a table for each proxy.
pub fn html(head: &Head, rows: &[StatRow]) -> String {
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Statistics: {0}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <h1>{0}</h1>\n<p>Statistics of the proxy {1}.</p>\n",
        escaped(&head.title),
        escaped(&head.moment),
    );
    out.push_str("<p id=\"legend\">Rows of servers:</p>\n<ul aria-labelledby=\"legend\">\n");
    for (class, words) in LEGEND {
        let _ = writeln!(out, "<li class=\"{class}\">{} {words}</li>", mark(class));
    }
    out.push_str("</ul>\n");
    let mut proxy = None;
    for row in rows {
        if proxy != Some(row.proxy) {
            proxy = Some(row.proxy);
            let own = rows.iter().filter(|other| other.proxy == row.proxy);
            let own: Vec<&StatRow> = own.collect();
            table(&mut out, row.field("pxname"), &own);
        }
    }
    let _ = write!(
        out,
        "<p><small>{}</small></p>\n</main>\n</body>\n</html>\n",
        escaped(&head.signature)
    );
    out
}

/// One proxy.
fn table(out: &mut String, name: &str, rows: &[&StatRow]) {
    let name = escaped(name);
    let _ = write!(
        out,
        "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"{name}\">\n<table>\n\
         <caption>{name}</caption>\n<thead>\n<tr><th rowspan=\"2\" scope=\"col\">Name</th>"
    );
    for (title, columns) in GROUPS {
        let _ = write!(
            out,
            "<th colspan=\"{}\" scope=\"colgroup\">{title}</th>",
            columns.len()
        );
    }
    out.push_str("</tr>\n<tr>");
    for (title, _) in GROUPS.iter().flat_map(|(_, columns)| *columns) {
        let _ = write!(out, "<th scope=\"col\">{title}</th>");
    }
    out.push_str("</tr>\n</thead>\n<tbody>\n");
    for row in rows {
        let class = class(row);
        let _ = write!(
            out,
            "<tr class=\"{class}\"><th scope=\"row\">{} {}</th>",
            mark(class),
            escaped(row.field("svname"))
        );
        for (_, value) in GROUPS.iter().flat_map(|(_, columns)| *columns) {
            let text = value(row);
            let words = text.chars().any(char::is_alphabetic);
            let attribute = if words { " class=\"words\"" } else { "" };
            let _ = write!(out, "<td{attribute}>{}</td>", escaped(&text));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table>\n</div>\n");
}

/// What a row's colour says.
fn class(row: &StatRow) -> &'static str {
    match row.subject {
        Subject::Server(_) => {}
        Subject::Backend(_) => return "total",
        Subject::Frontend => return "front",
    }
    let status = row.field("status");
    let counting = status.contains('/');
    match status.split(' ').next().unwrap_or_default() {
        "no" => "nocheck",
        "MAINT" => "maint",
        "DRAIN" | "NOLB" => "drain",
        "DOWN" if counting => "rising",
        "DOWN" => "down",
        _ if counting => "falling",
        _ if row.field("bck") == "1" => "backup",
        _ => "up",
    }
}

/// The same as a sign, for those who see no colours.
fn mark(class: &str) -> &'static str {
    match class {
        "up" => "\u{25b2}",
        "backup" => "\u{25b3}",
        "falling" => "\u{2198}",
        "rising" => "\u{2197}",
        "down" => "\u{2717}",
        "maint" => "\u{25a0}",
        "drain" => "\u{25c7}",
        "nocheck" => "?",
        "front" => "\u{2192}",
        _ => "\u{03a3}",
    }
}

fn plain(row: &StatRow, column: &str) -> String {
    match row.field(column) {
        "" => "-".to_owned(),
        text => text.to_owned(),
    }
}

fn percent(field: &str) -> String {
    if field.is_empty() {
        "-".to_owned()
    } else {
        format!("{field} %")
    }
}

/// `L7OK/200 in 5ms`
fn last_check(row: &StatRow) -> String {
    let status = row.field("check_status");
    if status.is_empty() {
        return "-".to_owned();
    }
    let part = |lead: &str, column: &str, tail: &str| match row.field(column) {
        "" => String::new(),
        text => format!("{lead}{text}{tail}"),
    };
    format!(
        "{status}{}{}",
        part("/", "check_code", ""),
        part(" in ", "check_duration", "ms")
    )
}

/// Seconds as `1h2m`, in the two greatest units.
fn age(field: &str) -> String {
    let Ok(seconds) = field.parse::<u64>() else {
        return "-".to_owned();
    };
    let parts = [
        (seconds / 86_400, "d"),
        (seconds / 3600 % 24, "h"),
        (seconds / 60 % 60, "m"),
        (seconds % 60, "s"),
    ];
    let first = parts.iter().position(|(count, _)| *count > 0).unwrap_or(3);
    let mut text = String::new();
    for (count, unit) in parts[first..].iter().take(2) {
        let _ = write!(text, "{count}{unit}");
    }
    text
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_in_two_units() {
        let ages = ["", "0", "59", "60", "3723", "90061"].map(age);
        assert_eq!(ages, ["-", "0s", "59s", "1m0s", "1h2m", "1d1h"]);
    }

    #[test]
    fn nothing_of_a_name_becomes_markup() {
        assert_eq!(escaped("<a & \"b\">"), "&lt;a &amp; &quot;b&quot;&gt;");
    }
}
