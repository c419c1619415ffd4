//! The ledger of a foreign file as it is shown.

use serde_json::{Value, json};

use crate::report::table::{Align, Cell, Style, Table};
use crate::scenario::Files;
use crate::scenario::import::{Directive, Status};

/// The ledger as a table: one row per line, and one per word that is not modelled. Of
/// `several` files, each row names its own.
pub(super) fn table(ledger: &[Directive], files: &Files, several: bool) -> Table {
    let mut table = Table::new(&[
        ("line", if several { Align::Left } else { Align::Right }),
        ("keyword", Align::Left),
        ("", Align::Left),
        ("because", Align::Left),
    ]);
    for directive in ledger {
        let line = if several {
            format!("{}:{}", file(directive, files), directive.line)
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
            Cell::styled(directive.status.text(), style),
            directive.why.as_ref().into(),
        ]);
    }
    table
}

/// The ledger as JSON: `[{file, line, keyword, status, why}]`.
pub(super) fn json(ledger: &[Directive], files: &Files) -> Value {
    (ledger.iter())
        .map(|directive| {
            json!({
                "file": file(directive, files),
                "line": directive.line,
                "keyword": directive.keyword,
                "status": directive.status.text(),
                "why": directive.why,
            })
        })
        .collect()
}

fn file<'a>(directive: &Directive, files: &'a Files) -> &'a str {
    &files.file(directive.place.file).name
}
