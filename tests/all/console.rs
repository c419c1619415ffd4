//! `balancelab console` from outside: what is typed, line by line, and what comes back.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use crate::cli::{ask, ends, out};
use crate::snapshots;
use crate::tidy::source::top;

/// The snapshots here.
pub(crate) const SHOWN: &[&str] = &["cli/console"];

const STICKY: &str = "scenarios/lab3/4.1.ron";

fn type_in(file: &str, lines: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_balancelab"))
        .args(["console", file, "--color", "never"])
        .current_dir(top())
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(lines.as_bytes()).expect("it reads");
    drop(stdin);
    child.wait_with_output().expect("it ends")
}

/// The digest that the console, or a run, ends with.
fn digest(output: &Output) -> String {
    let text = out(output);
    let start = text.rfind("digest ").expect("a digest") + "digest ".len();
    text[start..start + 16].to_owned()
}

/// Task 3 of the lab by hand: cookies, DRAIN, a look at the books, a slow node.
const LESSON: &str = "status
visit
visit
clear cookies
visit
set server nodes/s1 state drain
visit
clear cookies
visit
get weight nodes/s1
why
back 2
set server nodes/s1 state ready
delay s1 2500ms
run until s1 DOWN
step 3
clear
stop s9
run until 1s
run
table
quit
";

#[test]
fn a_lesson_as_it_reads() {
    let output = type_in(STICKY, LESSON);
    ends(&output, 0);
    snapshots::assert(SHOWN[0], out(&output));
}

/// What was typed can be saved, and the saved scenario runs to the same end.
#[test]
fn a_saved_session_is_the_same_run() {
    let file = std::env::temp_dir().join(format!("console-{}.ron", std::process::id()));
    let lines = LESSON.replace("quit", &format!("save {}", file.display()));
    let typed = type_in(STICKY, &lines);
    ends(&typed, 0);
    let path = file.to_str().expect("UTF-8");
    let run = ask(&["run", path]);
    let again = type_in(STICKY, &format!("run\nsave {path}\n"));
    let _ = std::fs::remove_file(&file);
    ends(&run, 0);
    assert_eq!(digest(&run), digest(&typed));
    assert!(out(&again).contains("cannot save"), "{}", out(&again));
}

/// Nothing of what was undone is left.
#[test]
fn going_back_undoes_what_was_typed() {
    let plain = type_in(STICKY, "run\n");
    let undone = "run 1s\nvisit\nset server nodes/s1 weight 5\nback to 500ms\nrun\n";
    let undone = type_in(STICKY, undone);
    assert!(
        out(&undone).contains("undone: the 2 things"),
        "{}",
        out(&undone)
    );
    assert_eq!(digest(&undone), digest(&plain));
}

/// Steps forth and back, by one or by many, are the same way.
#[test]
fn steps_lead_back_and_forth() {
    let ahead = type_in(STICKY, "step 9\nstep\n");
    let there = type_in(STICKY, "step 9\nback 4\nstep 5\n");
    let last = |output: &Output| out(output).lines().last().map(str::to_owned);
    assert_eq!(last(&ahead), last(&there));
}
