//! A lab's folder as it is handed out: which of its files is which.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Folders deeper than this are not the lab's own.
const DEPTH: usize = 4;
/// A folder with more files than this is no lab.
const MOST: usize = 10_000;

/// The names of compose files; Docker takes the first of a folder.
const COMPOSES: [&str; 4] = [
    "compose.yaml",
    "compose.yml",
    "docker-compose.yml",
    "docker-compose.yaml",
];

/// The place of a path's name among [`COMPOSES`].
fn rank_of(path: &Path) -> usize {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = name.to_ascii_lowercase();
    let known = COMPOSES.iter().position(|known| *known == name);
    known.unwrap_or(COMPOSES.len())
}

/// The files of a folder that make a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Folder {
    /// `haproxy.cfg`
    pub(super) configs: Vec<PathBuf>,
    /// `.env`, or what ends in `.env`.
    pub(super) envs: Vec<PathBuf>,
    /// `*.jmx`
    pub(super) plans: Vec<PathBuf>,
    /// `docker-compose.yml` and its relatives; of one folder the one that Docker takes.
    pub(super) composes: Vec<PathBuf>,
}

/// Looks through `path` and the folders in it. Of files of one kind, only the uppermost
/// count, in the order of their names.
///
/// # Errors
/// If the folder cannot be read.
pub(super) fn look(path: &Path) -> io::Result<Folder> {
    let mut found = Folder::default();
    let mut level = vec![path.to_owned()];
    let mut files = 0;
    for depth in 0..DEPTH {
        let mut deeper = Vec::new();
        let mut here = Folder::default();
        for folder in &level {
            let entries = match fs::read_dir(folder) {
                Ok(entries) => entries,
                Err(error) if depth == 0 => return Err(error),
                Err(_) => continue,
            };
            for entry in entries.take(MOST.saturating_sub(files)) {
                let Ok(entry) = entry else { continue };
                files += 1;
                let path = entry.path();
                let name = entry.file_name().to_string_lossy().into_owned();
                if path.is_dir() {
                    if !name.starts_with('.') && name != "node_modules" {
                        deeper.push(path);
                    }
                } else {
                    here.learn(&name, path);
                }
            }
        }
        found.fill(here);
        deeper.sort();
        level = deeper;
    }
    Ok(found)
}

impl Folder {
    fn learn(&mut self, name: &str, path: PathBuf) {
        let lower = name.to_ascii_lowercase();
        let ends = |ending: &str| lower.ends_with(ending);
        if lower == "haproxy.cfg" {
            self.configs.push(path);
        } else if ends(".env") {
            self.envs.push(path);
        } else if ends(".jmx") {
            self.plans.push(path);
        } else if let Some(rank) = COMPOSES.iter().position(|known| *known == lower) {
            let beside = |other: &&mut PathBuf| other.parent() == path.parent();
            match self.composes.iter_mut().find(beside) {
                Some(other) if rank_of(other) > rank => *other = path,
                Some(_) => {}
                None => self.composes.push(path),
            }
        }
    }

    /// Takes over the kinds of files of which there are none yet.
    fn fill(&mut self, deeper: Self) {
        let pairs = [
            (&mut self.configs, deeper.configs),
            (&mut self.envs, deeper.envs),
            (&mut self.plans, deeper.plans),
            (&mut self.composes, deeper.composes),
        ];
        for (known, mut found) in pairs {
            if known.is_empty() {
                found.sort();
                *known = found;
            }
        }
    }
}
