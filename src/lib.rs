//! A deterministic simulator of a load-balancing lab, around a real balancing core.
//!
//! [`scenario`] turns a file into a checked [`plan`]; [`lab`] runs the plan with actors on
//! the virtual clock of [`kernel`], around the pure core of the `balance` crate; what
//! happens is told as [`trace`]; [`report`] folds it into tables.

#[cfg(feature = "cli")]
pub mod cli;
pub mod conform;
pub mod export;
pub mod kernel;
pub mod lab;
pub mod locale;
pub mod oracle;
pub mod plan;
#[cfg(all(feature = "record", unix))]
pub mod record;
pub mod report;
pub mod scenario;
pub mod trace;
