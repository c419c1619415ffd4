//! What becomes of each element and property, collected in any order.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::element::{Element, Property};
use crate::scenario::Place;
use crate::scenario::import::{Directive, Status};

/// The entries by the place of their element or property.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    entries: BTreeMap<(Place, bool), Directive>,
}

/// What there is to say about one thing.
pub(super) type Why = Cow<'static, str>;

/// The name of a property, or of the header that it is.
fn called(property: &Property) -> &str {
    if property.name.is_empty() {
        property.inner("Header.name")
    } else {
        &property.name
    }
}

impl Ledger {
    /// Says what becomes of an element. Of two sayings, the worse one stays.
    pub(super) fn element(&mut self, element: &Element, status: Status, why: impl Into<Why>) {
        self.enter((element.place, false), || Directive {
            place: element.place,
            line: element.line,
            keyword: element.title().into(),
            status,
            why: why.into(),
        });
    }

    /// Says what becomes of a property.
    pub(super) fn property(
        &mut self,
        element: &Element,
        property: &Property,
        status: Status,
        why: impl Into<Why>,
    ) {
        self.enter((property.place, true), || Directive {
            place: property.place,
            line: property.line,
            keyword: format!("{} ... {}", element.title(), called(property)).into(),
            status,
            why: why.into(),
        });
    }

    fn enter(&mut self, key: (Place, bool), entry: impl FnOnce() -> Directive) {
        let entry = entry();
        match self.entries.get_mut(&key) {
            // Of two that are as bad, the one that says something.
            Some(known) if known.status == entry.status && known.why.is_empty() => *known = entry,
            Some(known) if known.status >= entry.status => {}
            Some(known) => *known = entry,
            None => drop(self.entries.insert(key, entry)),
        }
    }

    /// Whether something was said about an element.
    pub(super) fn knows(&self, element: &Element) -> bool {
        self.entries.contains_key(&(element.place, false))
    }

    /// All entries in the order of the texts.
    pub(super) fn close(self) -> Vec<Directive> {
        self.entries.into_values().collect()
    }
}
