//! Files of other programs on their way to a run: a `haproxy.cfg`, a test plan of JMeter, or
//! a lab's folder.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use super::args::{Changes, Foreign};
use super::config;
use super::folder;
use super::test_plan;
use crate::scenario::foreign::{Pieces, assemble};
use crate::scenario::import::Status;
use crate::scenario::{Code, Diagnostic, FileId, Files, Loaded, Place, Refused};

/// Whether `path` is run without a scenario: a folder, a configuration of HAProxy, or a
/// test plan.
pub(super) fn is_meant(path: &Path) -> bool {
    path.is_dir() || test_plan::is_plan_name(path) || config::is_config_name(path)
}

/// Whether the load comes from a test plan; what cannot be found out is said when it is
/// loaded.
pub(super) fn has_plan(place: Option<&Path>, given: &Foreign) -> bool {
    find(place, given).is_ok_and(|found| found.plan.is_some())
}

/// Why the scenario `file` cannot have the load of a test plan.
pub(super) fn has_its_own(file: &Path) -> Refused {
    let why = "a scenario says itself who sends requests: --plan is for runs without one";
    let help = "name the configuration of the proxy instead: --config haproxy.cfg";
    refusal(file, why, Some(help))
}

/// The files of one run.
#[derive(Clone, Debug, Default)]
struct Found {
    config: PathBuf,
    env: Option<PathBuf>,
    plan: Option<PathBuf>,
}

/// Loads what `given` names, or what stands in the folder (or is the configuration)
/// `place`, with `changes` on top.
///
/// # Errors
/// Everything that is wrong with the files.
pub(super) fn load(
    place: Option<&Path>,
    given: &Foreign,
    changes: &Changes,
) -> Result<Loaded, Box<Refused>> {
    let found = find(place, given)?;
    let read = config::read(&found.config, found.env.as_deref())
        .map_err(|error| refusal(&found.config, &error.to_string(), None))?;
    let mut files = read.files;
    let log = match &given.log {
        Some(path) => Some(text_of(path, &mut files)?),
        None => None,
    };
    let mut pieces = Pieces {
        name: name(place.unwrap_or(&found.config)),
        config: read.imported,
        files,
        log,
        ..Pieces::default()
    };
    if let Some(path) = &found.plan {
        load_plan(path, given, &mut pieces)?;
    }
    assemble(pieces, &changes.overrides())
}

/// Takes the test plan at `path` as the load.
fn load_plan(path: &Path, given: &Foreign, pieces: &mut Pieces) -> Result<(), Box<Refused>> {
    let files = std::mem::take(&mut pieces.files);
    let read = test_plan::read(path, &given.properties, files)
        .map_err(|error| refusal(path, &error.to_string(), None))?;
    let shown = path.display();
    let passed = (read.imported.ledger.iter())
        .filter(|entry| entry.status >= Status::NotModelled)
        .count();
    pieces.told.push(match passed {
        0 => format!("the load is that of {shown}"),
        1 => format!("the load is that of {shown}; one line is not followed (balancelab check {shown})"),
        _ => format!(
            "the load is that of {shown}; {passed} lines are not followed (balancelab check {shown})"
        ),
    });
    pieces.files = read.files;
    pieces.clients = Some(read.imported.clients);
    pieces.notes.extend(read.imported.notes);
    pieces.told.extend(read.imported.told);
    Ok(())
}

/// Keeps the text at `path` among `files`.
fn text_of(path: &Path, files: &mut Files) -> Result<FileId, Box<Refused>> {
    // Logs hold whatever clients sent; only texts and comments can be strange.
    let bytes = fs::read(path).map_err(|error| refusal(path, &error.to_string(), None))?;
    let text = String::from_utf8_lossy(&bytes);
    Ok(files.add(path.display().to_string(), text))
}

/// Which files are meant.
fn find(place: Option<&Path>, given: &Foreign) -> Result<Found, Box<Refused>> {
    let mut found = Found {
        config: given.config.clone().unwrap_or_default(),
        env: given.env.clone(),
        plan: given.plan.clone(),
    };
    let Some(place) = place else {
        return Ok(found);
    };
    if test_plan::is_plan_name(place) {
        return with_configuration(place, given, found);
    }
    if !place.is_dir() {
        if given.config.is_some() {
            let why = "--config names another configuration to run";
            let help = "name a folder, or only one of them";
            return Err(refusal(place, why, Some(help)).into());
        }
        place.clone_into(&mut found.config);
        return Ok(found);
    }
    let folder = folder::look(place)
        .map_err(|error| refusal(place, &format!("it cannot be listed: {error}"), None))?;
    if given.config.is_none() {
        found.config = match folder.configs.as_slice() {
            [] if config::is_config(place) => place.to_owned(),
            [] => {
                let why = "there is no haproxy.cfg in this folder";
                let help = "name one with --config, or name a scenario (.ron)";
                return Err(refusal(place, why, Some(help)).into());
            }
            several => only(place, several, "haproxy.cfg", "--config")?,
        };
    }
    if found.env.is_none() {
        found.env = match folder.envs.as_slice() {
            [] => None,
            several => {
                let plain = several.iter().find(|path| path.ends_with(".env"));
                Some(match plain {
                    Some(plain) => plain.clone(),
                    None => only(place, several, ".env file", "--env")?,
                })
            }
        };
    }
    if found.plan.is_none() && given.log.is_none() {
        found.plan = match folder.plans.as_slice() {
            [] => None,
            several => Some(only(place, several, "test plan", "--plan")?),
        };
    }
    Ok(found)
}

/// A test plan that is named like a scenario: it needs a proxy in front of it.
fn with_configuration(plan: &Path, given: &Foreign, found: Found) -> Result<Found, Box<Refused>> {
    if let Some(other) = &given.plan {
        let why = format!("--plan names another test plan: {}", other.display());
        return Err(refusal(plan, &why, Some("name only one of them")).into());
    }
    if let Some(log) = &given.log {
        let why = format!("--log names another load: {}", log.display());
        return Err(refusal(plan, &why, Some("name only one of them")).into());
    }
    if given.config.is_none() {
        let why = "a test plan says who sends requests, not what balances them";
        let help = format!(
            "name the configuration of the proxy as well: balancelab run --config haproxy.cfg \
             --plan {}; what is in the plan: balancelab check {}",
            plan.display(),
            plan.display(),
        );
        return Err(refusal(plan, why, Some(&help)).into());
    }
    Ok(Found {
        plan: Some(plan.to_owned()),
        ..found
    })
}

/// The only one of `several`.
fn only(
    place: &Path,
    several: &[PathBuf],
    kind: &str,
    flag: &str,
) -> Result<PathBuf, Box<Refused>> {
    if let [path] = several {
        return Ok(path.clone());
    }
    let list = several.iter().fold(String::new(), |mut list, path| {
        let comma = if list.is_empty() { "" } else { ", " };
        write!(list, "{comma}{}", path.display()).expect("strings grow");
        list
    });
    let why = format!("there is more than one {kind}: {list}");
    let help = format!("choose one with {flag}");
    Err(refusal(place, &why, Some(&help)).into())
}

/// What the run is called.
fn name(path: &Path) -> String {
    let canonical = path.canonicalize();
    let name = canonical.as_deref().unwrap_or(path).file_name();
    let name = name.unwrap_or(path.as_os_str()).to_string_lossy();
    name.into_owned()
}

/// `path` cannot be used, because of `why`.
fn refusal(path: &Path, why: &str, help: Option<&str>) -> Refused {
    let mut files = Files::default();
    let file = files.add(path.display().to_string(), "");
    let note = Diagnostic::new(Code::File, why, Place::new(file, 0, 0));
    let note = match help {
        Some(help) => note.help(help),
        None => note,
    };
    Refused {
        notes: vec![note],
        files,
    }
}
