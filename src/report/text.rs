//! A report for people at a terminal.

use std::fmt::Write as _;

use super::distribution::Row;
use super::table::{Align, Cell, Ink, Style, Table};
use super::{Report, State, number, replies};

/// What stands between the facts of one line.
const DOT: &str = " \u{b7} ";

/// The report as aligned text. It ends with the line by which the run can be repeated.
pub fn text(report: &Report, ink: &dyn Ink) -> String {
    let mut out = String::new();
    title(&mut out, report, ink);
    for table in [shares(report), times(report)] {
        out.push('\n');
        out.push_str(&table.text(ink));
    }
    let sections = [
        ("state changes", transitions(report).text_unless_empty(ink)),
        ("runtime API", replies::text(report, ink)),
    ];
    for (name, section) in sections.iter().filter(|(_, section)| !section.is_empty()) {
        out.push('\n');
        ink.ink(&mut out, Style::Title, &ink.words().put("table", name));
        out.push('\n');
        out.push_str(section);
    }
    picks(&mut out, report, ink);
    let verdicts = expectations(report).text_unless_empty(ink);
    if !verdicts.is_empty() {
        out.push('\n');
        out.push_str(&verdicts);
    }
    out.push('\n');
    ink.ink(&mut out, Style::Faint, &signature(report));
    out.push('\n');
    out
}

/// `seed 42 · profile 2.6 · digest 0123456789abcdef`
pub fn signature(report: &Report) -> String {
    [
        format!("seed {}", report.seed),
        format!("profile {}", report.profile),
        format!("digest {}", report.digest_text()),
    ]
    .join(DOT)
}

/// Who got how many requests, and who sent them there. The last columns, of stick tables,
/// rules and queues, are there when they count something.
pub fn shares(report: &Report) -> Table {
    use Align::{Left, Right};
    let total = &report.total;
    let others = [
        ("by stick table", total.by_stick > 0),
        ("by rule", total.by_rule > 0),
        ("from queue", total.by_queue > 0),
    ];
    let mut columns = vec![
        ("server", Left),
        ("requests", Right),
        ("share", Right),
        ("errors", Right),
        ("by algorithm", Right),
        ("by cookie", Right),
    ];
    columns.extend(others.iter().filter(|o| o.1).map(|o| (o.0, Right)));
    columns.extend([("restarted sessions", Right), ("state", Left)]);
    let mut table = Table::new(&columns);
    for (name, row, state) in rows(report) {
        let mut cells: Vec<Cell> = vec![
            name,
            row.requests.to_string().into(),
            format!("{} %", number(row.share * 100.0, 1)).into(),
            trouble(row.errors),
            row.by_algorithm.to_string().into(),
            row.by_cookie.to_string().into(),
        ];
        let counts = [row.by_stick, row.by_rule, row.by_queue];
        cells.extend(
            others
                .iter()
                .zip(counts)
                .filter(|(other, _)| other.1)
                .map(|(_, count)| Cell::from(count.to_string())),
        );
        cells.push(row.sessions_restarted.to_string().into());
        cells.push(state.map_or_else(Cell::default, self::state));
        table.push(cells);
    }
    table
}

/// How long the requests took.
pub fn times(report: &Report) -> Table {
    let mut columns = vec![("ms", Align::Left)];
    let titles = [
        "mean",
        "std dev",
        "min",
        "p50",
        "p95",
        "p99",
        "max",
        "requests/s",
    ];
    columns.extend(titles.map(|title| (title, Align::Right)));
    let mut table = Table::new(&columns);
    for (name, row, _) in rows(report) {
        let mut cells: Vec<Cell> = vec![name];
        match row.times {
            Some(t) => {
                let times = [t.mean, t.deviation, t.min, t.p50, t.p95, t.p99, t.max];
                cells.extend(times.map(|time| Cell::from(number(time, 1))));
            }
            None => cells.extend(std::iter::repeat_n(Cell::from("-"), 7)),
        }
        cells.push(number(row.rate, 2).into());
        table.push(cells);
    }
    table
}

/// The changes of the servers' states.
pub fn transitions(report: &Report) -> Table {
    let mut table = Table::new(&[
        ("at", Align::Right),
        ("server", Align::Left),
        ("from", Align::Left),
        ("to", Align::Left),
        ("reason", Align::Left),
        ("check took", Align::Right),
    ]);
    for change in &report.transitions {
        let reason = match change.code {
            Some(code) => format!("{}/{code}", change.reason),
            None => change.reason.clone(),
        };
        let took = change
            .check_duration
            .map_or_else(String::new, |ms| format!("{} ms", number(ms, 1)));
        table.push(vec![
            format!("{} s", number(change.at, 3)).into(),
            change.server.as_str().into(),
            change.from.as_str().into(),
            change.to.as_str().into(),
            reason.into(),
            took.into(),
        ]);
    }
    table
}

/// The expectations with what was measured.
pub fn expectations(report: &Report) -> Table {
    let mut table = Table::new(&[
        ("", Align::Left),
        ("expected", Align::Left),
        ("got", Align::Left),
    ]);
    for verdict in &report.expect {
        let (mark_style, got_style) = if verdict.ok {
            (Style::Good, Style::Plain)
        } else {
            (Style::Bad, Style::Bad)
        };
        table.push(vec![
            Cell::styled(mark(verdict.ok), mark_style),
            verdict.text.as_str().into(),
            Cell::phrase(verdict.got.as_str(), got_style),
        ]);
    }
    table
}

/// Every row of the tables: the servers, the requests that nobody answered, the total.
fn rows(report: &Report) -> Vec<(Cell, &Row, Option<&State>)> {
    let servers = report.servers.iter().map(|server| {
        (
            server.name.as_str().into(),
            &server.row,
            Some(&server.state),
        )
    });
    let ours = |name: &str| Cell::phrase(name, Style::Plain);
    let nobody = report
        .unanswered
        .iter()
        .map(|row| (ours("(none)"), row, None));
    servers
        .chain(nobody)
        .chain([(ours("total"), &report.total, None)])
        .collect()
}

fn title(out: &mut String, report: &Report, ink: &dyn Ink) {
    ink.ink(out, Style::Title, &report.title);
    let simulated = number(report.simulated.as_nanos() as f64 / 1e9, 3);
    let facts = format!("   {}{DOT}{simulated} s simulated", report.scenario);
    ink.ink(out, Style::Faint, &ink.words().put("table", &facts));
    out.push('\n');
}

fn picks(out: &mut String, report: &Report, ink: &dyn Ink) {
    const PER_LINE: usize = 20;
    let Some(picks) = &report.picks else {
        return;
    };
    out.push('\n');
    let title = "picks, in the order in which the requests were sent";
    ink.ink(out, Style::Title, &ink.words().put("table", title));
    out.push('\n');
    for line in picks.chunks(PER_LINE) {
        out.push(' ');
        for pick in line {
            let _ = write!(out, " {}", pick.as_deref().unwrap_or("-"));
        }
        out.push('\n');
    }
}

/// The sign of a verdict: readable without colour.
pub fn mark(ok: bool) -> &'static str {
    if ok { "\u{2713}" } else { "\u{2717}" }
}

fn trouble(count: u64) -> Cell {
    let style = if count > 0 { Style::Bad } else { Style::Plain };
    Cell::styled(count.to_string(), style)
}

fn state(state: &State) -> Cell {
    let style = if state.is_up { Style::Good } else { Style::Bad };
    let text = match state.since {
        Some(since) => format!("{} since {} s", state.status, number(since, 3)),
        None => state.status.clone(),
    };
    Cell::phrase(text, style)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::table::NoInk;
    use crate::report::tests::report;

    #[test]
    fn a_report_to_read() {
        let mut report = report();
        report.picks.as_mut().expect("kept").truncate(22);
        assert_eq!(
            text(&report, &NoInk),
            concat!(
                "s1 suddenly needs 2.5 s   4.3 · 36.000 s simulated\n",
                "\n",
                "  server  requests    share  errors  by algorithm  by cookie  restarted sessions  state\n",
                "  s1             3    3.0 %       0             1          2                   0  DOWN since 11.057 s\n",
                "  s2            96   96.0 %       0             1         95                   1  UP 1/3\n",
                "  (none)         1    1.0 %       1             0          0                   0\n",
                "  total        100  100.0 %       1             2         97                   1\n",
                "\n",
                "  ms        mean  std dev     min     p50      p95      p99      max  requests/s\n",
                "  s1      7523.3   2049.5  5000.0  7550.0  10020.0  10020.0  10020.0        0.13\n",
                "  s2         4.0      0.0     4.0     4.0      4.0      4.0      4.0      250.00\n",
                "  (none)  3000.0      0.0  3000.0  3000.0   3000.0   3000.0   3000.0        0.33\n",
                "  total    259.5   1358.9     4.0     4.0      4.0   7550.0  10020.0        3.85\n",
                "\n",
                "state changes\n",
                "        at  server  from    to    reason  check took\n",
                "  11.057 s  s1      UP 1/3  DOWN  L7TOUT   2002.0 ms\n",
                "\n",
                "runtime API\n",
                "  2.000 s  get weight nodes/s1\n",
                "    1 (initial 1)\n",
                "\n",
                "picks, in the order in which the requests were sent\n",
                "  - s1 s1 s1 s2 s2 s2 s2 s2 s2 s2 s2 s2 s2 s2 s2 s2 s2 s2 s2\n",
                "  s2 s2\n",
                "\n",
                "     expected                      got\n",
                "  ✓  served(\"s1\", within: (1, 4))  3\n",
                "  ✗  served(\"s2\", exactly: 1997)   96\n",
                "\n",
                "seed 42 · profile 2.6 · digest 00000000000000ff\n",
            )
        );
    }
}
