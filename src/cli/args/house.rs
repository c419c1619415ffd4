//! Arguments of the commands that keep house: scenarios as files, the shell, the manual.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use clap_complete::Shell;

use super::Changes;

/// `balancelab new`
#[derive(Clone, Debug, Args)]
pub struct New {
    /// Where to write it; `.ron` is added if it has no ending
    #[arg(value_name = "NAME", default_value = "scenario.ron")]
    pub name: PathBuf,
    /// Begin with this task of lab 3, such as 4.3-at-once
    #[arg(long, value_name = "TASK")]
    pub from: Option<String>,
}

/// `balancelab fmt`
#[derive(Clone, Debug, Args)]
pub struct Fmt {
    /// Scenario files, which are rewritten; - reads standard input and writes standard output
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Rewrite nothing; list the files that would change, and exit with 1 if there are any
    #[arg(long)]
    pub check: bool,
}

/// `balancelab show`
#[derive(Clone, Debug, Args)]
pub struct Show {
    /// The scenario; what it extends is put into it (--format json writes it in JSON)
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Spell out every default, HAProxy's and ours
    #[arg(long)]
    pub resolved: bool,
    /// Changes to it
    #[command(flatten)]
    pub changes: Changes,
}

/// `balancelab completions`
#[derive(Clone, Copy, Debug, Args)]
pub struct Completions {
    /// The shell that shall complete our words
    #[arg(value_enum, value_name = "SHELL")]
    pub shell: Shell,
}

/// `balancelab man`
#[derive(Clone, Debug, Args)]
pub struct Man {
    /// The page of this command instead of the first page
    #[arg(value_name = "COMMAND")]
    pub command: Option<String>,
    /// Write every page into this folder instead
    #[arg(long, value_name = "FOLDER", conflicts_with = "command")]
    pub out: Option<PathBuf>,
}

/// `balancelab schema`
#[derive(Clone, Debug, Args)]
pub struct Schema {
    /// Whose schema
    #[arg(value_enum, default_value_t, value_name = "WHAT")]
    pub what: Described,
}

/// What there is a schema of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Described {
    /// A scenario written in JSON
    #[default]
    Scenario,
    /// A report (`run --format json`, `export --as json`)
    Report,
}
