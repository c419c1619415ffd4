//! Module and include controllers: steps that stand elsewhere.

use super::element::Element;
use super::kinds::Kind;
use super::read::Reader;
use super::scope::{self, Level, Levels};
use crate::scenario::diagnostic::{Code, Diagnostic};
use crate::scenario::import::Status;
use crate::scenario::schema::script::Deed;

impl<'e> Reader<'e> {
    /// The steps of the controller that a module controller points at.
    pub(super) fn module(&mut self, element: &'e Element, levels: &mut Levels<'e>) -> Vec<Deed> {
        let path = element.list("ModuleController.node_path");
        let path: Vec<&str> = path.iter().map(super::element::Property::text).collect();
        // The first name is that of the window's tree, which is not in the file.
        let target = path.get(1..).and_then(|path| found(self.top, path));
        let Some(target) = target else {
            let why = format!("nothing in this plan is called {}", path.join(" / "));
            self.ledger.element(element, Status::NotModelled, why);
            return Vec::new();
        };
        self.follow(element, target, levels)
    }

    /// The steps of the plan that an include controller names.
    pub(super) fn include(&mut self, element: &'e Element, levels: &mut Levels<'e>) -> Vec<Deed> {
        let property = element.property("IncludeController.includepath");
        let path = self
            .variables
            .text(property.map_or("", |property| property.text()));
        let place = property.map_or(element.place, |property| property.place);
        let included = match self.included.get(&path) {
            Some(Ok(top)) => *top,
            Some(Err(_)) if path.trim().is_empty() => {
                let why = "it names no plan: nothing is included";
                self.ledger.element(element, Status::NoEffect, why);
                return Vec::new();
            }
            Some(Err(why)) => {
                let message = format!("the plan {path:?} cannot be included: {why}");
                self.note(Diagnostic::new(Code::File, message, place));
                self.ledger
                    .element(element, Status::Refused, "the plan cannot be read");
                return Vec::new();
            }
            None => {
                let why = "which plan it is is only known during a run";
                self.ledger.element(element, Status::NotModelled, why);
                return Vec::new();
            }
        };
        let Some(target) = fragment(included) else {
            let why = "there is no test fragment in the included plan";
            self.ledger.element(element, Status::NotModelled, why);
            return Vec::new();
        };
        self.follow(element, target, levels)
    }

    /// Does what stands below `target` in the place of `element`.
    fn follow(
        &mut self,
        element: &'e Element,
        target: &'e Element,
        levels: &mut Levels<'e>,
    ) -> Vec<Deed> {
        if self.following.contains(&target.place) {
            let why = "it leads back to itself: nothing is done";
            self.ledger.element(element, Status::NotModelled, why);
            return Vec::new();
        }
        self.following.push(target.place);
        let own = Level::of(&element.children, self);
        let deeds = scope::within(levels, own, |levels| {
            if matches!(target.kind(), Kind::Controller(_)) {
                return self.step(target, levels);
            }
            self.modelled(target);
            self.sequence(&target.children, levels)
        });
        self.following.pop();
        deeds
    }
}

/// The element at this path of names.
fn found<'e>(mut elements: &'e [Element], path: &[&str]) -> Option<&'e Element> {
    let mut found = None;
    for name in path {
        let element = elements.iter().find(|element| element.name == *name)?;
        elements = &element.children;
        found = Some(element);
    }
    found.filter(|element| matches!(element.kind(), Kind::Controller(_) | Kind::Fragment))
}

/// The first test fragment of a plan.
fn fragment(elements: &[Element]) -> Option<&Element> {
    let below = |element: &'_ Element| matches!(element.kind(), Kind::Plan);
    elements.iter().find_map(|element| {
        if element.enabled && element.kind() == Kind::Fragment {
            Some(element)
        } else if below(element) {
            fragment(&element.children)
        } else {
            None
        }
    })
}
