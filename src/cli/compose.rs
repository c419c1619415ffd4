//! A `docker-compose.yml` on its way to services.

use std::fs;
use std::io;
use std::path::Path;

use super::config::{named, process};
use super::load::Disk;
use crate::scenario::import::Env;
use crate::scenario::import::compose::{Compose, read_compose};
use crate::scenario::{FileId, Files};

/// Whether a file of this name is a compose file: it ends in `.yml` or `.yaml`.
pub(super) fn is_compose_name(path: &Path) -> bool {
    let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
    ending == "yml" || ending == "yaml"
}

/// A compose file as read.
pub(super) struct Read {
    pub(super) compose: Compose,
    pub(super) file: FileId,
    /// The variables of the `.env` file.
    pub(super) dotenv: Env,
}

/// Reads the compose file at `path` into `files`. Its variables come from `env`, else from
/// the `.env` beside it; what the process's environment says counts before them.
///
/// # Errors
/// If a file cannot be read.
pub(super) fn read(path: &Path, env: Option<&Path>, files: &mut Files) -> io::Result<Read> {
    let bytes = fs::read(path).map_err(|error| named(path, &error))?;
    let file = files.add(
        path.to_string_lossy().replace('\\', "/"),
        String::from_utf8_lossy(&bytes),
    );
    let mut dotenv = Env::default();
    match env {
        Some(env) => {
            let text = fs::read_to_string(env).map_err(|error| named(env, &error))?;
            dotenv.read_dotenv(&text);
        }
        None => {
            if let Ok(text) = fs::read_to_string(path.with_file_name(".env")) {
                dotenv.read_dotenv(&text);
            }
        }
    }
    let mut known = dotenv.clone();
    for (name, value) in process().iter() {
        known.set(name, value);
    }
    Ok(Read {
        compose: read_compose(files, file, &known, &Disk),
        file,
        dotenv,
    })
}

/// What it comes to, in a few words: `3 services`.
pub(super) fn summary(compose: &Compose) -> String {
    match compose.services.len() {
        1 => "1 service".to_owned(),
        count => format!("{count} services"),
    }
}
