//! Conditions on a request, and the persistence rules that use them (manual: `use-server`,
//! `force-persist`, `ignore-persist`; spec: cookies, 1).

use alloc::string::String;
use alloc::vec::Vec;

use crate::config::Fetch;
use crate::request::Request;

/// Holds if any of its terms does; a term holds if all its tests do. No term never holds;
/// a term without tests always does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Condition(pub Vec<Vec<Test>>);

/// One test of a condition: an anonymous ACL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Test {
    /// What is looked at. A request that lacks it fails the test.
    pub fetch: Fetch,
    /// What it is compared with.
    pub matching: Matching,
    /// `!`: the test holds if it fails.
    pub negated: bool,
}

/// How a sample is compared. Several patterns: one of them must match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Matching {
    /// `-m found`
    Found,
    /// `-m str`
    Exactly(Vec<String>),
    /// `-m beg`
    Begins(Vec<String>),
    /// `-m end`
    Ends(Vec<String>),
    /// `-m sub`
    Contains(Vec<String>),
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
    /// The server, by name.
    pub server: String,
    /// When it is used.
    pub condition: Condition,
}

impl Condition {
    /// The condition that always holds.
    pub fn always() -> Self {
        Self(alloc::vec![Vec::new()])
    }

    /// Whether it holds for `request`.
    pub fn holds(&self, request: &Request<'_>) -> bool {
        self.0
            .iter()
            .any(|term| term.iter().all(|test| test.holds(request)))
    }
}

impl Test {
    fn holds(&self, request: &Request<'_>) -> bool {
        let sample = self.fetch.text(request);
        let matched = sample.is_some_and(|sample| self.matching.fits(&sample));
        matched != self.negated
    }
}

impl Matching {
    fn fits(&self, sample: &str) -> bool {
        match self {
            Self::Found => true,
            Self::Exactly(patterns) => patterns.iter().any(|pattern| sample == pattern),
            Self::Begins(patterns) => patterns
                .iter()
                .any(|pattern| sample.starts_with(pattern.as_str())),
            Self::Ends(patterns) => patterns
                .iter()
                .any(|pattern| sample.ends_with(pattern.as_str())),
            Self::Contains(patterns) => patterns
                .iter()
                .any(|pattern| sample.contains(pattern.as_str())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;

    fn test(matching: Matching, negated: bool) -> Test {
        Test {
            fetch: Fetch::Path,
            matching,
            negated,
        }
    }

    #[test]
    fn terms_are_alternatives_and_tests_are_joined() {
        let rows = [
            (Condition::default(), false),
            (Condition::always(), true),
            (
                Condition(vec![vec![test(
                    Matching::Begins(vec!["/im".into()]),
                    false,
                )]]),
                true,
            ),
            (
                Condition(vec![vec![test(Matching::Begins(vec!["/im".into()]), true)]]),
                false,
            ),
            (
                Condition(vec![vec![test(
                    Matching::Ends(vec![".js".into(), ".png".into()]),
                    false,
                )]]),
                true,
            ),
            (
                Condition(vec![vec![
                    test(Matching::Contains(vec!["g/x".into()]), false),
                    test(Matching::Exactly(vec!["/".into()]), false),
                ]]),
                false,
            ),
            (
                Condition(vec![
                    vec![test(Matching::Exactly(vec!["/".into()]), false)],
                    vec![test(Matching::Found, false)],
                ]),
                true,
            ),
        ];
        let request = Request {
            uri: "/img/x.png?a=1",
            ..Request::default()
        };
        for (condition, holds) in rows {
            assert_eq!(condition.holds(&request), holds, "{condition:?}");
        }
    }
}
