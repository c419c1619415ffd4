//! A scenario as one file: what `extends`, `replace` and changes come to, as an author would
//! have written it.

use super::diagnostic::Severity;
use super::extends::beside;
use super::load::Refused;
use super::locate::Files;
use super::schema::Scenario;
use super::tree::{Node, Value};
use super::{Overrides, Source, decode, extends, set, write};

/// How a scenario is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// RON, as scenarios are mostly written.
    #[default]
    Ron,
    /// JSON, with the same names.
    Json,
}

/// The scenario called `name` with everything that it extends and `overrides` in one text.
/// Nothing is added that nobody wrote; files that it names are named from where `name` is.
///
/// # Errors
/// Everything that is wrong with its form; whether it makes sense is not looked at.
pub fn merged(
    name: &str,
    source: &dyn Source,
    overrides: &Overrides,
    form: Form,
) -> Result<String, Box<Refused>> {
    let mut files = Files::default();
    let mut notes = Vec::new();
    let root = extends::load(name, None, source, &mut files, &mut notes);
    let scenario: Option<Scenario> = root.map(|mut root| {
        overrides.apply(&mut root, &mut files, &mut notes);
        for key in ["config", "env"] {
            rename(&mut root, key, &files);
        }
        decode::decode(&mut root, &mut notes)
    });
    match scenario {
        Some(scenario) if notes.iter().all(|note| note.severity() != Severity::Error) => {
            Ok(text(&scenario, form))
        }
        _ => Err(Box::new(Refused { notes, files })),
    }
}

/// A scenario as text.
pub(crate) fn text(scenario: &Scenario, form: Form) -> String {
    match form {
        Form::Ron => write::scenario(scenario),
        Form::Json => {
            let value = serde_json::to_value(scenario);
            let value = value.expect("the schema has only types that JSON can write");
            format!("{value:#}\n")
        }
    }
}

/// Makes the file called `key` one that is found from where the first file is.
fn rename(root: &mut Node, key: &str, files: &Files) {
    let Some(record) = root.record_mut() else {
        return;
    };
    let Some(entry) = record.entry_mut(key) else {
        return;
    };
    let asker = &files.file(entry.value.place.file).name;
    if asker.starts_with(set::COMMAND) {
        return;
    }
    if let Value::Text(text) = &mut entry.value.value {
        text.text = beside(asker, &text.text);
    }
}
