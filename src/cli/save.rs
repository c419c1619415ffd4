//! Files that are written whole or not at all: under another name first.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// A file being written. It gets its name when it is [kept](Self::keep); until then, what was
/// there before is still there.
pub(super) struct Save {
    path: PathBuf,
    draft: PathBuf,
    out: BufWriter<File>,
    kept: bool,
}

impl Save {
    /// Begins the file `path`.
    ///
    /// # Errors
    /// If no file can be made beside it.
    pub(super) fn new(path: &Path) -> io::Result<Self> {
        let name = path.file_name().ok_or(io::ErrorKind::IsADirectory)?;
        let mut draft = name.to_os_string();
        draft.push(format!(".{}.draft", std::process::id()));
        let draft = path.with_file_name(draft);
        Ok(Self {
            path: path.to_owned(),
            out: BufWriter::new(File::create(&draft)?),
            draft,
            kept: false,
        })
    }

    /// Gives the file its name.
    ///
    /// # Errors
    /// If the rest cannot be written, or the name not be given.
    pub(super) fn keep(mut self) -> io::Result<()> {
        self.out.flush()?;
        fs::rename(&self.draft, &self.path)?;
        self.kept = true;
        Ok(())
    }
}

impl Write for Save {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Drop for Save {
    fn drop(&mut self) {
        if !self.kept {
            // What cannot be removed can only be left.
            let _ = fs::remove_file(&self.draft);
        }
    }
}
