//! `balancelab graph`: pictures for Graphviz.

use std::io;

use super::args::{Changes, Graph, Machine};
use super::exit::Exit;
use super::load;
use super::screen::Screen;
use crate::report::graph;
use crate::trace::machine;

/// Prints the DOT text of what was asked for.
pub(super) fn run(args: &Graph, screen: &mut Screen) -> io::Result<Exit> {
    let dot = match (&args.file, args.machine) {
        (Some(file), _) => match load::plan(file, &Changes::default(), screen)? {
            Some(plan) => graph::dot(&plan),
            None => return Ok(Exit::Refused),
        },
        (None, Some(Machine::Health)) => machine::health_dot(2, 3),
        (None, _) => machine::operational_dot(),
    };
    screen.result(&dot)?;
    Ok(Exit::Fine)
}
