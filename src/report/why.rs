//! Why one request went where it went: who was considered, what the cookie said, what the
//! algorithm's books held, who was chosen by which rule, and what became of it.

use std::fmt::Write as _;

use balance::books::{Books, Row};
use balance::config::{Backend, CookieMode};
use balance::{By, Ending, Moment};

use super::Clock;
use super::journal::{Entry, Exchange, Journal, What, client_name};
use super::sequence::algorithm;
use super::transitions::words;
use crate::plan::{Client, Plan};
use crate::trace::{Names, Place};

/// How many turns of a rotation are shown.
pub const TURNS: usize = 8;

/// Whether the first decision about the exchange at `index` is among `entries`.
pub fn decides(entries: &[Entry], index: usize) -> bool {
    entries.iter().any(|entry| {
        entry.exchange == Some(index)
            && matches!(
                entry.what,
                What::Chosen(..) | What::Queued(_) | What::Replied(..)
            )
    })
}

/// The reasons, as lines `what  why`. `books` are those of all backends right before the
/// first decision; none if nothing was decided.
pub fn text(
    plan: &Plan,
    journal: &Journal,
    names: &Names,
    index: usize,
    books: Option<&[Books]>,
) -> String {
    let exchange = &journal.exchanges[index];
    let clock = Clock::starting(plan.clients_start);
    let request = match &plan.clients[exchange.client as usize] {
        Client::Threads(group) => &group.request,
        Client::Browser(browser) => &browser.request,
    };
    let backend_id = request.backend.0 as usize;
    let backend = &plan.proxy.backends[backend_id];
    let entries: Vec<&Entry> = journal
        .entries
        .iter()
        .filter(|entry| entry.exchange == Some(index))
        .collect();
    let mut rows: Vec<(&str, String)> = Vec::new();
    if let Some(What::Asked { line, cookie }) = entries.iter().map(|e| &e.what).next() {
        let cookie = cookie.as_deref().unwrap_or("no cookie");
        rows.push(("asked", format!("{line}, {cookie}")));
    }
    let books = books.and_then(|books| books.get(backend_id));
    if let Some(books) = books {
        for row in &books.rows {
            rows.push(("considered", considered(row, books, names)));
        }
    }
    let ending = exchange.ending.as_ref();
    rows.push(("cookie", cookie(backend, ending)));
    let first = entries.iter().find_map(|entry| match entry.what {
        What::Chosen(_, by) => Some(by),
        _ => None,
    });
    rows.push(("algorithm", asked_algorithm(backend, books, first, names)));
    for entry in &entries {
        rows.extend(happened(entry, exchange, clock, names));
    }
    rows.extend(ended(exchange, names));
    let who = client_name(plan, exchange.client, exchange.thread);
    let sent = seconds(clock, exchange.sent);
    let mut out = format!("request {} \u{b7} {who} \u{b7} sent at {sent}\n", index + 1);
    let mut before = "";
    for (head, line) in rows {
        let shown = if head == before { "" } else { head };
        let _ = writeln!(out, "  {shown:<11} {line}");
        before = head;
    }
    out
}

fn seconds(clock: Clock, at: Moment) -> String {
    format!("{:.3} s", clock.seconds(at))
}

/// One server as balancing saw it.
fn considered(row: &Row, books: &Books, names: &Names) -> String {
    let member = &row.member;
    let weight = if books.sixteenths {
        f64::from(member.weight) / 16.0
    } else {
        f64::from(member.weight)
    };
    let mut line = format!(
        "{} {}, effective weight {weight}, serves {}",
        names.name(row.server),
        words(row.status, names),
        member.served
    );
    if member.maxconn > 0 {
        let _ = write!(line, " of maxconn {}", member.maxconn);
    }
    if member.queued > 0 {
        let _ = write!(line, ", {} in its queue", member.queued);
    }
    if !member.usable {
        line += match Place::of(row.status) {
            Place::Drain | Place::NoLb => ": only for those bound to it",
            Place::Up => ": not for balancing",
            Place::Down | Place::Maint => ": takes nothing",
        };
    }
    line
}

/// What the cookie said, by the log's two letters.
fn cookie(backend: &Backend, ending: Option<&Ending>) -> String {
    let Some(cookie) = &backend.cookie else {
        return "none is configured".to_owned();
    };
    let name = &cookie.name;
    if cookie.mode == CookieMode::Passive && !cookie.indirect {
        return format!("{name} is only read (no letters in the log)");
    }
    let Some(ending) = ending else {
        return format!("{name}: the proxy never answered");
    };
    let [asked, told] = [ending.flags[2], ending.flags[3]].map(char::from);
    let said = match asked {
        'N' => "was not sent",
        'I' => "names no server: it does not count",
        'D' => "names a server that could not be reached",
        'V' => "names a server that can be reached: it counts",
        'E' => "is older than maxidle: it does not count",
        'O' => "is older than maxlife: it does not count",
        'U' => "was not looked at",
        _ => "left no trace",
    };
    let did = match told {
        'N' => "nothing is set",
        'I' => "a new one is set",
        'D' => "the server's own is taken out",
        'R' => "the server's own is rewritten",
        'U' => "its date is set anew",
        'P' => "the server's own is left",
        _ => "no trace of the answer's",
    };
    format!("{name} {said} ({asked}); {did} ({told})  [manual 4.2 cookie, 8.5]")
}

/// What the algorithm had to say.
fn asked_algorithm(
    backend: &Backend,
    books: Option<&Books>,
    first: Option<By>,
    names: &Names,
) -> String {
    let name = algorithm(&backend.balance);
    let state = match first {
        Some(By::Algorithm) => "asked",
        Some(By::Cookie) => "not asked: the cookie has decided",
        Some(By::Stick) => "not asked: the stick table has decided",
        Some(By::UseServer) => "not asked: a use-server rule has decided",
        Some(By::Queue) => "not asked: a server took the request from the queue",
        None => "found nobody",
    };
    let turns = books.map_or(&[][..], |books| &books.upcoming);
    let turns: Vec<String> = turns.iter().map(|server| names.name(*server)).collect();
    if turns.is_empty() {
        format!("{name}: {state}  [manual 4.2 balance]")
    } else {
        let turns = turns.join(" ");
        format!("{name}: {state}; its next turns were {turns}  [manual 4.2 balance]")
    }
}

/// One step on its way.
fn happened(
    entry: &Entry,
    exchange: &Exchange,
    clock: Clock,
    names: &Names,
) -> Option<(&'static str, String)> {
    let at = seconds(clock, entry.at);
    let name = |server| names.name(server);
    Some(match &entry.what {
        What::Chosen(server, by) => {
            let rule = match by {
                By::Algorithm => "by the algorithm",
                By::Cookie => "by the cookie",
                By::Stick => "by the stick table",
                By::UseServer => "by a use-server rule",
                By::Queue => "from the queue",
            };
            ("chosen", format!("{at}  {}, {rule}", name(*server)))
        }
        What::Queued(Some(server)) => {
            let line = format!("{at}  in the queue of {}: it is full", name(*server));
            ("waits", line + "  [manual 5.2 maxconn]")
        }
        What::Queued(None) => {
            let line = format!("{at}  in the backend's queue: nobody has a free slot");
            ("waits", line + "  [manual 5.2 maxconn]")
        }
        What::Dequeued(server, waited) => {
            let line = format!("{at}  {} takes it after {waited}", name(*server));
            ("chosen", line)
        }
        What::Refused(_) => ("trouble", format!("{at}  the connection is refused")),
        What::Retried(server) => {
            let line = format!(
                "{at}  {} is tried again  [manual 4.2 retries]",
                name(*server)
            );
            ("trouble", line)
        }
        What::Redispatched(server) => {
            let line = format!(
                "{at}  it leaves {}  [manual 4.2 option redispatch]",
                name(*server)
            );
            ("trouble", line)
        }
        What::Forwarded(_, server, _) => ("sent on", format!("{at}  to {}", name(*server))),
        What::Answered { status, .. } => ("answered", format!("{at}  {status}")),
        What::Done if exchange.sample.is_some_and(|s| s.status == 0) => {
            ("trouble", format!("{at}  the client has no answer"))
        }
        _ => return None,
    })
}

/// How it ended, for the proxy and for the client.
fn ended(exchange: &Exchange, names: &Names) -> Vec<(&'static str, String)> {
    let mut rows = Vec::new();
    if let Some(ending) = &exchange.ending {
        let flags = String::from_utf8_lossy(&ending.flags).into_owned();
        let waited = ending
            .waited
            .map_or_else(|| "-".to_owned(), |w| w.to_string());
        let server = ending
            .server
            .map_or_else(|| "<NOSRV>".to_owned(), |s| names.name(s));
        let line = format!(
            "{} {flags} {server}, in queues {waited}, retries {}{}",
            ending.status,
            if ending.redispatched { "+" } else { "" },
            ending.retries
        );
        rows.push(("log", line + "  [manual 8.5]"));
    }
    if let Some(sample) = &exchange.sample {
        let millis = sample.elapsed.as_nanos() as f64 / 1e6;
        let session = if sample.session_restarted {
            ", and a new session: its cookie was of no use there"
        } else {
            ""
        };
        rows.push((
            "client",
            format!("{} after {millis:.1} ms{session}", sample.status),
        ));
    }
    rows
}
