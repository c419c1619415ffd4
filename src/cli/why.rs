//! `balancelab why`: why one request went where it went, or how things stood at an instant.

use std::collections::BTreeSet;
use std::io;

use balance::Moment;
use serde_json::json;

use super::args::{Format, Why};
use super::exit::Exit;
use super::load;
use super::play::{journal, names};
use super::screen::Screen;
use crate::lab::{Foresight, World};
use crate::locale::catalogue::Catalogue;
use crate::locale::{Lang, Said, Speaker};
use crate::plan::Plan;
use crate::report::Clock;
use crate::report::journal::{Journal, What, find_client};
use crate::report::why::glance::{Glance, Newcomer};
use crate::report::why::{self, Facts, TURNS, Way, cookie_sent, decides, json as data, text};

/// Runs the scenario up to the request's end, or to the instant, and says why.
pub(super) fn run(args: &Why, format: Format, lang: Lang, screen: &mut Screen) -> io::Result<Exit> {
    let Some(plan) = load::plan(&args.file, &args.changes, screen)? else {
        return Ok(Exit::Refused);
    };
    match told(args, &plan) {
        Ok(Told { instant, request }) => {
            let speaker = Catalogue::new(lang);
            screen.result(&match format {
                Format::Json => as_json(instant.as_ref(), request.as_ref(), &speaker),
                Format::Text | Format::Csv | Format::Markdown => {
                    as_text(instant.as_ref(), request.as_ref(), &speaker)
                }
            })?;
            Ok(Exit::Fine)
        }
        Err(why) => {
            screen.alarm("error", &format!("{}: {why}", args.file.display()))?;
            Ok(Exit::Refused)
        }
    }
}

/// What was found out.
struct Told {
    instant: Option<Glance>,
    /// The request, and whether it was under way at the instant.
    request: Option<(why::Why, bool)>,
}

fn told(args: &Why, plan: &Plan) -> Result<Told, String> {
    let (journal, _) = journal(plan)?;
    let Some(at) = args.at else {
        let index = find(args, plan, &journal)?;
        let request = Some((explain(plan, &journal, index)?, false));
        return Ok(Told {
            instant: None,
            request,
        });
    };
    let moment = at.moment(plan.clients_start)?;
    let flying = journal.exchanges.iter().rposition(|exchange| {
        let ends = exchange.sample.map(|sample| sample.sent + sample.elapsed);
        exchange.sent <= moment && ends.is_none_or(|end| end > moment)
    });
    let next = journal.exchanges.iter().position(|e| e.sent > moment);
    let request = match (flying, next) {
        (Some(index), _) => Some((explain(plan, &journal, index)?, true)),
        (None, Some(index)) => Some((explain(plan, &journal, index)?, false)),
        (None, None) => None,
    };
    Ok(Told {
        instant: Some(stand(plan, moment)?),
        request,
    })
}

fn as_text(
    instant: Option<&Glance>,
    request: Option<&(why::Why, bool)>,
    speaker: &Catalogue,
) -> String {
    let mut out = String::new();
    if let Some(instant) = instant {
        out += &text::instant(instant, speaker);
    }
    if let Some((why, flying)) = request {
        if instant.is_some() {
            let which = if *flying { "flying" } else { "next" };
            let said = Said::new("why-the-one").with("which", which);
            out = out + "\n" + &speaker.say(&said) + "\n";
        }
        out += &text::text(why, speaker);
    }
    out
}

fn as_json(
    instant: Option<&Glance>,
    request: Option<&(why::Why, bool)>,
    speaker: &Catalogue,
) -> String {
    let value = match (instant, request) {
        (None, Some((why, _))) => data::value(why, speaker),
        (instant, request) => json!({
            "instant": instant.map(|instant| data::instant(instant, speaker)),
            "request": request.map(|(why, _)| data::value(why, speaker)),
            "in_flight": request.map(|(_, flying)| *flying),
        }),
    };
    format!("{value:#}\n")
}

/// The place of the wanted request in the order of sending, from 0.
fn find(args: &Why, plan: &Plan, journal: &Journal) -> Result<usize, String> {
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

/// Runs again, looking at the books before each step until something is decided about the
/// request. `whole` is the journal of the whole run.
pub(super) fn explain(plan: &Plan, whole: &Journal, index: usize) -> Result<why::Why, String> {
    let line = &why::line(plan, whole, index);
    let cookie = cookie_sent(whole, index);
    let mut journal = Journal::default();
    let mut way = Way::default();
    let mut world = World::new(plan).map_err(|error| error.to_string())?;
    let mut decision: Option<Foresight> = None;
    let mut told = 0;
    while !world.is_over() {
        let exchange = journal.exchanges.get(index);
        let undecided = exchange.is_some() && decision.is_none();
        let foresight = undecided.then(|| world.foresee(line, cookie, TURNS));
        world
            .step(&mut (&mut journal, &mut way))
            .map_err(|error| error.to_string())?;
        let news = &journal.entries[told..];
        if foresight.is_some() && decides(news, index) {
            decision = foresight;
        }
        for entry in news.iter().filter(|entry| entry.exchange == Some(index)) {
            match entry.what {
                What::Forwarded(_, server, _) => way.begin(plan, server),
                What::Done => way.end(),
                _ => {}
            }
        }
        told = journal.entries.len();
        let exchange = journal.exchanges.get(index);
        if exchange.is_some_and(|exchange| exchange.sample.is_some()) {
            break;
        }
    }
    let names = names(plan, &world);
    let facts = Facts {
        plan,
        journal: &journal,
        names: &names,
        index,
        books: decision
            .as_ref()
            .and_then(|foresight| foresight.books.as_ref()),
        ruling: decision.as_ref().map(|foresight| &foresight.ruling),
        way: &way,
    };
    Ok(facts.why())
}

/// How things stand at `moment`.
fn stand(plan: &Plan, moment: Moment) -> Result<Glance, String> {
    let mut journal = Journal::default();
    let mut world = World::new(plan).map_err(|error| error.to_string())?;
    world
        .run_until(moment, &mut journal)
        .map_err(|error| error.to_string())?;
    let names = names(plan, &world);
    let mut seen = BTreeSet::new();
    let lines = plan.clients.iter().map(|client| client.request(0));
    let asked: Vec<_> = lines
        .filter(|line| seen.insert((line.door, line.backend)))
        .map(|line| (line, world.foresee(line, None, TURNS)))
        .collect();
    let newcomers: Vec<Newcomer<'_>> = asked
        .iter()
        .map(|(line, foresight)| Newcomer {
            line,
            ruling: &foresight.ruling,
            books: foresight.books.as_ref(),
            chosen: foresight.chosen,
            queued: foresight.queued,
        })
        .collect();
    let unanswered = journal.exchanges.iter().filter(|e| e.sample.is_none());
    let at = Clock::starting(plan.clients_start).seconds(moment);
    Ok(Glance::of(plan, &names, at, &newcomers, unanswered.count()))
}
