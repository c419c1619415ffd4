//! What was found out, as text, tables and JSON.

use std::fmt::Write as _;

use balance::Span;
use serde_json::{Value, json};

use super::{Findings, Side};
use crate::locale::Words;
use crate::plan::{Client, Plan};
use crate::report::table::{Align, Cell, Ink, Style, Table};
use crate::report::{Report, Server, json as reports};
use crate::scenario::units;

/// What a verdict is about.
pub(super) struct Case<'a> {
    pub(super) plan: &'a Plan,
    pub(super) now: &'a Report,
    pub(super) after: &'a Report,
    pub(super) affected: &'a [String],
    pub(super) slow: Option<Span>,
}

/// The sides one beside the other: before, after, and with the best change.
pub(super) fn table(findings: &Findings) -> Table {
    let mut sides = vec![&findings.now, &findings.after];
    sides.extend(findings.helped.first());
    let mut head = vec![("", Align::Left)];
    head.extend(sides.iter().map(|side| (side.name.as_str(), Align::Right)));
    let mut table = Table::new(&head);
    let mut row = |name: &str, cell: &dyn Fn(&Report) -> String| {
        let phrase = |text: &str| Cell::phrase(text, Style::Plain);
        let mut cells = vec![phrase(name)];
        cells.extend(sides.iter().map(|side| phrase(&cell(&side.report))));
        table.push(cells);
    };
    let times = |report: &Report, pick: fn(&crate::report::distribution::Times) -> f64| {
        let times = report.total.times.as_ref();
        times.map_or_else(|| "-".to_owned(), |times| format!("{:.1}", pick(times)))
    };
    row("requests", &|report| report.total.requests.to_string());
    row("requests/s", &|report| format!("{:.1}", report.total.rate));
    row("errors", &|report| report.total.errors.to_string());
    row("mean ms", &|report| times(report, |times| times.mean));
    row("p95 ms", &|report| times(report, |times| times.p95));
    row("p99 ms", &|report| times(report, |times| times.p99));
    for name in &findings.affected {
        row(&format!("{name} share"), &|report| {
            server(report, name).map_or_else(String::new, |server| {
                format!("{:.1} %", server.row.share * 100.0)
            })
        });
        row(&format!("{name} state"), &|report| state(report, name));
    }
    table
}

fn server<'a>(report: &'a Report, name: &str) -> Option<&'a Server> {
    report.servers.iter().find(|server| server.name == name)
}

/// When a server went DOWN, and came back.
fn downs(report: &Report, name: &str) -> (Vec<f64>, usize) {
    let own = report
        .transitions
        .iter()
        .filter(|change| change.server == name);
    let down = own.clone().filter(|change| change.to.starts_with("DOWN"));
    let up = own.filter(|change| change.from.starts_with("DOWN") && !change.to.starts_with("DOWN"));
    (down.map(|change| change.at).collect(), up.count())
}

fn state(report: &Report, name: &str) -> String {
    let status = server(report, name).map_or("", |server| server.state.status.as_str());
    match downs(report, name).0.as_slice() {
        [] => status.to_owned(),
        [at] => format!("{status}, DOWN at {at:.1} s"),
        [at, ..] => {
            let times = downs(report, name).0.len();
            format!("{status}, DOWN {times} times from {at:.1} s")
        }
    }
}

/// What happens, in sentences.
pub(super) fn verdict(case: &Case<'_>) -> Vec<String> {
    let mut told: Vec<String> = case.affected.iter().map(|name| fate(case, name)).collect();
    told.extend(budget(case));
    let (now, after) = (&case.now.total, &case.after.total);
    if now.rate > 0.0 {
        let change = (after.rate / now.rate - 1.0) * 100.0;
        told.push(format!(
            "{:.1} requests/s become {:.1} ({change:+.0} %)",
            now.rate, after.rate
        ));
    }
    told.push(match (after.errors, after.requests) {
        (0, _) if case.slow.is_some() => "no request fails: slow is not broken".to_owned(),
        (0, _) => "no request fails".to_owned(),
        (errors, requests) => {
            let share = errors as f64 * 100.0 / requests.max(1) as f64;
            format!("{errors} requests fail ({share:.1} %)")
        }
    });
    told
}

/// What becomes of a server.
fn fate(case: &Case<'_>, name: &str) -> String {
    let checked = (case.plan.proxy.backends.iter())
        .flat_map(|backend| &backend.servers)
        .filter(|server| name.rsplit('/').next() == Some(server.name.as_str()))
        .any(|server| server.check.is_some() || server.track.is_some());
    let (down, ups) = downs(case.after, name);
    let reason = case
        .after
        .transitions
        .iter()
        .find(|change| change.server == name && change.to.starts_with("DOWN"))
        .map_or("", |change| change.reason.as_str());
    match (down.as_slice(), ups) {
        ([], _) if !checked => format!("nobody checks {name}: it stays in use whatever happens"),
        ([], _) => format!("{name} stays UP: its checks are answered in time"),
        ([at], 0) => format!("{name} goes DOWN after {at:.1} s ({reason}) and stays so"),
        ([at], _) => format!("{name} goes DOWN after {at:.1} s ({reason}) and comes back"),
        ([at, ..], _) => format!(
            "{name} flaps: DOWN {} times, first after {at:.1} s ({reason})",
            down.len()
        ),
    }
}

/// Why checks time out behind slow requests.
fn budget(case: &Case<'_>) -> Option<String> {
    let delay = case.slow?;
    let timed_out = |change: &&crate::report::Transition| change.reason == "L7TOUT";
    let change = case.after.transitions.iter().find(timed_out)?;
    let users: u32 = case
        .plan
        .clients
        .iter()
        .map(|client| match client {
            Client::Threads(group) => group.threads,
            Client::Script(script) => script.group.threads,
            Client::Browser(_) => 1,
            Client::Arrivals(arrivals) => arrivals.users.len() as u32,
        })
        .sum();
    let name = change.server.rsplit('/').next()?;
    let (backend, server) = case.plan.proxy.backends.iter().find_map(|backend| {
        let server = backend.servers.iter().find(|server| server.name == name)?;
        Some((backend, server))
    })?;
    let check = server.check.as_ref()?;
    let (limit, source) = match backend.timeout_check {
        Some(limit) => (limit, "timeout check"),
        None => (check.inter, "inter, because timeout check is not set"),
    };
    Some(format!(
        "a check waits behind the requests at {name}, of which each takes {} longer and there \
         can be {users} at once; it may take {} ({source})",
        units::write(delay),
        units::write(limit),
    ))
}

/// How a change helped, beside what was without it.
fn effect(side: &Side, after: &Side) -> String {
    let (with, without) = (&side.report.total, &after.report.total);
    let p95 =
        |row: &crate::report::distribution::Row| row.times.as_ref().map_or(0.0, |times| times.p95);
    format!(
        "{:.1} requests/s instead of {:.1}, p95 {:.1} ms instead of {:.1}, errors {} instead of {}",
        with.rate,
        without.rate,
        p95(with),
        p95(without),
        with.errors,
        without.errors
    )
}

/// Nothing helped, or how much was tried.
fn tried(findings: &Findings) -> String {
    match findings.helped.len() {
        0 => format!("none of the {} changes tried helps", findings.tried),
        count => format!("{count} of the {} changes tried help", findings.tried),
    }
}

pub(super) fn text(findings: &Findings, ink: &dyn Ink) -> String {
    let put = |text: &str| ink.words().put("say", text).into_owned();
    let mut text = String::new();
    for sentence in &findings.assumed {
        let _ = writeln!(text, "{:10}{}", put("assumed"), put(sentence));
    }
    text.extend(["\n", &table(findings).text(ink), "\n"]);
    for sentence in &findings.verdict {
        let _ = writeln!(text, "{:10}{}", put("verdict"), put(sentence));
    }
    text.extend(["\n", &put(&tried(findings)), "\n"]);
    for side in &findings.helped {
        let effect = put(&effect(side, &findings.after));
        text.extend(["  ", &put(&side.name), "\n      ", &effect, "\n"]);
    }
    text.extend(["\n", &signature(findings), "\n"]);
    text
}

fn signature(findings: &Findings) -> String {
    let (now, after) = (&findings.now.report, &findings.after.report);
    format!(
        "seed {} · profile {} · digests {} and {}",
        now.seed,
        now.profile,
        now.digest_text(),
        after.digest_text()
    )
}

pub(super) fn markdown(findings: &Findings, words: &dyn Words) -> String {
    let put = |text: &str| words.put("say", text).into_owned();
    let mut text = String::new();
    let list = |text: &mut String, lines: &[String]| {
        for line in lines {
            text.extend(["* ", &put(line), "\n"]);
        }
        text.push('\n');
    };
    let helped: Vec<String> = (findings.helped.iter())
        .map(|side| format!("`{}`: {}", side.name, put(&effect(side, &findings.after))))
        .collect();
    list(&mut text, &findings.assumed);
    text.extend([&table(findings).told(words).markdown(), "\n"]);
    list(&mut text, &findings.verdict);
    text.extend([&put(&tried(findings)), "\n\n"]);
    list(&mut text, &helped);
    text.extend([&signature(findings), "\n"]);
    text
}

pub(super) fn json(findings: &Findings) -> String {
    let report = |side: &Side| -> Value {
        let text = reports::text(&side.report);
        serde_json::from_str(&text).expect("reports are JSON")
    };
    let side = |side: &Side| json!({ "name": side.name, "report": report(side) });
    let value = json!({
        "assumed": findings.assumed,
        "now": side(&findings.now),
        "after": side(&findings.after),
        "verdict": findings.verdict,
        "tried": findings.tried,
        "helped": findings.helped.iter().map(|one| {
            json!({ "change": one.name, "effect": effect(one, &findings.after), "report": report(one) })
        }).collect::<Vec<_>>(),
    });
    format!("{value:#}\n")
}
