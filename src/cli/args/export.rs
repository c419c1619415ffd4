//! What was typed after `balancelab export`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Changes;
use crate::cli::at::{At, instant};

/// `balancelab export`
#[derive(Clone, Debug, Args)]
pub struct Export {
    /// The scenario that is run
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// What to write
    #[arg(long = "as", value_enum, value_name = "FORM")]
    pub form: Form,
    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Look at this moment, such as 12.5s after the clients' start, instead of the end
    #[arg(long, value_name = "TIME", value_parser = instant, allow_hyphen_values = true)]
    pub at: Option<At>,
    /// Changes to the scenario
    #[command(flatten)]
    pub changes: Changes,
}

/// The forms that other programs read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Form {
    /// HAProxy's log with `option httplog`, or `option tcplog` in mode tcp, as syslog keeps it
    #[value(alias = "tcp-log")]
    HttpLog,
    /// What `show stat` prints
    ShowStat,
    /// What `show stat json` prints
    ShowStatJson,
    /// What `show stat typed` prints
    ShowStatTyped,
    /// The statistics as an HTML page
    StatsPage,
    /// The statistics for Prometheus, as HAProxy's exporter names them
    Prometheus,
    /// JMeter's Summary Report (--format text, csv, json or markdown)
    Summary,
    /// JMeter's Aggregate Report (--format text, csv, json or markdown)
    Aggregate,
    /// JMeter's samples as CSV, for JMeter 5
    Jtl,
    /// JMeter's samples as CSV, for JMeter 2.13
    Jtl2,
    /// The report of the run (`balancelab schema report` describes it)
    Json,
    /// Everything that happened, as one JSON object a line
    Jsonl,
    /// A trace for Perfetto, one track per client, node and check
    ChromeTrace,
    /// A row for each request, as a Parquet file
    #[cfg(feature = "parquet")]
    Parquet,
}
