//! Standing laws, held against everything that a run tells: each may object.
//!
//! An [`Oracle`] is a reader like any other. It wants to know everything, so it runs with
//! the tests and with `--verify`, not with every run. A law objects only when *we* broke
//! something; what an author expects of a scenario is the business of
//! [`report::expect`](crate::report::expect).

mod capacity;
mod conservation;
mod eligibility;
mod legality;
mod stickiness;

use std::fmt;

use balance::{Interest, Moment};

use crate::plan::Plan;
use crate::trace::{Event, Sample, Sink, States};

/// One law.
trait Law: fmt::Debug {
    /// What it demands, as a sentence.
    fn demands(&self) -> &'static str;

    /// Looks at an event. `states` are those before it.
    ///
    /// # Errors
    /// The evidence, if the event breaks the law.
    fn event(&mut self, now: Moment, event: &Event, states: &States) -> Result<(), String> {
        let _ = (now, event, states);
        Ok(())
    }

    /// Looks at a finished request.
    ///
    /// # Errors
    /// The evidence, if the sample breaks the law.
    fn sample(&mut self, sample: &Sample, states: &States) -> Result<(), String> {
        let _ = (sample, states);
        Ok(())
    }

    /// Looks back at the end of a run in which all clients finished.
    ///
    /// # Errors
    /// The evidence, if something is missing.
    fn close(&mut self) -> Result<(), String> {
        Ok(())
    }
}

/// A law and the evidence against it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// What was demanded.
    pub law: &'static str,
    /// When it was broken.
    pub at: Moment,
    /// By what.
    pub evidence: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at {}: {}; but {}", self.at, self.law, self.evidence)
    }
}

/// All laws, listening to one run.
#[derive(Debug)]
pub struct Oracle {
    states: States,
    laws: Vec<Box<dyn Law>>,
    now: Moment,
    violations: Vec<Violation>,
}

impl Oracle {
    /// The violations that are kept: the first ones tell, the rest follow from them.
    const KEPT: usize = 20;

    /// The standing laws for a run of `plan`.
    pub fn new(plan: &Plan) -> Self {
        Self {
            states: States::at_start(&plan.proxy),
            laws: vec![
                Box::new(conservation::Conservation::new(plan)),
                Box::new(capacity::Capacity::new(plan)),
                Box::new(eligibility::Eligibility::new(plan)),
                Box::new(stickiness::Stickiness::new(plan)),
                Box::new(legality::Legality::new(plan)),
            ],
            now: Moment::ZERO,
            violations: Vec::new(),
        }
    }

    /// Ends the hearing. `finished`: every client came to its end.
    pub fn close(mut self, finished: bool) -> Vec<Violation> {
        if finished {
            self.ask(|law, _| law.close());
        }
        self.violations
    }

    fn ask(&mut self, mut question: impl FnMut(&mut dyn Law, &States) -> Result<(), String>) {
        for law in &mut self.laws {
            let Err(evidence) = question(law.as_mut(), &self.states) else {
                continue;
            };
            if self.violations.len() < Self::KEPT {
                self.violations.push(Violation {
                    law: law.demands(),
                    at: self.now,
                    evidence,
                });
            }
        }
    }
}

impl Sink for Oracle {
    fn interest(&self) -> Interest {
        Interest::Everything
    }

    fn sample(&mut self, sample: &Sample) {
        self.now = self.now.max(sample.sent + sample.elapsed);
        self.ask(|law, states| law.sample(sample, states));
    }

    fn event(&mut self, at: Moment, event: &Event) {
        self.now = at;
        self.ask(|law, states| law.event(at, event, states));
        self.states.follow(at, event);
    }
}

#[cfg(test)]
mod tests;
