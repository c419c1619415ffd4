//! `balancelab show`: a scenario as one file.

use std::io;

use super::args::{Format, Show};
use super::exit::Exit;
use super::load;
use super::screen::Screen;
use crate::scenario::{self, Form};

/// Prints the scenario with what it extends, or with every default spelled out.
pub(super) fn run(args: &Show, format: Format, screen: &mut Screen) -> io::Result<Exit> {
    let form = match format {
        Format::Text => Form::Ron,
        Format::Json => Form::Json,
        Format::Csv | Format::Markdown => {
            screen.alarm("error", "a scenario is written as text (RON) or json")?;
            return Ok(Exit::Usage);
        }
    };
    let text = if args.resolved {
        let plan = load::plan(&args.file, &args.changes, screen)?;
        if let Some(why) = plan.as_ref().and_then(scenario::unsaid) {
            screen.alarm("error", &why)?;
            return Ok(Exit::Refused);
        }
        plan.map(|plan| scenario::resolved_as(&plan, form))
    } else {
        match load::merged(&args.file, &args.changes, form) {
            Ok(text) => Some(text),
            Err(refused) => {
                load::remark(&refused.notes, &refused.files, screen)?;
                None
            }
        }
    };
    let Some(text) = text else {
        return Ok(Exit::Refused);
    };
    screen.result(&text)?;
    Ok(Exit::Fine)
}
