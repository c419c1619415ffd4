//! What the importers have in common: the ledger of a foreign file, and what is wrong in it.
//!
//! An importer returns pieces of a plan *and* one [`Directive`] per line it read, so that
//! nothing is dropped silently.

pub mod compose;
pub mod env;
pub mod haproxy_cfg;
pub mod jmx;
pub mod log;
mod yaml;

use std::borrow::Cow;

pub use env::Env;

use crate::scenario::Place;

/// What becomes of one directive, or of one word of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directive {
    /// Where it stands.
    pub place: Place,
    /// The line, from 1.
    pub line: u32,
    /// The keyword: `balance`, `timeout connect`, `server ... ssl`.
    pub keyword: Cow<'static, str>,
    /// What is done with it.
    pub status: Status,
    /// For everything that is not modelled: why that is harmless, or what may differ.
    pub why: Cow<'static, str>,
}

/// What is done with a directive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// The simulation follows it.
    Modelled,
    /// It changes nothing about who gets a request.
    NoEffect,
    /// It is not followed, and the outcome might differ because of it.
    NotModelled,
    /// The file was refused here.
    Refused,
}

impl Status {
    /// As the ledger prints it.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Modelled => "modelled",
            Self::NoEffect => "no effect on balancing",
            Self::NotModelled => "not modelled",
            Self::Refused => "refused",
        }
    }
}
