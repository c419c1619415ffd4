//! `balancelab check`: what is wrong with files, without running them.

use std::io;
use std::path::Path;

use serde_json::{Value, json};

use super::args::{Check, Foreign, Format};
use super::exit::Exit;
use super::ledger::Ledger;
use super::screen::Screen;
use super::{compose, config, foreign, load, test_plan};
use crate::report::table::{Align, Cell, Style, Table};
use crate::scenario::foreign::assemble;
use crate::scenario::import::Directive;
use crate::scenario::{Diagnostic, Files, Refused, Severity, render};

/// What is known about one file.
struct Verdict {
    file: String,
    ok: bool,
    title: String,
    errors: usize,
    warnings: usize,
    diagnostics: Value,
    /// What becomes of every line, for a foreign file.
    directives: Option<Value>,
}

/// Checks every file, even if one before it was refused.
pub(super) fn run(args: &Check, format: Format, screen: &mut Screen) -> io::Result<Exit> {
    let mut verdicts = Vec::new();
    for file in &args.files {
        if compose::is_compose_name(file) {
            let read = composition(file, args);
            verdicts.push(verdict(file, read, format, screen)?);
            continue;
        }
        if test_plan::is_plan_name(file) {
            let read = plan(file, args);
            verdicts.push(verdict(file, read, format, screen)?);
            continue;
        }
        if foreign::is_lab(file) {
            let read = lab(file, args, screen)?;
            verdicts.push(verdict(file, Ok(read), format, screen)?);
            continue;
        }
        if config::is_config(file) {
            let read = configuration(file, args);
            verdicts.push(verdict(file, read, format, screen)?);
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
        Format::Markdown => table_of(&verdicts).told(screen.words()).markdown(),
    };
    screen.result(&text)?;
    let refused = verdicts.iter().any(|verdict| !verdict.ok);
    Ok(if refused { Exit::Refused } else { Exit::Fine })
}

/// A foreign file as read.
struct Read {
    notes: Vec<Diagnostic>,
    ledger: Vec<Directive>,
    files: Files,
    summary: String,
}

fn configuration(file: &Path, args: &Check) -> io::Result<Read> {
    let read = config::read(file, args.env.as_deref())?;
    Ok(Read {
        summary: config::summary(&read.imported),
        notes: read.imported.notes,
        ledger: read.imported.ledger,
        files: read.files,
    })
}

fn composition(file: &Path, args: &Check) -> io::Result<Read> {
    let mut files = Files::default();
    let read = compose::read(file, args.env.as_deref(), &mut files)?;
    Ok(Read {
        summary: compose::summary(&read.compose),
        notes: read.compose.notes,
        ledger: read.compose.ledger,
        files,
    })
}

fn plan(file: &Path, args: &Check) -> io::Result<Read> {
    let read = test_plan::read(file, &args.properties, Files::default())
        .map_err(|error| config::named(file, &error))?;
    Ok(Read {
        summary: read.summary(),
        notes: read.imported.notes,
        ledger: read.imported.ledger,
        files: read.files,
    })
}

/// Everything that a run of the folder would read, and what is assumed besides.
fn lab(folder: &Path, args: &Check, screen: &mut Screen) -> io::Result<Read> {
    let given = Foreign {
        env: args.env.clone(),
        properties: args.properties.clone(),
        ..Foreign::default()
    };
    let nothing = |refused: Refused| Read {
        notes: refused.notes,
        ledger: Vec::new(),
        files: refused.files,
        summary: String::new(),
    };
    let mut pieces = match foreign::gather(Some(folder), &given) {
        Ok(pieces) => pieces,
        Err(refused) => return Ok(nothing(*refused)),
    };
    load::assumed(&pieces.told, screen)?;
    let summary = config::summary(&pieces.config);
    let ledger = pieces.take_ledger();
    let read = match assemble(pieces, &args.changes.overrides()) {
        Ok(loaded) => Read {
            notes: loaded.warnings,
            files: loaded.files,
            ledger,
            summary,
        },
        Err(refused) => Read {
            ledger,
            summary,
            ..nothing(*refused)
        },
    };
    Ok(read)
}

/// Says what is wrong in a foreign file, and shows what becomes of its lines.
fn verdict(
    file: &Path,
    read: io::Result<Read>,
    format: Format,
    screen: &mut Screen,
) -> io::Result<Verdict> {
    let read = match read {
        Ok(read) => read,
        Err(error) => {
            screen.alarm("error", &error.to_string())?;
            return Ok(Verdict {
                file: file.display().to_string(),
                ok: false,
                title: String::new(),
                errors: 1,
                warnings: 0,
                diagnostics: json!([]),
                directives: None,
            });
        }
    };
    let notes = &read.notes;
    let ledger = Ledger {
        entries: &read.ledger,
        files: &read.files,
    };
    match format {
        Format::Json => {}
        Format::Csv => load::remark(notes, &read.files, screen)?,
        Format::Text => {
            screen.result(&format!("{}\n", ledger.table().text(screen.ink())))?;
            load::remark(notes, &read.files, screen)?;
        }
        Format::Markdown => {
            let table = ledger.table();
            let text = table.told(screen.words()).markdown();
            screen.result(&format!("{text}\n"))?;
            load::remark(notes, &read.files, screen)?;
        }
    }
    let json = render::json(notes, &read.files);
    let errors = count(notes, Severity::Error);
    Ok(Verdict {
        file: file.display().to_string(),
        ok: errors == 0,
        errors,
        warnings: count(notes, Severity::Warning),
        diagnostics: serde_json::from_str(&json).expect("the renderer writes JSON"),
        directives: Some(ledger.json()),
        title: read.summary,
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
            Cell::phrase(word, style),
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
