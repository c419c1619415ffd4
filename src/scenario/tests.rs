//! Loading whole scenarios.

use std::collections::BTreeMap;

use super::*;
use crate::plan::{Bound, Claim, Client, Plan};

/// The repository's own scenario files.
struct Folder;

impl Source for Folder {
    fn text(&self, name: &str) -> Result<String, String> {
        let path = format!("{}/scenarios/{name}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(path).map_err(|error| error.to_string())
    }
}

/// A task and the base it extends.
fn lab() -> BTreeMap<String, String> {
    memory(&[
        ("lab/task.ron", include_str!("tests/task.ron")),
        ("lab/base.ron", include_str!("tests/base.ron")),
    ])
}

#[test]
fn a_lab_task_becomes_a_plan() {
    let loaded = load("lab/task.ron", &lab(), &Overrides::default());
    let plan = loaded.unwrap_or_else(|refused| panic!("{refused}")).plan;
    assert_eq!(plan.scenario, "task");
    assert_eq!(plan.title, "s1 answers in 2500 ms");
    assert_eq!(plan.nodes.len(), 2);
    let cookie = &plan.proxy.backends[0].servers[1].cookie;
    assert_eq!(cookie.as_deref(), Some("s2"));
    assert_eq!(plan.clients_start, balance::Moment::from_millis(3000));
    let Client::Threads(group) = &plan.clients[0] else {
        panic!("jmeter is a thread group");
    };
    assert_eq!((group.threads, group.loops), (2, Some(1000)));
    let texts: Vec<_> = plan.expect.iter().map(|e| e.text.as_str()).collect();
    assert_eq!(
        texts,
        [
            "served(server: \"s1\", within: (1, 4))",
            "errors(exactly: 0)",
            "down(server: \"s1\", after: \"10.2s\", before: \"11.9s\", reason: \"L7TOUT\")",
            "sessions_restarted(exactly: 1)",
        ]
    );
    let Claim::Served { server, count } = &plan.expect[0].claim else {
        panic!("the first claim is about requests");
    };
    assert_eq!((server.as_str(), *count), ("s1", Bound::Within(1, 4)));
}

/// The scenario files of the repository that are meant to run.
pub(in crate::scenario) fn shipped() -> Vec<String> {
    let top = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut names = Vec::new();
    for folder in ["lab3", "scale"] {
        for entry in std::fs::read_dir(top.join(folder)).into_iter().flatten() {
            let name = entry.expect("it can be listed").file_name();
            let name = name.to_string_lossy();
            if name.ends_with(".ron") {
                names.push(format!("{folder}/{name}"));
            }
        }
    }
    names.sort();
    names
}

#[test]
fn every_shipped_scenario_is_the_same_when_resolved() {
    for name in shipped() {
        let loaded = load(&name, &Folder, &Overrides::default());
        let mut plan = loaded.unwrap_or_else(|refused| panic!("{refused}")).plan;
        let text = resolved(&plan);
        let files = memory(&[("again.ron", &text)]);
        let again = load("again.ron", &files, &Overrides::default());
        let again = again
            .unwrap_or_else(|refused| panic!("{name}: {refused}"))
            .plan;
        plan.scenario = "again".to_owned();
        assert_eq!(plan, again, "{name}");
        assert_eq!(text, resolved(&again), "{name}");
    }
}

fn memory(files: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = |&(name, text): &(&str, &str)| (name.to_owned(), text.to_owned());
    files.iter().map(owned).collect()
}

/// A scenario that uses every setting once.
const EVERYTHING: &str = include_str!("tests/everything.ron");

fn everything() -> Plan {
    let files = memory(&[("everything.ron", EVERYTHING)]);
    match load("everything.ron", &files, &Overrides::default()) {
        Ok(loaded) => loaded.plan,
        Err(refused) => panic!("{refused}"),
    }
}

#[test]
fn every_setting_survives_being_written_and_read_again() {
    let plan = everything();
    let files = memory(&[("everything.ron", &resolved(&plan))]);
    let again = load("everything.ron", &files, &Overrides::default());
    let again = again.unwrap_or_else(|refused| panic!("{refused}")).plan;
    assert_eq!(plan, again);
    assert_eq!(fingerprint(&plan), fingerprint(&again));
}

/// What the tree reader and `ron` make of the same text, as schema.
fn twins(text: &str) -> (schema::Scenario, schema::Scenario) {
    let mut files = Files::default();
    let file = files.add("twin.ron", text);
    let mut notes = Vec::new();
    let mut root = read::read(file, text, read::Dialect::Ron, &mut notes).expect("it is sound");
    let ours = decode::decode(&mut root, &mut notes);
    assert_eq!(notes, [], "{text}");
    let options = ron::Options::default().with_default_extension(write::extensions());
    let theirs = options
        .from_str(text)
        .unwrap_or_else(|error| panic!("{error}: {text}"));
    (ours, theirs)
}

#[test]
fn the_tree_reader_agrees_with_ron() {
    let base = include_str!("tests/base.ron");
    for text in [EVERYTHING, base, &resolved(&everything())] {
        let (ours, theirs) = twins(text);
        assert_eq!(ours, theirs);
    }
}

#[test]
fn json_says_the_same_as_ron() {
    let (schema, _) = twins(EVERYTHING);
    let json = serde_json::to_string_pretty(&schema).expect("it can be written");
    let files = memory(&[("everything.json", &json)]);
    let loaded = load("everything.json", &files, &Overrides::default());
    let plan = loaded
        .unwrap_or_else(|refused| panic!("{refused}\n{json}"))
        .plan;
    assert_eq!(plan, everything());
}

#[test]
fn changes_by_path() {
    let run = |changes: &[&str]| {
        let overrides = Overrides::new(changes.iter().copied());
        load("lab/task.ron", &lab(), &overrides)
    };
    let plan = run(&[
        "clients.jmeter.threads=7",
        "proxy.balance=uri depth 2",
        "proxy.servers.s2.weight=2",
        "proxy.timeout.check=1.5s",
        "timeline.0.action.to=250ms",
        "clients.jmeter.cookies=clear",
        "profile=2.2",
        "title=7",
        "expect=[errors(exactly: 0)]",
    ]);
    let plan = plan.unwrap_or_else(|refused| panic!("{refused}")).plan;
    let Client::Threads(group) = &plan.clients[0] else {
        panic!("jmeter is a thread group");
    };
    assert!(group.threads == 7 && group.clear_cookies);
    let backend = &plan.proxy.backends[0];
    assert_eq!(backend.servers[1].weight, 2);
    assert_eq!(
        backend.timeout_check,
        Some(balance::Span::from_millis(1500))
    );
    assert_eq!(plan.proxy.profile.version, balance::Version::V2_2);
    assert_eq!((plan.title.as_str(), plan.expect.len()), ("7", 1));
    assert_eq!(
        plan.timeline[0].action,
        crate::plan::Action::Delay {
            node: 0,
            to: balance::Span::from_millis(250)
        }
    );
    for (change, code, words) in [
        ("nodes.s3.delay=1s", Code::Path, "s3"),
        ("nodes.s1.dealy=1s", Code::UnknownKey, "dealy"),
        ("nodes.s1.delay=1,5s", Code::Duration, "1,5"),
        ("clients.jmeter.threads=0", Code::Range, "0"),
        ("proxy.balance=leastcon", Code::Words, "leastcon"),
        ("timeline.3.at=1s", Code::Path, "3"),
        ("title", Code::Path, "title"),
        ("=1", Code::Path, ""),
        ("title.text=1", Code::Path, "text"),
    ] {
        let refused = run(&[change]).expect_err(change);
        let culprit = refused.notes[0].labels[0].place;
        assert_eq!(refused.notes[0].code, code, "{change}");
        assert_eq!(refused.files.words(culprit), words, "{change}");
        assert_eq!(
            refused.files.file(culprit.file).name,
            format!("--set {change}")
        );
    }
}

#[test]
fn servers_that_no_file_lists_can_be_changed_by_path() {
    let text = "(nodes: {\"a\": (), \"b\": ()}, clients: {\"c\": thread_group(loops: 1)})";
    let files = memory(&[("x.ron", text)]);
    let overrides = Overrides::new(["proxy.servers.b.weight=3"]);
    let plan = load("x.ron", &files, &overrides).expect("it is sound").plan;
    let servers = &plan.proxy.backends[0].servers;
    let weights: Vec<_> = servers
        .iter()
        .map(|s| (s.name.as_str(), s.weight))
        .collect();
    assert_eq!(weights, [("a", 1), ("b", 3)]);
}

#[test]
fn counted_nodes_are_numbered() {
    let text =
        "(nodes: {\"n\": (count: 3, service: \"1ms\")}, clients: {\"c\": thread_group(loops: 1)})";
    let plan = load("x.ron", &memory(&[("x.ron", text)]), &Overrides::default());
    let plan = plan.expect("it is sound").plan;
    let names: Vec<_> = plan.nodes.iter().map(|node| node.name.as_str()).collect();
    assert_eq!(names, ["n1", "n2", "n3"]);
    assert!(plan.nodes.iter().all(|node| node.servers.len() == 1));
}

/// Sound and broken scenarios, as material for worse ones.
fn material() -> Vec<String> {
    let broken = [
        "all-at-once.ron",
        "words-cookie.ron",
        "json-mistakes.json",
        "replace-paths.ron",
    ];
    let broken = broken.map(|name| format!("broken/{name}"));
    let mut texts: Vec<String> = broken
        .iter()
        .map(|name| Folder.text(name).expect("it is shipped"))
        .collect();
    texts.push(EVERYTHING.to_owned());
    texts
}

/// Replaces the characters from `from` (in thousandths of the text) on by `with`.
fn mutate(text: &str, changes: &[(usize, usize, String)]) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for (from, len, with) in changes {
        let from = chars.len() * from / 1000;
        let end = (from + len).min(chars.len());
        chars.splice(from..end, with.chars());
    }
    chars.into_iter().collect()
}

proptest::proptest! {
    /// Whatever the text: no panic, no scenario that is both refused and without an error,
    /// and every place is a place of its text.
    #[test]
    fn no_text_surprises_the_loader(
        which in 0..5usize,
        json in proptest::bool::weighted(0.2),
        changes in proptest::collection::vec(
            (0..1000usize, 0..12usize, "[(){}\\[\\],:\"'/#*\\\\=.0-9a-zé -]{0,3}|\"1,5 s\"|-1|1e99|\u{1f600}|None|Some\\(|r#\""),
            0..6,
        ),
    ) {
        let text = mutate(&material()[which], &changes);
        let name = if json { "x.json" } else { "x.ron" };
        let files = memory(&[(name, &text), ("base/wrong.ron", &text)]);
        let (notes, files) = match load(name, &files, &Overrides::default()) {
            Ok(loaded) => {
                let again = resolved(&loaded.plan);
                let files = memory(&[("x.ron", &again)]);
                let again = load("x.ron", &files, &Overrides::default());
                proptest::prop_assert!(again.is_ok(), "{}", again.expect_err("not ok"));
                (loaded.warnings, loaded.files)
            }
            Err(refused) => {
                let refused = *refused;
                let error = |note: &Diagnostic| note.severity() == Severity::Error;
                proptest::prop_assert!(refused.notes.iter().any(error));
                (refused.notes, refused.files)
            }
        };
        for label in notes.iter().flat_map(|note| &note.labels) {
            let text = &files.file(label.place.file).text;
            let range = label.place.start as usize..label.place.end as usize;
            proptest::prop_assert!(text.get(range).is_some(), "{label:?}");
        }
        render::text(&notes, &files, render::Colour::Never, &crate::locale::AsWritten);
        render::json(&notes, &files);
    }
}

#[test]
fn a_haproxy_cfg_gives_the_servers_and_the_scenario_changes_them() {
    let scenario = "(
        config: \"haproxy.cfg\", env: \"lab.env\",
        proxy: (cookie: \"SERVERID insert indirect nocache\", servers: {
            \"s1\": (cookie: \"s1\", weight: 2), \"s2\": (cookie: \"s2\"),
        }),
        nodes: { \"s1\": (delay: \"250ms\") },
        clients: { \"jmeter\": thread_group(loops: 10) },
    )";
    let text = |name: &str| Folder.text(&format!("lab3/{name}")).expect("it is shipped");
    let (cfg, env) = (text("haproxy.cfg"), text("lab.env"));
    let files = [
        ("lab/x.ron", scenario),
        ("lab/haproxy.cfg", &cfg),
        ("lab/lab.env", &env),
    ];
    let loaded = load("lab/x.ron", &memory(&files), &Overrides::default());
    let loaded = loaded.unwrap_or_else(|refused| panic!("{refused}"));
    assert_eq!(loaded.warnings, []);
    assert!(loaded.ledger.len() > 10);
    let plan = loaded.plan;
    let [backend] = plan.proxy.backends.as_slice() else {
        panic!("the stats page is no backend of ours");
    };
    let servers: Vec<_> = backend
        .servers
        .iter()
        .map(|s| {
            (
                s.name.as_str(),
                s.weight,
                s.check.is_some(),
                s.address.map(|a| a.to_string()),
            )
        })
        .collect();
    let address = |text: &str| Some(text.to_owned());
    assert_eq!(
        servers,
        [
            ("s1", 2, true, address("192.168.42.11:3000")),
            ("s2", 1, true, address("192.168.42.22:3000")),
        ]
    );
    assert_eq!(backend.timeout_connect, Some(balance::Span::from_secs(5)));
    let delays: Vec<_> = plan
        .nodes
        .iter()
        .map(|n| (n.name.as_str(), n.delay))
        .collect();
    let ms = balance::Span::from_millis;
    assert_eq!(delays, [("s1", ms(250)), ("s2", ms(0))]);
}

#[test]
fn what_is_doubtful_is_a_warning() {
    let node = "nodes: {\"s1\": (), \"s2\": ()}";
    let client = "clients: {\"c\": thread_group(loops: 1)}";
    for (proxy, code, words) in [
        ("cookie: \"A insert\"", Code::CookieValue, "cookie"),
        ("balance: \"first\"", Code::Lint, "\"first\""),
        ("option: [\"httplog\"]", Code::Idle, "\"httplog\""),
        ("hash_type: \"consistent\"", Code::Idle, "\"consistent\""),
        ("hash_balance_factor: 150", Code::Idle, "150"),
        ("dynamic_cookie_key: \"k\"", Code::Idle, "\"k\""),
        (
            "servers: {\"s1\": (inter: \"1s\"), \"s2\": ()}",
            Code::Idle,
            "\"1s\"",
        ),
        ("servers: {\"s1\": ()}", Code::Idle, "\"s2\""),
    ] {
        let text = format!("(proxy: ({proxy}), {node}, {client})");
        let loaded = load("x.ron", &memory(&[("x.ron", &text)]), &Overrides::default());
        let loaded = loaded.unwrap_or_else(|refused| panic!("{refused}"));
        let [warning] = loaded.warnings.as_slice() else {
            panic!("{proxy}: {:?}", loaded.warnings);
        };
        assert_eq!(warning.code, code, "{proxy}");
        assert_eq!(
            loaded.files.words(warning.labels[0].place),
            words,
            "{proxy}"
        );
    }
}
