//! HAProxy's balancing decisions as a pure state machine.
//!
//! The balancer never does anything. It is told what happened and at what moment
//! ([`Input`], through `handle`); it answers with what should happen next ([`Output`],
//! through `poll`), and says when it wants to be woken (`next_wake`). It opens no
//! socket, reads no clock, draws no random number of its own and prints nothing, so a
//! simulator and a live proxy can drive the very same code.
#![no_std]
#![deny(clippy::float_arithmetic)]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod action;
mod admin;
pub mod alert;
mod answer;
mod backend;
pub mod balancer;
pub mod books;
pub mod chance;
pub mod config;
pub mod converter;
pub mod counter;
pub mod crowd;
mod elect;
mod enter;
pub mod error;
pub mod event;
pub mod expression;
pub mod farm;
mod fetch;
mod flow;
pub mod hash;
mod health;
pub mod ids;
pub mod input;
mod journey;
mod key;
pub mod map;
pub mod output;
mod pair;
mod path;
pub mod pattern;
mod persist;
pub mod pick;
pub mod profile;
mod queue;
pub mod request;
mod retry;
pub mod rewrite;
pub mod route;
pub mod rule;
mod ruling;
mod scene;
pub mod server;
mod state;
pub mod stats;
mod stick;
pub mod time;
mod timers;
mod tracking;
pub mod words;

pub use alert::{Alert, AlertKind};
pub use balancer::{Balancer, Edits, Ending};
pub use books::Books;
pub use chance::{Chance, NoChance};
pub use config::Config;
pub use crowd::Crowd;
pub use error::ConfigError;
pub use event::{By, Cause, CheckCode, CheckResult, Event, Interest, Status};
pub use ids::{AttemptId, BackendId, FrontendId, OrderId, ProbeId, RequestId, ServerId, Slots};
pub use input::{Breach, Input, ProbeOutcome};
pub use output::Output;
pub use profile::{Profile, Version};
pub use request::{Header, Request, Response};
pub use rewrite::Rewrite;
pub use route::{Door, Frontend};
pub use ruling::Ruling;
pub use time::{Moment, Span};
pub use words::{ConfigWordError, WordProblem};
