//! Does `why` say what really decided?

use std::process::Command;

use balance::{BackendId, By};
use balancelab::lab::World;
use balancelab::report::journal::{Journal, What};

use crate::play;
use crate::snapshots;
use crate::tidy::source::top;

/// Requests whose reasons are kept: where the snapshot lies, and what `why` is told.
pub(crate) const REASONS: [(&str, &[&str]); 4] = [
    ("1.5-at-once/why-refused", &["1"]),
    ("2.3-browsers/why-cookie", &["2"]),
    ("3-maint/why-maint", &["9"]),
    (
        "4.3-at-once/why-down",
        &["--client", "jmeter/1", "--request", "4"],
    ),
];

fn why(task: &str, args: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_balancelab"))
        .args(["why", &format!("scenarios/lab3/{task}.ron")])
        .args(args)
        .current_dir(top())
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
