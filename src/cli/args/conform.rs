//! Arguments of the commands about recordings of a real HAProxy.

use std::path::PathBuf;

use balance::Version;
use clap::Args;

use super::profile;

/// `balancelab conform`
#[derive(Clone, Debug, Args)]
pub struct Conform {
    /// Recordings (.jsonl, .jsonl.gz), or folders to look through for them
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Take the decisions of this version (2.2, 2.6 or 3.4) instead of the recorded one's
    #[arg(long, value_name = "VERSION", value_parser = profile)]
    pub profile: Option<Version>,
}

/// `balancelab record`
#[cfg(all(feature = "record", unix))]
#[derive(Clone, Debug, Args)]
pub struct Record {
    /// Programs: recordings whose observations are not looked at and may be missing
    #[arg(required_unless_present = "random", value_name = "PROGRAM")]
    pub programs: Vec<PathBuf>,
    /// Also record this many random programs
    #[arg(long, default_value_t = 0, value_name = "NUMBER")]
    pub random: u64,
    /// The seed of the first random program; the next ones count up
    #[arg(long, default_value_t = 1, value_name = "NUMBER")]
    pub seed: u64,
    /// How often a program is recorded; all recordings must be the same
    #[arg(long, default_value_t = 2, value_name = "NUMBER")]
    pub times: usize,
    /// Compare each recording with the balancing core
    #[arg(long)]
    pub check: bool,
    /// Write each recording to NAME.jsonl in this folder instead of standard output
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
    /// The HAProxy to record
    #[arg(long, default_value = "haproxy", value_name = "PROGRAM")]
    pub haproxy: PathBuf,
}
