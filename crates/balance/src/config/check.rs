//! Settings of health checks: what is sent and expected, how often, and what else says
//! something about a server's health.

use alloc::string::String;
use alloc::vec::Vec;

use crate::time::Span;

/// What a health check does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CheckKind {
    /// Connects, and passes when the connection is there.
    #[default]
    Tcp,
    /// `option httpchk METHOD URI`, with `http-check expect status` if given
    /// (otherwise 200..=399 pass).
    Http {
        /// `OPTIONS`, `HEAD`, ...
        method: String,
        /// `/`
        uri: String,
        /// Inclusive ranges of statuses that pass; empty: 200..=399.
        expect: Vec<(u16, u16)>,
        /// `http-check expect !`: the ranges fail instead.
        negate: bool,
    },
}

/// `check`: intervals and thresholds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// `inter`
    pub inter: Span,
    /// `fastinter`
    pub fastinter: Option<Span>,
    /// `downinter`
    pub downinter: Option<Span>,
    /// `rise`, at least 1
    pub rise: u32,
    /// `fall`, at least 1
    pub fall: u32,
    /// When the first run starts after the process did. Absent: HAProxy's staggering
    /// (spec: health checks, section 2). Not a word of HAProxy: it fixes the phase.
    pub first: Option<Span>,
}

impl Default for Check {
    fn default() -> Self {
        Self {
            inter: Span::from_millis(2000),
            fastinter: None,
            downinter: None,
            rise: 2,
            fall: 3,
            first: None,
        }
    }
}

/// `observe`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Observe {
    /// Traffic says nothing about health.
    #[default]
    None,
    /// Connections do.
    Layer4,
    /// Answers do.
    Layer7,
}

/// `on-error`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnError {
    /// `fastinter`
    Fastinter,
    /// `fail-check`
    #[default]
    FailCheck,
    /// `sudden-death`
    SuddenDeath,
    /// `mark-down`
    MarkDown,
}

/// `init-state` (3.1 on)
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InitState {
    /// As before 3.1.
    #[default]
    None,
    /// `fully-up`
    FullyUp,
    /// `up`
    Up,
    /// `down`
    Down,
    /// `fully-down`
    FullyDown,
}
