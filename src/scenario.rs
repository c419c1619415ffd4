//! Text to plan: reads a scenario file, checks it, and says everything that is wrong with it.
//!
//! The way of a file: [`read`] makes a tree of values with places; [`extends`] and
//! [`set`] merge other files and changes into it; [`decode`] reads the tree into the
//! [`schema`] with serde; [`check`] makes a [`Plan`] of it. Complaints are
//! [`Diagnostic`]s, which [`render`] turns into text or JSON. Nothing here touches a file
//! system: texts come from a [`Source`].

mod check;
mod decode;
pub mod diagnostic;
mod extends;
pub mod import;
pub mod locate;
mod read;
pub mod render;
mod resolve;
pub mod schema;
mod set;
mod suggest;
mod tree;
pub mod units;
mod write;

pub use diagnostic::{Code, Diagnostic, Label, Severity};
pub use locate::{FileId, Files, Place, Position};
pub use resolve::{fingerprint, resolved};
pub use set::Overrides;

use std::collections::BTreeMap;

use crate::plan::Plan;

/// Where texts come from.
pub trait Source {
    /// The text called `name`: a path, with `/` between folders, relative to wherever the
    /// caller thinks names begin.
    ///
    /// # Errors
    /// Why there is none, as a fragment: `no such file`.
    fn text(&self, name: &str) -> Result<String, String>;
}

/// Texts that are already there, by name.
impl Source for BTreeMap<String, String> {
    fn text(&self, name: &str) -> Result<String, String> {
        self.get(name)
            .cloned()
            .ok_or_else(|| "no such file".to_owned())
    }
}

/// A scenario that can run.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What it comes to.
    pub plan: Plan,
    /// What is doubtful about it.
    pub warnings: Vec<Diagnostic>,
    /// The texts it was made of.
    pub files: Files,
}

/// A scenario that cannot run.
#[derive(Clone, Debug)]
pub struct Refused {
    /// What is wrong with it, at least one error.
    pub notes: Vec<Diagnostic>,
    /// The texts it was made of.
    pub files: Files,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&render::text(
            &self.notes,
            &self.files,
            render::Colour::Never,
        ))
    }
}

impl std::error::Error for Refused {}

/// Loads the scenario called `name`, with `overrides` on top.
///
/// # Errors
/// Every error of the scenario, each with its place.
pub fn load(
    name: &str,
    source: &dyn Source,
    overrides: &Overrides,
) -> Result<Loaded, Box<Refused>> {
    let mut files = Files::default();
    let mut notes = Vec::new();
    let plan = read_plan(name, source, overrides, &mut files, &mut notes);
    notes.sort_by_key(|note| (note.severity(), note.labels[0].place));
    match plan {
        Some(plan) => Ok(Loaded {
            plan,
            warnings: notes,
            files,
        }),
        None => Err(Box::new(Refused { notes, files })),
    }
}

fn read_plan(
    name: &str,
    source: &dyn Source,
    overrides: &Overrides,
    files: &mut Files,
    notes: &mut Vec<Diagnostic>,
) -> Option<Plan> {
    let mut root = extends::load(name, None, source, files, notes)?;
    overrides.apply(&mut root, files, notes);
    let scenario: schema::Scenario = decode::decode(&mut root, notes);
    check::check(&stem(name), &scenario, &root, None, notes)
}

/// The name without folder and ending: `4.3-at-once`.
fn stem(name: &str) -> String {
    let file = name.rsplit('/').next().unwrap_or(name);
    let stem = file
        .strip_suffix(".ron")
        .or_else(|| file.strip_suffix(".json"))
        .unwrap_or(file);
    stem.to_owned()
}

#[cfg(test)]
mod tests;
