//! The rows of reports as comma-separated values (RFC 4180), one line per server and one
//! for the total.

use std::fmt::Write as _;

use super::Report;
use super::distribution::{Row, Times};

/// The names of the columns; `scenario` tells several reports apart.
pub const COLUMNS: [&str; 17] = [
    "scenario",
    "server",
    "requests",
    "share",
    "errors",
    "mean_ms",
    "stddev_ms",
    "min_ms",
    "p50_ms",
    "p95_ms",
    "p99_ms",
    "max_ms",
    "rps",
    "by_algorithm",
    "by_cookie",
    "sessions_restarted",
    "state",
];

/// The reports under one head. The requests that no server answered stand in a row called
/// `(none)`.
pub fn text(reports: &[Report]) -> String {
    let mut out = COLUMNS.join(",");
    out.push('\n');
    for report in reports {
        for server in &report.servers {
            let state = &server.state.status;
            line(&mut out, report, &server.name, &server.row, state);
        }
        if let Some(row) = &report.unanswered {
            line(&mut out, report, "(none)", row, "");
        }
        line(&mut out, report, "total", &report.total, "");
    }
    out
}

fn line(out: &mut String, report: &Report, name: &str, row: &Row, state: &str) {
    let _ = write!(
        out,
        "{},{},{},{:.6},{}",
        quoted(&report.scenario),
        quoted(name),
        row.requests,
        row.share,
        row.errors
    );
    let times: [fn(&Times) -> f64; 7] = [
        |t| t.mean,
        |t| t.deviation,
        |t| t.min,
        |t| t.p50,
        |t| t.p95,
        |t| t.p99,
        |t| t.max,
    ];
    for pick in times {
        out.push(',');
        if let Some(times) = &row.times {
            let _ = write!(out, "{:.3}", pick(times));
        }
    }
    let _ = writeln!(
        out,
        ",{:.3},{},{},{},{}",
        row.rate,
        row.by_algorithm,
        row.by_cookie,
        row.sessions_restarted,
        quoted(state)
    );
}

/// A field, in quotes if it needs them.
pub fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::report;

    #[test]
    fn every_line_has_every_column() {
        let text = text(&[report(), report()]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 1 + 2 * 4, "two servers, nobody, total; twice");
        for line in &lines {
            assert_eq!(line.split(',').count(), COLUMNS.len(), "{line}");
        }
        assert_eq!(
            lines[1],
            "4.3,s1,3,0.030000,0,7523.333,2049.493,5000.000,7550.000,10020.000,10020.000,10020.000,0.133,1,2,0,DOWN"
        );
    }

    #[test]
    fn awkward_fields_are_quoted() {
        assert_eq!(quoted("plain"), "plain");
        assert_eq!(quoted("a,b"), "\"a,b\"");
        assert_eq!(quoted("say \"s1\""), "\"say \"\"s1\"\"\"");
    }
}
