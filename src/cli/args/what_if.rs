//! Arguments of `balancelab what-if`.

use std::path::PathBuf;

use balance::Span;
use clap::{Args, ValueEnum};

use super::{Changes, Foreign};
use crate::scenario::units;

/// `balancelab what-if`
#[derive(Clone, Debug, Args)]
pub struct WhatIf {
    /// A haproxy.cfg, a lab's folder, or a scenario
    #[arg(value_name = "FILE", required_unless_present = "config")]
    pub file: Option<PathBuf>,
    /// Files without a scenario
    #[command(flatten)]
    pub foreign: Foreign,
    /// What if this node took so much longer, such as s1=250ms (may be given several times)
    #[arg(long, value_name = "NODE=TIME", value_parser = slow, required_unless_present = "down")]
    pub slow: Vec<(String, Span)>,
    /// What if this node did not run (may be given several times)
    #[arg(long, value_name = "NODE")]
    pub down: Vec<String>,
    /// So many users at once
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub users: Option<u32>,
    /// Their own time between an answer and the next request
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub think: Option<Span>,
    /// What they do with cookies
    #[arg(long, value_enum, value_name = "WHAT")]
    pub cookies: Option<Cookies>,
    /// The backend that they use
    #[arg(long, value_name = "NAME")]
    pub backend: Option<String>,
    /// How long they send requests; 60 s for a configuration without a log
    #[arg(long = "for", value_name = "TIME", value_parser = time)]
    pub duration: Option<Span>,
    /// Changes to both sides
    #[command(flatten)]
    pub changes: Changes,
}

/// What users do with cookies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Cookies {
    /// Keep them
    Keep,
    /// Clear them before each request
    Clear,
    /// Take none
    Off,
}

fn time(text: &str) -> Result<Span, String> {
    units::duration(text).map_err(|error| {
        let help = error
            .help
            .unwrap_or_else(|| "write 250ms or 2.5s".to_owned());
        format!("{}: {help}", error.why)
    })
}

fn slow(text: &str) -> Result<(String, Span), String> {
    let (node, delay) = text
        .split_once('=')
        .ok_or("write NODE=TIME, such as s1=250ms")?;
    Ok((node.to_owned(), time(delay)?))
}
