//! What a run without a scenario says: which HAProxy it is, who stands behind it, and what it
//! takes for granted where that decides.

use serde_json::Value;

use super::{ask, ends, folder, out, remarks};

/// The beginning of a configuration in mode http.
const DEFAULTS: &str = "\
defaults
 mode http
 timeout connect 5s
 timeout client 5s
 timeout server 5s
";

/// Runs a configuration that goes on with `rest`; what is said, and the table.
#[track_caller]
fn run(name: &str, rest: &str, more: &[&str]) -> (String, String) {
    let text = format!("{DEFAULTS}{rest}");
    let folder = folder(name, &[("haproxy.cfg", &text)]);
    let config = folder.join("haproxy.cfg");
    let mut words = vec!["run", config.to_str().expect("UTF-8")];
    words.extend(more);
    let output = ask(&words);
    ends(&output, 0);
    (remarks(&output).to_owned(), out(&output).to_owned())
}

/// A lab as students of HAProxy 1.5 have it.
fn old_lab(name: &str, from: &str) -> std::path::PathBuf {
    let config = format!(
        "{DEFAULTS}listen stats *:1936\n stats enable\n stats uri /\nfrontend localnodes\n \
         bind *:80\n default_backend nodes\nbackend nodes\n balance roundrobin\n server s1 \
         10.0.0.1:3000 check\n server s2 10.0.0.2:3000 check\n"
    );
    let dockerfile = format!("# the proxy\nFROM {from}\nCOPY config /config\n");
    let files = [
        ("ha/config/haproxy.cfg", config.as_str()),
        ("ha/Dockerfile", &dockerfile),
        ("ha/notes/haproxy.cfg", "s1 has joined the cluster\n"),
    ];
    folder(name, &files)
}

#[test]
fn a_dockerfile_says_which_haproxy_it_is() {
    let old = old_lab("lab-of-1.5", "haproxy:1.5");
    let output = ask(&["run", old.to_str().expect("UTF-8")]);
    ends(&output, 0);
    let said = remarks(&output);
    for part in [
        "ha/Dockerfile, image haproxy:1.5: HAProxy 1.5 has no profile here",
        "HAProxy 1.5 listens at `*:1936`, later ones refuse this",
        "write below, on a line of its own: bind *:1936",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(out(&output).contains("s2           500   50.0 %"));

    let new = old_lab("lab-of-2.2", "haproxy:2.2-alpine");
    let output = ask(&["run", new.to_str().expect("UTF-8")]);
    ends(&output, 3);
    let said = remarks(&output);
    let part = "HAProxy 1.5 took addresses here; write below, on a line of its own: bind *:1936";
    assert!(said.contains(part), "{said}");
}

#[test]
fn a_folder_is_checked_as_it_runs() {
    let lab = old_lab("lab-checked", "haproxy:1.5");
    let words = ["check", "--format", "json", lab.to_str().expect("UTF-8")];
    let output = ask(&words);
    ends(&output, 0);
    let verdicts: Value = serde_json::from_str(out(&output)).expect("JSON");
    let directives = verdicts[0]["directives"].as_array().expect("a list");
    let lines: Vec<u64> = directives
        .iter()
        .filter_map(|one| one["line"].as_u64())
        .collect();
    for line in 1..=15 {
        assert!(lines.contains(&line), "{line}");
    }
    assert!(remarks(&output).contains("haproxy.cfg is the proxy"));
}

#[test]
fn what_decides_is_told_where_it_is_assumed() {
    let servers = " server s1 10.0.0.1:80 cookie s1\n server s2 10.0.0.2:80 cookie s2\n";
    let (said, _) = run(
        "told-cookie",
        &format!("listen web\n bind :80\n cookie JSESSIONID prefix\n{servers}"),
        &[],
    );
    let part = "the applications call their session cookie JSESSIONID, as the proxy does \
                (--node s1.session_cookie=NODESESSID)";
    assert!(said.contains(part), "{said}");

    let source = format!("listen web\n bind :80\n balance source\n{servers}");
    let (said, table) = run("told-source", &source, &[]);
    assert!(said.contains("all clients have the address 192.168.42.1, which decides here"));
    assert!(table.contains("100.0 %"));

    let rules = "frontend web\n bind :80\n acl shop hdr(host) -i shop.example.org\n \
                 use_backend shop if shop\nbackend shop\n server s1 10.0.0.1:80\n";
    let (said, table) = run("told-host", rules, &[]);
    let part = "--set 'clients.users.headers={\"host\": \"shop.example.org\"}'";
    assert!(said.contains(part), "{said}");
    assert!(table.contains("(none)"));
    let host = "clients.users.headers={\"host\": \"shop.example.org\"}";
    let (said, table) = run("told-host-set", rules, &["--set", host]);
    assert!(!said.contains("no request names a host"), "{said}");
    assert!(!table.contains("(none)"), "{table}");
}

#[test]
fn a_trap_is_told_once_and_where_it_stands() {
    let first = "listen web\n bind :80\n balance first\n server s1 10.0.0.1:80 maxconn 1\n \
                 server s2 10.0.0.2:80\n";
    let (said, _) = run("first-of-two", first, &[]);
    assert!(!said.contains("first`"), "{said}");
    let cookie = "listen web\n bind :80\n cookie SERVERID insert\n server s1 10.0.0.1:80\n";
    let (said, _) = run("cookie-of-nobody", cookie, &[]);
    let about = |line: &&str| line.starts_with("warning") && line.contains("cookie");
    assert_eq!(said.lines().filter(about).count(), 1, "{said}");
    assert!(!said.contains("(assumed):"), "{said}");
}

#[test]
fn servers_that_find_no_container_stay_in_maintenance() {
    let config = format!(
        "resolvers docker\n nameserver dns 127.0.0.11:53\n{DEFAULTS}listen web\n bind :80\n \
         server-template web- 4 app:80 resolvers docker init-addr none\n"
    );
    let compose = "services:\n  lb: {image: 'haproxy:2.6', volumes: ['./haproxy.cfg:/etc/h.cfg']}\n  \
                   app: {image: app, deploy: {replicas: 3}}\n";
    let files = [
        ("haproxy.cfg", config.as_str()),
        ("docker-compose.yml", compose),
    ];
    let folder = folder("few-containers", &files);
    let output = ask(&["run", folder.to_str().expect("UTF-8")]);
    ends(&output, 0);
    let said = remarks(&output);
    assert!(
        said.contains("web/web-4 to web/web-4 get no address"),
        "{said}"
    );
    let mut states = out(&output).lines().filter(|line| line.contains("web-4"));
    assert!(
        states.any(|line| line.ends_with("MAINT")),
        "{}",
        out(&output)
    );
}

#[test]
fn nobody_behind_the_proxy_is_503_for_everybody() {
    let rest = "frontend web\n bind :80\n default_backend nodes\nbackend nodes\n";
    let (said, table) = run("nobody-there", rest, &[]);
    assert!(said.contains("no backend has a server: requests are answered with 503"));
    assert!(
        table.contains("(none)      1000  100.0 %    1000"),
        "{table}"
    );
}
