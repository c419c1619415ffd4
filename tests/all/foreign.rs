//! Runs without a scenario: a haproxy.cfg alone, and a lab's folder.

mod assumed;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::tidy::source::top;

pub(crate) fn ask(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_balancelab"));
    command
        .args(args)
        .current_dir(top())
        .env("LC_ALL", "C")
        .env_remove("NO_COLOR");
    command.output().expect("the binary runs")
}

pub(crate) fn out(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).expect("UTF-8")
}

pub(crate) fn remarks(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).expect("UTF-8")
}

#[track_caller]
pub(crate) fn ends(output: &Output, status: i32) {
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

#[test]
fn lists_beside_the_configuration_are_read_and_missing_ones_refused() {
    let config = "\
defaults
    mode http
    timeout connect 1s
    timeout client 5s
    timeout server 5s
frontend in
    bind :80
    acl known hdr(host) -f /etc/haproxy/hosts.lst
    use_backend %[hdr(host),map(hosts.map,other)] unless known
    default_backend app
backend app
    server a 127.0.0.1:8081 check
backend other
    server b 127.0.0.1:8082 check
";
    let texts = [("haproxy.cfg", config), ("hosts.lst", "a.example\n")];
    let there = folder(
        "lists",
        &[texts[0], texts[1], ("hosts.map", "b.example app\n")],
    );
    let run = |folder: &Path| ask(&["check", &folder.join("haproxy.cfg").to_string_lossy()]);
    let output = run(&there);
    ends(&output, 0);
    assert!(!out(&output).contains("not modelled"), "{}", out(&output));

    let missing = folder("no-list", &texts);
    let output = run(&missing);
    ends(&output, 3);
    let told = remarks(&output);
    assert!(
        told.contains("the file `hosts.map` cannot be read: there is no such file")
            && told.contains("haproxy.cfg:9:17"),
        "{told}"
    );

    let broken = folder(
        "bad-list",
        &[texts[0], texts[1], ("hosts.map", "b.example\n")],
    );
    let config = config.replace("map(hosts.map,other)", "map_str_ip(hosts.map)");
    fs::write(broken.join("haproxy.cfg"), config).expect("a file");
    let output = run(&broken);
    ends(&output, 3);
    let told = remarks(&output);
    assert!(
        told.contains("line 1 of `hosts.map`: `` is no address"),
        "{told}"
    );
}

#[test]
fn clients_follow_redirections_to_the_other_ports_of_the_proxy() {
    let config = "\
defaults
    mode http
    timeout connect 1s
    timeout client 5s
    timeout server 5s
frontend web
    bind :80
    bind :443 ssl crt site.pem
    redirect scheme https code 301 if !{ ssl_fc }
    http-request redirect location /app%[path] if !{ path_beg /app }
    default_backend app
backend app
    server a 127.0.0.1:8081 check
    server b 127.0.0.1:8082 check
";
    let folder = folder("redirects", &[("haproxy.cfg", config)]);
    let config = folder.join("haproxy.cfg");
    let output = ask(&["run", "--verify", &config.to_string_lossy()]);
    ends(&output, 0);
    let table = out(&output);
    assert!(table.contains("500   50.0 %       0"), "{table}");
    assert!(
        table.contains("total       1000  100.0 %       0"),
        "{table}"
    );
}
