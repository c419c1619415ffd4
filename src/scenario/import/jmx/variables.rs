//! Variables and properties: what has its value before a run is put in while the plan is
//! read, so that `${host}` becomes a host.

use std::collections::{BTreeMap, BTreeSet};

use super::element::{Element, Property};
use super::kinds::{Controller, Extract, Kind};
use crate::plan::Template;
use crate::plan::template::{Asked, Function};

/// What texts are filled from.
#[derive(Clone, Debug, Default)]
pub(super) struct Variables {
    /// JMeter's properties.
    properties: BTreeMap<String, String>,
    /// Variables that never change.
    pub(super) known: BTreeMap<String, String>,
    /// Variables that every thread begins with and that are not the same for ever.
    pub(super) first: Vec<(String, String)>,
    /// Everything that something in the plan gives a value.
    written: BTreeSet<String>,
    /// The variables `__jm__NAME__idx` that something reads.
    pub(super) indices: BTreeSet<String>,
    /// Whether data brings the names of its variables itself.
    named_by_data: bool,
}

impl Variables {
    pub(super) fn new(properties: &[(String, String)]) -> Self {
        Self {
            properties: properties.iter().cloned().collect(),
            ..Self::default()
        }
    }

    /// Learns the user-defined variables of a plan: they hold from the start, wherever they
    /// stand.
    pub(super) fn learn(&mut self, top: &[Element]) {
        let mut written = BTreeSet::new();
        each(top, &mut |element| writes(element, &mut written));
        self.written = written;
        each(top, &mut |element| self.learn_indices(element));
        each(top, &mut |element| match element.kind() {
            Kind::Plan => self.define(element.list("TestPlan.user_defined_variables")),
            Kind::Variables => self.define(element.list("Arguments.arguments")),
            _ => {}
        });
    }

    fn learn_indices(&mut self, element: &Element) {
        let is_data = element.kind() == Kind::Csv;
        self.named_by_data |= is_data && element.text("variableNames").trim().is_empty();
        let mut open: Vec<&Property> = element.properties.iter().collect();
        while let Some(property) = open.pop() {
            open.extend(property.list());
            for rest in property.text().split("${__jm__").skip(1) {
                if let Some((name, _)) = rest.split_once("__idx}") {
                    self.indices.insert(format!("__jm__{name}__idx"));
                }
            }
        }
    }

    /// Learns the variables of a plan that is included.
    pub(super) fn learn_more(&mut self, tree: &[Element]) {
        each(tree, &mut |element| self.learn_indices(element));
        each(tree, &mut |element| writes(element, &mut self.written));
        let written = |name: &str| self.written.contains(name);
        let (changing, known) = std::mem::take(&mut self.known)
            .into_iter()
            .partition(|(name, _)| written(name));
        let changing: BTreeMap<String, String> = changing;
        self.known = known;
        self.first.extend(changing);
    }

    fn define(&mut self, list: &[Property]) {
        // The plan's own are one property deeper.
        let arguments = list.iter().find(|p| p.name == "Arguments.arguments");
        for argument in arguments.map_or(list, Property::list) {
            let name = argument.inner("Argument.name");
            let name = if name.is_empty() {
                argument.name.as_str()
            } else {
                name
            };
            let value = self.text(argument.inner("Argument.value"));
            let constant = Template::read(&value).constant().map(str::to_owned);
            if let Some(value) = constant.filter(|_| !self.written.contains(name)) {
                self.known.insert(name.to_owned(), value);
            } else {
                self.first.retain(|(known, _)| known != name);
                self.first.push((name.to_owned(), value));
            }
        }
    }

    /// Whether something gives a variable a value.
    pub(super) fn has_value(&self, name: &str) -> bool {
        self.named_by_data
            || self.known.contains_key(name)
            || self.written.contains(name)
            || self.first.iter().any(|(known, _)| known == name)
            || name.starts_with("JMeterThread.")
            || name.starts_with("__jm__")
    }

    /// `text` with everything put in that is known before a run.
    pub(super) fn settle(&self, text: &str) -> Template {
        // A value may name further variables, as properties do.
        let mut template = Template::read(text);
        for _ in 0..4 {
            let settled = template.settled(&|asked| self.answer(asked));
            let again = match settled.constant() {
                Some(constant) if constant.contains("${") => Template::read(constant),
                _ => settled.clone(),
            };
            if again == template {
                break;
            }
            template = again;
        }
        template
    }

    /// The same as a text that a scenario can have.
    pub(super) fn text(&self, text: &str) -> String {
        if !text.contains("${") {
            return text.to_owned();
        }
        self.settle(text).to_string()
    }

    /// The text if it is known before a run.
    pub(super) fn constant(&self, text: &str) -> Option<String> {
        self.settle(text).constant().map(str::to_owned)
    }

    fn answer(&self, asked: Asked<'_>) -> Option<String> {
        match asked {
            Asked::Variable(name) => self.known.get(name).cloned(),
            Asked::Call(Function::P, [name, rest @ ..]) => {
                let given = self.properties.get(*name).cloned();
                Some(given.unwrap_or_else(|| rest.first().map_or("1", |text| text).to_string()))
            }
            Asked::Call(Function::Property, [name, rest @ ..]) => {
                let given = self.properties.get(*name).cloned();
                Some(given.unwrap_or_else(|| rest.get(1).unwrap_or(name).to_string()))
            }
            Asked::Call(Function::Variable, [name, ..]) => self.known.get(*name).cloned(),
            Asked::Call(..) => None,
        }
    }

    /// The names of functions in `text` that the lab does not have, and of variables that
    /// nothing gives a value.
    pub(super) fn strangers(&self, text: &str) -> Vec<String> {
        let mut strange = Vec::new();
        for piece in text.split("${").skip(1).take(100) {
            if let Some(call) = piece.strip_prefix("__") {
                let end = call.find(|c: char| !(c.is_alphanumeric() || c == '_'));
                let name = &call[..end.unwrap_or(call.len())];
                if Function::from_name(name).is_none() && !name.starts_with("jm__") {
                    strange.push(format!("the function __{name} is not known"));
                }
            } else if let Some((name, _)) = piece.split_once('}') {
                let base = name.rsplit_once('_').map_or(name, |(base, _)| base);
                if !self.has_value(name) && !self.has_value(base) && !name.contains('$') {
                    strange.push(format!("nothing gives ${{{name}}} a value"));
                }
            }
        }
        strange.sort();
        strange.dedup();
        strange
    }
}

/// Every enabled element, parents first.
fn each(elements: &[Element], visit: &mut dyn FnMut(&Element)) {
    for element in elements.iter().filter(|element| element.enabled) {
        if !matches!(element.kind(), Kind::Never(_)) {
            visit(element);
            each(&element.children, visit);
        }
    }
}

/// The variables that an element gives values.
fn writes(element: &Element, names: &mut BTreeSet<String>) {
    let mut name = |name: &str| {
        if !name.trim().is_empty() {
            names.insert(name.trim().to_owned());
        }
    };
    match element.kind() {
        Kind::Extract(Extract::Regex) => name(element.text("RegexExtractor.refname")),
        Kind::Extract(Extract::Boundary) => name(element.text("BoundaryExtractor.refname")),
        Kind::Extract(Extract::JsonPlugin) => name(element.text("VAR")),
        Kind::Extract(Extract::Json) => {
            name(element.text("JMESExtractor.referenceName"));
            let list = element.text("JSONPostProcessor.referenceNames");
            list.split(';').for_each(name);
        }
        Kind::Csv => element.text("variableNames").split(',').for_each(name),
        Kind::Counter => name(element.text("CounterConfig.name")),
        Kind::RandomVariable => name(element.text("variableName")),
        Kind::UserParameters => {
            let list = element.property("UserParameters.names");
            list.into_iter().flat_map(Property::texts).for_each(name);
        }
        Kind::Controller(Controller::ForEach) => name(element.text("ForeachController.returnVal")),
        Kind::Controller(Controller::Parameterized) => {
            super::controls::parameters(element).for_each(|(text, _)| name(text));
        }
        _ => {
            for property in &element.properties {
                for rest in property.text().split("vars.put(").skip(1) {
                    let quote = rest.trim_start();
                    let text = quote.strip_prefix(['"', '\'']).unwrap_or_default();
                    name(text.split(['"', '\'']).next().unwrap_or_default());
                }
            }
        }
    }
}
