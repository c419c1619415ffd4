//! `balancelab seq`: who spoke to whom.

use std::io;

use super::args::{Picture, Seq};
use super::exit::Exit;
use super::load;
use super::play::journal;
use super::screen::Screen;
use crate::report::journal::find_client;
use crate::report::sequence::{self, Selection, mermaid, sequence, svg, text};

/// Runs the scenario and draws what was chosen of it.
pub(super) fn run(args: &Seq, screen: &mut Screen) -> io::Result<Exit> {
    let Some(plan) = load::plan(&args.file, &args.changes, screen)? else {
        return Ok(Exit::Refused);
    };
    let drawn = journal(&plan).and_then(|(journal, names)| {
        let client = args.client.as_deref();
        let client = client.map(|text| find_client(&plan, text)).transpose()?;
        let around = args.around.as_deref();
        let around = around
            .map(|text| sequence::around(text, &names))
            .transpose()?;
        let selection = Selection {
            client,
            first: args.first,
            around,
        };
        sequence(&plan, &journal, &names, &selection)
    });
    match drawn {
        Ok(sequence) => {
            let sequence = sequence.told(screen.words());
            let text = match args.picture {
                Picture::Text => text::text(&sequence),
                Picture::Mermaid => mermaid::text(&sequence),
                Picture::Svg => svg::text(&sequence),
                #[cfg(feature = "png")]
                Picture::Png => return screen.picture(&svg::text(&sequence)),
            };
            screen.result(&text)?;
            Ok(Exit::Fine)
        }
        Err(why) => {
            screen.alarm("error", &format!("{}: {why}", args.file.display()))?;
            Ok(Exit::Refused)
        }
    }
}
