//! Runs for the commands that look closely at one run.

use crate::lab::World;
use crate::plan::Plan;
use crate::report::journal::Journal;
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
