//! The inputs that fuzzing found interesting, and those that once broke something: none may
//! surprise its reader again. `docs/fuzzing.md` tells how they are found.

use std::collections::BTreeMap;
use std::fs;
use std::panic::catch_unwind;

use balancelab::scenario::Files;
use balancelab::scenario::import::jmx::read_jmx;

use crate::tidy::source::top;

#[path = "../../fuzz/src/readers.rs"]
#[expect(unreachable_pub, reason = "a library of its own for the fuzz targets")]
mod readers;

/// Does with an input what a fuzzer does.
type Target = fn(&[u8]);

/// Every fuzz target and what it does with an input.
const TARGETS: [(&str, Target); 9] = [
    ("admin", readers::admin),
    ("compose", readers::compose),
    ("dotenv", readers::dotenv),
    ("haproxy_cfg", readers::haproxy_cfg),
    ("jmx", readers::jmx),
    ("log", readers::log),
    ("recording", readers::recording),
    ("scenario_json", readers::scenario_json),
    ("scenario_ron", readers::scenario_ron),
];

/// The names in a folder, sorted.
fn names(folder: &str) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(top().join(folder))
        .expect("a folder")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}

#[test]
fn every_target_is_replayed() {
    let known: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    assert_eq!(names("fuzz/corpus"), known);
    let targets: Vec<String> = known.iter().map(|name| format!("{name}.rs")).collect();
    assert_eq!(names("fuzz/fuzz_targets"), targets);
}

#[test]
fn kept_inputs_surprise_nobody() {
    for (name, target) in TARGETS {
        let folder = format!("fuzz/corpus/{name}");
        let inputs = names(&folder);
        assert!(!inputs.is_empty(), "{name} has no inputs");
        for input in inputs {
            let path = top().join(&folder).join(&input);
            let bytes = fs::read(&path).expect("a file");
            assert!(bytes.len() <= 8192, "{folder}/{input} is too long to keep");
            let outcome = catch_unwind(|| target(&bytes));
            assert!(outcome.is_ok(), "{folder}/{input}");
        }
    }
}

/// A megabyte takes less than a second, also where a text repeats itself: nothing in a reader
/// grows faster than its text.
#[test]
fn long_inputs_take_time_in_proportion() {
    let rows: [(&str, Target, &str); 21] = [
        ("comment", readers::haproxy_cfg, "# nothing\n"),
        ("unknown keyword", readers::haproxy_cfg, "nonsense\n"),
        ("open quotes", readers::haproxy_cfg, "\""),
        ("one long line", readers::haproxy_cfg, "a "),
        (
            "results of JMeter",
            readers::log,
            "timeStamp,elapsed\n1,2\n",
        ),
        (
            "open quotes of a table",
            readers::log,
            "timeStamp,elapsed\n\"",
        ),
        ("brackets", readers::log, "[["),
        ("variables", readers::dotenv, "A=${A:-x}\n"),
        ("open brackets", readers::scenario_ron, "(a:["),
        ("one long list", readers::scenario_ron, "1,"),
        ("open texts", readers::scenario_json, "\"\\"),
        ("open comments", readers::scenario_ron, "/*"),
        ("lines of YAML", readers::compose, "a: b\n"),
        ("open brackets of YAML", readers::compose, "[{"),
        ("open quotes of YAML", readers::compose, "\""),
        ("dashes", readers::compose, "- "),
        ("anchors", readers::compose, "- &a b\n- *a\n"),
        ("variables of YAML", readers::compose, "- ${A:-${B:-$C}}\n"),
        ("a folded text", readers::compose, "x: >\n  a\n"),
        ("comments of YAML", readers::compose, "# nothing\n"),
        ("one long line of YAML", readers::compose, "a b "),
    ];
    for (name, target, piece) in rows {
        let text = piece.repeat(1_000_000 / piece.len());
        let begun = std::time::Instant::now();
        target(text.as_bytes());
        let limit = if cfg!(debug_assertions) { 20 } else { 1 };
        assert!(begun.elapsed().as_secs() < limit, "{name}");
    }
}

/// Compose files that would be very large if their aliases and `extends` were followed.
#[test]
fn small_files_do_not_become_large_ones() {
    let limit = if cfg!(debug_assertions) { 20 } else { 1 };
    let numbered =
        |piece: &dyn Fn(usize) -> String, count: usize| (1..count).map(piece).collect::<String>();
    let bomb = |merged: bool| {
        let piece = |n: usize| {
            let below = n - 1;
            if merged {
                format!("x{n}: &a{n}\n  <<: [*a{below}, *a{below}, *a{below}]\n  k{n}: v\n")
            } else {
                format!("x{n}: &a{n} [*a{below}, *a{below}, *a{below}]\n")
            }
        };
        let end = "services:\n  a:\n    <<: *a999\n    environment: *a999\n    ports: *a999\n";
        format!("x0: &a0 {{image: a}}\n{}{end}", numbered(&piece, 1000))
    };
    let shared = |use_of: &str| {
        let keys = numbered(&|n| format!("  K{n}: v\n"), 10_000);
        let services = numbered(&|n| format!("  s{n}: {{{use_of}}}\n"), 10_000);
        format!("x-all: &all\n{keys}services:\n{services}")
    };
    let chain = numbered(
        &|n| {
            format!(
                "  s{n}: {{extends: s{}, environment: {{A{n}: b}}}}\n",
                n - 1
            )
        },
        20_000,
    );
    let unknown = numbered(&|n| format!("    key{n}: v\n"), 50_000);
    for (name, text) in [
        ("aliases of aliases", bomb(false)),
        ("merges of merges", bomb(true)),
        ("one environment for all", shared("environment: *all")),
        ("one merge for all", shared("<<: *all")),
        ("a chain", format!("services:\n  s0: {{image: a}}\n{chain}")),
        ("unknown keys", format!("services:\n  s0:\n{unknown}")),
        (
            "one alias again and again",
            format!(
                "services: {{a: &a {{image: a}}}}\nx: [{}]\n",
                "*a, ".repeat(200_000)
            ),
        ),
    ] {
        let begun = std::time::Instant::now();
        readers::compose(text.as_bytes());
        assert!(
            begun.elapsed().as_secs() < limit,
            "{name} {:?}",
            begun.elapsed()
        );
    }
}

/// A megabyte of a test plan is read, or refused, in less than a second, however odd it is; what
/// is nested without end does not use up the stack.
#[test]
fn long_test_plans_take_time_in_proportion() {
    const LENGTH: usize = 1_000_000;
    let sampler = "<HTTPSamplerProxy><stringProp name=\"HTTPSampler.path\">/a</stringProp>\
                   </HTTPSamplerProxy><hashTree/>";
    let timer = "<ConstantTimer><stringProp name=\"ConstantTimer.delay\">1</stringProp>\
                 </ConstantTimer><hashTree/>";
    let group = "<ThreadGroup><stringProp name=\"ThreadGroup.num_threads\">1</stringProp>\
                 </ThreadGroup><hashTree>";
    let open = format!("<jmeterTestPlan><hashTree><TestPlan/><hashTree>{group}");
    let close = "</hashTree></hashTree></hashTree></jmeterTestPlan>";
    let filled = |piece: &str| {
        let middle = piece.repeat(LENGTH / piece.len());
        format!("{open}{middle}{close}")
    };
    let path = |piece: &str| {
        let text = piece.repeat(LENGTH / piece.len());
        let path = format!("<stringProp name=\"HTTPSampler.path\">{text}</stringProp>");
        format!("{open}<HTTPSamplerProxy>{path}</HTTPSamplerProxy><hashTree/>{close}")
    };
    let rows = [
        ("samplers", filled(sampler)),
        ("timers and samplers", filled(&format!("{timer}{sampler}"))),
        ("unknown elements", filled("<x.y.Z/><hashTree/>")),
        (
            "disabled elements",
            filled("<DebugSampler enabled=\"false\"/><hashTree/>"),
        ),
        ("bad numbers", filled(&timer.replace('1', "x"))),
        ("open variables", path("${")),
        ("variables", path("${a}")),
        ("nested variables", path("${__V(${")),
        ("nested elements", "<hashTree>".repeat(LENGTH / 10)),
        ("attributes", format!("<a {}/>", "b='' ".repeat(LENGTH / 5))),
        ("open comment", "<!--".repeat(LENGTH / 4)),
        ("references", path("&amp;")),
    ];
    for (name, text) in rows {
        let begun = std::time::Instant::now();
        let mut files = Files::default();
        let file = files.add("long.jmx", text);
        let imported = read_jmx(&mut files, file, &[], &BTreeMap::new());
        assert!(!imported.ledger.is_empty());
        let limit = if cfg!(debug_assertions) { 20 } else { 1 };
        assert!(begun.elapsed().as_secs() < limit, "{name}");
    }
}
