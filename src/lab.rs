//! The lab: actors on the kernel, around the balancing core.
//!
//! [`World::new`] builds everything from a checked [`Plan`]; [`World::run`] lets it happen and
//! tells a [`Sink`] about it. A world is a plain value: a clone has the same future, so a run
//! can be forked, compared and stepped through.
//!
//! An actor changes itself and pushes what follows through its outbox; it never calls
//! another actor. `stage` is the post office, `port` is where the core is asked.

mod answers;
mod arrivals;
mod backlog;
mod browser;
mod clients;
mod cookie_jar;
mod event;
mod event_loop;
mod fifo;
mod foresight;
mod lines;
mod link;
mod node;
mod numbers;
mod operator;
mod outbox;
mod pace;
mod parcel;
mod pool;
mod port;
mod program;
mod script_group;
mod script_thread;
mod sessions;
mod stage;
mod thread_group;
mod tunnels;
mod wire;
mod world;

pub use foresight::Foresight;
pub use world::{BuildError, Exceeded, Summary, World};

use crate::plan::Plan;
use crate::trace::Sink;

/// Why a plan did not run to its end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// It could not even begin.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// It did not stop by itself.
    #[error(transparent)]
    Exceeded(#[from] Exceeded),
}

/// Runs `plan` from its beginning to its end and tells `sink` about it.
///
/// # Errors
/// If the plan contradicts itself or does not end within its budget.
pub fn run(plan: &Plan, sink: &mut impl Sink) -> Result<Summary, RunError> {
    let mut world = World::new(plan)?;
    Ok(world.run(sink)?)
}

#[cfg(test)]
mod tests;
