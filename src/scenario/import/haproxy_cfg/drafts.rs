//! Lines of a section that wait until all are read: what they name may stand further below.

use balance::Span;
use balance::config::Stick;
use balance::counter::{Datum, Level};

use crate::scenario::Place;

/// Another section that a line names.
#[derive(Clone, Debug)]
pub(super) struct Reference {
    /// Its keyword.
    pub(super) kind: &'static str,
    pub(super) name: String,
    pub(super) place: Place,
}

/// The backend or server that a `use_backend` or `use-server` line names.
#[derive(Clone, Debug)]
pub(super) struct UseLine {
    pub(super) name: String,
    pub(super) place: Place,
    /// It is a server.
    pub(super) server: bool,
}

/// A rule whose names are not resolved yet.
#[derive(Clone, Debug)]
pub(super) struct RuleDraft {
    pub(super) kind: RuleKind,
    /// What stands between its keyword and its condition.
    pub(super) words: Vec<String>,
    pub(super) condition: super::acl::Draft,
    /// As it is written.
    pub(super) label: balance::rule::Label,
    /// Its place in the ledger.
    pub(super) entry: usize,
}

/// What kind of rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RuleKind {
    /// `http-request` or `tcp-request` with this action.
    Action(Level, &'static str),
    /// `redirect`
    Redirect,
    /// `use_backend`
    UseBackend,
    /// `use-server`
    UseServer,
    /// `monitor fail`
    Fail,
    /// `force-persist`
    Force,
    /// `ignore-persist`
    Ignore,
}

/// An address to listen on.
#[derive(Clone, Debug)]
pub(super) struct BindDraft {
    /// As written.
    pub(super) text: String,
    /// The first port, if it is a network address.
    pub(super) port: Option<u16>,
    pub(super) ssl: bool,
    /// 0: none.
    pub(super) maxconn: u32,
}

/// `stick-table` and `stick` lines.
#[derive(Debug, Default)]
pub(super) struct StickDraft {
    pub(super) table: Option<(Stick, Place)>,
    /// What it stores, each with its period, which only rates have.
    pub(super) stored: Vec<(Datum, Span)>,
    /// `peers NAME` of the table.
    pub(super) peers: Option<(String, Place)>,
    /// The rules, each with its place and the table it names.
    pub(super) rules: Vec<StickLine>,
}

/// One `stick` line.
#[derive(Debug)]
pub(super) struct StickLine {
    pub(super) rule: Option<balance::config::StickRule>,
    pub(super) table: Option<String>,
    pub(super) place: Place,
}
