//! The rules of all sections together, and whether what they name is there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use balance::BackendId;

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

impl Lowering<'_> {
    /// What the rules need that cannot be written in a scenario.
    pub(super) fn unsaid(&self) -> Option<&'static str> {
        let proxies = || self.draft.proxies.iter();
        let mut all = proxies().chain(&self.draft.defaults);
        if all.any(|proxy| !proxy.acls.files.is_empty()) && !self.lists.are_there() {
            return Some("files of patterns or maps that were not read");
        }
        let mut closed = proxies().filter(|proxy| proxy.settings.disabled);
        let counts = self.counted.get() && closed.any(|proxy| proxy.stick.table.is_some());
        counts.then_some("the stick table of a section that is disabled")
    }
}

impl Lowering<'_> {
    /// Everything that is wrong with the rules of a scenario, whose other settings are
    /// judged elsewhere.
    pub(super) fn judge_rules(&self, notes: &mut Vec<Diagnostic>) {
        for (index, proxy) in self.draft.proxies.iter().enumerate() {
            self.targets(index, proxy, notes);
            self.uses(proxy, notes);
            // User lists are not simulated: what needs them never holds.
            self.wants(proxy, &proxy.acls.wants, notes, |names| {
                names != Names::Users
            });
            self.files(&proxy.acls.files, notes);
            self.late(proxy, notes);
        }
        for defaults in &self.draft.defaults {
            self.files(&defaults.acls.files, notes);
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
