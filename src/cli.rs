//! The command line: one file per command, and the only place that reads files and the
//! environment and prints.

pub mod args;
pub mod at;
mod check;
mod compose;
mod config;
mod conform;
mod console;
mod diff;
pub mod exit;
mod explain;
mod export;
mod file;
mod fmt;
mod folder;
mod foreign;
mod graph;
mod import;
mod lang;
mod ledger;
mod list;
mod load;
mod manual;
mod new;
pub mod paint;
mod play;
mod plot;
mod profiles;
mod progress;
#[cfg(all(feature = "record", unix))]
mod record;
mod report;
mod run;
mod save;
mod screen;
mod seq;
mod show;
mod test_plan;
mod timeline;
mod what_if;
mod why;

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::Parser;

use self::args::{Cli, Command};
use self::exit::Exit;
use self::screen::Screen;

/// Does what the process's arguments ask for.
pub fn main() -> ExitCode {
    // Usage errors end the process here, with status 2.
    let cli = Cli::parse();
    // A panic means that an invariant of ours broke; its message has been written.
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let mut screen = Screen::standard(cli.color, lang::chosen(cli.lang));
        let exit = dispatch(&cli, &mut screen)?;
        screen.close()?;
        Ok(exit)
    }));
    match outcome {
        Ok(Ok(exit)) => exit.into(),
        // Whoever read the result has seen enough.
        Ok(Err(error)) if io::Error::kind(&error) == io::ErrorKind::BrokenPipe => Exit::Fine.into(),
        Ok(Err(error)) => {
            let mut screen = Screen::standard(cli.color, lang::chosen(cli.lang));
            // If even that cannot be said, the status has to do.
            let _ = screen.alarm("error", &format!("cannot write the result: {error}"));
            Exit::Refused.into()
        }
        Err(_) => Exit::Broken.into(),
    }
}

fn dispatch(cli: &Cli, screen: &mut Screen) -> io::Result<Exit> {
    match &cli.command {
        Command::Run(args) => run::run(args, cli.format, screen),
        Command::Check(args) => check::run(args, cli.format, screen),
        Command::Profiles => profiles::run(cli.format, screen),
        Command::Conform(args) => conform::run(args, cli.format, screen),
        #[cfg(all(feature = "record", unix))]
        Command::Record(args) => record::run(args, screen),
        Command::List(args) => list::run(args, cli.format, screen),
        Command::Graph(args) => graph::run(args, screen),
        Command::Seq(args) => seq::run(args, screen),
        Command::Export(args) => export::run(args, cli.format, screen),
        Command::Explain(args) => explain::run(args, cli.format, lang::chosen(cli.lang), screen),
        Command::Why(args) => why::run(args, cli.format, lang::chosen(cli.lang), screen),
        Command::Plot(args) => plot::run(args, screen),
        Command::Diff(args) => diff::run(args, cli.format, screen),
        Command::Report(args) => report::run(args, lang::chosen(cli.lang), screen),
        Command::Console(args) => console::run(args, lang::chosen(cli.lang), screen),
        Command::Timeline(args) => timeline::run(args, cli.format, screen),
        Command::WhatIf(args) => what_if::run(args, cli.format, screen),
        Command::Import(args) => import::run(args, cli.format, screen),
        Command::New(args) => new::run(args, screen),
        Command::Fmt(args) => fmt::run(args, screen),
        Command::Show(args) => show::run(args, cli.format, screen),
        Command::Schema(args) => {
            screen.result(&match args.what {
                args::Described::Scenario => crate::scenario::json_schema(),
                args::Described::Report => crate::report::shape::json_schema(),
            })?;
            Ok(Exit::Fine)
        }
        Command::Completions(args) => manual::completions(*args, screen),
        Command::Man(args) => manual::page(args, screen),
    }
}
