//! A `haproxy.cfg` on its way to a configuration.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::ledger;
use crate::report::table::Table;
use crate::scenario::import::Env;
use crate::scenario::import::haproxy_cfg::{Imported, read_cfg};
use crate::scenario::{FileId, Files};

/// A configuration as read, with its texts.
pub(super) struct Config {
    pub(super) imported: Imported,
    pub(super) files: Files,
    ids: Vec<FileId>,
}

/// Whether a file of this name is a configuration of HAProxy: it ends in `.cfg` or `.conf`,
/// perhaps with more behind it (`haproxy.cfg.j2`), or speaks of HAProxy and is no scenario.
pub(super) fn is_config_name(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    let name = name.to_string_lossy().to_lowercase();
    let ending = path.extension().unwrap_or_default();
    let scenario = ending == "ron" || ending == "json";
    let named = |part: &&str| name.contains(part);
    !scenario && [".cfg", ".conf", "haproxy"].iter().any(named)
}

/// Whether `path` is a configuration of HAProxy, or a folder with files in `.cfg`.
pub(super) fn is_config(path: &Path) -> bool {
    (is_config_name(path) && !path.is_dir())
        || (path.is_dir() && parts(path).is_ok_and(|parts| !parts.is_empty()))
}

/// Reads the configuration at `path`: a file, or every `.cfg` of a folder in the order of
/// their names. Variables come from the process, from an `.env` beside the file, and from
/// `env`, the later ones winning.
///
/// # Errors
/// If a file cannot be read.
pub(super) fn read(path: &Path, env: Option<&Path>) -> io::Result<Config> {
    let list = if path.is_dir() {
        parts(path)?
    } else {
        vec![path.to_owned()]
    };
    let folder = if path.is_dir() {
        path
    } else {
        path.parent().unwrap_or(Path::new(""))
    };
    let env = environment(folder, env)?;
    let mut files = Files::default();
    let mut ids = Vec::new();
    for part in &list {
        // HAProxy reads bytes; what is not UTF-8 can only stand in texts and comments.
        let bytes = fs::read(part).map_err(|error| named(part, &error))?;
        let text = String::from_utf8_lossy(&bytes);
        ids.push(files.add(part.display().to_string(), text));
    }
    Ok(Config {
        imported: read_cfg(&files, &ids, &env),
        files,
        ids,
    })
}

/// The variables that a configuration in `folder` sees.
fn environment(folder: &Path, given: Option<&Path>) -> io::Result<Env> {
    let mut env = Env::default();
    for (name, value) in std::env::vars_os() {
        if let (Ok(name), Ok(value)) = (name.into_string(), value.into_string()) {
            env.set(name, value);
        }
    }
    if let Ok(text) = fs::read_to_string(folder.join(".env")) {
        env.read_dotenv(&text);
    }
    if let Some(path) = given {
        let text = fs::read_to_string(path).map_err(|error| named(path, &error))?;
        env.read_dotenv(&text);
    }
    Ok(env)
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// The `.cfg` files of a folder, by name.
fn parts(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut list: Vec<PathBuf> = fs::read_dir(folder)?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.is_file() && path.extension().is_some_and(|ending| ending == "cfg"))
        .collect();
    list.sort();
    Ok(list)
}

impl Config {
    /// What it comes to, in a few words: `1 backend, 2 servers`.
    pub(super) fn summary(&self) -> String {
        let backends = &self.imported.config.backends;
        let servers: usize = backends.iter().map(|backend| backend.servers.len()).sum();
        let many = |count: usize, noun: &str| match count {
            1 => format!("1 {noun}"),
            count => format!("{count} {noun}s"),
        };
        let fronts = many(self.imported.frontends.len(), "frontend");
        let backs = many(backends.len(), "backend");
        format!("{fronts}, {backs}, {}", many(servers, "server"))
    }

    /// The ledger as a table.
    pub(super) fn ledger(&self) -> Table {
        ledger::table(&self.imported.ledger, &self.files, self.ids.len() > 1)
    }

    /// The ledger as JSON.
    pub(super) fn directives(&self) -> Value {
        ledger::json(&self.imported.ledger, &self.files)
    }
}
