//! A `haproxy.cfg` on its way to a configuration.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::scenario::Files;
use crate::scenario::import::Env;
use crate::scenario::import::haproxy_cfg::{Dialect, Imported, read_cfg_in};

/// A configuration as read, with its texts.
pub(super) struct Config {
    pub(super) imported: Imported,
    pub(super) files: Files,
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

/// Whether a section of a proxy begins somewhere in the file at `path`.
pub(super) fn has_sections(path: &Path) -> bool {
    let text = fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let mut words = text
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    words.any(|word| matches!(word, "frontend" | "backend" | "listen"))
}

/// Reads the configuration at `path`: a file, or every `.cfg` of a folder in the order of
/// their names. Variables come from the process, from an `.env` beside the file, and from
/// `env`, the later ones winning.
///
/// # Errors
/// If a file cannot be read.
pub(super) fn read(path: &Path, env: Option<&Path>) -> io::Result<Config> {
    let env = environment(path, env)?;
    read_with(path, &env, Files::default(), Dialect::V2_6)
}

/// Reads the configuration at `path`, which sees the variables `env` and is written for the
/// HAProxy of `dialect`; its texts join `files`.
///
/// # Errors
/// If a file cannot be read.
pub(super) fn read_with(
    path: &Path,
    env: &Env,
    mut files: Files,
    dialect: Dialect,
) -> io::Result<Config> {
    let list = if path.is_dir() {
        parts(path)?
    } else {
        vec![path.to_owned()]
    };
    let mut ids = Vec::new();
    for part in &list {
        // HAProxy reads bytes; what is not UTF-8 can only stand in texts and comments.
        let bytes = fs::read(part).map_err(|error| named(part, &error))?;
        let text = String::from_utf8_lossy(&bytes);
        ids.push(files.add(part.display().to_string(), text));
    }
    Ok(Config {
        imported: read_cfg_in(dialect, &files, &ids, env, &|name| {
            listed(folder_of(path), name)
        }),
        files,
    })
}

/// The text of the file of patterns, or the map, that a configuration in `folder` calls
/// `name`: at that path, or else beside the configuration, which may have been written for
/// another machine.
fn listed(folder: &Path, name: &str) -> Result<String, String> {
    let path = folder.join(name);
    let beside = || Some(folder.join(Path::new(name).file_name()?));
    let found = match fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            beside().map_or(Err(error), fs::read)
        }
        read => read,
    };
    let bytes = found.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        _ => error.to_string(),
    })?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The folder of the configuration at `path`.
fn folder_of(path: &Path) -> &Path {
    if path.is_dir() {
        path
    } else {
        path.parent().unwrap_or(Path::new(""))
    }
}

/// The variables of the process.
pub(super) fn process() -> Env {
    let mut env = Env::default();
    for (name, value) in std::env::vars_os() {
        if let (Ok(name), Ok(value)) = (name.into_string(), value.into_string()) {
            env.set(name, value);
        }
    }
    env
}

/// The variables that the configuration at `path` sees.
///
/// # Errors
/// If the file `given` cannot be read.
pub(super) fn environment(path: &Path, given: Option<&Path>) -> io::Result<Env> {
    let folder = folder_of(path);
    let mut env = process();
    if let Ok(text) = fs::read_to_string(folder.join(".env")) {
        env.read_dotenv(&text);
    }
    if let Some(path) = given {
        let text = fs::read_to_string(path).map_err(|error| named(path, &error))?;
        env.read_dotenv(&text);
    }
    Ok(env)
}

/// `error`, which happened to the file at `path`.
pub(super) fn named(path: &Path, error: &io::Error) -> io::Error {
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

/// What a configuration comes to, in a few words: `1 backend, 2 servers`.
pub(super) fn summary(imported: &Imported) -> String {
    let backends = &imported.config.backends;
    let servers: usize = backends.iter().map(|backend| backend.servers.len()).sum();
    let many = |count: usize, noun: &str| match count {
        1 => format!("1 {noun}"),
        count => format!("{count} {noun}s"),
    };
    let fronts = many(imported.frontends.len(), "frontend");
    let backs = many(backends.len(), "backend");
    format!("{fronts}, {backs}, {}", many(servers, "server"))
}
