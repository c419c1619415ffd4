//! Runs without a scenario: a haproxy.cfg alone, and a lab's folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::tidy::source::top;

fn ask(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_balancelab"));
    command.args(args).current_dir(top()).env_remove("NO_COLOR");
    command.output().expect("the binary runs")
}

fn out(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).expect("UTF-8")
}

fn remarks(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).expect("UTF-8")
}

#[track_caller]
fn ends(output: &Output, status: i32) {
    assert_eq!(output.status.code(), Some(status), "{}", remarks(output));
}

const CONFIG: [&str; 5] = [
    "run",
    "--config",
    "scenarios/lab3/haproxy.cfg",
    "--env",
    "scenarios/lab3/lab.env",
];

/// A folder of its own for one test, with these files in it.
pub(crate) fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    for (path, text) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("it is in the folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    folder
}

fn handout() -> String {
    fs::read_to_string(top().join("scenarios/lab3/haproxy.cfg")).expect("the lab's own")
}

#[test]
fn a_configuration_runs_and_says_what_it_assumes() {
    let output = ask(&CONFIG);
    ends(&output, 0);
    assert!(
        out(&output).contains("total       1000  100.0 %"),
        "{}",
        out(&output)
    );
    for word in [
        "s1, s2",
        "4ms to 12ms",
        "10 threads",
        "100 requests",
        "3.4s",
    ] {
        assert!(remarks(&output).contains(word), "{}", remarks(&output));
    }
}

#[test]
fn a_node_can_be_changed() {
    let slow = ask(&[&CONFIG[..], &["--node", "s1.delay=250ms"]].concat());
    ends(&slow, 0);
    assert!(
        remarks(&slow)
            .contains("node s1: one request at a time, each takes 4ms to 12ms and sleeps 250ms")
    );
    let same = ask(&[&CONFIG[..], &["--set", "nodes.s1.delay=250ms"]].concat());
    assert_eq!(out(&slow), out(&same));
    let typo = ask(&[&CONFIG[..], &["--node", "s3.delay=250ms"]].concat());
    ends(&typo, 3);
    for word in ["--node s3.delay=250ms", "did you mean `s1`?"] {
        assert!(remarks(&typo).contains(word), "{}", remarks(&typo));
    }
    let typo = ask(&[&CONFIG[..], &["--node", "s1.dealy=250ms"]].concat());
    ends(&typo, 3);
    assert!(remarks(&typo).contains("`delay`"), "{}", remarks(&typo));
}

#[test]
fn a_folder_runs_as_its_files_do() {
    let env = fs::read_to_string(top().join("scenarios/lab3/lab.env")).expect("the lab's own");
    let lab = folder("lab", &[("ha/haproxy.cfg", &handout()), (".env", &env)]);
    let lab = lab.to_str().expect("UTF-8");
    let folder = ask(&["run", lab]);
    ends(&folder, 0);
    let digest = |output: &Output| out(output).lines().last().map(str::to_owned);
    assert_eq!(digest(&folder), digest(&ask(&CONFIG)));
    // The other commands that run something take it as well.
    for command in [&["seq", lab][..], &["why", lab, "1"], &["graph", lab]] {
        ends(&ask(command), 0);
    }
}

#[test]
fn a_folder_that_cannot_run_says_what_is_missing() {
    let none = folder("lab-none", &[("readme.txt", "")]);
    let output = ask(&["run", none.to_str().expect("UTF-8")]);
    ends(&output, 3);
    assert!(
        remarks(&output).contains("no haproxy.cfg"),
        "{}",
        remarks(&output)
    );
    let two = folder("lab-two", &[("a/haproxy.cfg", ""), ("b/haproxy.cfg", "")]);
    let output = ask(&["run", two.to_str().expect("UTF-8")]);
    ends(&output, 3);
    for word in ["a/haproxy.cfg", "b/haproxy.cfg", "--config"] {
        assert!(remarks(&output).contains(word), "{}", remarks(&output));
    }
    let empty = folder("lab-empty", &[("haproxy.cfg", "listen x\n bind :80\n")]);
    let output = ask(&["run", empty.to_str().expect("UTF-8")]);
    ends(&output, 3);
    assert!(
        remarks(&output).contains("no server"),
        "{}",
        remarks(&output)
    );
}
