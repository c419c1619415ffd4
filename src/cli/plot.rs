//! `balancelab plot`: pictures of a run, and their numbers.

use std::fs;
use std::io;

use super::args::Plot;
use super::exit::Exit;
use super::file;
use super::load;
use super::play;
use super::screen::Screen;
use crate::report::plot::Run;
#[cfg(feature = "png")]
use crate::report::png;

/// Runs the scenario and writes its plots into a folder; lists what was written.
pub(super) fn run(args: &Plot, screen: &mut Screen) -> io::Result<Exit> {
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
    let run = Run {
        plan: &plan,
        course: &course,
        report: &report,
        names: &names,
        words: screen.words(),
    };
    if let Err(error) = fs::create_dir_all(&args.out) {
        let folder = args.out.display();
        screen.alarm(
            "error",
            &format!("cannot make the folder {folder}: {error}"),
        )?;
        return Ok(Exit::Refused);
    }
    for plot in run.plots() {
        let svg = plot.svg();
        let mut files = vec![("csv", plot.table.csv().into_bytes())];
        #[cfg(feature = "png")]
        if args.png {
            files.insert(0, ("png", png::of_svg(&svg)));
        }
        files.insert(0, ("svg", svg.into_bytes()));
        for (ending, bytes) in files {
            let path = args.out.join(format!("{}.{ending}", plot.name));
            if let Err(error) = file::replace(&path, &bytes) {
                screen.alarm(
                    "error",
                    &format!("cannot write {}: {error}", path.display()),
                )?;
                return Ok(Exit::Refused);
            }
            screen.result(&format!("{}\n", path.display()))?;
        }
    }
    Ok(Exit::Fine)
}
