//! Scenarios, laid out: the same values and comments, with brackets, blanks and line ends in
//! their places.
//!
//! Whether a group stands on one line is the author's choice: one that begins a new line
//! after its bracket stays open, one that does not stays on its line while that is not too
//! long. Comments move only to the beginning of what they stand in.

use super::diagnostic::{Diagnostic, Severity};
use super::load::Refused;
use super::locate::Files;
use super::read::{Dialect, read};

mod layout;
mod token;

/// The text of the scenario file called `name`, laid out. Formatting it again changes
/// nothing, and it means what it meant.
///
/// # Errors
/// If it cannot be read: everything that is wrong with its form. What it says may be wrong.
pub fn format(name: &str, text: &str) -> Result<String, Box<Refused>> {
    let mut files = Files::default();
    let mut notes: Vec<Diagnostic> = Vec::new();
    let file = files.add(name, text);
    let dialect = Dialect::of(name);
    let root = read(file, text, dialect, &mut notes);
    let broken = notes.iter().any(|note| note.severity() == Severity::Error);
    if root.is_none() || broken {
        return Err(Box::new(Refused { notes, files }));
    }
    Ok(layout::document(&token::document(text), dialect))
}

#[cfg(test)]
mod tests;
