//! Labs as folders: run, imported, and held against the scenarios of the lab's tasks.

use std::fs;
use std::path::Path;
use std::process::Output;

use crate::foreign::{ask, ends, folder, out, remarks};
use crate::tidy::source::top;

const LAB: &str = "tests/import/lab-folder";

fn digest(output: &Output) -> Option<&str> {
    out(output).split("digest ").nth(1).map(str::trim)
}

fn path(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

#[test]
fn a_folder_says_which_file_gave_what() {
    let run = ask(&["run", LAB]);
    ends(&run, 0);
    for part in [
        "read: tests/import/lab-folder/ha/config/haproxy.cfg is the proxy; \
         tests/import/lab-folder/.env sets variables; \
         tests/import/lab-folder/docker-compose.yml has the containers",
        "service haproxy runs HAProxy with WEBAPP_1_IP, WEBAPP_2_IP in its environment; it \
         publishes 80, 1936, 9999",
        "server s1 is service webapp1 (container s1, 192.168.42.11, TAG=s1)",
    ] {
        assert!(remarks(&run).contains(part), "{}", remarks(&run));
    }
    let compose = ask(&["run", "tests/import/lab-folder/docker-compose.yml"]);
    assert_eq!(out(&compose), out(&run));
    let alone = [
        "run",
        "--config",
        "scenarios/lab3/haproxy.cfg",
        "--env",
        "scenarios/lab3/lab.env",
    ];
    assert_eq!(digest(&ask(&alone)), digest(&run));
}

/// With the settings of the lab's tasks, the folder gives their tables, to the digest.
#[test]
fn a_folder_gives_the_tables_of_the_tasks() {
    let users = |threads: u32| {
        format!(
            "clients={{\"jmeter\": thread_group(threads: {threads}, loops: 1000, ramp_up: \"1s\", \
             cookies: keep)}}"
        )
    };
    let sticky = [
        "proxy.cookie=SERVERID insert",
        "proxy.servers.s1.cookie=s1",
        "proxy.servers.s2.cookie=s2",
    ];
    let slow = "timeline=[(at: \"-0.2s\", action: delay(node: \"s1\", to: \"250ms\"))]";
    for (task, threads, more) in [
        ("1.4", 1, &[][..]),
        ("4.1", 2, &sticky),
        ("4.2", 2, &[&sticky[..], &[slow]].concat()),
        ("4.2-one-thread", 1, &[&sticky[..], &[slow]].concat()),
    ] {
        let users = users(threads);
        let mut args = vec!["run", LAB, "--set", &users];
        args.extend(more.iter().flat_map(|change| ["--set", change]));
        let folder = ask(&args);
        ends(&folder, 0);
        let written = ask(&["run", &format!("scenarios/lab3/{task}.ron"), "--no-expect"]);
        let table = |output: &Output| {
            let text = out(output)
                .split_once("\n\n")
                .map(|(_, rest)| rest.to_owned());
            text.expect("a title and a table")
        };
        assert_eq!(table(&folder), table(&written), "{task}");
    }
}

#[test]
fn an_imported_folder_runs_to_the_same_digest() {
    let target = folder("import-lab", &[]);
    fs::create_dir_all(&target).expect("a folder");
    let file = target.join("lab.ron");
    let change = [
        "--node",
        "s1.delay=250ms",
        "--set",
        "clients.users.loops=50",
    ];
    let wrote = ask(&[&["import", LAB, "-o", path(&file)], &change[..]].concat());
    ends(&wrote, 0);
    assert!(remarks(&wrote).contains("wrote "), "{}", remarks(&wrote));
    let text = fs::read_to_string(&file).expect("it was written");
    for part in [
        "// Changed: --node s1.delay=250ms --set clients.users.loops=50.",
        "// tests/import/lab-folder/ha/config/haproxy.cfg:34\n            \"s1\": (",
        "// tests/import/lab-folder/docker-compose.yml:5: service webapp1",
        "Not modelled, and might matter:",
        "services.webapp1.build (line 7)",
    ] {
        assert!(text.contains(part), "{text}");
    }
    ends(&ask(&["fmt", "--check", path(&file)]), 0);
    let original = ask(&[&["run", LAB], &change[..]].concat());
    let again = ask(&["run", path(&file)]);
    ends(&again, 0);
    assert_eq!(digest(&again), digest(&original));
    // What is there is not written over.
    let refused = ask(&["import", LAB, "-o", path(&file)]);
    ends(&refused, 3);
    assert!(remarks(&refused).contains("is there already"));
    assert_eq!(fs::read_to_string(&file).expect("still there"), text);
}

#[test]
fn an_imported_log_is_named_from_where_the_scenario_is() {
    let target = folder("import-log", &[("logs/a.log", "")]);
    let log = target.join("logs/a.log");
    fs::copy(top().join("tests/logs/httplog.log"), &log).expect("a copy");
    let file = target.join("here.ron");
    let pair = ["--config", "tests/logs/httplog.cfg", "--log", path(&log)];
    ends(
        &ask(&[&["import", "-o", path(&file)], &pair[..]].concat()),
        0,
    );
    let text = fs::read_to_string(&file).expect("it was written");
    assert!(text.contains("log: \"logs/a.log\""), "{text}");
    let original = ask(&[&["run"], &pair[..]].concat());
    assert_eq!(digest(&ask(&["run", path(&file)])), digest(&original));
}

#[test]
fn what_cannot_be_imported_says_why() {
    let scenario = ask(&["import", "scenarios/lab3/4.1.ron", "-o", "-"]);
    ends(&scenario, 2);
    assert!(remarks(&scenario).contains("is no haproxy.cfg"));
    let json = ask(&["import", LAB, "-o", "-", "--format", "json"]);
    ends(&json, 2);
    let broken = ask(&["import", "tests/import/cfg/broken-names.cfg", "-o", "-"]);
    ends(&broken, 3);
    assert_eq!(out(&broken), "");
}

const CONFIG: &str = "frontend f\n mode http\n bind :80\n default_backend b\nbackend b\n mode http\n \
                      server one \"${HOST_A}:3000\" check\n server two app2:3000 check\n";

#[test]
fn compose_decides_what_haproxy_sees() {
    // The service's own environment counts, not the `.env` beside it.
    let compose = "services:\n  lb:\n    image: haproxy:2.2\n    environment: {HOST_A: app1}\n  \
                   app1: {image: app}\n  app2: {image: app, container_name: second}\n";
    let lab = folder(
        "compose-env",
        &[
            ("haproxy.cfg", CONFIG),
            ("compose.yml", compose),
            (".env", "HOST_A=10.0.0.9\n"),
        ],
    );
    let run = ask(&["run", path(&lab)]);
    ends(&run, 0);
    for part in [
        "server one is service app1, server two is service app2 (container second)",
        "nodes app1, second each",
        "image haproxy:2.2: decisions are taken as HAProxy 2.2 takes them",
    ] {
        assert!(remarks(&run).contains(part), "{}", remarks(&run));
    }
    assert!(out(&run).contains("profile 2.2"), "{}", out(&run));
    // A variable that nobody hands on is complained about.
    let forgetful = compose.replace("    environment: {HOST_A: app1}\n", "");
    fs::write(lab.join("compose.yml"), forgetful).expect("a file");
    let run = ask(&["run", path(&lab)]);
    ends(&run, 0);
    let complaint = "service `lb` does not hand HOST_A to HAProxy";
    assert!(remarks(&run).contains(complaint), "{}", remarks(&run));
    // A broken one refuses the run, in its place.
    fs::write(
        lab.join("compose.yml"),
        "services:\n  lb:\n    image: ${X:?say it}\n",
    )
    .expect("a file");
    let run = ask(&["run", path(&lab)]);
    ends(&run, 3);
    for part in ["compose.yml:3:12", "`X` is not set: say it"] {
        assert!(remarks(&run).contains(part), "{}", remarks(&run));
    }
}

#[test]
fn several_compose_files_are_told() {
    let services = "services: {lb: {image: haproxy}}\n";
    let lab = folder(
        "compose-several",
        &[
            (
                "haproxy.cfg",
                &CONFIG.replace("\"${HOST_A}:3000\"", "10.0.0.1:3000"),
            ),
            ("docker-compose.yml", services),
            ("compose.yaml", services),
            ("compose.override.yaml", services),
        ],
    );
    let run = ask(&["run", path(&lab)]);
    ends(&run, 0);
    for part in [
        "compose.yaml has the containers",
        "compose.override.yaml is not read",
    ] {
        assert!(remarks(&run).contains(part), "{}", remarks(&run));
    }
    let lab = folder(
        "compose-apart",
        &[
            (
                "haproxy.cfg",
                &CONFIG.replace("\"${HOST_A}:3000\"", "10.0.0.1:3000"),
            ),
            ("a/compose.yml", services),
            ("b/compose.yml", services),
        ],
    );
    let run = ask(&["run", path(&lab)]);
    ends(&run, 0);
    let part = "there is more than one compose file, none of which is read";
    assert!(remarks(&run).contains(part), "{}", remarks(&run));
    let one = lab.join("a/compose.yml");
    let run = ask(&["run", path(&lab), "--compose", path(&one)]);
    assert!(
        remarks(&run).contains("a/compose.yml: service lb"),
        "{}",
        remarks(&run)
    );
}

/// Also a frontend that rules say nothing about, and one that is not the usual way in.
#[test]
fn clients_choose_their_frontend() {
    let config = "defaults\n mode http\nfrontend a\n bind :80\n default_backend x\n\
                  frontend b\n bind :81\n default_backend y\nfrontend c\n bind :82\n \
                  use_backend y if { path_beg /y }\n default_backend x\n\
                  backend x\n server x1 10.0.0.1:80\nbackend y\n server y1 10.0.0.2:80\n";
    let lab = folder("frontends", &[("haproxy.cfg", config)]);
    let file = lab.join("haproxy.cfg");
    let scenario = lab.join("written.ron");
    for (frontend, uri, server) in [
        ("a", "/y", "x1"),
        ("b", "/", "y1"),
        ("c", "/y", "y1"),
        ("c", "/", "x1"),
    ] {
        let changes = [
            "--set".to_owned(),
            format!("clients.users.frontend={frontend}"),
            "--set".to_owned(),
            format!("clients.users.uri={uri}"),
        ];
        let mut args = vec!["run", path(&file)];
        args.extend(changes.iter().map(String::as_str));
        let run = ask(&args);
        ends(&run, 0);
        let row = out(&run)
            .lines()
            .find(|line| line.contains(server))
            .expect("a row");
        assert!(
            row.contains("1000  100.0 %"),
            "{frontend} {uri}\n{}",
            out(&run)
        );
        let _ = fs::remove_file(&scenario);
        let mut args = vec!["import", path(&file), "-o", path(&scenario)];
        args.extend(changes.iter().map(String::as_str));
        ends(&ask(&args), 0);
        assert_eq!(
            digest(&ask(&["run", path(&scenario)])),
            digest(&run),
            "{frontend} {uri}"
        );
    }
}

#[test]
fn check_shows_the_ledger_of_a_compose_file() {
    let file = "tests/import/compose/everything.yml";
    let text = ask(&["check", file]);
    ends(&text, 0);
    assert!(
        out(&text).contains("services.app.healthcheck.interval"),
        "{}",
        out(&text)
    );
    assert!(remarks(&text).contains("did you mean `image`?"));
    let json = ask(&["check", file, "--format", "json"]);
    let value: serde_json::Value = serde_json::from_str(out(&json)).expect("JSON");
    let first = &value[0]["directives"][0];
    for key in ["file", "line", "keyword", "status", "why"] {
        assert!(!first[key].is_null(), "{first}");
    }
    assert_eq!(value[0]["title"], "3 services");
    ends(&ask(&["check", "tests/import/compose/broken-yaml.yml"]), 3);
    ends(&ask(&["check", "nowhere.yml"]), 3);
}
