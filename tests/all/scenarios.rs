//! Does each lab task give what was measured?

use std::panic::{AssertUnwindSafe, catch_unwind};

use balancelab::report::Report;
use balancelab::report::table::NoInk;
use balancelab::report::{replies, text};

use crate::play;
use crate::snapshots::{self, VIEWS};

/// Picks shown in a snapshot.
const SHOWN: usize = 60;

/// One view of a report.
fn view(report: &Report, name: &str) -> String {
    match name {
        "distribution" => {
            let table = text::shares(report).text(&NoInk);
            format!("{}\n\n{table}\n{}\n", report.title, text::signature(report))
        }
        "summary" => text::times(report).text(&NoInk),
        "events" => events(report),
        other => unreachable!("{other} is no view"),
    }
}

fn events(report: &Report) -> String {
    let mut out = String::new();
    for part in [
        text::transitions(report).text_unless_empty(&NoInk),
        replies::text(report, &NoInk),
        text::expectations(report).text_unless_empty(&NoInk),
    ] {
        if !part.is_empty() {
            out += &part;
            out.push('\n');
        }
    }
    let picks = report.picks.as_deref().unwrap_or_default();
    let first: Vec<&str> = picks
        .iter()
        .take(SHOWN)
        .map(|pick| pick.as_deref().unwrap_or("-"))
        .collect();
    out + "  picks  " + &first.join(" ") + if picks.len() > SHOWN { " ...\n" } else { "\n" }
}

#[test]
fn every_lab_task_is_as_measured() {
    let mut failures = Vec::new();
    for task in snapshots::tasks() {
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let report = play::report(&play::plan(&format!("scenarios/lab3/{task}.ron"), &[]));
            assert!(!report.expect.is_empty(), "{task} claims nothing");
            for name in VIEWS {
                snapshots::assert(&format!("lab3/{task}/{name}"), &view(&report, name));
            }
            let missed = text::expectations(&report).text(&NoInk);
            assert!(report.is_as_expected(), "{task}:\n{missed}");
        }));
        failures.extend(outcome.err().map(|_| task));
    }
    // Every task is tried and has told what is wrong with it, so that one run of the tests
    // shows everything that moved.
    assert!(failures.is_empty(), "not as measured: {failures:?}");
}
