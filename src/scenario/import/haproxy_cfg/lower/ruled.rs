//! The rules of all sections together, and whether what they name is there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use balance::BackendId;
use balance::route::Rules;

use super::super::line::guess;
use super::super::proxy::Proxy;
use super::super::samples::Names;
use super::route::{self, Followed, Marks};
use super::{Lowering, MOST, bound};
use crate::scenario::diagnostic::{Code, Diagnostic};

/// The places in the ledger of the rules that are followed.
pub(in super::super) struct Kept {
    /// Of each `defaults` section.
    pub(in super::super) defaults: Vec<BTreeSet<usize>>,
    /// Of each other section.
    pub(in super::super) sections: Vec<BTreeSet<usize>>,
}

/// The rules of every section.
pub(super) struct Ruled {
    /// Of each section that is no `defaults`.
    pub(super) sections: Vec<Option<Followed>>,
    pub(super) kept: Kept,
}

impl Ruled {
    pub(super) fn of(
        lowering: &Lowering<'_>,
        ids: &BTreeMap<usize, BackendId>,
        marks: &Marks,
    ) -> Self {
        let draft = lowering.draft;
        let mut kept = Kept {
            defaults: Vec::new(),
            sections: Vec::new(),
        };
        let inherited = draft.defaults.iter().map(|defaults| {
            let mut followed = route::followed(lowering, ids, None, defaults, marks);
            kept.defaults.push(std::mem::take(&mut followed.entries));
            Some(Arc::new(followed.rules)).filter(|rules| !rules.is_empty())
        });
        let inherited: Vec<_> = inherited.collect();
        let sections = draft.proxies.iter().enumerate().map(|(index, proxy)| {
            let mut own = route::followed(lowering, ids, Some(index), proxy, marks);
            kept.sections.push(std::mem::take(&mut own.entries));
            own.rules.inherited = proxy.parent.and_then(|parent| inherited[parent].clone());
            Some(own)
        });
        Self {
            sections: sections.collect(),
            kept,
        }
    }
}

impl Ruled {
    /// What these rules need that cannot be written as lines of a scenario.
    pub(super) fn unsaid(&self, lowering: &Lowering<'_>) -> Option<&'static str> {
        let mut sections = self.sections.iter().flatten();
        let draft = lowering.draft;
        let mut proxies = draft.proxies.iter().chain(&draft.defaults);
        let early = |rules: &Rules| !rules.connection.is_empty() || !rules.content.is_empty();
        if lowering.counted.get() {
            Some("counters in stick tables")
        } else if proxies.any(|proxy| !proxy.acls.files.is_empty()) {
            Some("files of patterns or maps")
        } else if sections.any(|followed| {
            let inherited = followed.rules.inherited.as_deref();
            early(&followed.rules) || inherited.is_some_and(early)
        }) {
            Some("`tcp-request` rules")
        } else {
            let monitored = |proxy: &Proxy| proxy.settings.monitor_uri.is_some();
            draft
                .proxies
                .iter()
                .any(monitored)
                .then_some("`monitor-uri`")
        }
    }
}

impl Lowering<'_> {
    /// Everything that is wrong with the rules of a scenario, whose other settings are
    /// judged elsewhere.
    pub(super) fn judge_rules(&self, notes: &mut Vec<Diagnostic>) {
        for (index, proxy) in self.draft.proxies.iter().enumerate() {
            self.targets(index, proxy, notes);
            self.uses(proxy, notes);
            // Tables and user lists are not simulated: what needs them never holds.
            let counts = |names| !matches!(names, Names::Table | Names::Users);
            self.wants(proxy, notes, counts);
        }
        bound(notes);
    }

    /// The backends and servers that rules name.
    pub(super) fn uses(&self, proxy: &Proxy, notes: &mut Vec<Diagnostic>) {
        for line in &proxy.uses {
            if notes.len() > MOST {
                return;
            }
            if line.server {
                if self.find(&proxy.name, &line.name).is_none() {
                    let message = format!("`{}` has no server `{}`", proxy.name, line.name);
                    let note = Diagnostic::new(Code::UnknownName, message, line.place);
                    let known = proxy.servers.iter().map(|server| &server.name);
                    notes.push(guess(note, &line.name, known));
                }
                continue;
            }
            match self.backs.get(line.name.as_str()) {
                None => {
                    let message = format!("there is no backend called `{}`", line.name);
                    let note = Diagnostic::new(Code::UnknownName, message, line.place);
                    notes.push(guess(note, &line.name, self.backs.keys()));
                }
                Some(&target) => {
                    let back = &self.draft.proxies[target];
                    if proxy.settings.http && !back.settings.http {
                        let message = format!(
                            "`{}` speaks HTTP, but backend `{}` is in mode tcp",
                            proxy.name, line.name
                        );
                        notes.push(Diagnostic::new(Code::Clash, message, line.place));
                    }
                }
            }
        }
    }
}
