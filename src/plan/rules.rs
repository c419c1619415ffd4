//! The rules of the proxy as lines, in HAProxy's words.

use std::collections::BTreeSet;

/// What the sections of the proxy say about requests: `acl`, `http-request`, `redirect`,
/// `use_backend`, `use-server`, `force-persist` and `ignore-persist` lines, as far as they
/// are followed. [`Plan::proxy`](super::Plan::proxy) holds what they mean; the lines are kept
/// to be shown and written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleLines {
    /// `defaults` sections whose rules others begin with.
    pub defaults: Vec<RuleSection>,
    /// One for each frontend, in the same order.
    pub frontends: Vec<RuleSection>,
    /// Backends that have rules; those of a `listen` section stand at its frontend.
    pub backends: Vec<RuleSection>,
    /// What the rules need besides that cannot be written as lines of a scenario, in words.
    pub unsaid: Option<&'static str>,
}

/// The rules of one section.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleSection {
    /// Its name.
    pub name: String,
    /// The `defaults` section it begins with.
    pub from: Option<String>,
    /// `mode http` rather than `mode tcp`.
    pub http: bool,
    /// The lines, in order.
    pub lines: Vec<String>,
}

impl RuleLines {
    /// Forgets the frontends.
    pub(crate) fn close(&mut self) {
        self.frontends.clear();
        self.tidy();
    }

    /// Forgets `defaults` that nobody begins with.
    pub(crate) fn tidy(&mut self) {
        let sections = self.frontends.iter().chain(&self.backends);
        let used: BTreeSet<&String> = sections.filter_map(|one| one.from.as_ref()).collect();
        self.defaults
            .retain(|defaults| used.contains(&defaults.name));
    }

    /// What the backend called `name` says.
    pub fn backend(&self, name: &str) -> Option<&RuleSection> {
        self.backends.iter().find(|section| section.name == name)
    }
}
