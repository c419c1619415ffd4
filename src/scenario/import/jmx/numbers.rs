//! Numbers in properties: what is none, or only known during a run, is said.

use super::element::{Element, Property};
use super::read::Reader;
use crate::scenario::diagnostic::{Code, Diagnostic};
use crate::scenario::import::Status;

/// Numbers of seconds up to here are lengths of time.
const LONGEST: f64 = 3e8;
/// More threads than any machine has memory for.
const MOST_THREADS: f64 = 1e7;

impl Reader<'_> {
    /// The whole number that a property says, if it says one.
    pub(super) fn whole(&mut self, element: &Element, name: &str) -> Option<i64> {
        let property = element.property(name)?;
        self.number_of(element, property)
            .map(|number| number as i64)
    }

    pub(super) fn decimal(&mut self, element: &Element, name: &str) -> Option<f64> {
        let property = element.property(name)?;
        self.number_of(element, property)
    }

    /// A length of time in seconds.
    pub(super) fn seconds(&mut self, element: &Element, name: &str) -> Option<f64> {
        self.decimal(element, name)
            .map(|seconds| seconds.clamp(0.0, LONGEST))
    }

    pub(super) fn number_of(&mut self, element: &Element, property: &Property) -> Option<f64> {
        let text = self.variables.text(property.text());
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Some(number),
            _ if text.contains("${") => {
                let why = format!("{text} is only known during a run: it is taken for nothing");
                self.ledger
                    .property(element, property, Status::NotModelled, why);
                None
            }
            _ => {
                self.bad_number(element, property, text);
                None
            }
        }
    }

    /// A whole number without which nothing can be sent.
    pub(super) fn needed(&mut self, element: &Element, name: &str) -> Option<i64> {
        let property = element.property(name)?;
        let text = self.variables.text(property.text());
        let number = text.trim().parse::<f64>().ok();
        match number.filter(|number| number.abs() <= MOST_THREADS) {
            Some(number) => Some(number as i64),
            None if text.trim().is_empty() => Some(0),
            None => {
                self.bad_number(element, property, &text);
                self.is_refusing = true;
                None
            }
        }
    }

    pub(super) fn no_number(&mut self, element: &Element, name: &str) {
        if let Some(property) = element.property(name) {
            self.bad_number(element, property, property.text());
        }
    }

    /// Refuses what should be a number and is none.
    pub(super) fn bad_number(&mut self, element: &Element, property: &Property, text: &str) {
        let shown: String = text.chars().take(60).collect();
        let name = &property.name;
        let message = format!("{name} of {} is not a number: {shown:?}", element.title());
        let mut note = Diagnostic::new(Code::Range, message, property.place).accepted("a number");
        if text.contains("${") {
            note = note.help(
                "it is only known during a run; give it a value: -J NAME=VALUE for ${__P(NAME)}, \
                 or a user-defined variable",
            );
        }
        self.note(note);
        let why = "this is not a number";
        self.ledger
            .property(element, property, Status::Refused, why);
    }
}
