//! Runs for the commands that look closely at one run.

use crate::lab::World;
use crate::plan::Plan;
use crate::report::course::Course;
use crate::report::journal::Journal;
use crate::report::{End, KeepPicks, Report, Tally};
use crate::trace::{Names, Sink};

/// The world after a whole run of `plan`, of which `sink` was told.
///
/// # Errors
/// Why it did not run to its end, in words.
pub(super) fn whole(plan: &Plan, sink: &mut impl Sink) -> Result<World, String> {
    let mut world = World::new(plan).map_err(|error| error.to_string())?;
    world.run(sink).map_err(|error| error.to_string())?;
    Ok(world)
}

/// The journal of a run of `plan`, and the names of all servers there were.
///
/// # Errors
/// As [`whole`].
pub(super) fn journal(plan: &Plan) -> Result<(Journal, Names), String> {
    let mut journal = Journal::default();
    let world = whole(plan, &mut journal)?;
    Ok((journal, names(plan, &world)))
}

/// The course of a run of `plan`, its report, and the names of all servers there were.
///
/// # Errors
/// As [`whole`].
pub(super) fn course(plan: &Plan) -> Result<(Course, Report, Names), String> {
    let mut course = Course::new(plan);
    let mut tally = Tally::new(plan, KeepPicks::AsExpected);
    let world = whole(plan, &mut (&mut course, &mut tally))?;
    course.close(world.summary().ended);
    Ok((course, close(tally, plan, &world), names(plan, &world)))
}

/// The report of a run of `plan`.
///
/// # Errors
/// As [`whole`].
pub(super) fn report(plan: &Plan, keep: KeepPicks) -> Result<Report, String> {
    let mut tally = Tally::new(plan, keep);
    let world = whole(plan, &mut tally)?;
    Ok(close(tally, plan, &world))
}

/// What `tally` comes to with the run of `plan` as it stands in `world`.
pub(super) fn close(tally: Tally, plan: &Plan, world: &World) -> Report {
    let summary = world.summary();
    let end = End {
        at: summary.ended,
        digest: summary.digest,
    };
    tally.close(plan, &names(plan, world), end)
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
