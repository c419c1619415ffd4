//! `balancelab report`: runs as one page for a browser.

use std::io;
use std::path::Path;

use balance::Balancer;

use super::args::{Changes, Report};
use super::exit::Exit;
use super::explain;
use super::file;
use super::load;
use super::play;
use super::screen::Screen;
use crate::lab::World;
use crate::locale::catalogue::Catalogue;
use crate::locale::{Lang, Words};
use crate::plan::Plan;
use crate::report::course::Course;
use crate::report::explain::text;
use crate::report::journal::Journal;
use crate::report::page::film::COLUMNS;
use crate::report::page::{self, Chapter, Film};
use crate::report::plot::{self, Plot};
use crate::report::{self, KeepPicks, Tally};
use crate::scenario;
use crate::trace::Names;

/// Runs every file and writes the page of those that came to an end.
pub(super) fn run(args: &Report, lang: Lang, screen: &mut Screen) -> io::Result<Exit> {
    let mut worst = Exit::Fine;
    let mut runs = Vec::new();
    for file in &args.files {
        let Some(plan) = load::plan(file, &args.changes, screen)? else {
            worst = worst.worst(Exit::Refused);
            continue;
        };
        let told = explain::told(file, &args.changes, &plan);
        let story = told.map(|told| text::text(&told, &Catalogue::new(lang)));
        let run = story.and_then(|story| {
            let command = command(file, &args.changes);
            Run::of(plan, (lang, story), command, screen.words())
        });
        match run {
            Ok(run) => {
                if !run.report.is_as_expected() {
                    worst = worst.worst(Exit::Missed);
                }
                runs.push(run);
            }
            Err(why) => {
                screen.alarm("error", &format!("{}: {why}", file.display()))?;
                worst = worst.worst(Exit::Refused);
            }
        }
    }
    if runs.is_empty() {
        return Ok(worst);
    }
    let chapters: Vec<Chapter<'_>> = runs.iter().map(Run::chapter).collect();
    let text = page::html(&chapters, screen.words());
    if args.out == Path::new("-") {
        screen.result(&text)?;
        return Ok(worst);
    }
    let name = args.out.display();
    match file::replace(&args.out, &text) {
        Ok(()) => screen.result(&format!("{name}\n"))?,
        Err(error) => {
            screen.alarm("error", &format!("cannot write {name}: {error}"))?;
            worst = worst.worst(Exit::Refused);
        }
    }
    Ok(worst)
}

/// What is typed to see the same table.
fn command(file: &Path, changes: &Changes) -> String {
    let mut words = vec!["balancelab run".to_owned(), file.display().to_string()];
    let quoted = |text: &str| format!("'{}'", text.replace('\'', r"'\''"));
    for (path, value) in &changes.settings {
        words.push(format!("--set {}", quoted(&format!("{path}={value}"))));
    }
    words.extend(changes.seed.map(|seed| format!("--seed {seed}")));
    let profile = changes.profile.map(balance::Version::name);
    words.extend(profile.map(|name| format!("--profile {name}")));
    words.join(" ")
}

/// A run, with everything that a page tells of it.
struct Run {
    plan: Plan,
    report: report::Report,
    plots: Vec<Plot>,
    journal: Journal,
    names: Names,
    film: Film,
    story: (Lang, String),
    settings: String,
    command: String,
}

impl Run {
    fn of(
        plan: Plan,
        story: (Lang, String),
        command: String,
        words: &dyn Words,
    ) -> Result<Self, String> {
        let mut course = Course::new(&plan);
        let mut tally = Tally::new(&plan, KeepPicks::AsExpected);
        let mut journal = Journal::default();
        let mut film = Film::default();
        let mut world = World::new(&plan).map_err(|error| error.to_string())?;
        let columns = columns();
        film.begin(rows_of(&columns, world.balancer().stat_rows(world.now())));
        while !world.is_over() {
            world
                .step(&mut ((&mut course, &mut tally), &mut journal))
                .map_err(|error| error.to_string())?;
            let rows = || world.balancer().stat_rows(world.now());
            film.take(world.now(), &journal, || rows_of(&columns, rows()));
        }
        course.close(world.summary().ended);
        let names = play::names(&plan, &world);
        let report = play::close(tally, &plan, &world);
        let drawn = plot::Run {
            plan: &plan,
            course: &course,
            report: &report,
            names: &names,
            words,
        };
        Ok(Self {
            plots: drawn.plots(),
            settings: scenario::resolved(&plan),
            report,
            journal,
            names,
            film,
            story,
            command,
            plan,
        })
    }

    fn chapter(&self) -> Chapter<'_> {
        Chapter {
            plan: &self.plan,
            report: &self.report,
            plots: &self.plots,
            journal: &self.journal,
            names: &self.names,
            film: &self.film,
            story: Some((self.story.0.tag(), &self.story.1)),
            settings: &self.settings,
            command: &self.command,
        }
    }
}

/// Where the columns of the film are among those of `show stat`.
fn columns() -> Vec<usize> {
    let all: Vec<&str> = Balancer::stat_columns().collect();
    let place = |wanted: &&str| all.iter().position(|name| name == wanted);
    COLUMNS.iter().filter_map(place).collect()
}

/// The rows of `show stat` as a film takes them: `nodes/s1`, and those columns.
fn rows_of(columns: &[usize], rows: Vec<balance::stats::StatRow>) -> Vec<(String, Vec<String>)> {
    let row = |mut row: balance::stats::StatRow| {
        let name = format!("{}/{}", row.fields[0], row.fields[1]);
        let values = columns.iter();
        let values = values.map(|column| std::mem::take(&mut row.fields[*column]));
        (name, values.collect())
    };
    rows.into_iter().map(row).collect()
}
