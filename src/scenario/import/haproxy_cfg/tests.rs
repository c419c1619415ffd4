//! The lab's own configuration, students' variants of it, and single lines.

use balance::config::{Balance, CheckKind, Cookie, CookieMode, HashKey};

use super::*;
use crate::scenario::import::Status;
use crate::scenario::{Code, render};

const LAB: &str = include_str!("../../../../scenarios/lab3/haproxy.cfg");
const ENV: &str = include_str!("../../../../scenarios/lab3/lab.env");

fn read(text: &str) -> (Imported, Files) {
    let mut files = Files::default();
    let id = files.add("haproxy.cfg", text);
    let mut env = Env::default();
    assert!(env.read_dotenv(ENV).is_empty());
    (read_cfg(&files, &[id], &env), files)
}

/// What `text` comes to, which must be accepted.
fn accepted(text: &str) -> Imported {
    let (imported, files) = read(text);
    let notes = render::text(
        &imported.notes,
        &files,
        render::Colour::Never,
        &crate::locale::AsWritten,
    );
    assert!(!imported.is_refused(), "{text}\n{notes}");
    imported
}

/// The lab's configuration with `lines` added to its backend; `a => b` replaces.
fn changed(lines: &[&str]) -> String {
    let mut text = LAB.to_owned();
    for line in lines {
        let (from, to) = line.split_once(" => ").unwrap_or(("", line));
        if from.is_empty() {
            text = format!("{text}    {to}\n");
        } else {
            assert!(text.contains(from), "{from}");
            text = text.replace(from, to);
        }
    }
    text
}

/// The lab's backend after these changes.
fn lab_with(lines: &[&str]) -> Backend {
    accepted(&changed(lines)).config.backends.swap_remove(0)
}

use balance::config::Backend;

#[test]
fn the_lab_is_two_checked_servers_behind_one_frontend() {
    let lab = accepted(LAB);
    assert_eq!(lab.notes, []);
    let [nodes] = lab.config.backends.as_slice() else {
        panic!("one backend")
    };
    assert_eq!(nodes.name, "nodes");
    assert_eq!(nodes.balance, Balance::RoundRobin);
    assert_eq!(nodes.timeout_connect, Some(Span::from_secs(5)));
    assert_eq!(nodes.timeout_server, Some(Span::from_secs(50)));
    assert!(
        matches!(&nodes.check, CheckKind::Http { method, uri, .. } if method == "HEAD" && uri == "/")
    );
    let servers: Vec<_> = (nodes.servers.iter())
        .map(|s| {
            (
                s.name.as_str(),
                s.address.map(|a| a.to_string()),
                s.check.is_some(),
            )
        })
        .collect();
    let address = |text: &str| Some(text.to_owned());
    assert_eq!(
        servers,
        [
            ("s1", address("192.168.42.11:3000"), true),
            ("s2", address("192.168.42.22:3000"), true)
        ]
    );
    let fronts: Vec<_> = (lab.frontends.iter())
        .map(|f| (f.name.as_str(), f.port, f.default_backend))
        .collect();
    assert_eq!(
        fronts,
        [
            ("stats", Some(1936), None),
            ("localnodes", Some(80), Some(BackendId(0)))
        ]
    );
    let lines: Vec<u32> = lab.ledger.iter().map(|d| d.line).collect();
    let written: Vec<u32> = (LAB.lines().enumerate())
        .filter(|(_, l)| !l.trim().is_empty() && !l.trim().starts_with('#'))
        .map(|(i, _)| i as u32 + 1)
        .collect();
    assert_eq!(lines, written, "every line is accounted for");
}

#[test]
fn students_add_cookies_in_every_way() {
    for (line, mode, indirect) in [
        (
            "cookie SERVERID insert indirect nocache",
            CookieMode::Insert,
            true,
        ),
        ("cookie SERVERID insert", CookieMode::Insert, false),
        (
            "cookie NODESESSID prefix nocache",
            CookieMode::Prefix,
            false,
        ),
        ("cookie SRV rewrite", CookieMode::Rewrite, false),
        ("cookie SRV", CookieMode::Passive, false),
    ] {
        let nodes = lab_with(&[line, "3000 check => 3000 check cookie x"]);
        let cookie = nodes.cookie.expect("a cookie");
        assert_eq!((cookie.mode, cookie.indirect), (mode, indirect), "{line}");
        assert_eq!(nodes.servers[1].cookie.as_deref(), Some("x"));
    }
    let dynamic = lab_with(&["cookie S insert dynamic", "dynamic-cookie-key K"]);
    let key = dynamic.cookie.and_then(|c: Cookie| c.dynamic_key);
    assert_eq!(key.as_deref(), Some("K"));
}

#[test]
fn students_change_the_balancing() {
    let nodes = lab_with(&[
        "balance roundrobin => balance first",
        "IP}:3000 check => IP}:3000 maxconn 2 weight 3 check inter 1s fall 5 rise 1 slowstart 10s",
        "option redispatch",
        "retries 1",
        "fullconn 7",
    ]);
    assert_eq!(nodes.balance, Balance::First);
    let server = &nodes.servers[0];
    assert_eq!((server.maxconn, server.weight), (2, 3));
    let check = server.check.as_ref().expect("a check");
    assert_eq!(
        (check.fall, check.rise, check.inter),
        (5, 1, Span::from_secs(1))
    );
    assert_eq!(
        (nodes.redispatch, nodes.retries, nodes.fullconn),
        (Some(-1), 1, 7)
    );
    let nodes = lab_with(&[
        "balance roundrobin => balance uri depth 2",
        "hash-type consistent",
    ]);
    assert!(matches!(
        nodes.balance,
        Balance::Hash(HashKey::Uri { depth: 2, .. })
    ));
    assert!(nodes.hash.consistent && nodes.hash.avalanche);
}

#[test]
fn students_stick_by_table() {
    let nodes = lab_with(&[
        "stick-table type string len 32 size 1k expire 30m store server_id",
        "stick store-response res.cook(NODESESSID)",
        "stick match req.cook(NODESESSID)",
    ]);
    let stick = nodes.stick.expect("a table with rules");
    assert_eq!((stick.size, stick.rules.len()), (1024, 2));
}

#[test]
fn defaults_are_inherited_and_named_ones_chosen() {
    let imported = accepted(
        "defaults fast\n mode http\n timeout connect 1s\n retries 1\n default-server inter 500\n\
         defaults slow from fast\n retries 9\n\
         frontend f from fast\n bind :80\n default_backend a\n\
         backend a from fast\n server x 1.1.1.1:80 check\n\
         backend b\n server-template y 2-3 1.1.1.1:80 check fall 9\n",
    );
    let [a, b] = imported.config.backends.as_slice() else {
        panic!("two backends")
    };
    assert_eq!((a.retries, b.retries), (1, 9));
    assert_eq!(b.timeout_connect, Some(Span::from_secs(1)));
    let names: Vec<_> = b.servers.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["y2", "y3"]);
    let check = b.servers[0].check.as_ref().expect("a check");
    assert_eq!((check.inter, check.fall), (Span::from_millis(500), 9));
}

#[test]
fn fullconn_is_a_tenth_of_what_the_frontends_accept() {
    for (text, fullconn) in [
        (
            "frontend f\n bind :1\n maxconn 500\n default_backend b\nbackend b\n",
            50,
        ),
        (
            "global\n maxconn 41\nfrontend f\n bind :1\n default_backend b\nfrontend g\n bind :2\n default_backend b\nbackend b\n",
            9,
        ),
        ("listen l\n bind :1\n maxconn 5\n server s 1.1.1.1:1\n", 1),
        ("frontend f\n bind :1\nbackend b\n", 1),
    ] {
        assert_eq!(
            accepted(text).config.backends[0].fullconn,
            fullconn,
            "{text}"
        );
    }
}

#[test]
fn conditional_blocks_and_variables_choose_lines() {
    let imported = accepted(
        "global\n setenv PORT 8080\n\
         .if streq(\"$PORT\",8080)\n\
         listen a\n bind \":${PORT}\"\n server \"${WEBAPP_1_NAME}\" ${WEBAPP_1_IP}:\"$PORT\"\n\
         .else\n nonsense here\n.endif\n",
    );
    assert_eq!(imported.frontends[0].port, Some(8080));
    let server = &imported.config.backends[0].servers[0];
    assert_eq!(server.name, "s1");
    assert_eq!(
        server.address.map(|a| a.to_string()),
        Some("192.168.42.11:8080".into())
    );
    let skipped = (imported.ledger.iter()).find(|d| d.keyword == "nonsense");
    assert_eq!(skipped.map(|d| d.status), Some(Status::NoEffect));
}

#[test]
fn errors_name_the_word_and_what_was_meant() {
    for (lines, code, needle, help) in [
        (
            "balance roundrobbin",
            Code::UnknownWord,
            "roundrobbin",
            Some("roundrobin"),
        ),
        (
            "balence roundrobin",
            Code::UnknownWord,
            "balence",
            Some("balance"),
        ),
        (
            "server s3 1.1.1.1:80 wieght 2",
            Code::UnknownWord,
            "wieght",
            Some("weight"),
        ),
        ("server s3 1.1.1.1:80 weight 300", Code::Range, "300", None),
        ("server s1 1.1.1.1:80", Code::Twice, "s1", None),
        ("server s3", Code::Missing, "", None),
        ("timeout server 2,5s", Code::Duration, "2,5s", None),
        (
            "timeout conect 5s",
            Code::UnknownWord,
            "conect",
            Some("connect"),
        ),
        (
            "option httpchek",
            Code::UnknownWord,
            "httpchek",
            Some("httpchk"),
        ),
        (
            "server s3 1.1.1.1:80 track s9",
            Code::UnknownName,
            "s9",
            None,
        ),
        ("use_backend nodes", Code::Idle, "use_backend", None),
        (
            "declare capture request len 8",
            Code::Words,
            "declare",
            None,
        ),
    ] {
        let (imported, files) = read(&format!("{LAB}    {lines}\n"));
        let note = imported.notes.first().unwrap_or_else(|| panic!("{lines}"));
        assert_eq!(note.code, code, "{lines}: {}", note.message);
        assert_eq!(files.words(note.labels[0].place), needle, "{lines}");
        if let Some(help) = help {
            assert!(
                note.help.as_ref().is_some_and(|h| h.contains(help)),
                "{lines}: {:?}",
                note.help
            );
        }
    }
}

#[test]
fn garbage_is_refused_soon() {
    let (imported, _) = read(&"garbage in\n".repeat(100_000));
    assert!(imported.is_refused());
    assert!(imported.notes.len() < 300);
}

#[test]
fn traps_are_named() {
    for (lines, code, needle) in [
        (
            &["balance roundrobin => balance first"][..],
            Code::Lint,
            "fills only one",
        ),
        (
            &["cookie SERVERID insert"],
            Code::CookieValue,
            "nobody sticks",
        ),
        (
            &["3000 check => 3000 check cookie x"],
            Code::Idle,
            "never used",
        ),
        (
            &["3000 check => 3000"],
            Code::Lint,
            "no server of `nodes` is checked",
        ),
        (
            &[
                "balance roundrobin => balance leastconn",
                "1_IP}:3000 check => 1_IP}:3000 check weight 2",
            ],
            Code::Lint,
            "while requests overlap",
        ),
        (
            &[
                "balance roundrobin => balance source",
                "1_IP}:3000 check => 1_IP}:3000 check weight 2",
            ],
            Code::Lint,
            "move nearly all keys",
        ),
        (
            &[
                "cookie SERVERID insert",
                "1_IP}:3000 check => 1_IP}:3000 check weight 2",
                "IP}:3000 check => IP}:3000 cookie x check",
            ],
            Code::Lint,
            "clients without a cookie",
        ),
        (&["WEBAPP_1_IP => NOPE"], Code::Lint, "`NOPE` has no value"),
        (
            &["timeout connect 5000 => "],
            Code::Lint,
            "no `timeout connect`",
        ),
        (
            &["1_IP}:3000 check => 1_IP}:3000 check maxqueue 5"],
            Code::Idle,
            "without `maxconn`",
        ),
        (
            &["retries 1", "option redispatch -2"],
            Code::Lint,
            "divides by zero",
        ),
        (
            &["timeout check 500"],
            Code::Lint,
            "only counts from `inter`",
        ),
    ] {
        let (imported, files) = read(&changed(lines));
        assert!(!imported.is_refused());
        let text = render::text(
            &imported.notes,
            &files,
            render::Colour::Never,
            &crate::locale::AsWritten,
        );
        assert_eq!(imported.notes.len(), 1, "{lines:?}\n{text}");
        assert_eq!(imported.notes[0].code, code, "{lines:?}\n{text}");
        assert!(text.contains(needle), "{lines:?}\n{text}");
    }
}
