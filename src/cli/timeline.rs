//! `balancelab timeline`: a run as one line per server.

use std::io;

use super::args::{Format, Timeline};
use super::exit::Exit;
use super::load;
use super::play;
use super::screen::Screen;
use crate::report::Clock;
use crate::report::timeline::{self, Signs};

/// Runs the scenario and shows its course.
pub(super) fn run(args: &Timeline, format: Format, screen: &mut Screen) -> io::Result<Exit> {
    let Some(plan) = load::plan(&args.file, &args.changes, screen)? else {
        return Ok(Exit::Refused);
    };
    let (course, report, names) = match play::course(&plan) {
        Ok(run) => run,
        Err(why) => {
            screen.alarm("error", &format!("{}: {why}", args.file.display()))?;
            return Ok(Exit::Refused);
        }
    };
    let clock = Clock::starting(plan.clients_start);
    let table = || timeline::table(&course, clock, &names);
    let text = match format {
        Format::Text => {
            let timeline = timeline::Timeline {
                plan: &plan,
                course: &course,
                report: &report,
                names: &names,
            };
            let signs = if args.ascii {
                Signs::Ascii
            } else {
                Signs::Unicode
            };
            let width = args.width.map_or_else(|| screen.width(), usize::from);
            timeline.text(width, signs, screen.ink())
        }
        Format::Json => format!("{:#}\n", table().json()),
        Format::Csv => table().csv(),
        Format::Markdown => table().told(screen.words()).markdown(),
    };
    screen.result(&text)?;
    Ok(Exit::Fine)
}
