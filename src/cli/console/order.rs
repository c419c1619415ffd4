//! What is typed at the console's prompt, understood.

use balance::{Moment, ServerId};

use crate::cli::at;
use crate::plan::{Action, Plan, Reach};
use crate::report::sequence;
use crate::scenario::{suggest, units};
use crate::trace::{Names, Place};

/// The words that begin a line of ours, how each goes on, and what it does. Every other line
/// is one of the runtime API.
pub(super) const WORDS: &[(&str, &str, &str)] = &[
    ("step", "[N]", "let the next thing happen, or the next N"),
    (
        "run",
        "[5s | until 12.5s | until s1 DOWN]",
        "let the run go on: to its end, for a time, to a moment or a state",
    ),
    (
        "back",
        "[N | to 12.5s]",
        "go back by one thing, by N, or to a moment",
    ),
    (
        "visit",
        "[BROWSER]",
        "load the page in a browser (\"me\" if none is named)",
    ),
    ("clear", "cookies [BROWSER]", "empty a browser's cookie jar"),
    (
        "delay",
        "NODE TIME",
        "POST /delay to a node: delay s1 250ms",
    ),
    (
        "stop",
        "NODE [vanished]",
        "stop a node; its port is closed, or its machine gone",
    ),
    ("start", "NODE", "start a stopped node"),
    (
        "why",
        "[N]",
        "why the last request, or the N-th, went where it went",
    ),
    ("table", "", "who got how many requests so far"),
    ("status", "", "the moment, and the state of each server"),
    (
        "save",
        "FILE",
        "write the run with everything typed as a scenario",
    ),
    ("help", "", "this list"),
    ("quit", "", "leave"),
];

/// One line.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Order {
    Nothing,
    Step(u32),
    RunToEnd,
    RunTo(Moment),
    RunUntil(ServerId, Place),
    Back(usize),
    BackTo(Moment),
    Visit(String),
    ClearCookies(String),
    Act(Action),
    Why(Option<usize>),
    Table,
    Status,
    Save(String),
    Help,
    Quit,
}

/// The browser of somebody who names none.
const ME: &str = "me";

/// Understands a line.
///
/// # Errors
/// What is wrong with it, and what is accepted.
pub(super) fn read(line: &str, now: Moment, plan: &Plan, names: &Names) -> Result<Order, String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let browser = |name: Option<&&str>| name.map_or(ME, |name| name).to_owned();
    Ok(match words.as_slice() {
        [] => Order::Nothing,
        ["step"] => Order::Step(1),
        ["step", number] => Order::Step(count(number)?),
        ["run"] => Order::RunToEnd,
        ["run", "until", server, state] => {
            let (server, place) = sequence::around(&format!("{server} {state}"), names)?;
            Order::RunUntil(server, place)
        }
        ["run", "until", moment] => Order::RunTo(later(moment, now, plan)?),
        ["run", time] => {
            let span = units::duration(time).map_err(|error| told(&error))?;
            Order::RunTo(now + span)
        }
        ["back"] => Order::Back(1),
        ["back", "to", moment] => Order::BackTo(at::instant(moment)?.moment(plan.clients_start)?),
        ["back", number] => Order::Back(count(number)? as usize),
        ["visit", name @ ..] if name.len() < 2 => Order::Visit(browser(name.first())),
        ["clear", "cookies", name @ ..] if name.len() < 2 => {
            Order::ClearCookies(browser(name.first()))
        }
        ["delay", name, time] => Order::Act(Action::Delay {
            node: node(name, plan)?,
            to: units::duration(time).map_err(|error| told(&error))?,
        }),
        ["stop", name] => Order::Act(Action::Stop {
            node: node(name, plan)?,
            reach: Reach::Refusing,
        }),
        ["stop", name, "vanished"] => Order::Act(Action::Stop {
            node: node(name, plan)?,
            reach: Reach::Vanished,
        }),
        ["start", name] => Order::Act(Action::Start {
            node: node(name, plan)?,
        }),
        ["why"] => Order::Why(None),
        ["why", number] => Order::Why(Some(count(number)? as usize)),
        ["table"] => Order::Table,
        ["status"] => Order::Status,
        ["save", file] => Order::Save((*file).to_owned()),
        ["help"] => Order::Help,
        ["quit" | "exit"] => Order::Quit,
        [first, ..] => match WORDS.iter().find(|(word, ..)| word == first) {
            // `clear counters` is HAProxy's.
            Some((word, usage, _)) if !(*word == "clear" && words[1..] != ["cookies"]) => {
                return Err(format!("write: {word} {usage}").trim_end().to_owned());
            }
            _ => Order::Act(Action::Command(line.trim().to_owned())),
        },
    })
}

fn count(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(format!("\"{text}\" is no count; write 1, 2, 3, ...")),
    }
}

fn later(text: &str, now: Moment, plan: &Plan) -> Result<Moment, String> {
    let moment = at::instant(text)?.moment(plan.clients_start)?;
    if moment < now {
        return Err(format!("{text} is over; write: back to {text}"));
    }
    Ok(moment)
}

fn node(name: &str, plan: &Plan) -> Result<usize, String> {
    let names = || plan.nodes.iter().map(|node| node.name.as_str());
    names().position(|node| node == name).ok_or_else(|| {
        let near = suggest::nearest(name, names());
        let known: Vec<&str> = names().collect();
        let meant = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
        format!(
            "no node is called {name}; there are {}{meant}",
            known.join(", ")
        )
    })
}

fn told(error: &units::BadDuration) -> String {
    match &error.help {
        Some(help) => format!("{}; {help}", error.why),
        None => format!("{}; accepted are {}", error.why, units::ACCEPTED),
    }
}
