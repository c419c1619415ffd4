//! Does `why` say what really decided?

use std::process::Command;

use balance::books::{Books, Due, Ledger};
use balance::{BackendId, By, ServerId};
use balancelab::lab::World;
use balancelab::report::journal::{Journal, What};
use serde_json::Value;

use crate::play;
use crate::snapshots;
use crate::tidy::source::top;

/// Requests whose reasons are kept: where the snapshot lies, and what `why` is told.
pub(crate) const REASONS: [(&str, &[&str]); 12] = [
    ("1.5-at-once/why-refused", &["1"]),
    ("2.3-browsers/why-cookie", &["2"]),
    ("3-maint/why-maint", &["9"]),
    (
        "4.3-at-once/why-down",
        &["--client", "jmeter/1", "--request", "4"],
    ),
    (
        "4.3-at-once/why-down-fr",
        &["--client", "jmeter/1", "--request", "4", "--lang", "fr"],
    ),
    (
        "4.3-at-once/why-slow",
        &["--client", "jmeter/1", "--request", "2"],
    ),
    ("4.3-at-once/why-at-fr", &["--at", "12.5s", "--lang", "fr"]),
    ("5-leastconn-250ms/why-keys", &["7"]),
    ("5-source/why-hash", &["1"]),
    ("5-source/why-hash-fr", &["1", "--lang", "fr"]),
    ("5-random/why-draws", &["3"]),
    ("5-first-250ms/why-first", &["2"]),
];

fn why(task: &str, args: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_balancelab"))
        .args(["why", &format!("scenarios/lab3/{task}.ron")])
        .args(args)
        .current_dir(top())
        .env("LC_ALL", "C")
        .output()
        .expect("the binary runs");
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8(text).expect("UTF-8");
    (output.status.code(), text)
}

#[test]
fn reasons_of_the_lab() {
    for (path, args) in REASONS {
        let (task, _) = path.split_once('/').expect("a task and a name");
        let (status, text) = why(task, args);
        assert_eq!(status, Some(0), "{text}");
        snapshots::assert(&format!("lab3/{path}"), &text);
    }
}

#[test]
fn a_request_that_is_not_there_is_refused() {
    for number in ["0", "7"] {
        let (status, text) = why("1.1-browser", &[number]);
        assert_eq!(status, Some(3));
        assert!(text.contains("there are 6"), "{text}");
    }
}

/// Whenever the algorithm alone decides, it decides as its books said right before.
#[test]
fn the_books_foretell_every_turn() {
    for task in ["1.4", "1.5-at-once", "4.3-at-once", "4.6", "5-static-rr"] {
        let plan = play::plan(&format!("scenarios/lab3/{task}.ron"), &[]);
        let mut world = World::new(&plan).expect("a checked plan");
        let mut journal = Journal::default();
        let (mut foretold, mut told) = (0, 0);
        while !world.is_over() && foretold < 300 {
            let books = world.balancer().books(BackendId(0), 1);
            world.step(&mut journal).expect("within its budget");
            let chosen: Vec<_> = journal.entries[told..]
                .iter()
                .filter_map(|entry| match entry.what {
                    What::Chosen(server, By::Algorithm) => Some(server),
                    _ => None,
                })
                .collect();
            told = journal.entries.len();
            if let [server] = chosen[..] {
                assert_eq!(books.upcoming.first(), Some(&server), "{task}");
                foretold += 1;
            }
        }
        assert!(foretold >= 2, "{task}: only {foretold} turns");
    }
}

/// What the books say of the next choice, by the rule of their algorithm.
fn foretold(books: &Books) -> Option<ServerId> {
    let row = |server: ServerId| &books.rows[server.slot as usize];
    let open = |order: &[ServerId]| order.iter().copied().find(|server| !row(*server).full);
    match &books.ledger {
        Ledger::RoundRobin { position, dues, .. } => {
            let due = |&(server, due): &(ServerId, Due)| match due {
                Due::At(at) if at <= *position => Some(((0, at), server)),
                Due::First => Some(((1, 0), server)),
                Due::At(at) => Some(((2, at), server)),
                Due::NextWindow => None,
            };
            let mut dues: Vec<_> = dues.iter().filter_map(due).collect();
            // Of two that are due together, weights and order of joining decide.
            dues.sort_unstable();
            let alone = dues.get(1).is_none_or(|second| second.0 != dues[0].0);
            dues.first().filter(|_| alone).map(|due| due.1)
        }
        Ledger::StaticRr { .. } => books.upcoming.first().copied(),
        Ledger::LeastConn(order) => {
            assert!(order.is_sorted_by_key(|(_, key)| *key));
            open(&order.iter().map(|(server, _)| *server).collect::<Vec<_>>())
        }
        Ledger::First(order) => open(order),
        Ledger::Map(found) => found.map(|found| {
            assert_eq!(found.place, found.hash % found.places);
            found.server
        }),
        Ledger::Ring(found) => found.map(|found| {
            let back = found.hash.wrapping_sub(found.before.0);
            let ahead = found.after.0.wrapping_sub(found.hash);
            if back <= ahead {
                found.before.1
            } else {
                found.after.1
            }
        }),
        Ledger::Random(draws) => draws.iter().map(|draw| draw.1).reduce(|kept, drawn| {
            let load = |server, by| row(server).member.served * row(by).member.weight;
            let stays = load(drawn, kept) > load(kept, drawn);
            if stays { kept } else { drawn }
        }),
    }
}

/// Every algorithm chooses as its ledger said, and as was foreseen on a copy.
#[test]
fn the_ledgers_foretell_every_choice() {
    let ring = ["proxy.balance=\"uri\"", "proxy.hash_type=\"consistent\""];
    let rows: [(&str, &[&str]); 9] = [
        ("1.4", &[]),
        ("4.6", &[]),
        ("3-ready", &[]),
        ("5-static-rr", &[]),
        ("5-leastconn-250ms", &[]),
        ("5-first-250ms", &["clients.jmeter.threads=5"]),
        ("5-source", &[]),
        ("5-source", &ring),
        ("5-random", &[]),
    ];
    for (task, changes) in rows {
        let plan = play::plan(&format!("scenarios/lab3/{task}.ron"), changes);
        let line = plan.clients[0].request(0);
        let mut world = World::new(&plan).expect("a checked plan");
        let mut journal = Journal::default();
        let (mut decided, mut told) = (0, 0);
        while !world.is_over() && decided < 300 {
            let foresight = world.foresee(line, None, 1);
            world.step(&mut journal).expect("within its budget");
            let news = &journal.entries[told..];
            let bare = news.iter().any(|e| matches!(e.what, What::Asked { .. }));
            let chosen: Vec<_> = news
                .iter()
                .filter_map(|entry| match entry.what {
                    What::Chosen(server, By::Algorithm) => Some(server),
                    _ => None,
                })
                .collect();
            told = journal.entries.len();
            if let ([server], true) = (&chosen[..], bare) {
                if let Some(foretold) = foretold(foresight.books.as_ref().expect("a backend")) {
                    assert_eq!(foretold, *server, "{task}: {:?}", foresight.books);
                    decided += 1;
                }
                assert_eq!(foresight.chosen, Some((*server, By::Algorithm)), "{task}");
            }
        }
        assert!(decided >= 4, "{task}: only {decided} choices");
    }
}

#[test]
fn a_moment_before_the_proxy_is_refused() {
    let (status, text) = why("1.4", &["--at", "-4s"]);
    assert_eq!(status, Some(3));
    assert!(text.contains("starts 3400ms before the clients"), "{text}");
    let (status, text) = why("1.4", &["--at", "2,5s"]);
    assert_eq!(status, Some(2));
    assert!(text.contains("write \"2.5s\""), "{text}");
    let (status, _) = why("1.4", &["--at", "-1s"]);
    assert_eq!(status, Some(0));
}

/// Both languages say the same: the facts of the JSON are equal, the sentences are not.
#[test]
fn programs_read_facts_and_sentences() {
    let read = |lang: &str| {
        let (status, text) = why("4.3-at-once", &["1004", "--format", "json", "--lang", lang]);
        assert_eq!(status, Some(0), "{text}");
        serde_json::from_str::<Value>(&text).expect("JSON")
    };
    let (english, french) = (read("en"), read("fr"));
    assert_eq!(english["client"], "jmeter/1");
    let rows = |value: &Value| value["rows"].as_array().expect("rows").clone();
    for (one, other) in rows(&english).iter().zip(rows(&french)) {
        assert_eq!(one["facts"], other["facts"]);
        assert_eq!(one["manual"], other["manual"]);
    }
    let of = |value: &Value, topic: &str| {
        let rows = rows(value);
        let row = rows.into_iter().find(|row| row["topic"] == topic);
        row.expect("the topic")["text"].clone()
    };
    assert_ne!(of(&english, "cookie"), of(&french, "cookie"));
    let asked = &rows(&english)[3]["facts"][0];
    assert_eq!(asked["key"], "why-cookie-asked");
    assert_eq!(asked["values"]["letter"], "D");
}

/// Which rule sends a request where, and which one answers it, in the words and with the line
/// of the configuration.
#[test]
fn rules_are_named() {
    let told = |client: &str, request: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_balancelab"))
            .env("LC_ALL", "C")
            .args(["why", "tests/exports/modes.ron"])
            .args(["--client", client, "--request", request])
            .current_dir(top())
            .output()
            .expect("the binary runs");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        let words: Vec<&str> = text.split_whitespace().collect();
        words.join(" ")
    };
    for (client, request, said) in [
        (
            "front",
            "1",
            "comes in through fe; no use_backend rule applies: it goes to the default, backend nodes",
        ),
        (
            "front",
            "2",
            "line 12 applies, use_backend nodes if { path /b }: it goes to backend nodes",
        ),
        (
            "front",
            "3",
            "line 11 applies, http-request redirect location /a if { path /old }: it is answered",
        ),
        (
            "denied",
            "1",
            "line 10 applies, http-request deny if { path /deny }: it is answered here",
        ),
    ] {
        let text = told(client, request);
        assert!(text.contains(said), "{client} {request}: {text}");
    }
    let denied = told("denied", "1");
    for part in ["algorithm", "cookie SERVERID", "its books"] {
        assert!(!denied.contains(part), "{denied}");
    }
}
