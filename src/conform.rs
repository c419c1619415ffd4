//! Conformance: recordings of a real HAProxy replayed against the core, decision for
//! decision, with no simulation around it.
//!
//! A [`recording`] is a program of operations together with what HAProxy did in answer to
//! each. [`replay`] drives the core through the same operations; [`verdict`] says whether
//! it did the same, and if not, where it first did otherwise and why. [`page`] adds the
//! verdicts up and names the [`known`] differences. `tests/reference/README.md` tells how recordings are made.

pub mod archive;
mod crowd;
pub mod distribution;
pub mod known;
pub mod listing;
pub mod page;
pub mod program;
pub mod quirk;
mod reason;
pub mod recording;
pub mod replay;
pub mod setting;
pub mod verdict;

pub use recording::{Recording, RecordingError};
pub use verdict::{Difference, Outcome, Tally, Verdict};
