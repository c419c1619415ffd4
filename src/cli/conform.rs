//! `balancelab conform`: recordings of a real HAProxy, replayed against the core.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::args::{Conform, Format};
use super::exit::Exit;
use super::screen::Screen;
use crate::conform::archive;
use crate::conform::verdict::{Outcome, Tally, Verdict};
use crate::conform::{RecordingError, page};
use crate::report::csv;
use crate::report::table::{Align, Cell, Style, Table};

/// What came of one recording: a verdict, or why it cannot be read.
struct Judged {
    file: PathBuf,
    verdict: Result<Verdict, RecordingError>,
}

/// Replays every recording of these files and folders.
pub(super) fn run(args: &Conform, format: Format, screen: &mut Screen) -> io::Result<Exit> {
    let mut exit = Exit::Fine;
    let mut files = Vec::new();
    for path in &args.files {
        match recordings(path) {
            Ok(found) => files.extend(found),
            Err(error) => {
                screen.alarm("error", &format!("cannot read {}: {error}", path.display()))?;
                exit = exit.worst(Exit::Refused);
            }
        }
    }
    let mut judged = Vec::new();
    for file in files {
        let bytes = match fs::read(&file) {
            Ok(bytes) => bytes,
            Err(error) => {
                screen.alarm("error", &format!("cannot read {}: {error}", file.display()))?;
                exit = exit.worst(Exit::Refused);
                continue;
            }
        };
        for verdict in judge(&bytes, args) {
            match &verdict {
                Ok(verdict) if verdict.agrees() => {}
                Ok(_) => exit = exit.worst(Exit::Missed),
                Err(error) => {
                    screen.alarm("refused", &format!("{}:{error}", file.display()))?;
                    exit = exit.worst(Exit::Refused);
                }
            }
            judged.push(Judged {
                file: file.clone(),
                verdict,
            });
        }
    }
    show(&judged, format, screen)?;
    Ok(exit)
}

/// The verdicts on everything in one file.
fn judge(bytes: &[u8], args: &Conform) -> Vec<Result<Verdict, RecordingError>> {
    let text = match archive::text(bytes) {
        Ok(text) => text,
        Err(error) => return vec![Err(error)],
    };
    archive::recordings(&text)
        .into_iter()
        .map(|recording| Verdict::of(&recording?, args.profile))
        .collect()
}

/// The file itself, or every recording below a folder, in the order of their names.
fn recordings(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            let name = path.to_string_lossy();
            if path.is_dir() {
                folders.push(path);
            } else if name.ends_with(".jsonl") || name.ends_with(".jsonl.gz") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn show(judged: &[Judged], format: Format, screen: &mut Screen) -> io::Result<()> {
    let verdicts: Vec<Verdict> = judged
        .iter()
        .filter_map(|judged| judged.verdict.clone().ok())
        .collect();
    match format {
        Format::Text => show_text(judged, &verdicts, screen),
        Format::Markdown => screen.result(&page::markdown(&verdicts)),
        Format::Json => screen.result(&format!("{:#}\n", json(judged, &verdicts))),
        Format::Csv => {
            let text = verdicts.iter().map(row).collect::<String>();
            screen.result(&format!(
                "name,haproxy,algorithm,family,ok,operations,requests,agreeing,line,place,recorded,core\n{text}"
            ))
        }
    }
}

fn show_text(judged: &[Judged], verdicts: &[Verdict], screen: &mut Screen) -> io::Result<()> {
    for judged in judged {
        let Ok(verdict) = &judged.verdict else {
            continue;
        };
        let mut line = String::new();
        let (style, word) = if verdict.agrees() {
            (Style::Good, "ok")
        } else {
            (Style::Bad, "differs")
        };
        screen.ink().ink(&mut line, style, word);
        let details = match &verdict.outcome {
            Outcome::Same => "\n".to_owned(),
            Outcome::Shares(fit) => format!(
                "  by shares: chi-square {:.2}, threshold {:.2} at {} degrees of freedom\n",
                fit.statistic, fit.threshold, fit.freedom
            ),
            Outcome::Differs(difference) => difference.told(&judged.file),
        };
        screen.result(&format!("{line}  {}{details}", verdict.name))?;
    }
    for (title, key, tallies) in [
        (
            "By algorithm",
            "algorithm",
            Tally::by(verdicts, |verdict| verdict.algorithm.clone()),
        ),
        ("By family", "family", Tally::by(verdicts, Verdict::family)),
    ] {
        let mut table = head(key);
        for ((version, name), tally) in &tallies {
            push(&mut table, version.name(), name, tally);
        }
        push(&mut table, "", "all", &verdicts.iter().collect());
        let text = table.text(screen.ink());
        screen.result(&format!("\n{title}\n\n{text}"))?;
    }
    Ok(())
}

fn head(key: &str) -> Table {
    Table::new(&[
        ("haproxy", Align::Left),
        (key, Align::Left),
        ("programs", Align::Right),
        ("agreeing", Align::Right),
        ("operations", Align::Right),
        ("agreeing", Align::Right),
        ("requests", Align::Right),
    ])
}

fn push(table: &mut Table, version: &str, name: &str, tally: &Tally) {
    let style = if tally.agreeing == tally.programs {
        Style::Good
    } else {
        Style::Bad
    };
    table.push(vec![
        version.into(),
        name.into(),
        tally.programs.to_string().into(),
        Cell::styled(tally.agreeing.to_string(), style),
        tally.operations.to_string().into(),
        tally.operations_agreeing.to_string().into(),
        tally.requests.to_string().into(),
    ]);
}

fn json(judged: &[Judged], verdicts: &[Verdict]) -> Value {
    let files: Vec<Value> = judged.iter().map(json_file).collect();
    let totals: Tally = verdicts.iter().collect();
    let groups = |tallies: std::collections::BTreeMap<(balance::Version, String), Tally>| {
        let groups = tallies.into_iter().map(|((version, name), tally)| {
            let mut group = json_tally(&tally);
            group["haproxy"] = version.name().into();
            group["name"] = name.into();
            group
        });
        groups.collect::<Vec<Value>>()
    };
    let mut all = json_tally(&totals);
    all["refused"] = (judged.len() - verdicts.len()).into();
    json!({
        "files": files,
        "algorithms": groups(Tally::by(verdicts, |verdict| verdict.algorithm.clone())),
        "families": groups(Tally::by(verdicts, Verdict::family)),
        "totals": all,
    })
}

fn json_tally(tally: &Tally) -> Value {
    json!({
        "programs": tally.programs,
        "agreeing": tally.agreeing,
        "operations": tally.operations,
        "operations_agreeing": tally.operations_agreeing,
        "requests": tally.requests,
    })
}

fn json_file(judged: &Judged) -> Value {
    let file = judged.file.display().to_string();
    let verdict = match &judged.verdict {
        Ok(verdict) => verdict,
        Err(error) => {
            return json!({
                "name": null, "file": file, "ok": false, "ops": 0, "first_difference": null,
                "refused": { "line": error.line, "column": error.column, "problem": error.problem },
            });
        }
    };
    let mut value = json!({
        "name": verdict.name,
        "file": file,
        "haproxy": verdict.version.name(),
        "ok": verdict.agrees(),
        "ops": verdict.operations,
        "requests": verdict.requests,
        "judged": "exactly",
        "first_difference": null,
    });
    match &verdict.outcome {
        Outcome::Same => {}
        Outcome::Shares(fit) => {
            value["judged"] = "by shares".into();
            value["shares"] = json!({
                "statistic": fit.statistic,
                "freedom": fit.freedom,
                "threshold": fit.threshold,
                "recorded": fit.recorded,
                "replayed": fit.replayed,
                "replays": fit.replays,
            });
        }
        Outcome::Differs(difference) => {
            let words: Vec<Value> = difference
                .words
                .iter()
                .map(|word| json!({ "place": word.place, "haproxy": word.haproxy, "core": word.core }))
                .collect();
            value["first_difference"] = json!({
                "line": difference.line,
                "operation": difference.operation,
                "words": words,
                "reason": difference.reason,
            });
        }
    }
    value
}

fn row(verdict: &Verdict) -> String {
    let (line, place, recorded, core) = match &verdict.outcome {
        Outcome::Differs(difference) => {
            let word = &difference.words[0];
            (
                difference.line.to_string(),
                word.place.as_str(),
                word.haproxy.as_str(),
                word.core.as_str(),
            )
        }
        Outcome::Same | Outcome::Shares(_) => (String::new(), "", "", ""),
    };
    format!(
        "{},{},{},{},{},{},{},{},{line},{},{},{}\n",
        csv::quoted(&verdict.name),
        verdict.version.name(),
        verdict.algorithm,
        csv::quoted(&verdict.family()),
        verdict.agrees(),
        verdict.operations,
        verdict.requests,
        verdict.agreeing(),
        csv::quoted(place),
        csv::quoted(recorded),
        csv::quoted(core),
    )
}
