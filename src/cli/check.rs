//! `balancelab check`: what is wrong with files, without running them.

use std::io;
use std::path::Path;

use serde_json::{Value, json};

use super::args::{Check, Format};
use super::config;
use super::exit::Exit;
use super::load;
use super::screen::Screen;
use super::test_plan;
use crate::report::table::{Align, Cell, Style, Table};
use crate::scenario::{Diagnostic, Files, Severity, render};

/// What is known about one file.
struct Verdict {
    file: String,
    ok: bool,
    title: String,
    errors: usize,
    warnings: usize,
    diagnostics: Value,
    /// What becomes of every line, for a configuration of HAProxy or a test plan.
    directives: Option<Value>,
}

/// Checks every file, even if one before it was refused.
pub(super) fn run(args: &Check, format: Format, screen: &mut Screen) -> io::Result<Exit> {
    let mut verdicts = Vec::new();
    for file in &args.files {
        if test_plan::is_plan_name(file) {
            verdicts.push(plan(file, args, format, screen)?);
            continue;
        }
        if config::is_config(file) {
            verdicts.push(configuration(file, args, format, screen)?);
            continue;
        }
        let (title, notes, files) = match load::scenario(file, &args.changes) {
            Ok(loaded) => (Some(loaded.plan.title), loaded.warnings, loaded.files),
            Err(refused) => (None, refused.notes, refused.files),
        };
        if format != Format::Json {
            load::remark(&notes, &files, screen)?;
        }
        let json = render::json(&notes, &files);
        verdicts.push(Verdict {
            file: file.display().to_string(),
            ok: title.is_some(),
            title: title.unwrap_or_default(),
            errors: count(&notes, Severity::Error),
            warnings: count(&notes, Severity::Warning),
            diagnostics: serde_json::from_str(&json).expect("the renderer writes JSON"),
            directives: None,
        });
    }
    let text = match format {
        Format::Json => format!("{:#}\n", json_of(&verdicts)),
        Format::Csv => csv_of(&verdicts),
        Format::Text => table_of(&verdicts).text(screen.ink()),
        Format::Markdown => table_of(&verdicts).markdown(),
    };
    screen.result(&text)?;
    let refused = verdicts.iter().any(|verdict| !verdict.ok);
    Ok(if refused { Exit::Refused } else { Exit::Fine })
}

/// Checks a configuration of HAProxy, and shows what becomes of its lines.
fn configuration(
    file: &Path,
    args: &Check,
    format: Format,
    screen: &mut Screen,
) -> io::Result<Verdict> {
    match config::read(file, args.env.as_deref()) {
        Ok(read) => {
            let shows = (read.ledger(), read.directives(), read.summary());
            let said = Said::new(&read.imported.notes, &read.files, shows);
            shown(file, said, format, screen)
        }
        Err(error) => unread(file, &error.to_string(), screen),
    }
}

/// Checks a test plan of JMeter, and shows what becomes of its elements.
fn plan(file: &Path, args: &Check, format: Format, screen: &mut Screen) -> io::Result<Verdict> {
    match test_plan::read(file, &args.properties, Files::default()) {
        Ok(read) => {
            let shows = (read.ledger(), read.directives(), read.summary());
            let said = Said::new(&read.imported.notes, &read.files, shows);
            shown(file, said, format, screen)
        }
        Err(error) => {
            let why = format!("{}: {error}", file.display());
            unread(file, &why, screen)
        }
    }
}

/// What an importer says of a file.
struct Said<'a> {
    notes: &'a [Diagnostic],
    files: &'a Files,
    ledger: Table,
    directives: Value,
    title: String,
}

impl<'a> Said<'a> {
    fn new(notes: &'a [Diagnostic], files: &'a Files, shows: (Table, Value, String)) -> Self {
        let (ledger, directives, title) = shows;
        Self {
            notes,
            files,
            ledger,
            directives,
            title,
        }
    }
}

/// Shows the ledger and the diagnostics of a foreign file.
fn shown(file: &Path, said: Said<'_>, format: Format, screen: &mut Screen) -> io::Result<Verdict> {
    let ledger = match format {
        Format::Json | Format::Csv => None,
        Format::Text => Some(said.ledger.text(screen.ink())),
        Format::Markdown => Some(said.ledger.markdown()),
    };
    if let Some(ledger) = ledger {
        screen.result(&format!("{ledger}\n"))?;
    }
    if format != Format::Json {
        load::remark(said.notes, said.files, screen)?;
    }
    let json = render::json(said.notes, said.files);
    let errors = count(said.notes, Severity::Error);
    Ok(Verdict {
        file: file.display().to_string(),
        ok: errors == 0,
        title: said.title,
        errors,
        warnings: count(said.notes, Severity::Warning),
        diagnostics: serde_json::from_str(&json).expect("the renderer writes JSON"),
        directives: Some(said.directives),
    })
}

/// A file that could not be read.
fn unread(file: &Path, why: &str, screen: &mut Screen) -> io::Result<Verdict> {
    screen.alarm("error", why)?;
    Ok(Verdict {
        file: file.display().to_string(),
        ok: false,
        title: String::new(),
        errors: 1,
        warnings: 0,
        diagnostics: json!([]),
        directives: None,
    })
}

fn count(notes: &[Diagnostic], severity: Severity) -> usize {
    let alike = notes.iter().filter(|note| note.severity() == severity);
    alike.count()
}

fn json_of(verdicts: &[Verdict]) -> Value {
    verdicts
        .iter()
        .map(|verdict| {
            let mut value = json!({
                "file": verdict.file,
                "ok": verdict.ok,
                "title": verdict.title,
                "diagnostics": verdict.diagnostics,
            });
            if let Some(directives) = &verdict.directives {
                value["directives"] = directives.clone();
            }
            value
        })
        .collect()
}

fn table_of(verdicts: &[Verdict]) -> Table {
    let mut table = Table::new(&[
        ("file", Align::Left),
        ("", Align::Left),
        ("errors", Align::Right),
        ("warnings", Align::Right),
        ("title", Align::Left),
    ]);
    for verdict in verdicts {
        let (word, style) = if verdict.ok {
            ("ok", Style::Good)
        } else {
            ("refused", Style::Bad)
        };
        table.push(vec![
            verdict.file.as_str().into(),
            Cell::styled(word, style),
            verdict.errors.to_string().into(),
            verdict.warnings.to_string().into(),
            verdict.title.as_str().into(),
        ]);
    }
    table
}

fn csv_of(verdicts: &[Verdict]) -> String {
    let head = "file,ok,errors,warnings,title\n".to_owned();
    verdicts.iter().fold(head, |text, verdict| {
        let fields = [
            crate::report::csv::quoted(&verdict.file),
            verdict.ok.to_string(),
            verdict.errors.to_string(),
            verdict.warnings.to_string(),
            crate::report::csv::quoted(&verdict.title),
        ];
        text + &fields.join(",") + "\n"
    })
}
