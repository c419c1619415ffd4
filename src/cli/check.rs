//! `balancelab check`: what is wrong with files, without running them.

use std::io;
use std::path::Path;

use serde_json::{Value, json};

use super::args::{Check, Format};
use super::config;
use super::exit::Exit;
use super::load;
use super::screen::Screen;
use crate::report::table::{Align, Cell, Style, Table};
use crate::scenario::{Diagnostic, Severity, render};

/// What is known about one file.
struct Verdict {
    file: String,
    ok: bool,
    title: String,
    errors: usize,
    warnings: usize,
    diagnostics: Value,
    /// What becomes of every line, for a configuration of HAProxy.
    directives: Option<Value>,
}

/// Checks every file, even if one before it was refused.
pub(super) fn run(args: &Check, format: Format, screen: &mut Screen) -> io::Result<Exit> {
    let mut verdicts = Vec::new();
    for file in &args.files {
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
        Format::Markdown => table_of(&verdicts).told(screen.words()).markdown(),
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
    let read = match config::read(file, args.env.as_deref()) {
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
    let notes = &read.imported.notes;
    match format {
        Format::Json => {}
        Format::Csv => load::remark(notes, &read.files, screen)?,
        Format::Text => {
            screen.result(&format!("{}\n", read.ledger().text(screen.ink())))?;
            load::remark(notes, &read.files, screen)?;
        }
        Format::Markdown => {
            screen.result(&format!(
                "{}\n",
                read.ledger().told(screen.words()).markdown()
            ))?;
            load::remark(notes, &read.files, screen)?;
        }
    }
    let json = render::json(notes, &read.files);
    Ok(Verdict {
        file: file.display().to_string(),
        ok: !read.imported.is_refused(),
        title: read.summary(),
        errors: count(notes, Severity::Error),
        warnings: count(notes, Severity::Warning),
        diagnostics: serde_json::from_str(&json).expect("the renderer writes JSON"),
        directives: Some(read.directives()),
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
