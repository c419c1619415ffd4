//! `balancelab run`: from files to reports.

use std::io;
use std::path::Path;

use super::args::{Format, Run};
use super::exit::Exit;
use super::foreign;
use super::load;
use super::play;
use super::progress::Progress;
use super::screen::Screen;
use crate::lab::World;
use crate::oracle::{Oracle, Violation};
use crate::plan::Plan;
use crate::report::{KeepPicks, Report, Tally, csv, json, markdown, text};

/// Runs every file, even if one before it failed.
pub(super) fn run(args: &Run, format: Format, screen: &mut Screen) -> io::Result<Exit> {
    let mut worst = Exit::Fine;
    let mut reports = Vec::new();
    for (number, file) in inputs(args).into_iter().enumerate() {
        let foreign = args.foreign.config.is_some() || file.is_some_and(foreign::is_meant);
        let outcome = match file {
            Some(file) if !foreign && args.foreign.plan.is_some() => {
                Err(foreign::has_its_own(file).into())
            }
            Some(file) if !foreign => match &args.foreign.log {
                Some(log) => load::scenario(file, &load::replaying(log, &args.changes)),
                None => load::scenario(file, &args.changes),
            },
            place => foreign::load(place, &args.foreign, &args.changes),
        };
        let Some(mut plan) = load::told(outcome, screen)? else {
            worst = worst.worst(Exit::Refused);
            continue;
        };
        if args.no_expect {
            plan.expect.clear();
        }
        let exit = match simulate(&plan, args, screen) {
            Ok((report, violations)) => {
                complain(&violations, &named(file, args), &report, screen)?;
                let exit = judge(&report, &violations);
                match format {
                    Format::Text | Format::Markdown => {
                        show(&report, number, format, screen)?;
                    }
                    Format::Json => reports.push(report),
                    Format::Csv => {
                        tell_missed(&report, screen)?;
                        reports.push(report);
                    }
                }
                exit
            }
            Err(Unrun(why)) => {
                screen.alarm("error", &format!("{}: {why}", named(file, args)))?;
                Exit::Refused
            }
        };
        worst = worst.worst(exit);
    }
    match (format, reports.as_slice()) {
        // Several files make an array, even if only one of them came to a report.
        (Format::Json, reports) if inputs(args).len() > 1 => screen.result(&json::list(reports))?,
        (Format::Json, [report]) => screen.result(&json::text(report))?,
        (Format::Csv, [_, ..]) => screen.result(&csv::text(&reports))?,
        (Format::Text | Format::Markdown | Format::Json | Format::Csv, _) => {}
    }
    Ok(worst)
}

/// What is run, one after the other; none stands for the files named by options.
fn inputs(args: &Run) -> Vec<Option<&Path>> {
    if args.files.is_empty() {
        return vec![None];
    }
    args.files.iter().map(|file| Some(file.as_path())).collect()
}

/// How an input is named on the command line.
fn named(file: Option<&Path>, args: &Run) -> String {
    let config = args.foreign.config.as_deref();
    match (file, config) {
        (Some(file), _) => file.display().to_string(),
        (None, Some(config)) => format!("--config {}", config.display()),
        (None, None) => String::new(),
    }
}

/// Why a plan that was accepted did not come to a report, in words.
struct Unrun(String);

impl Unrun {
    fn new(error: impl std::error::Error) -> Self {
        Self(error.to_string())
    }
}

/// Lets the plan happen and draws up its report.
fn simulate(
    plan: &Plan,
    args: &Run,
    screen: &mut Screen,
) -> Result<(Report, Vec<Violation>), Unrun> {
    let keep = if args.picks {
        KeepPicks::All
    } else {
        KeepPicks::AsExpected
    };
    let mut tally = Tally::new(plan, keep);
    let mut oracle = args.verify.then(|| Oracle::new(plan));
    let mut world = World::new(plan).map_err(Unrun::new)?;
    let mut progress = Progress::new(screen, &plan.scenario);
    // Told apart, so that a plain run pays nothing for the oracle it does not have.
    let outcome = match &mut oracle {
        Some(oracle) => world.run(&mut ((&mut tally, &mut progress), oracle)),
        None => world.run(&mut (&mut tally, &mut progress)),
    };
    progress.close();
    let summary = outcome.map_err(Unrun::new)?;
    let violations = oracle.map_or_else(Vec::new, |oracle| oracle.close(summary.unfinished == 0));
    Ok((play::close(tally, plan, &world), violations))
}

fn judge(report: &Report, violations: &[Violation]) -> Exit {
    if !violations.is_empty() {
        Exit::Broken
    } else if report.is_as_expected() {
        Exit::Fine
    } else {
        Exit::Missed
    }
}

fn show(report: &Report, number: usize, format: Format, screen: &mut Screen) -> io::Result<()> {
    if number > 0 {
        screen.result("\n")?;
    }
    let text = match format {
        Format::Markdown => markdown::text(report, screen.words()),
        Format::Text | Format::Json | Format::Csv => text::text(report, screen.ink()),
    };
    screen.result(&text)
}

/// Says what was missed, for a form of the result that has no room for it.
fn tell_missed(report: &Report, screen: &mut Screen) -> io::Result<()> {
    for verdict in report.expect.iter().filter(|verdict| !verdict.ok) {
        let (scenario, text, got) = (&report.scenario, &verdict.text, &verdict.got);
        screen.alarm("missed", &format!("{scenario}: {text}: got {got}"))?;
    }
    Ok(())
}

/// Says which laws of ours broke, and how to see it again.
fn complain(
    violations: &[Violation],
    file: &str,
    report: &Report,
    screen: &mut Screen,
) -> io::Result<()> {
    for violation in violations {
        screen.alarm("broken law", &violation.to_string())?;
    }
    if !violations.is_empty() {
        let seed = report.seed;
        let profile = report.profile;
        screen.remark(&format!(
            "this is a mistake of balancelab; to see it again:\n  balancelab run --verify --seed {seed} --profile {profile} {file}"
        ))?;
    }
    Ok(())
}
