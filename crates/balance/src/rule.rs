//! Conditions on a request, and the persistence rules that use them (manual: `use-server`,
//! `force-persist`, `ignore-persist`; spec: cookies, 1).

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::action::Format;
use crate::expression::Expression;
use crate::pattern::Matching;
use crate::scene::Scene;

/// How the configuration has a rule: for explanations, nothing is decided by it. So two of
/// them are always equal: rules that decide alike are.
#[derive(Clone, Debug, Default)]
pub struct Label {
    /// The line, from 1; 0 if there is none.
    pub line: u32,
    /// Its words.
    pub text: String,
}

impl PartialEq for Label {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Label {}

/// Holds if any of its terms does; a term holds if all its literals do. No term never
/// holds; a term without literals always does. `unless` turns the outcome round.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    /// The alternatives.
    pub terms: Vec<Vec<Literal>>,
    /// `unless` rather than `if`.
    pub unless: bool,
}

/// An ACL or its opposite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Literal {
    /// The ACL: it holds if any of its tests does. Several conditions may share it.
    pub acl: Arc<Vec<Test>>,
    /// `!`
    pub negated: bool,
}

/// One line of an ACL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Test {
    /// What is looked at. A request that lacks it fails the test.
    pub sample: Expression,
    /// What it is compared with.
    pub matching: Matching,
}

/// `force-persist` or `ignore-persist`: the first whose condition holds counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PersistRule {
    /// Persistence leads to its server even if that is DOWN.
    Force(Condition),
    /// Persistence is not looked at.
    Ignore(Condition),
}

/// `use-server SERVER if CONDITION`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UseServer {
    /// The server's name, or how it is made up.
    pub server: Format,
    /// When it is used.
    pub condition: Condition,
    /// As it is written.
    pub label: Label,
}

impl UseServer {
    /// A rule for the server called `name`.
    pub fn named(name: &str, condition: Condition) -> Self {
        Self {
            server: Format::text(name),
            condition,
            label: Label::default(),
        }
    }
}

impl Literal {
    /// An ACL of this one test.
    pub fn of(test: Test) -> Self {
        Self {
            acl: Arc::new(alloc::vec![test]),
            negated: false,
        }
    }
}

impl Condition {
    /// The condition that always holds.
    pub fn always() -> Self {
        Self {
            terms: alloc::vec![Vec::new()],
            unless: false,
        }
    }

    /// Whether it holds in `scene`.
    pub(crate) fn holds(&self, scene: &Scene<'_>) -> bool {
        let any = self.terms.iter().any(|term| {
            term.iter().all(|literal| {
                let held = literal.acl.iter().any(|test| test.holds(scene));
                held != literal.negated
            })
        });
        any != self.unless
    }
}

impl Test {
    fn holds(&self, scene: &Scene<'_>) -> bool {
        self.sample.any(scene, |value| self.matching.fits(value))
    }
}

/// Names the persistence rule in force.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Persisting {
    /// No rule matched.
    #[default]
    Usual,
    /// `force-persist`
    Forced,
    /// `ignore-persist`
    Ignored,
}

impl PersistRule {
    /// What the first of `rules` whose condition holds says.
    pub(crate) fn of(rules: &[Self], scene: &Scene<'_>) -> Persisting {
        let first = rules.iter().find_map(|rule| match rule {
            Self::Force(condition) => condition.holds(scene).then_some(Persisting::Forced),
            Self::Ignore(condition) => condition.holds(scene).then_some(Persisting::Ignored),
        });
        first.unwrap_or_default()
    }
}
