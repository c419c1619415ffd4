//! Files that are written whole or not at all.

use std::fs;
use std::io;
use std::path::Path;

/// Writes a file under a name beside its own and gives it its own when it is complete.
/// Whatever was there before stays until then.
///
/// # Errors
/// Those of the file system. Nothing is left behind.
pub(super) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let name = path.file_name().ok_or_else(|| {
        let text = "this is no name of a file";
        io::Error::new(io::ErrorKind::InvalidInput, text)
    })?;
    let mut beside = name.to_owned();
    beside.push(format!(".{}.part", std::process::id()));
    let beside = path.with_file_name(beside);
    let written = fs::write(&beside, bytes).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // It may not even have come into being.
        let _ = fs::remove_file(&beside);
    }
    written
}
