//! Runs for the commands that look closely at one run.

use crate::lab::World;
use crate::plan::Plan;
use crate::report::course::Course;
use crate::report::journal::Journal;
use crate::report::{End, KeepPicks, Report, Tally};
use crate::trace::Names;

/// The journal of a run of `plan`, and the names of all servers there were.
///
/// # Errors
/// Why it did not run to its end, in words.
pub(super) fn journal(plan: &Plan) -> Result<(Journal, Names), String> {
    let mut journal = Journal::default();
    let mut world = World::new(plan).map_err(|error| error.to_string())?;
    world.run(&mut journal).map_err(|error| error.to_string())?;
    Ok((journal, names(plan, &world)))
}

/// The course of a run of `plan`, its report, and the names of all servers there were.
///
/// # Errors
/// Why it did not run to its end, in words.
pub(super) fn course(plan: &Plan) -> Result<(Course, Report, Names), String> {
    let mut course = Course::new(plan);
    let mut tally = Tally::new(plan, KeepPicks::AsExpected);
    let mut world = World::new(plan).map_err(|error| error.to_string())?;
    let summary = world
        .run(&mut (&mut course, &mut tally))
        .map_err(|error| error.to_string())?;
    let end = End {
        at: summary.ended,
        digest: summary.digest,
    };
    course.close(end.at);
    let names = names(plan, &world);
    let report = tally.close(plan, &names, end);
    Ok((course, report, names))
}

/// The report of a run of `plan`, with the sequence of servers.
///
/// # Errors
/// Why it did not run to its end, in words.
pub(super) fn report(plan: &Plan) -> Result<Report, String> {
    let mut tally = Tally::new(plan, KeepPicks::All);
    let mut world = World::new(plan).map_err(|error| error.to_string())?;
    let summary = world.run(&mut tally).map_err(|error| error.to_string())?;
    let end = End {
        at: summary.ended,
        digest: summary.digest,
    };
    Ok(tally.close(plan, &names(plan, &world), end))
}

/// The names of the servers of a world, those that the runtime API made included.
pub(super) fn names(plan: &Plan, world: &World) -> Names {
    let mut names = Names::of(&plan.proxy);
    for backend in (0..plan.proxy.backends.len() as u32).map(balance::BackendId) {
        for server in world.balancer().servers(backend) {
            names.learn(server, world.balancer().server_name(server));
        }
    }
    names
}
