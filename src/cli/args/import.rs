//! Arguments of `balancelab import`.

use std::path::PathBuf;

use clap::Args;

use super::{Changes, Foreign};

/// `balancelab import`
#[derive(Clone, Debug, Args)]
pub struct Import {
    /// A haproxy.cfg, a docker-compose.yml, or a lab's folder
    #[arg(value_name = "FILE", required_unless_present = "config")]
    pub file: Option<PathBuf>,
    /// Files one by one
    #[command(flatten)]
    pub foreign: Foreign,
    /// The scenario to write; `.ron` is added if it has no ending; - for standard output
    #[arg(short, long, value_name = "SCENARIO", default_value = "scenario.ron")]
    pub out: PathBuf,
    /// Changes to what is written
    #[command(flatten)]
    pub changes: Changes,
}
