//! The sequence diagrams that the lab asks for, and the laws of all of them.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::process::Command;

use balancelab::plan::Plan;
use balancelab::report::journal::{Journal, What, find_client};
use balancelab::report::sequence::{self, Drawn, Kind, Selection, around, svg};
use balancelab::trace::Names;

use crate::play;
use crate::snapshots;
use crate::tidy::source::top;

/// The lab's diagrams: where their snapshots lie, and what `balancelab seq` is told.
pub(crate) const DIAGRAMS: [(&str, &[&str]); 7] = [
    ("1.1-browser/sequence", &["--first", "4"]),
    ("1.5-at-once/sequence", &["--first", "2"]),
    (
        "1.5-at-once/sequence-down",
        &["--first", "2", "--around", "s1 DOWN"],
    ),
    ("1.5-settled/sequence", &["--first", "2"]),
    (
        "2.3-browsers/sequence",
        &["--first", "3", "--client", "anna"],
    ),
    ("2.3-browsers/sequence-both", &["--first", "9"]),
    ("2.5-nodesessid/sequence", &["--first", "3"]),
];

fn seq(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_balancelab"))
        .env("LC_ALL", "C")
        .arg("seq")
        .args(args)
        .current_dir(top())
        .output()
        .expect("the binary runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn told(file: &str) -> (Plan, Journal, Names) {
    let plan = play::plan(file, &[]);
    let mut journal = Journal::default();
    play::tell(&plan, &mut journal);
    let names = Names::of(&plan.proxy);
    (plan, journal, names)
}

fn first(first: usize) -> Selection {
    Selection {
        first,
        ..Selection::default()
    }
}

/// The tasks whose first requests no diagram of the lab shows.
pub(crate) fn others() -> Vec<String> {
    let mut tasks = snapshots::tasks();
    tasks.retain(|task| {
        let path = format!("{task}/sequence");
        DIAGRAMS.iter().all(|(known, _)| *known != path)
    });
    tasks
}

#[test]
fn the_first_requests_of_every_other_task() {
    for task in others() {
        let file = format!("scenarios/lab3/{task}.ron");
        let drawn = seq(&[&file, "--first", "4"]);
        snapshots::assert(&format!("lab3/{task}/sequence-text"), &drawn);
    }
}

#[test]
fn the_diagrams_of_the_lab() {
    for (path, args) in DIAGRAMS {
        let (task, _) = path.split_once('/').expect("a task and a name");
        let file = format!("scenarios/lab3/{task}.ron");
        for form in ["text", "mermaid"] {
            let drawn = seq(&[&[file.as_str(), "--as", form], args].concat());
            snapshots::assert(&format!("lab3/{path}-{form}"), &drawn);
        }
    }
}

/// Every block of the page is what its command prints. `just accept` writes it anew.
#[test]
fn the_page_of_diagrams_is_what_the_program_draws() {
    let path = top().join("docs/sequences.md");
    let page = fs::read_to_string(&path).expect("the page is part of the repository");
    let mut fresh = String::new();
    let mut rest = page.as_str();
    let mut blocks = 0;
    while let Some((before, after)) = rest.split_once("```mermaid\n") {
        let command = before
            .lines()
            .rev()
            .find_map(|line| line.strip_prefix("    balancelab seq "))
            .expect("a command stands above each diagram");
        let (_, after) = after.split_once("```").expect("a block ends");
        let drawn = seq(&words(command));
        fresh.extend([before, "```mermaid\n", &drawn, "```"]);
        rest = after;
        picture(after, command);
        blocks += 1;
    }
    fresh += rest;
    assert!(blocks >= 5, "only {blocks} diagrams");
    if env::var("INSTA_UPDATE").is_ok_and(|mode| mode == "always") {
        fs::write(&path, &fresh).expect("a page to write");
    } else {
        assert!(page == fresh, "docs/sequences.md is stale: `just accept`");
    }
}

/// The picture that is shown next on the page is what the command draws as one.
fn picture(page: &str, command: &str) {
    let (_, after) = page.split_once("](pictures/").expect("a picture is shown");
    let (name, _) = after.split_once(')').expect("a link ends");
    let drawn = seq(&words(&command.replace("--as mermaid", "--as svg")));
    let path = top().join("docs/pictures").join(name);
    if env::var("INSTA_UPDATE").is_ok_and(|mode| mode == "always") {
        fs::write(&path, &drawn).expect("a picture to write");
    } else {
        let kept = fs::read_to_string(&path).expect("a picture");
        assert!(
            kept == drawn,
            "docs/pictures/{name} is stale: `just accept`"
        );
    }
}

/// A command line's words; quotes hold some together.
fn words(command: &str) -> Vec<&str> {
    let parts = command.split('"').enumerate();
    let words = parts.flat_map(|(number, part)| {
        if number % 2 == 1 {
            vec![part]
        } else {
            part.split_whitespace().collect()
        }
    });
    words.collect()
}

/// Each drawn request is asked and answered once, between its own client and the proxy, and
/// time never runs back.
#[test]
fn what_is_drawn_is_what_was_said() {
    for task in snapshots::tasks() {
        let (plan, journal, names) = told(&format!("scenarios/lab3/{task}.ron"));
        let drawn = sequence::sequence(&plan, &journal, &names, &first(20)).expect("requests");
        let proxy = drawn.parties.iter().position(|name| name == "HAProxy");
        let proxy = proxy.expect("the proxy is drawn");
        let expected = journal.exchanges.len().min(20);
        let count = |wanted: fn(Drawn, usize) -> bool| {
            let steps = drawn.steps.iter();
            steps.filter(|step| wanted(step.drawn, proxy)).count()
        };
        let asked = |drawn, proxy| matches!(drawn, Drawn::Arrow { from, to, .. } if from < proxy && to == proxy);
        let answered = |drawn, proxy| matches!(drawn, Drawn::Arrow { from, to, .. } if from == proxy && to < proxy);
        assert_eq!(
            (count(asked), count(answered)),
            (expected, expected),
            "{task}"
        );
        let times: Vec<f64> = drawn
            .steps
            .iter()
            .map(|step| step.at.parse().expect("seconds"))
            .collect();
        assert!(times.is_sorted(), "{task}: {times:?}");
    }
}

/// The journal has the samples that the report counts, and every decision of the core.
#[test]
fn the_journal_agrees_with_the_report() {
    for task in ["1.5-at-once", "3-maint", "4.3-at-once", "5-first"] {
        let (plan, journal, names) = told(&format!("scenarios/lab3/{task}.ron"));
        let report = play::report(&plan);
        let mut answered: BTreeMap<String, u64> = BTreeMap::new();
        for exchange in &journal.exchanges {
            let sample = exchange.sample.expect("every client is done");
            if let Some(server) = sample.server.filter(|_| sample.served) {
                *answered.entry(names.name(server)).or_default() += 1;
            }
            assert_eq!(
                exchange.ending.as_ref().map(|e| e.status),
                Some(sample.status)
            );
        }
        for server in &report.servers {
            let count = answered.get(&server.name).copied().unwrap_or(0);
            assert_eq!(count, server.row.requests, "{task}: {}", server.name);
        }
    }
}

/// The cookies of a sticky session: set once by the proxy, sent back by the browser, hidden
/// from the node.
#[test]
fn the_servers_never_see_the_proxys_cookie() {
    let (_, journal, _) = told("scenarios/lab3/2.3-browsers.ron");
    let mut sent_back = 0;
    for entry in &journal.entries {
        match &entry.what {
            What::Forwarded(_, _, cookies) => {
                assert!(!cookies.iter().any(|cookie| cookie.contains("SERVERID")));
            }
            What::Asked {
                cookie: Some(cookie),
                ..
            } => sent_back += usize::from(cookie.contains("SERVERID=s")),
            _ => {}
        }
    }
    assert_eq!(sent_back, 7, "all but the three first requests of a user");
}

#[test]
fn around_a_change_of_state() {
    let (plan, journal, names) = told("scenarios/lab3/1.5-at-once.ron");
    let down = around("s1 down", &names).expect("a server and a state");
    let near = Selection {
        around: Some(down),
        ..first(4)
    };
    let chosen = near.choose(&journal, &names).expect("it goes down");
    let at = journal.entries.iter().find_map(|entry| match entry.what {
        What::Changed { to, .. } if to.to_string() == "DOWN" => Some(entry.at),
        _ => None,
    });
    let at = at.expect("it goes down");
    let before = chosen.iter().filter(|i| journal.exchanges[**i].sent <= at);
    assert_eq!((chosen.len(), before.count()), (4, 2));
    let drawn = sequence::sequence(&plan, &journal, &names, &near).expect("requests");
    assert!(drawn.steps.iter().any(|step| step.words == ["s1 is DOWN"]));
    let never = Selection {
        around: Some(around("s2 MAINT", &names).expect("a server and a state")),
        ..first(4)
    };
    assert!(never.choose(&journal, &names).is_err());
    for wrong in ["s1", "s9 DOWN", "s1 ASLEEP", "s1 DOWN now"] {
        assert!(around(wrong, &names).is_err(), "{wrong}");
    }
}

#[test]
fn clients_by_name() {
    let plan = play::plan("scenarios/lab3/2.7.ron", &[]);
    assert_eq!(find_client(&plan, "jmeter"), Ok((0, None)));
    assert_eq!(find_client(&plan, "jmeter/2"), Ok((0, Some(1))));
    for wrong in ["jmeter/0", "jmeter/3", "anna"] {
        assert!(find_client(&plan, wrong).is_err(), "{wrong}");
    }
}

/// The picture is XML, says what the text says, and stays within its paper.
#[test]
fn the_picture_has_every_word_on_its_paper() {
    for task in ["1.1-browser", "1.5-at-once", "2.3-browsers", "4.3-at-once"] {
        let (plan, journal, names) = told(&format!("scenarios/lab3/{task}.ron"));
        let drawn = sequence::sequence(&plan, &journal, &names, &first(6)).expect("requests");
        let picture = svg::text(&drawn);
        let document = roxmltree::Document::parse(&picture).expect("XML");
        let width: f64 = document
            .root_element()
            .attribute("width")
            .and_then(|width| width.parse().ok())
            .expect("a width");
        let texts: Vec<&str> = document
            .descendants()
            .filter_map(|node| node.text())
            .collect();
        for words in drawn.steps.iter().flat_map(|step| &step.words) {
            assert!(texts.contains(&words.as_str()), "{task}: {words}");
        }
        for node in document
            .descendants()
            .filter(|n| n.attribute("class") == Some("words"))
        {
            let x: f64 = node.attribute("x").and_then(|x| x.parse().ok()).expect("x");
            let half = node.text().unwrap_or("").chars().count() as f64 * 3.6;
            assert!(
                x - half >= 0.0 && x + half <= width,
                "{task}: {:?}",
                node.text()
            );
        }
    }
}

#[test]
fn an_empty_choice_is_refused() {
    let (plan, journal, names) = told("scenarios/lab3/1.1-browser.ron");
    assert!(sequence::sequence(&plan, &journal, &names, &first(0)).is_err());
    let all = sequence::sequence(&plan, &journal, &names, &first(100)).expect("requests");
    assert!(!all.steps.iter().any(|step| step.drawn == Drawn::Gap));
    let trouble = |step: &sequence::Step| {
        matches!(
            step.drawn,
            Drawn::Arrow {
                kind: Kind::Trouble,
                ..
            }
        )
    };
    assert!(!all.steps.iter().any(trouble));
}
