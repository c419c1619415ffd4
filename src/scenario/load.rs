//! The way of a scenario from its name to a plan, or to everything that is wrong with it.

use std::collections::BTreeMap;

use crate::plan::Plan;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::import::Directive;
use crate::scenario::locate::Files;
use crate::scenario::set::Overrides;
use crate::scenario::{check, config, decode, extends, logs, render};

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
    /// What became of each line of the haproxy.cfg it names; empty if it names none.
    pub ledger: Vec<Directive>,
    /// What had to be assumed, a sentence each, where no scenario was written.
    pub assumed: Vec<String>,
    /// The texts it was made of.
    pub files: Files,
}

/// A scenario that cannot run.
#[derive(Clone, Debug)]
pub struct Refused {
    /// What is wrong with it, at least one error; errors first, in the order of the texts.
    pub notes: Vec<Diagnostic>,
    /// The texts it was made of.
    pub files: Files,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = render::text(
            &self.notes,
            &self.files,
            render::Colour::Never,
            &crate::locale::AsWritten,
        );
        f.write_str(&text)
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
    let loaded = read_plan(name, source, overrides, &mut files, &mut notes);
    notes.sort_by_key(|note| (note.severity(), note.labels[0].place));
    match loaded {
        Some((plan, ledger)) => Ok(Loaded {
            plan,
            warnings: notes,
            ledger,
            assumed: Vec::new(),
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
) -> Option<(Plan, Vec<Directive>)> {
    let mut root = extends::load(name, None, source, files, notes)?;
    overrides.apply(&mut root, files, notes);
    let scenario = decode::decode(&mut root, notes);
    let mut base = config::read(&root, source, files, notes);
    let ledger = match &mut base {
        Ok(Some(base)) => std::mem::take(&mut base.ledger),
        _ => Vec::new(),
    };
    let logs = logs::read(&root, source, files, notes);
    let plan = check::check(&stem(name), &scenario, &root, base, logs, notes)?;
    Some((plan, ledger))
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
