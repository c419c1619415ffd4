//! Frontends: where clients come in, and which backend their requests go to (manual:
//! "frontend", "listen", `use_backend`, `default_backend`).

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::action::{Format, Rule};
use crate::ids::{BackendId, FrontendId};
use crate::rule::{Condition, Label};
use crate::time::Span;

/// A `frontend` section, or the front side of a `listen` section.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontend {
    /// Its name.
    pub name: String,
    /// Where it listens.
    pub binds: Vec<Bind>,
    /// The backend of the same `listen` section: its rules are this frontend's own.
    pub listen: Option<BackendId>,
    /// `monitor-uri`
    pub monitor: Option<Monitor>,
    /// `http-request` rules in order, then `redirect` rules.
    pub rules: Rules,
    /// `use_backend` rules in order.
    pub switches: Vec<Switch>,
    /// `default_backend`, or the `listen` section itself.
    pub default_backend: Option<BackendId>,
    /// `timeout tarpit`, else `timeout connect`.
    pub timeout_tarpit: Option<Span>,
    /// `maxconn`; 0 is no limit. Connections beyond it are the driver's: they wait in the
    /// kernel until they are accepted.
    pub maxconn: u32,
}

/// `monitor-uri`: the proxy itself answers who asks for exactly this.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Monitor {
    /// The whole target.
    pub uri: String,
    /// `monitor fail`: 503 instead of 200 if one of them holds.
    pub fail: Vec<Condition>,
}

/// One address of a frontend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bind {
    /// The port; 0 for a path.
    pub port: u16,
    /// `ssl`
    pub ssl: bool,
    /// `maxconn`; 0 is no limit of its own.
    pub maxconn: u32,
}

/// The rules of one section.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Those of its `defaults`, which are looked at first.
    pub inherited: Option<Arc<Rules>>,
    /// `tcp-request connection` and `session`: a client may be turned away when it connects.
    pub connection: Vec<Rule>,
    /// `tcp-request content`
    pub content: Vec<Rule>,
    /// `http-request`
    pub request: Vec<Rule>,
    /// `redirect`: looked at when none of the others has answered.
    pub redirect: Vec<Rule>,
}

impl Rules {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        let inherited = self.inherited.as_ref();
        self.connection.is_empty()
            && self.content.is_empty()
            && self.request.is_empty()
            && self.redirect.is_empty()
            && inherited.is_none_or(|rules| rules.is_empty())
    }

    /// All of them, in the order in which they are looked at.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Rule> {
        self.each(|rules| &rules.connection)
            .chain(self.each(|rules| &rules.content))
            .chain(self.each(|rules| &rules.request))
            .chain(self.each(|rules| &rules.redirect))
    }

    /// The place of `rule`, which is one of them, among [`all`](Self::all).
    pub(crate) fn place(&self, rule: &Rule) -> Option<u32> {
        let place = self.all().position(|known| core::ptr::eq(known, rule));
        place.map(|place| place as u32)
    }

    /// The rules of one kind in order.
    pub(crate) fn each<'a>(
        &'a self,
        kind: impl Fn(&'a Self) -> &'a Vec<Rule>,
    ) -> impl Iterator<Item = &'a Rule> {
        let inherited = self.inherited.as_deref();
        inherited.into_iter().chain([self]).flat_map(kind)
    }
}

/// `use_backend`: the first whose condition holds counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Switch {
    /// Where to.
    pub to: Target,
    /// When.
    pub condition: Condition,
    /// As it is written.
    pub label: Label,
}

/// The backend that a rule names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// This one.
    Backend(BackendId),
    /// The one of this name. If there is none, the `default_backend` is used and no further
    /// rule is looked at.
    Named(Format),
}

/// The way a client comes in: a frontend and one of its `bind` addresses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Door {
    /// The frontend.
    pub frontend: FrontendId,
    /// The place of the address among its `binds`, from 0.
    pub bind: u32,
}
