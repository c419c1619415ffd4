//! How the program ends: one number for scripts to read.

use std::process::ExitCode;

/// The exit statuses, from best to worst.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// 0: everything went well and as expected.
    #[default]
    Fine = 0,
    /// 1: a run missed an expectation.
    Missed = 1,
    /// 2: the command line makes no sense.
    Usage = 2,
    /// 3: a file was refused.
    Refused = 3,
    /// 4: an invariant of the program itself broke; please report it.
    Broken = 4,
}

impl Exit {
    /// The worse of two.
    #[must_use]
    pub fn worst(self, other: Self) -> Self {
        self.max(other)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// The statuses as `--help` tells them.
pub const HELP: &str = "Exit status: 0 fine, 1 an expectation missed, 2 usage, 3 a file refused, \
                        4 an invariant of ours broken. With several files, the worst of them.";
