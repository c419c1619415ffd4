//! Services that begin with what others say.

use std::rc::Rc;

use super::super::Status;
use super::super::yaml::{Id, Value};
use super::ledger::{under, whole};
use super::read::{Reader, Tree};
use super::service::Draft;
use crate::scenario::diagnostic::{Code, Diagnostic};
use crate::scenario::extends::beside;
use crate::scenario::suggest;
use crate::scenario::{FileId, Place};

/// Services that extend services that extend services: nobody goes further than this.
const CHAIN: usize = 32;

impl Reader<'_> {
    /// What the service called `name` says, on top of what it extends. `chain` are those
    /// that extend it.
    pub(super) fn draft(
        &mut self,
        tree: &Rc<Tree>,
        name: &str,
        chain: &mut Vec<(FileId, String)>,
    ) -> Option<Draft> {
        let this = (tree.file, name.to_owned());
        if let Some(known) = self.drafts.get(&this) {
            let known = known.clone();
            let weight = known.weight();
            return (!self.spent(weight, Place::new(tree.file, 0, 0))).then_some(known);
        }
        let yaml = &tree.yaml;
        let &(key, value) = tree.by_name.get(name)?;
        let path = format!("services.{}", under("", name));
        if !matches!(yaml.value(value), Value::Map(_)) {
            let message = format!("service `{name}`");
            self.wrong(
                whole(yaml, key, value),
                &message,
                "a map",
                "web: { image: app }",
            );
            return None;
        }
        let place = yaml.place(key);
        self.out.enter(place, &path, Status::Modelled, "");
        self.merges(yaml, &path, value);
        let fields = self.fields(yaml, value);
        chain.push(this.clone());
        let mut draft = self.base(tree, &fields, chain);
        chain.pop();
        for (key, value) in fields {
            self.setting(tree, &path, key, value, &mut draft);
        }
        self.drafts.insert(this, draft.clone());
        Some(draft)
    }

    /// What a service with these `fields` begins with.
    fn base(
        &mut self,
        tree: &Rc<Tree>,
        fields: &[(Id, Id)],
        chain: &mut Vec<(FileId, String)>,
    ) -> Draft {
        let yaml = &tree.yaml;
        let extends = fields
            .iter()
            .find(|(key, _)| yaml.text(*key) == Some("extends"));
        let Some(&(key, value)) = extends else {
            return Draft::default();
        };
        let inner = |name: &str| {
            let pairs = yaml.pairs(value);
            let found = pairs.iter().find(|(key, _)| yaml.text(*key) == Some(name));
            found.and_then(|(_, value)| yaml.text(*value))
        };
        let Some(service) = yaml.text(value).or(inner("service")) else {
            self.wrong(
                yaml.place(key),
                "`extends`",
                "a service",
                "extends: { service: web }",
            );
            return Draft::default();
        };
        let other = match inner("file") {
            None => Some(Rc::clone(tree)),
            Some(file) => self.other(tree.file, file, yaml.place(value)),
        };
        let Some(other) = other else {
            return Draft::default();
        };
        let place = yaml.place(value);
        let meant = (other.file, service.to_owned());
        if chain.contains(&meant) || chain.len() >= CHAIN {
            let message = format!("`extends` of `{service}` leads in a circle, or too far");
            self.out.say(Diagnostic::new(Code::Circle, message, place));
            return Draft::default();
        }
        if let Some(draft) = self.draft(&other, service, chain) {
            return draft.passed_on();
        }
        let names = other
            .services
            .iter()
            .filter_map(|(key, _)| other.yaml.text(*key));
        let message = format!("there is no service `{service}` to extend");
        let note = Diagnostic::new(Code::UnknownName, message, place);
        let note = suggest::attach(note, service, names.take(100));
        self.out.say(note);
        Draft::default()
    }

    /// The file called `name`, as the one numbered `asker` calls it.
    fn other(&mut self, asker: FileId, name: &str, place: Place) -> Option<Rc<Tree>> {
        let name = beside(&self.files.file(asker).name, name);
        if let Some(known) = self.others.get(&name) {
            return known.clone();
        }
        let tree = match self.source.text(&name) {
            Ok(text) => {
                let file = self.files.add(name.as_str(), text);
                self.open(file).map(Rc::new)
            }
            Err(why) => {
                let message = format!("{name} cannot be read: {why}");
                self.out.say(Diagnostic::new(Code::File, message, place));
                None
            }
        };
        self.others.insert(name, tree.clone());
        tree
    }
}
