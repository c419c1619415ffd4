//! What was typed.

use std::path::PathBuf;

use balance::Version;
use clap::{Args, Parser, Subcommand, ValueEnum};

mod conform;
mod export;
mod house;
mod import;
mod what_if;

use super::at::{At, instant};
use super::exit;
use super::paint::Color;

pub use conform::Conform;
#[cfg(all(feature = "record", unix))]
pub use conform::Record;
pub use export::{Export, Form};
pub use house::{Completions, Described, Fmt, Man, New, Schema, Show};
pub use import::Import;
pub use what_if::{Cookies, WhatIf};

/// A deterministic simulator of a load-balancing lab around HAProxy's balancing decisions.
#[derive(Clone, Debug, Parser)]
#[command(name = "balancelab", version, after_help = exit::HELP, term_width = 90)]
pub struct Cli {
    /// The form of the result on standard output
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "FORM",
        help_heading = "Output"
    )]
    pub format: Format,
    /// When to use colours
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "WHEN",
        help_heading = "Output"
    )]
    pub color: Color,
    /// The language of explanations [default: that of the environment, else en]
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "LANG",
        help_heading = "Output"
    )]
    pub lang: Option<Tongue>,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Run scenarios and report who got which requests
    Run(Run),
    /// Read scenarios, a haproxy.cfg or a test plan and say what is wrong with them, without running them
    Check(Check),
    /// Replay recordings of a real HAProxy against the balancing core
    Conform(Conform),
    /// Record programs with a real HAProxy on loopback
    #[cfg(all(feature = "record", unix))]
    Record(Record),
    /// List the scenarios at hand with their titles
    List(List),
    /// Draw the topology of a scenario, or a state machine
    Graph(Graph),
    /// Draw who spoke to whom in a run: clients, HAProxy, servers
    Seq(Seq),
    /// Write a run in a form that other programs read: HAProxy's, JMeter's, and others
    Export(Export),
    /// Say why a request of a run went where it went
    Why(Why),
    /// Look at a run from the inside: a prompt in simulated time
    Console(Console),
    /// Show only what changes from one run to another
    Diff(Diff),
    /// Tell a whole run in sentences, and what to try next
    Explain(Explain),
    /// Show a run as one line per server: load, checks, state
    Timeline(Timeline),
    /// Draw plots of a run, each with a table of its numbers
    Plot(Plot),
    /// Write one page for a browser with everything about runs
    Report(Report),
    /// Compare a run with one in which a node is slow or down, and try what would help
    WhatIf(WhatIf),
    /// Write a haproxy.cfg or a lab's folder out as a scenario
    Import(Import),
    /// Write a scenario to begin with
    New(New),
    /// Lay scenario files out
    Fmt(Fmt),
    /// Print a scenario as one file, with what it extends
    Show(Show),
    /// Say what the versions of HAProxy do differently, and which recordings show it
    Profiles,
    /// Print the JSON Schema of scenarios, or of reports
    Schema(Schema),
    /// Print a script with which a shell completes our words
    Completions(Completions),
    /// Print a page of the manual
    Man(Man),
}

/// The forms of results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Aligned text for people
    #[default]
    Text,
    /// One JSON value
    Json,
    /// Comma-separated values
    Csv,
    /// Markdown
    Markdown,
}

/// The languages of explanations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Tongue {
    /// English
    En,
    /// Français
    Fr,
}

/// `balancelab run`
#[derive(Clone, Debug, Args)]
pub struct Run {
    /// Scenario files, haproxy.cfg files, or folders with a haproxy.cfg as labs hand them out
    #[arg(required_unless_present = "config", value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// What to run without a scenario
    #[command(flatten)]
    pub foreign: Foreign,
    /// Changes to them
    #[command(flatten)]
    pub changes: Changes,
    /// Also report the sequence of servers, in the order in which requests were sent
    #[arg(long)]
    pub picks: bool,
    /// Do not hold the scenarios' expectations against the outcome
    #[arg(long)]
    pub no_expect: bool,
    /// Watch every event for broken laws of the simulator itself
    #[arg(long)]
    pub verify: bool,
}

/// Files of other programs that make a run.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Without a scenario")]
pub struct Foreign {
    /// The haproxy.cfg, or a folder with its parts
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// A file with the environment variables of the haproxy.cfg
    #[arg(long, value_name = "FILE")]
    pub env: Option<PathBuf>,
    /// The docker-compose.yml that gives the nodes their names and HAProxy its environment
    #[arg(long, value_name = "FILE")]
    pub compose: Option<PathBuf>,
    /// Replay this log as the load: HAProxy's HTTP or TCP log, or results of JMeter (.jtl)
    #[arg(long, value_name = "FILE", conflicts_with = "plan")]
    pub log: Option<PathBuf>,
    /// Take this test plan of JMeter (.jmx) as the load
    #[arg(long, value_name = "FILE")]
    pub plan: Option<PathBuf>,
    /// Give a property of JMeter a value, for ${__P(NAME)} in the plan
    #[arg(short = 'J', value_name = "NAME=VALUE", value_parser = setting)]
    pub properties: Vec<(String, String)>,
}

/// `balancelab check`
#[derive(Clone, Debug, Args)]
pub struct Check {
    /// Scenario files, haproxy.cfg files, folders with .cfg files or with a haproxy.cfg as labs
    /// hand them out, docker-compose.yml files, or test plans (.jmx)
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// A file with the environment variables of a haproxy.cfg or a docker-compose.yml
    #[arg(long, value_name = "FILE")]
    pub env: Option<PathBuf>,
    /// Give a property of JMeter a value, for ${__P(NAME)} in a test plan
    #[arg(short = 'J', value_name = "NAME=VALUE", value_parser = setting)]
    pub properties: Vec<(String, String)>,
    /// Changes to them
    #[command(flatten)]
    pub changes: Changes,
}

/// `balancelab list`
#[derive(Clone, Debug, Args)]
pub struct List {
    /// Folders to look through, with those inside them
    #[arg(value_name = "FOLDER", default_value = "scenarios")]
    pub folders: Vec<PathBuf>,
}

/// `balancelab graph`
#[derive(Clone, Debug, Args)]
pub struct Graph {
    /// The scenario whose clients, servers and nodes are drawn
    #[arg(value_name = "FILE", required_unless_present = "machine")]
    pub file: Option<PathBuf>,
    /// Draw a state machine of the balancer instead
    #[arg(long, value_enum, conflicts_with = "file", value_name = "MACHINE")]
    pub machine: Option<Machine>,
    /// The form of the graph
    #[arg(long = "as", value_enum, default_value_t, value_name = "FORM")]
    pub drawing: Drawing,
}

/// `balancelab seq`
#[derive(Clone, Debug, Args)]
pub struct Seq {
    /// The scenario that is run
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Draw only this client's requests: jmeter, or jmeter/1 for its first thread
    #[arg(long, value_name = "CLIENT")]
    pub client: Option<String>,
    /// Draw this many requests
    #[arg(long, value_name = "NUMBER", default_value_t = 6)]
    pub first: usize,
    /// Draw the requests before and after a server changed its state, such as "s1 DOWN"
    #[arg(long, value_name = "STATE")]
    pub around: Option<String>,
    /// The form of the diagram
    #[arg(long = "as", value_enum, default_value_t, value_name = "FORM")]
    pub picture: Picture,
    /// Changes to the scenario
    #[command(flatten)]
    pub changes: Changes,
}

/// `balancelab why`
#[derive(Clone, Debug, Args)]
pub struct Why {
    /// The scenario that is run
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The request: its number in the order of sending, from 1
    #[arg(value_name = "NUMBER", required_unless_present_any = ["request", "at"])]
    pub number: Option<usize>,
    /// The request: its number among those of a client
    #[arg(
        long,
        value_name = "NUMBER",
        requires = "client",
        conflicts_with = "number"
    )]
    pub request: Option<usize>,
    /// The client of --request: jmeter, or jmeter/1 for its first thread
    #[arg(long, value_name = "CLIENT", requires = "request")]
    pub client: Option<String>,
    /// How things stand at this moment, and the request under way then: 12.5s
    #[arg(
        long,
        value_name = "MOMENT",
        value_parser = instant,
        allow_hyphen_values = true,
        conflicts_with_all = ["number", "request"]
    )]
    pub at: Option<At>,
    /// Changes to the scenario
    #[command(flatten)]
    pub changes: Changes,
}

/// `balancelab console`
#[derive(Clone, Debug, Args)]
pub struct Console {
    /// The scenario that is run
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Changes to the scenario
    #[command(flatten)]
    pub changes: Changes,
}

/// `balancelab diff`
#[derive(Clone, Debug, Args)]
pub struct Diff {
    /// The scenario on the left
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The scenario on the right; without it, --set makes the difference: given once, the
    /// file against the change, given twice, the first change against the second
    #[arg(value_name = "OTHER")]
    pub other: Option<PathBuf>,
    /// Do not show numbers that lie apart by no more than this many percent
    #[arg(long, value_name = "PERCENT", default_value_t = 5.0, value_parser = percent)]
    pub noise: f32,
    /// Changes to the scenarios
    #[command(flatten)]
    pub changes: Changes,
}

/// `balancelab timeline`
#[derive(Clone, Debug, Args)]
pub struct Timeline {
    /// The scenario that is run
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Letters and digits instead of blocks, ticks and arrows
    #[arg(long)]
    pub ascii: bool,
    /// Characters per line; if not given, those of the terminal, or 100 where there is none
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(60..))]
    pub width: Option<u16>,
    /// Changes to the scenario
    #[command(flatten)]
    pub changes: Changes,
}

/// `balancelab plot`
#[derive(Clone, Debug, Args)]
pub struct Plot {
    /// The scenario that is run
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The folder for NAME.svg and NAME.csv of each plot; it is made if need be
    #[arg(short, long, value_name = "FOLDER")]
    pub out: PathBuf,
    /// Write NAME.png of each plot as well
    #[cfg(feature = "png")]
    #[arg(long)]
    pub png: bool,
    /// Changes to the scenario
    #[command(flatten)]
    pub changes: Changes,
}

/// `balancelab report`
#[derive(Clone, Debug, Args)]
pub struct Report {
    /// The scenarios that are run
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The page; - for standard output
    #[arg(short, long, value_name = "PAGE", default_value = "report.html")]
    pub out: PathBuf,
    /// Changes to the scenarios
    #[command(flatten)]
    pub changes: Changes,
}

/// `balancelab explain`
#[derive(Clone, Debug, Args)]
pub struct Explain {
    /// The scenario that is run
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Changes to the scenario
    #[command(flatten)]
    pub changes: Changes,
}

/// The forms of diagrams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Picture {
    /// For the terminal
    #[default]
    Text,
    /// For Mermaid
    Mermaid,
    /// A picture
    Svg,
    /// A picture in pixels
    #[cfg(feature = "png")]
    Png,
}

/// The forms of graphs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Drawing {
    /// For Graphviz
    #[default]
    Dot,
    /// For Mermaid
    Mermaid,
    /// A picture
    Svg,
    /// A picture in pixels
    #[cfg(feature = "png")]
    Png,
}

/// The state machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Machine {
    /// The operational states of a server
    Server,
    /// The counting of health checks (rise 2, fall 3)
    Health,
}

/// Changes to a scenario from outside.
#[derive(Clone, Debug, Default, Args)]
pub struct Changes {
    /// Change one setting, such as nodes.s1.delay=250ms (may be given several times)
    #[arg(long = "set", value_name = "PATH=VALUE", value_parser = setting)]
    pub settings: Vec<(String, String)>,
    /// Change a setting of a node, such as s1.delay=250ms (may be given several times)
    #[arg(long = "node", value_name = "NODE.SETTING=VALUE", value_parser = setting)]
    pub nodes: Vec<(String, String)>,
    /// The algorithm of HAProxy, such as leastconn: short for --set proxy.balance=...
    #[arg(long, value_name = "ALGORITHM")]
    pub balance: Option<String>,
    /// The root of every random stream
    #[arg(long, value_name = "NUMBER")]
    pub seed: Option<u64>,
    /// The version of HAProxy whose decisions are taken: 2.2, 2.6 or 3.4
    #[arg(long, value_name = "VERSION", value_parser = profile)]
    pub profile: Option<Version>,
}

fn percent(text: &str) -> Result<f32, String> {
    match text.trim_end_matches('%').trim().parse() {
        Ok(percent) if (0.0..=100.0).contains(&percent) => Ok(percent),
        _ => Err("write a number from 0 to 100".to_owned()),
    }
}

fn setting(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((path, value)) if !path.trim().is_empty() => {
            Ok((path.trim().to_owned(), value.trim().to_owned()))
        }
        _ => Err("write PATH=VALUE, such as nodes.s1.delay=250ms".to_owned()),
    }
}

fn profile(text: &str) -> Result<Version, String> {
    Version::from_name(text).ok_or_else(|| {
        let names: Vec<&str> = Version::ALL.into_iter().map(Version::name).collect();
        format!("there are {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn settings_need_a_path() {
        assert_eq!(
            setting(" nodes.s1.delay = 2.5s "),
            Ok(("nodes.s1.delay".to_owned(), "2.5s".to_owned()))
        );
        assert_eq!(
            setting("title=a=b"),
            Ok(("title".to_owned(), "a=b".to_owned()))
        );
        assert!(setting("=1").is_err());
        assert!(setting("seed").is_err());
    }

    #[test]
    fn profiles_by_name() {
        assert_eq!(profile("2.2"), Ok(Version::V2_2));
        assert_eq!(profile("2.4"), Err("there are 2.2, 2.6, 3.4".to_owned()));
    }
}
