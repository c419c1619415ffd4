//! `balancelab diff`: what changes from one run to another.

use std::io;
use std::path::Path;

use super::args::{Changes, Diff, Format};
use super::exit::Exit;
use super::load;
use super::play;
use super::screen::Screen;
use crate::plan::Plan;
use crate::report::KeepPicks;
use crate::report::diff::Difference;

/// Runs both sides and shows what is different.
pub(super) fn run(args: &Diff, format: Format, screen: &mut Screen) -> io::Result<Exit> {
    let sides = match sides(args) {
        Ok(sides) => sides,
        Err(problem) => {
            screen.alarm("error", problem)?;
            return Ok(Exit::Usage);
        }
    };
    let mut plans: Vec<Plan> = Vec::new();
    for side in &sides {
        let Some(plan) = load::plan(side.file, &side.changes, screen)? else {
            return Ok(Exit::Refused);
        };
        plans.push(plan);
    }
    let mut reports = Vec::new();
    for (plan, side) in plans.iter().zip(&sides) {
        match play::report(plan, KeepPicks::All) {
            Ok(report) => reports.push(report),
            Err(why) => {
                screen.alarm("error", &format!("{}: {why}", side.file.display()))?;
                return Ok(Exit::Refused);
            }
        }
    }
    let names = sides.map(|side| side.name());
    let names = [names[0].as_str(), names[1].as_str()];
    let noise = f64::from(args.noise) / 100.0;
    let difference = Difference::of(&reports[0], &reports[1], noise);
    let text = match format {
        Format::Text => difference.text(names, noise, screen.ink()),
        Format::Markdown => difference.markdown(names, screen.words()),
        Format::Csv => difference.csv(),
        Format::Json => {
            let mut value = difference.json(noise);
            value["left"] = names[0].into();
            value["right"] = names[1].into();
            format!("{value:#}\n")
        }
    };
    screen.result(&text)?;
    Ok(Exit::Fine)
}

/// One side of the comparison.
struct Side<'a> {
    file: &'a Path,
    changes: Changes,
    /// The changes that the other side does not have.
    own: Option<(String, String)>,
}

impl Side<'_> {
    fn name(&self) -> String {
        let file = self.file.display();
        match &self.own {
            Some((path, value)) => format!("{file} --set {path}={value}"),
            None => file.to_string(),
        }
    }
}

/// Two files with the same changes, or one file with other changes on each side.
fn sides(args: &Diff) -> Result<[Side<'_>; 2], &'static str> {
    let common = Changes {
        settings: Vec::new(),
        ..args.changes.clone()
    };
    let side = |file, own: Option<&(String, String)>| Side {
        file,
        changes: Changes {
            settings: own.cloned().into_iter().collect(),
            ..common.clone()
        },
        own: own.cloned(),
    };
    match (&args.other, args.changes.settings.as_slice()) {
        (Some(other), settings) => {
            let both = |file| Side {
                file,
                changes: Changes {
                    settings: settings.to_vec(),
                    ..common.clone()
                },
                own: None,
            };
            Ok([both(&args.file), both(other)])
        }
        (None, [change]) => Ok([side(&args.file, None), side(&args.file, Some(change))]),
        (None, [left, right]) => Ok([side(&args.file, Some(left)), side(&args.file, Some(right))]),
        (None, []) => Err(
            "one file alone has nothing to differ from: name a second one, or \
                           a change with --set",
        ),
        (None, _) => Err(
            "one file has two sides: give one --set (the file against the \
                          change) or two (one change against the other)",
        ),
    }
}
