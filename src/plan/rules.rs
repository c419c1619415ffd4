//! The rules of the proxy as lines, in HAProxy's words.

use std::collections::BTreeSet;

/// What the sections of the proxy say about connections and requests: `acl`, `tcp-request`,
/// `http-request`, `redirect`, `use_backend`, `use-server`, `force-persist`, `ignore-persist`
/// and `monitor fail` lines, as far as they are followed. [`Plan::proxy`](super::Plan::proxy)
/// holds what they mean; the lines are kept to be shown and written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleLines {
    /// `defaults` sections whose rules others begin with.
    pub defaults: Vec<RuleSection>,
    /// One for each frontend, in the same order.
    pub frontends: Vec<RuleSection>,
    /// Backends that have rules; those of a `listen` section stand at its frontend.
    pub backends: Vec<RuleSection>,
    /// The files of patterns and maps that the lines name, by name.
    pub lists: Vec<List>,
    /// What the rules need besides that cannot be written in a scenario, in words.
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
    /// The files of patterns and maps that they name.
    pub lists: Vec<String>,
}

/// A file of patterns, or a map.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    /// As lines name it.
    pub name: String,
    /// Its lines, without remarks and empty ones: a pattern each, or a key and its value.
    pub lines: Vec<String>,
}

impl RuleLines {
    /// Forgets the frontends.
    pub(crate) fn close(&mut self) {
        self.frontends.clear();
        self.tidy();
    }

    /// Forgets `defaults` that nobody begins with, and lists that nobody names.
    pub(crate) fn tidy(&mut self) {
        let sections = self.frontends.iter().chain(&self.backends);
        let used: BTreeSet<&String> = sections.filter_map(|one| one.from.as_ref()).collect();
        self.defaults
            .retain(|defaults| used.contains(&defaults.name));
        let sections = self.frontends.iter().chain(&self.backends);
        let sections = sections.chain(&self.defaults);
        let named: BTreeSet<&String> = sections.flat_map(|one| &one.lists).collect();
        self.lists.retain(|list| named.contains(&list.name));
    }

    /// What the backend called `name` says.
    pub fn backend(&self, name: &str) -> Option<&RuleSection> {
        self.backends.iter().find(|section| section.name == name)
    }
}
