//! `balancelab explain`: a whole run in sentences.

use std::io;
use std::path::Path;

use super::args::{Changes, Explain, Format};
use super::exit::Exit;
use super::load;
use super::play;
use super::screen::Screen;
use crate::lab::World;
use crate::locale::Lang;
use crate::locale::catalogue::Catalogue;
use crate::plan::{Action, Plan};
use crate::report::explain::{Explanation, Story, Suggestion, json, text};
use crate::report::{KeepPicks, Tally};
use crate::trace::Names;

/// How many suggestions are made.
const SUGGESTIONS: usize = 3;

/// Runs the scenario and tells it.
pub(super) fn run(
    args: &Explain,
    format: Format,
    lang: Lang,
    screen: &mut Screen,
) -> io::Result<Exit> {
    let Some(plan) = load::plan(&args.file, &args.changes, screen)? else {
        return Ok(Exit::Refused);
    };
    match told(&args.file, &args.changes, &plan) {
        Ok(explanation) => {
            let speaker = Catalogue::new(lang);
            screen.result(&match format {
                Format::Json => format!("{:#}\n", json::value(&explanation, &speaker)),
                Format::Text | Format::Csv | Format::Markdown => text::text(&explanation, &speaker),
            })?;
            Ok(Exit::Fine)
        }
        Err(why) => {
            screen.alarm("error", &format!("{}: {why}", args.file.display()))?;
            Ok(Exit::Refused)
        }
    }
}

/// The run of `plan` in sentences, with suggestions that its file takes.
///
/// # Errors
/// Why it did not run to its end, in words.
pub(super) fn told(file: &Path, changes: &Changes, plan: &Plan) -> Result<Explanation, String> {
    let mut explanation = explain(plan)?;
    let fits = |suggestion: &Suggestion| is_possible(file, changes, plan, suggestion);
    explanation.next.retain(fits);
    // Of several forms of one suggestion, the first that fits is enough.
    explanation
        .next
        .dedup_by_key(|suggestion| suggestion.question.clone());
    explanation.next.truncate(SUGGESTIONS);
    Ok(explanation)
}

fn explain(plan: &Plan) -> Result<Explanation, String> {
    let mut tally = Tally::new(plan, KeepPicks::AsExpected);
    let mut story = Story::new(plan);
    let world = play::whole(plan, &mut (&mut tally, &mut story))?;
    let report = play::close(tally, plan, &world);
    Ok(story.close(&play::names(plan, &world), &report))
}

/// Whether the scenario takes a suggestion, and is another one with it.
fn is_possible(file: &Path, changes: &Changes, plan: &Plan, suggestion: &Suggestion) -> bool {
    let mut changes = changes.clone();
    let settings = suggestion.settings.iter();
    changes.settings.extend(settings.filter_map(|setting| {
        let (path, value) = setting.split_once('=')?;
        Some((path.to_owned(), value.to_owned()))
    }));
    match load::scenario(file, &changes) {
        Ok(loaded) => {
            let after = &loaded.plan;
            let others = *after != *plan;
            others && is_in_place(plan, after) && World::new(after).is_ok()
        }
        Err(_) => false,
    }
}

/// Whether no server and no entry of the timeline has gone, and each happens when it did. A suggestion
/// names an entry by its place in time, which need not be that in the file.
fn is_in_place(before: &Plan, after: &Plan) -> bool {
    let commands = |plan: &Plan| {
        let entries = plan.timeline.iter();
        let moments = entries.map(|timed| {
            let is_command = matches!(timed.action, Action::Command(_));
            (timed.at, is_command)
        });
        moments.collect::<Vec<_>>()
    };
    let same_servers = Names::of(&before.proxy) == Names::of(&after.proxy);
    same_servers && commands(before) == commands(after)
}
