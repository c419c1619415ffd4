//! `balancelab export`: a run in the forms that other programs read.

use std::io::{self, Write};

use super::args::{Export, Form, Format};
use super::exit::Exit;
use super::load;
use super::play;
use super::save::Save;
use super::screen::Screen;
use crate::export::chrome::Chrome;
use crate::export::clock::Wall;
use crate::export::follow::{Follower, Reader};
use crate::export::http_log::HttpLog;
use crate::export::jmeter::{self, Kind};
use crate::export::jsonl::Jsonl;
use crate::export::jtl::{Columns, Jtl};
#[cfg(feature = "parquet")]
use crate::export::parquet as parquet_file;
use crate::export::stat::page::{self, Head};
use crate::export::stat::{self, Statistics, prometheus};
use crate::lab::World;
use crate::plan::Plan;
use crate::report::table::NoInk;
use crate::report::{Clock, KeepPicks, json, number};

/// Why there is no result.
enum Failure {
    /// The run did not come to its end, or its result cannot be written.
    Run(String),
    /// Whoever reads the result has gone, or the device is full.
    Output(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// Runs the scenario and writes it in the form asked for.
pub(super) fn run(args: &Export, format: Format, screen: &mut Screen) -> io::Result<Exit> {
    if let Err(why) = check(args, format) {
        screen.alarm("error", &why)?;
        return Ok(Exit::Usage);
    }
    let Some(plan) = load::plan(&args.file, &args.changes, screen)? else {
        return Ok(Exit::Refused);
    };
    let outcome = match &args.out {
        None => write(args, format, &plan, screen.writer()),
        Some(path) => Save::new(path)
            .map_err(Failure::Output)
            .and_then(|mut file| {
                write(args, format, &plan, &mut file)?;
                Ok(file.keep()?)
            })
            .map_err(|failure| match failure {
                Failure::Output(error) => {
                    Failure::Run(format!("cannot write {}: {error}", path.display()))
                }
                run @ Failure::Run(_) => run,
            }),
    };
    match outcome {
        Ok(()) => Ok(Exit::Fine),
        Err(Failure::Run(why)) => {
            screen.alarm("error", &why)?;
            Ok(Exit::Refused)
        }
        Err(Failure::Output(error)) => Err(error),
    }
}

/// What can be said against the options before anything is read.
fn check(args: &Export, format: Format) -> Result<(), String> {
    if format != Format::Text && !args.form.is_table() {
        return Err(format!(
            "--as {0} has one form only: leave --format out (it is for {1})",
            args.form.name(),
            names(Form::is_table),
        ));
    }
    if args.at.is_some() && !args.form.is_of_a_moment() {
        return Err(format!(
            "--as {} tells of the whole run: leave --at out (it is for {})",
            args.form.name(),
            names(Form::is_of_a_moment),
        ));
    }
    Ok(())
}

fn names(wanted: fn(Form) -> bool) -> String {
    let names: Vec<String> = <Form as clap::ValueEnum>::value_variants()
        .iter()
        .filter(|form| wanted(**form))
        .map(|form| form.name())
        .collect();
    names.join(", ")
}

impl Form {
    /// How it is called on the command line.
    fn name(self) -> String {
        let value = clap::ValueEnum::to_possible_value(&self);
        value.map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// Whether it is a table, which has the forms of all tables.
    fn is_table(self) -> bool {
        matches!(self, Self::Summary | Self::Aggregate)
    }

    /// Whether it shows one moment.
    fn is_of_a_moment(self) -> bool {
        matches!(
            self,
            Self::ShowStat
                | Self::ShowStatJson
                | Self::ShowStatTyped
                | Self::StatsPage
                | Self::Prometheus
        )
    }
}

fn write(args: &Export, format: Format, plan: &Plan, out: &mut dyn Write) -> Result<(), Failure> {
    let wall = Wall::of(&plan.proxy);
    match args.form {
        Form::HttpLog => Ok(follow(plan, HttpLog::new(out, wall))?.close()?),
        Form::Jtl => Ok(follow(plan, Jtl::new(out, wall, Columns::Five))?.close()?),
        Form::Jtl2 => Ok(follow(plan, Jtl::new(out, wall, Columns::Two))?.close()?),
        Form::Json => report(plan, out),
        Form::Jsonl => {
            let clock = Clock::starting(plan.clients_start);
            Ok(follow(plan, Jsonl::new(out, clock))?.close()?)
        }
        Form::ChromeTrace => Ok(follow(plan, Chrome::new(out))?.close()?),
        #[cfg(feature = "parquet")]
        Form::Parquet => {
            let failed = |error: parquet::errors::ParquetError| Failure::Run(error.to_string());
            let rows = parquet_file::Rows::new(Vec::new()).map_err(failed)?;
            let bytes = follow(plan, rows)?.close().map_err(failed)?;
            Ok(out.write_all(&bytes)?)
        }
        Form::ShowStat
        | Form::ShowStatJson
        | Form::ShowStatTyped
        | Form::StatsPage
        | Form::Prometheus => statistics(args, plan, out),
        Form::Summary => table(plan, Kind::Summary, format, out),
        Form::Aggregate => table(plan, Kind::Aggregate, format, out),
    }
}

/// Lets everything happen, and hands it to `reader` request by request.
fn follow<R: Reader>(plan: &Plan, reader: R) -> Result<R, Failure> {
    let mut follower = Follower::new(plan, reader);
    play::whole(plan, &mut follower).map_err(Failure::Run)?;
    Ok(follower.into_parts().0)
}

/// The report of the run.
fn report(plan: &Plan, out: &mut dyn Write) -> Result<(), Failure> {
    let report = play::report(plan, KeepPicks::AsExpected).map_err(Failure::Run)?;
    Ok(out.write_all(json::text(&report).as_bytes())?)
}

/// The statistics at a moment, or at the end.
fn statistics(args: &Export, plan: &Plan, out: &mut dyn Write) -> Result<(), Failure> {
    let failed = |error: &dyn std::error::Error| Failure::Run(error.to_string());
    let mut follower = Follower::new(plan, Statistics::default());
    let mut world = World::new(plan).map_err(|error| failed(&error))?;
    match args.at {
        None => {
            world.run(&mut follower).map_err(|error| failed(&error))?;
        }
        Some(at) => {
            let until = at.moment(plan.clients_start).map_err(Failure::Run)?;
            let outcome = world.run_until(until, &mut follower);
            outcome.map_err(|error| failed(&error))?;
        }
    }
    let now = world.now();
    let clock = Clock::starting(plan.clients_start);
    let head = Head {
        title: plan.title.clone(),
        moment: format!(
            "{} s after the clients' start",
            number(clock.seconds(now), 3)
        ),
        signature: format!(
            "seed {} \u{b7} profile {} \u{b7} scenario {}",
            plan.seed,
            plan.proxy.profile.version.name(),
            plan.scenario
        ),
    };
    let rows = follower.reader().rows(&plan.proxy, world.balancer(), now);
    let text = match args.form {
        Form::ShowStatJson => stat::text(&rows, stat::Form::Json),
        Form::ShowStatTyped => stat::text(&rows, stat::Form::Typed),
        Form::StatsPage => page::html(&head, &rows),
        Form::Prometheus => prometheus::text(&rows),
        _ => stat::text(&rows, stat::Form::Csv),
    };
    Ok(out.write_all(text.as_bytes())?)
}

/// One of JMeter's reports.
fn table(plan: &Plan, kind: Kind, format: Format, out: &mut dyn Write) -> Result<(), Failure> {
    let report = follow(plan, jmeter::Report::default())?;
    let text = match format {
        Format::Text => report.table(kind).text(&NoInk),
        Format::Csv => report.table(kind).csv(),
        Format::Markdown => report.table(kind).markdown(),
        Format::Json => format!("{:#}\n", report.json(kind)),
    };
    Ok(out.write_all(text.as_bytes())?)
}
