//! `balancelab profiles`: what the versions of HAProxy do differently.

use std::io;

use super::args::Format;
use super::exit::Exit;
use super::screen::Screen;
use crate::conform::quirk;

/// Prints every switch of the profiles, and what it means in each version.
pub(super) fn run(format: Format, screen: &mut Screen) -> io::Result<Exit> {
    let text = match format {
        Format::Text => quirk::text(),
        Format::Markdown => quirk::markdown(),
        Format::Json => format!("{:#}\n", quirk::json()),
        Format::Csv => {
            screen.alarm("error", "the profiles are told as text, json or markdown")?;
            return Ok(Exit::Usage);
        }
    };
    screen.result(&text)?;
    Ok(Exit::Fine)
}
