//! Lines that are looked at when all are known.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::super::{Directive, Status};
use super::super::acl::Want;
use super::super::expressions::Written;
use super::super::proxy::Proxy;
use super::super::samples::Names;
use super::super::stage::Stage;
use super::Lowering;
use crate::scenario::diagnostic::Diagnostic;

/// What has been looked at: a line that many sections inherit is the same for all of them, but
/// for what it asks of the section itself.
#[derive(Default)]
pub(super) struct Judged(BTreeMap<(*const Written, Stage, bool), Vec<Want>>);

impl Lowering<'_> {
    /// What is wrong with the lines of a section that counts.
    pub(super) fn late(&self, proxy: &Proxy, notes: &mut Vec<Diagnostic>) {
        let late = proxy.late.iter();
        for late in late.filter(|late| !late.tcp || !proxy.settings.http) {
            self.refuse(late.entry, late.note.clone(), notes);
        }
    }

    /// The lines of which only the last one counts.
    pub(super) fn lasts(&self, proxy: &Proxy, judged: &mut Judged, notes: &mut Vec<Diagnostic>) {
        let http = proxy.settings.http;
        for (written, stage) in proxy.settings.last.counting(proxy.role) {
            let key = (Arc::as_ptr(written), stage, http);
            let own = judged
                .0
                .entry(key)
                .or_insert_with(|| self.first(proxy, written, stage, notes));
            self.wants(proxy, own, notes, |_| true);
        }
    }

    /// Looks at a line for the first time; what it asks of each section where it counts.
    fn first(
        &self,
        proxy: &Proxy,
        written: &Written,
        stage: Stage,
        notes: &mut Vec<Diagnostic>,
    ) -> Vec<Want> {
        let named = match written.read(stage, proxy.settings.http) {
            Ok(named) => named,
            Err(note) => {
                let parent = proxy.parent.map(|parent| &self.draft.defaults[parent]);
                let note = match parent.filter(|_| written.place() < proxy.place) {
                    Some(_) => note.also(proxy.place, "it counts here"),
                    None => note,
                };
                self.refuse(written.entry, note, notes);
                return Vec::new();
            }
        };
        self.files(&named.files, notes);
        let is_own = |want: &Want| match want.names {
            Names::Server => !want.name.contains('/'),
            _ => want.name.is_empty(),
        };
        let (own, others): (Vec<_>, Vec<_>) = named.wants.into_iter().partition(is_own);
        self.wants(proxy, &others, notes, |_| true);
        let mut seen = BTreeSet::new();
        let new = |want: &Want| seen.insert((want.names, want.name.clone()));
        own.into_iter().filter(new).collect()
    }

    fn refuse(&self, entry: usize, note: Diagnostic, notes: &mut Vec<Diagnostic>) {
        let why = note.message.clone();
        self.refused.borrow_mut().entry(entry).or_insert(why);
        notes.push(note);
    }
}

/// Writes into the ledger which lines are refused.
pub(super) fn refuse(refused: BTreeMap<usize, String>, ledger: &mut [Directive]) {
    for (entry, why) in refused {
        ledger[entry].status = Status::Refused;
        ledger[entry].why = why.into();
    }
}
