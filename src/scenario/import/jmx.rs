//! JMeter's test plans (`.jmx`, as JMeter 2 to 5 saves them): reads one as a load, and says
//! of every element what becomes of it.
//!
//! `xml` makes a tree of elements of the text; `kinds` and `properties` know JMeter's
//! elements; `variables` puts in what is known before a run; `group` makes a client of each
//! thread group, whose steps come from `steps`, `controls`, `http`, `timers`, `data` and `extract`
//! under the rules of scoping in `scope`; `tidy` takes out what can have no effect.

mod controls;
mod data;
mod element;
mod extract;
mod group;
mod http;
mod kinds;
mod ledger;
mod module;
mod numbers;
mod plugins;
mod properties;
mod read;
mod said;
mod scope;
mod steps;
mod tidy;
mod timers;
mod variables;
mod xml;

use super::Directive;
use crate::scenario::diagnostic::{Diagnostic, Severity};
use crate::scenario::schema::{self, Named};
use crate::scenario::{FileId, Files, Source};

/// What a test plan comes to.
#[derive(Clone, Debug, Default)]
pub struct Imported {
    /// Its thread groups, in the order of the plan.
    pub clients: Named<schema::Client>,
    /// At least one entry for each element of the tree, and one for each property that is
    /// not as usual and not followed.
    pub ledger: Vec<Directive>,
    /// What is wrong or doubtful.
    pub notes: Vec<Diagnostic>,
    /// What had to be assumed, in sentences.
    pub told: Vec<String>,
}

impl Imported {
    /// Whether nothing can be sent as the plan says.
    pub fn is_refused(&self) -> bool {
        self.notes
            .iter()
            .any(|note| note.severity() == Severity::Error)
    }
}

/// Reads the text numbered `which` as a test plan. `properties` are JMeter's (`-J`);
/// `beside` has the texts of the files that the plan names: CSV data, other plans. The
/// plans it includes are added to `files`.
pub fn read_jmx(
    files: &mut Files,
    which: FileId,
    properties: &[(String, String)],
    beside: &dyn Source,
) -> Imported {
    read::read(files, which, properties, beside)
}
