//! Files that are written whole or not at all.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Puts `text` (or bytes) into the file at `path`, over what was there.
///
/// # Errors
/// If it cannot be written; what was there is still there then.
pub(super) fn replace(path: &Path, text: impl AsRef<[u8]>) -> io::Result<()> {
    let draft = draft(path);
    let written = fs::write(&draft, text).and_then(|()| {
        if let Ok(known) = fs::metadata(path) {
            fs::set_permissions(&draft, known.permissions())?;
        }
        fs::rename(&draft, path)
    });
    if written.is_err() {
        // The first error is the one that tells.
        let _ = fs::remove_file(&draft);
    }
    written
}

/// Puts `text` into a new file at `path`.
///
/// # Errors
/// If it cannot be written, `AlreadyExists` among others.
pub(super) fn create(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    let written = file.write_all(text.as_bytes());
    if written.is_err() {
        let _ = fs::remove_file(path);
    }
    written
}

/// The name of the file while it is written: beside it, so that it can take its place.
fn draft(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}", std::process::id()))
}
