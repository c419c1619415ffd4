//! `balancelab list`: the scenarios at hand.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::args::{Changes, Format, List};
use super::exit::Exit;
use super::load;
use super::screen::Screen;
use crate::report::csv;
use crate::report::table::{Align, Table};

/// Lists every file of these folders that is a scenario, in the order of their names.
pub(super) fn run(args: &List, format: Format, screen: &mut Screen) -> io::Result<Exit> {
    let mut listed = Vec::new();
    let mut refused: BTreeMap<String, usize> = BTreeMap::new();
    for folder in &args.folders {
        let files = match scenarios(folder) {
            Ok(files) => files,
            Err(error) => {
                screen.alarm(
                    "error",
                    &format!("cannot list {}: {error}", folder.display()),
                )?;
                return Ok(Exit::Refused);
            }
        };
        for file in files {
            if let Ok(loaded) = load::scenario(&file, &Changes::default()) {
                listed.push((file.display().to_string(), loaded.plan.title));
            } else {
                let folder = file.parent().unwrap_or(Path::new("")).display();
                *refused.entry(folder.to_string()).or_default() += 1;
            }
        }
    }
    let text = match format {
        Format::Text => table(&listed).text(screen.ink()),
        Format::Markdown => table(&listed).told(screen.words()).markdown(),
        Format::Csv => listed
            .iter()
            .fold("file,title\n".to_owned(), |text, (file, title)| {
                text + &csv::quoted(file) + "," + &csv::quoted(title) + "\n"
            }),
        Format::Json => {
            let list: Value = listed
                .iter()
                .map(|(file, title)| json!({ "file": file, "title": title }))
                .collect();
            format!("{list:#}\n")
        }
    };
    screen.result(&text)?;
    for (folder, count) in refused {
        screen.tell(&format!(
            "{folder}: {count} not listed, because they are refused (`balancelab check` says why)"
        ))?;
    }
    Ok(Exit::Fine)
}

/// The scenario files below `folder`.
fn scenarios(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(is_scenario) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn is_scenario(ending: &OsStr) -> bool {
    ending == "ron" || ending == "json"
}

fn table(listed: &[(String, String)]) -> Table {
    let mut table = Table::new(&[("file", Align::Left), ("title", Align::Left)]);
    for (file, title) in listed {
        table.push(vec![file.as_str().into(), title.as_str().into()]);
    }
    table
}
