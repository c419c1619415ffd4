//! Plays scenarios for the other tests: from file to report, with every law watching.

use std::fs;

use balancelab::lab::World;
use balancelab::oracle::Oracle;
use balancelab::plan::Plan;
use balancelab::report::{End, KeepPicks, Report, Tally};
use balancelab::scenario::{self, Overrides, Source};
use balancelab::trace::{Names, Sink};

use crate::tidy::source::top;

/// The project's own files, by their path from the top.
struct Project;

impl Source for Project {
    fn text(&self, name: &str) -> Result<String, String> {
        fs::read_to_string(top().join(name)).map_err(|error| error.to_string())
    }
}

/// The plan of a scenario file, with changes `path=value` on top.
#[track_caller]
pub(crate) fn plan(file: &str, changes: &[&str]) -> Plan {
    let overrides = Overrides::new(changes.iter().copied());
    match scenario::load(file, &Project, &overrides) {
        Ok(loaded) => loaded.plan,
        Err(refused) => panic!("{file} is refused:\n{refused}"),
    }
}

/// Runs `plan` and tells `sink` and the oracle. No law may be broken.
#[track_caller]
pub(crate) fn tell(plan: &Plan, sink: &mut impl Sink) -> End {
    let mut oracle = Oracle::new(plan);
    let mut world = World::new(plan).expect("a checked plan");
    let summary = world.run(&mut (sink, &mut oracle)).expect("it ends");
    let violations = oracle.close(summary.unfinished == 0);
    let told: Vec<String> = violations.iter().map(ToString::to_string).collect();
    assert!(told.is_empty(), "{}:\n{}", plan.scenario, told.join("\n"));
    End {
        at: summary.ended,
        digest: summary.digest,
    }
}

/// Runs `plan` and draws up its report, picks included.
#[track_caller]
pub(crate) fn report(plan: &Plan) -> Report {
    let mut tally = Tally::new(plan, KeepPicks::All);
    let end = tell(plan, &mut tally);
    tally.close(plan, &Names::of(&plan.proxy), end)
}
