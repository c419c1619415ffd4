//! `balancelab graph`: topology and state machines, for Graphviz, for Mermaid, as pictures.

use std::io;

use super::args::{Changes, Drawing, Graph, Machine};
use super::exit::Exit;
use super::load;
use super::screen::Screen;
use crate::report::graph::{self, mermaid, svg};

/// Draws what was asked for.
pub(super) fn run(args: &Graph, screen: &mut Screen) -> io::Result<Exit> {
    let (name, title, graph) = match (&args.file, args.machine) {
        (Some(file), _) => match load::plan(file, &Changes::default(), screen)? {
            Some(plan) => ("topology", plan.title.clone(), graph::topology(&plan)),
            None => return Ok(Exit::Refused),
        },
        (None, Some(Machine::Health)) => {
            let title = "Health checks of a server (rise 2, fall 3)".to_owned();
            ("health", title, graph::health(2, 3))
        }
        (None, _) => {
            let title = "Operational states of a server".to_owned();
            ("server", title, graph::operational())
        }
    };
    let text = match args.drawing {
        Drawing::Dot => graph::dot(&graph, name),
        Drawing::Mermaid => mermaid::text(&graph),
        Drawing::Svg => svg::text(&graph, &title),
        #[cfg(feature = "png")]
        Drawing::Png => return screen.picture(&svg::text(&graph, &title)),
    };
    screen.result(&text)?;
    Ok(Exit::Fine)
}
