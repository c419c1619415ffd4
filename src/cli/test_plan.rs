//! A test plan of JMeter on its way to clients.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::scenario::import::jmx::{Imported, read_jmx};
use crate::scenario::{Files, Source};

/// A plan as read, with its texts.
pub(super) struct TestPlan {
    pub(super) imported: Imported,
    pub(super) files: Files,
}

/// Whether a file of this name is a test plan.
pub(super) fn is_plan_name(path: &Path) -> bool {
    let ending = path.extension().unwrap_or_default();
    ending.eq_ignore_ascii_case("jmx") && !path.is_dir()
}

/// The files beside a plan: what it names is looked for where it stands.
struct Beside(PathBuf);

impl Source for Beside {
    fn text(&self, name: &str) -> Result<String, String> {
        let bytes = fs::read(self.0.join(name)).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => "no such file".to_owned(),
            io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
            _ => error.to_string(),
        })?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// Reads the plan at `path`, with JMeter's `properties`. Its texts are added to `files`.
///
/// # Errors
/// If the file cannot be read.
pub(super) fn read(
    path: &Path,
    properties: &[(String, String)],
    mut files: Files,
) -> io::Result<TestPlan> {
    let bytes = fs::read(path)?;
    let file = files.add(path.display().to_string(), String::from_utf8_lossy(&bytes));
    let beside = Beside(path.parent().unwrap_or(Path::new("")).to_owned());
    let imported = read_jmx(&mut files, file, properties, &beside);
    Ok(TestPlan { imported, files })
}

impl TestPlan {
    /// What it comes to, in a few words: `2 thread groups`.
    pub(super) fn summary(&self) -> String {
        match self.imported.clients.0.len() {
            1 => "1 thread group".to_owned(),
            count => format!("{count} thread groups"),
        }
    }
}
