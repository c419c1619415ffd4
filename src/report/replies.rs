//! What the runtime API replied, in a form that fits a page.

use std::fmt::Write as _;

use super::table::{Align, Ink, NoInk, Table};
use super::{Report, number};

/// The columns of `show stat` that a person looks at; the reply has some hundred.
const STAT: [&str; 14] = [
    "pxname",
    "svname",
    "status",
    "weight",
    "scur",
    "qcur",
    "stot",
    "lbtot",
    "econ",
    "chkfail",
    "chkdown",
    "lastchg",
    "check_status",
    "check_duration",
];

/// Every command that was answered with words, each with its reply below it. Long comma
/// separated replies are shown as a table of their most telling columns.
pub fn text(report: &Report, ink: &dyn Ink) -> String {
    let mut out = String::new();
    for reply in report.replies.iter().filter(|r| !r.text.trim().is_empty()) {
        let at = number(reply.at, 3);
        let _ = writeln!(out, "  {at} s  {}", reply.command);
        if let Some(table) = stat(&reply.text) {
            for line in table.text(ink).lines() {
                let _ = writeln!(out, "  {line}");
            }
        } else {
            for line in reply.text.trim_end().lines() {
                let _ = writeln!(out, "    {line}");
            }
        }
    }
    out
}

/// The same as a block of Markdown.
pub fn markdown(report: &Report) -> String {
    match text(report, &NoInk) {
        empty if empty.is_empty() => empty,
        text => format!("```text\n{text}```\n"),
    }
}

/// A reply of `show stat` as a table; none if it is something else.
fn stat(reply: &str) -> Option<Table> {
    let mut lines = reply.lines();
    let names: Vec<&str> = lines.next()?.strip_prefix("# ")?.split(',').collect();
    let shown: Vec<(usize, &str)> = STAT
        .iter()
        .filter_map(|column| Some((names.iter().position(|name| name == column)?, *column)))
        .collect();
    if shown.len() < STAT.len() {
        return None;
    }
    let words = ["pxname", "svname", "status", "check_status"];
    let columns: Vec<(&str, Align)> = shown
        .iter()
        .map(|(_, name)| {
            let is_word = words.contains(name);
            (*name, if is_word { Align::Left } else { Align::Right })
        })
        .collect();
    let mut table = Table::new(&columns);
    for line in lines.filter(|line| !line.is_empty()) {
        let fields: Vec<&str> = line.split(',').collect();
        let cell = |(index, _): &(usize, &str)| fields.get(*index).copied().unwrap_or("").into();
        table.push(shown.iter().map(cell).collect());
    }
    Some(table)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Reply;
    use crate::report::tests::report;

    #[test]
    fn a_word_is_shown_as_it_is() {
        assert_eq!(
            text(&report(), &NoInk),
            "  2.000 s  get weight nodes/s1\n    1 (initial 1)\n"
        );
    }

    #[test]
    fn a_page_of_statistics_becomes_a_table() {
        let mut names = STAT.to_vec();
        names.insert(3, "smax");
        let values: Vec<String> = (0..names.len()).map(|n| format!("v{n}")).collect();
        let mut report = report();
        report.replies = vec![Reply {
            at: 8.5,
            command: "show stat".to_owned(),
            text: format!("# {},\n{},\n\n", names.join(","), values.join(",")),
        }];
        let text = text(&report, &NoInk);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3, "{text}");
        assert!(
            lines[1].starts_with("    pxname  svname  status  weight"),
            "{text}"
        );
        assert!(
            lines[2].starts_with("    v0      v1      v2          v4"),
            "{text}"
        );
        assert!(!text.contains("v3"), "smax is not shown");
    }

    #[test]
    fn silence_is_not_shown() {
        let mut report = report();
        report.replies[0].text = "\n".to_owned();
        assert_eq!(text(&report, &NoInk), "");
        assert_eq!(markdown(&report), "");
    }
}
