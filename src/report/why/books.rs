//! The rows about the servers, and about what the algorithm has written down.

use balance::books::{Books, Due, Ledger, Row as Server};
use balance::config::{Backend, Balance, HashKey};

use crate::locale::{Said, Value};
use crate::plan::RequestLine;
use crate::report::transitions::words;
use crate::trace::{Names, Place};

use super::Row;

/// One row for each server.
pub(super) fn considered(books: &Books, names: &Names) -> Vec<Row> {
    let rows = books.rows.iter();
    rows.map(|row| considered_one(row, books, names)).collect()
}

fn considered_one(row: &Server, books: &Books, names: &Names) -> Row {
    let member = &row.member;
    let weight = if books.sixteenths {
        f64::from(member.weight) / 16.0
    } else {
        f64::from(member.weight)
    };
    let said = Said::new("why-server")
        .with("server", names.name(row.server))
        .with("status", words(row.status, names))
        .with("weight", Value::Number(weight, 2));
    let served = if row.limit > 0 {
        Said::new("why-server-limited").with("limit", row.limit)
    } else {
        Said::new("why-server-serves")
    };
    let queued = Said::new("why-server-queue").with("queued", member.queued);
    let queued = (member.queued > 0).then_some(queued);
    let full = row.full.then(|| Said::new("why-server-full"));
    let takes = (!member.usable).then(|| match Place::of(row.status) {
        Place::Drain | Place::NoLb => Said::new("why-server-bound"),
        Place::Up => Said::new("why-server-unused"),
        Place::Down | Place::Maint => Said::new("why-server-nothing"),
    });
    let backup = member.backup.then(|| Said::new("why-server-backup"));
    Row::new("topic-considered", said)
        .and([served.with("served", member.served)])
        .and(queued)
        .and(full)
        .and(backup)
        .and(takes)
}

/// What the algorithm has written down, if it bears on a choice at all.
pub(super) fn ledger(
    books: &Books,
    backend: &Backend,
    line: &RequestLine,
    names: &Names,
) -> Vec<Row> {
    let mut rows = Vec::new();
    if !books.upcoming.is_empty() {
        let turns: Vec<String> = books.upcoming.iter().map(|s| names.name(*s)).collect();
        let said = Said::new("why-turns").with("turns", turns.join(" "));
        rows.push(Row::new("topic-books", said));
    }
    let said = match &books.ledger {
        Ledger::Map(_) | Ledger::Ring(_) => hashing(&books.ledger, backend, line, names),
        ledger => turns(ledger, names),
    };
    if let Some((first, others)) = said.split_first() {
        let row = Row::new("topic-books", first.clone());
        rows.push(row.and(others.iter().cloned()));
    }
    if books.queued > 0 {
        let said = Said::new("why-backend-queue").with("queued", books.queued);
        rows.push(Row::new("topic-books", said));
    }
    rows
}

/// The books of the algorithms that do not look at the request.
fn turns(ledger: &Ledger, names: &Names) -> Vec<Said> {
    let name = |server| names.name(server);
    match ledger {
        Ledger::RoundRobin { dues, .. } if dues.is_empty() => Vec::new(),
        Ledger::RoundRobin {
            position,
            window,
            dues,
        } => {
            let due = |&(server, due)| Value::from(due_said(due, name(server)));
            let dues: Vec<Value> = dues.iter().map(due).collect();
            let said = Said::new("why-position")
                .with("position", *position)
                .with("window", *window);
            vec![said, Said::new("why-dues").with("dues", dues)]
        }
        Ledger::StaticRr { place, places } => {
            let said = Said::new("why-map-place").with("place", place + 1);
            vec![said.with("places", *places)]
        }
        Ledger::LeastConn(order) => {
            let key = |&(server, key)| {
                let said = Said::new("why-key").with("server", name(server));
                Value::from(said.with("key", key))
            };
            let keys: Vec<Value> = order.iter().map(key).collect();
            vec![Said::new("why-keys").with("keys", keys)]
        }
        Ledger::First(order) => {
            let order: Vec<String> = order.iter().map(|server| name(*server)).collect();
            vec![Said::new("why-first").with("order", order)]
        }
        Ledger::Random(draws) => {
            let draw = |(number, server): &(u32, _)| {
                let said = Said::new("why-draw").with("number", number.to_string());
                Value::from(said.with("server", name(*server)))
            };
            let draws: Vec<Value> = draws.iter().map(draw).collect();
            vec![Said::new("why-draws").with("draws", draws)]
        }
        Ledger::Map(_) | Ledger::Ring(_) => Vec::new(),
    }
}

/// The books of the algorithms that hash the request.
fn hashing(ledger: &Ledger, backend: &Backend, line: &RequestLine, names: &Names) -> Vec<Said> {
    let name = |server| names.name(server);
    match ledger {
        Ledger::Map(Some(found)) => {
            let place = Said::new("why-map")
                .with("places", found.places)
                .with("place", found.place.to_string())
                .with("server", name(found.server));
            vec![hashed(backend, line, found.hash), place]
        }
        Ledger::Ring(Some(found)) => {
            let back = found.hash.wrapping_sub(found.before.0);
            let ahead = found.after.0.wrapping_sub(found.hash);
            let ring = Said::new("why-ring")
                .with("points", found.points)
                .with("before", name(found.before.1))
                .with("back", back.to_string())
                .with("after", name(found.after.1))
                .with("ahead", ahead.to_string());
            vec![hashed(backend, line, found.hash), ring]
        }
        _ => vec![Said::new("why-no-key")],
    }
}

fn due_said(due: Due, server: String) -> Said {
    match due {
        Due::At(position) => Said::new("why-due-at").with("position", position),
        Due::First => Said::new("why-due-first"),
        Due::NextWindow => Said::new("why-due-next"),
    }
    .with("server", server)
}

/// What is hashed, and what comes of it.
fn hashed(backend: &Backend, line: &RequestLine, hash: u32) -> Said {
    let said = match &backend.balance {
        Balance::Hash(HashKey::Source) => {
            Said::new("why-hash-of").with("key", line.source.to_string())
        }
        Balance::Hash(HashKey::Uri { .. } | HashKey::UrlParam { .. }) => {
            Said::new("why-hash-of").with("key", line.uri.as_str())
        }
        _ => Said::new("why-hash"),
    };
    said.with("hash", hash.to_string())
}
