//! Elements of a test plan, and their properties.

use std::rc::Rc;

use super::kinds::{self, Kind};
use crate::scenario::Place;

/// One element of JMeter's tree with what is below it.
#[derive(Clone, Debug)]
pub(super) struct Element {
    /// What it is; JMeter's `testclass` and `guiclass` have their say in it.
    pub(super) kind: Kind,
    /// The class, as a tag: `ThreadGroup`, `kg.apc.jmeter.threads.UltimateThreadGroup`.
    pub(super) tag: String,
    /// `testname`
    pub(super) name: String,
    pub(super) enabled: bool,
    pub(super) place: Place,
    pub(super) line: u32,
    pub(super) properties: Vec<Property>,
    pub(super) children: Vec<Element>,
}

/// A property.
#[derive(Clone, Debug)]
pub(super) struct Property {
    pub(super) name: String,
    pub(super) value: Value,
    pub(super) place: Place,
    pub(super) line: u32,
}

/// What a property says.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Text(String),
    /// `elementProp` and `collectionProp`
    List(Vec<Property>),
    /// Settings of how results are saved.
    Object,
}

/// Trees that are read live as long as the reading.
pub(super) type Tree = Rc<Vec<Element>>;

impl Element {
    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// As the ledger calls it: `ThreadGroup Users`.
    pub(super) fn title(&self) -> String {
        let tag = self.short();
        if self.name.is_empty() || self.name == tag {
            tag.to_owned()
        } else {
            let name: String = self.name.chars().take(60).collect();
            let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
            format!("{tag} {name}")
        }
    }

    /// Its class without the package.
    pub(super) fn short(&self) -> &str {
        kinds::short(&self.tag)
    }

    pub(super) fn property(&self, name: &str) -> Option<&Property> {
        named(&self.properties, name)
    }

    /// The text of a property; empty if it has none.
    pub(super) fn text(&self, name: &str) -> &str {
        self.property(name).map_or("", Property::text)
    }

    /// Whether a property says `true`; none if it says nothing.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        match self.text(name).trim() {
            "" => None,
            text => Some(text.eq_ignore_ascii_case("true")),
        }
    }

    /// The entries of a collection.
    pub(super) fn list(&self, name: &str) -> &[Property] {
        self.property(name).map_or(&[], Property::list)
    }
}

impl Property {
    pub(super) fn text(&self) -> &str {
        match &self.value {
            Value::Text(text) => text,
            Value::List(_) | Value::Object => "",
        }
    }

    pub(super) fn list(&self) -> &[Self] {
        match &self.value {
            Value::List(list) => list,
            Value::Text(_) | Value::Object => &[],
        }
    }

    /// The text of a property inside this one.
    pub(super) fn inner(&self, name: &str) -> &str {
        named(self.list(), name).map_or("", Self::text)
    }

    /// The texts of a collection of texts.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        self.list().iter().map(Self::text)
    }
}

pub(super) fn named<'a>(list: &'a [Property], name: &str) -> Option<&'a Property> {
    list.iter().find(|property| property.name == name)
}
