//! `balancelab why`: why one request went where it went.

use std::io;

use super::args::Why;
use super::exit::Exit;
use super::load;
use super::play::{journal, names};
use super::screen::Screen;
use crate::lab::World;
use crate::plan::Plan;
use crate::report::journal::{Journal, find_client};
use crate::report::why::{self, TURNS, decides};

/// Runs the scenario up to the request's end, and says why.
pub(super) fn run(args: &Why, screen: &mut Screen) -> io::Result<Exit> {
    let Some(plan) = load::plan(&args.file, &args.changes, screen)? else {
        return Ok(Exit::Refused);
    };
    let told = find(args, &plan).and_then(|index| explain(&plan, index));
    match told {
        Ok(text) => {
            screen.result(&text)?;
            Ok(Exit::Fine)
        }
        Err(why) => {
            screen.alarm("error", &format!("{}: {why}", args.file.display()))?;
            Ok(Exit::Refused)
        }
    }
}

/// The place of the wanted request in the order of sending, from 0.
fn find(args: &Why, plan: &Plan) -> Result<usize, String> {
    let (journal, _) = journal(plan)?;
    let client = args.client.as_deref();
    let client = client.map(|text| find_client(plan, text)).transpose()?;
    let wanted =
        |group, thread| client.is_none_or(|(c, t)| c == group && t.is_none_or(|t| t == thread));
    let number = args.request.or(args.number).unwrap_or(0);
    let mut sent = journal.of_client(wanted);
    let found = number.checked_sub(1).and_then(|before| sent.nth(before));
    found.map(|(index, _)| index).ok_or_else(|| {
        let count = journal.of_client(wanted).count();
        format!("there is no request {number}; there are {count}, counted from 1")
    })
}

/// Runs again, looking at the books before each step of the wanted request.
fn explain(plan: &Plan, index: usize) -> Result<String, String> {
    let mut journal = Journal::default();
    let mut world = World::new(plan).map_err(|error| error.to_string())?;
    let mut decision = None;
    while !world.is_over() {
        let exchange = journal.exchanges.get(index);
        let undecided = exchange.is_some() && decision.is_none();
        let books = undecided.then(|| {
            let backends = (0..plan.proxy.backends.len() as u32).map(balance::BackendId);
            let balancer = world.balancer();
            backends
                .map(|backend| balancer.books(backend, TURNS))
                .collect::<Vec<_>>()
        });
        let told = journal.entries.len();
        world
            .step(&mut journal)
            .map_err(|error| error.to_string())?;
        if let Some(books) = books
            && decides(&journal.entries[told..], index)
        {
            decision = Some(books);
        }
        if journal
            .exchanges
            .get(index)
            .is_some_and(|e| e.sample.is_some())
        {
            break;
        }
    }
    let names = names(plan, &world);
    Ok(why::text(
        plan,
        &journal,
        &names,
        index,
        decision.as_deref(),
    ))
}
