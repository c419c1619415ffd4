//! The ledger of a foreign file, as it is shown.

use serde_json::{Value, json};

use crate::report::table::{Align, Cell, Style, Table};
use crate::scenario::Files;
use crate::scenario::import::{Directive, Status};

/// What became of each line of `files`.
#[derive(Clone, Copy)]
pub(super) struct Ledger<'a> {
    pub(super) entries: &'a [Directive],
    pub(super) files: &'a Files,
}

impl Ledger<'_> {
    fn file(&self, directive: &Directive) -> &str {
        &self.files.file(directive.place.file).name
    }

    /// As a table: one row per line, and one per word that is not modelled.
    pub(super) fn table(&self) -> Table {
        let first = self.entries.first().map(|entry| entry.place.file);
        let several = (self.entries.iter()).any(|entry| Some(entry.place.file) != first);
        let mut table = Table::new(&[
            ("line", if several { Align::Left } else { Align::Right }),
            ("keyword", Align::Left),
            ("", Align::Left),
            ("because", Align::Left),
        ]);
        for directive in self.entries {
            let line = if several {
                format!("{}:{}", self.file(directive), directive.line)
            } else {
                directive.line.to_string()
            };
            let style = match directive.status {
                Status::Modelled => Style::Good,
                Status::NoEffect => Style::Faint,
                Status::NotModelled | Status::Refused => Style::Bad,
            };
            table.push(vec![
                line.into(),
                directive.keyword.as_ref().into(),
                Cell::phrase(directive.status.text(), style),
                directive.why.as_ref().into(),
            ]);
        }
        table
    }

    /// As JSON: `[{file, line, keyword, status, why}]`.
    pub(super) fn json(&self) -> Value {
        (self.entries.iter())
            .map(|directive| {
                json!({
                    "file": self.file(directive),
                    "line": directive.line,
                    "keyword": directive.keyword,
                    "status": directive.status.text(),
                    "why": directive.why,
                })
            })
            .collect()
    }
}
