//! The corpus of test plans under `tests/import/jmx`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use balancelab::lab;
use balancelab::locale::AsWritten;
use balancelab::oracle::Oracle;
use balancelab::scenario::foreign::{Pieces, assemble};
use balancelab::scenario::import::haproxy_cfg::read_cfg;
use balancelab::scenario::import::jmx::{Imported, read_jmx};
use balancelab::scenario::import::{Env, Status};
use balancelab::scenario::{Files, Overrides, render, resolved};
use proptest::prelude::*;
use ron::extensions::Extensions;
use ron::ser::PrettyConfig;

use crate::snapshots;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import/jmx")
}

/// The files of the corpus with this ending, by name.
fn corpus(ending: &str) -> Vec<PathBuf> {
    let mut list: Vec<PathBuf> = fs::read_dir(folder())
        .expect("the folder is part of the repository")
        .map(|entry| entry.expect("it can be listed").path())
        .filter(|path| path.extension().is_some_and(|found| found == ending))
        .collect();
    list.sort();
    list
}

fn stem(path: &Path) -> String {
    let stem = path.file_stem().expect("files have names");
    stem.to_string_lossy().into_owned()
}

/// What stands beside the plans.
fn beside() -> BTreeMap<String, String> {
    let files = ["csv", "tsv", "jmx"].into_iter().flat_map(corpus);
    files
        .map(|path| {
            let name = path.file_name().expect("files have names");
            let text = fs::read_to_string(&path).expect("the corpus is text");
            (name.to_string_lossy().into_owned(), text)
        })
        .collect()
}

fn read(name: &str, text: &str) -> (Imported, Files) {
    let mut files = Files::default();
    let id = files.add(name, text);
    let imported = read_jmx(&mut files, id, &[], &beside());
    (imported, files)
}

/// Everything a plan comes to, as text.
fn shown(imported: &Imported, files: &Files) -> String {
    let extensions = Extensions::IMPLICIT_SOME
        | Extensions::UNWRAP_NEWTYPES
        | Extensions::UNWRAP_VARIANT_NEWTYPES;
    let config = PrettyConfig::new()
        .extensions(extensions)
        .depth_limit(5)
        .new_line("\n");
    let clients = ron::ser::to_string_pretty(&imported.clients, config).expect("it can be written");
    let clients = clients.lines().filter(|line| !line.starts_with("#!["));
    let mut text = clients.collect::<Vec<_>>().join("\n");
    text.push_str("\n\n");
    for sentence in &imported.told {
        writeln!(text, "assumed: {sentence}").expect("strings grow");
    }
    text.push('\n');
    for entry in &imported.ledger {
        let because = if entry.why.is_empty() { "" } else { ": " };
        writeln!(
            text,
            "{:>3} {} = {}{because}{}",
            entry.line,
            entry.keyword,
            entry.status.text(),
            entry.why
        )
        .expect("strings grow");
    }
    text.push('\n');
    text += render::text(&imported.notes, files, render::Colour::Never, &AsWritten).trim_end();
    text
}

#[test]
fn every_plan_becomes_the_expected_clients_and_ledger() {
    let plans = corpus("jmx");
    assert!(plans.len() >= 25);
    for path in plans {
        let name = stem(&path);
        let text = fs::read_to_string(&path).expect("the corpus is text");
        let (imported, files) = read(&format!("{name}.jmx"), &text);
        let refused = name.starts_with("broken") || name == "fragment";
        assert_eq!(imported.is_refused(), refused, "{name}");
        snapshots::assert(&format!("import/jmx/{name}"), &shown(&imported, &files));
    }
}

/// Nothing is dropped silently: every element of the tree is in the ledger, and whatever is
/// not followed is explained.
#[test]
fn every_element_is_accounted_for() {
    for path in corpus("jmx") {
        let text = fs::read_to_string(&path).expect("the corpus is text");
        let (imported, files) = read("x.jmx", &text);
        assert!(!imported.ledger.is_empty(), "{path:?}");
        let entered: BTreeSet<u32> = (imported.ledger.iter())
            .filter(|entry| files.file(entry.place.file).name == "x.jmx")
            .map(|entry| entry.line)
            .collect();
        for entry in &imported.ledger {
            let explained = entry.status == Status::Modelled || !entry.why.is_empty();
            assert!(explained, "{path:?} {entry:?}");
        }
        if stem(&path).starts_with("broken-") && !stem(&path).ends_with("numbers") {
            continue;
        }
        // What opens an element of the tree, and nothing else, has these attributes.
        for (index, line) in text.lines().enumerate() {
            let is_element = line.contains(" testclass=") && !line.contains("<elementProp");
            let number = index as u32 + 1;
            assert!(
                !is_element || entered.contains(&number),
                "{path:?} {number}"
            );
        }
    }
}

/// Every plan that is accepted runs, is the same run when it is written as a scenario, and
/// breaks no law.
#[test]
fn every_plan_runs() {
    let mut ran = 0;
    for path in corpus("jmx") {
        let name = stem(&path);
        let text = fs::read_to_string(&path).expect("the corpus is text");
        let (imported, mut files) = read(&name, &text);
        if imported.is_refused() {
            continue;
        }
        let config = files.add("haproxy.cfg", CONFIG);
        let pieces = Pieces {
            name: name.clone(),
            config: read_cfg(&files, &[config], &Env::default()),
            files,
            clients: Some(imported.clients),
            notes: imported.notes,
            ..Pieces::default()
        };
        let overrides = Overrides::new(["budget=(events: 300000)"]);
        let loaded = assemble(pieces, &overrides);
        let plan = loaded.unwrap_or_else(|refused| panic!("{refused}")).plan;
        let again = BTreeMap::from([("x.ron".to_owned(), resolved(&plan))]);
        let again = balancelab::scenario::load("x.ron", &again, &Overrides::default());
        let mut again = again
            .unwrap_or_else(|refused| panic!("{name}: {refused}"))
            .plan;
        again.scenario.clone_from(&plan.scenario);
        assert_eq!(again, plan, "{name}");
        let mut oracle = Oracle::new(&plan);
        let outcome = lab::run(&plan, &mut oracle);
        let ended = outcome.is_ok_and(|summary| summary.unfinished == 0);
        let violations = oracle.close(ended);
        assert!(violations.is_empty(), "{name}: {}", violations[0]);
        ran += 1;
    }
    assert!(ran >= 20, "{ran}");
}

/// However deep controllers stand inside one another, what is made of them can be read.
#[test]
fn controllers_inside_one_another_have_room() {
    let kinds = [
        "<LoopController><stringProp name=\"LoopController.loops\">2</stringProp>\
         <boolProp name=\"LoopController.continue_forever\">false</boolProp></LoopController>",
        "<RandomController/>",
        "<SwitchController/>",
        "<IfController><stringProp name=\"IfController.condition\">1 == 1</stringProp>\
         <boolProp name=\"IfController.evaluateAll\">true</boolProp></IfController>",
        "<InterleaveControl><intProp name=\"InterleaveControl.style\">0</intProp></InterleaveControl>",
        "<GenericController/>",
    ];
    let sampler = "<HTTPSamplerProxy><stringProp name=\"HTTPSampler.path\">/a</stringProp>\
                   </HTTPSamplerProxy><hashTree/>";
    for kind in kinds {
        let open = format!("{kind}<hashTree>{sampler}").repeat(40);
        let close = "</hashTree>".repeat(40);
        let text = format!(
            "<jmeterTestPlan><hashTree><TestPlan/><hashTree><ThreadGroup>\
             <stringProp name=\"ThreadGroup.num_threads\">1</stringProp></ThreadGroup><hashTree>\
             {sampler}{open}{close}</hashTree></hashTree></hashTree></jmeterTestPlan>"
        );
        let (imported, mut files) = read("deep.jmx", &text);
        assert!(!imported.is_refused(), "{kind}");
        let config = files.add("haproxy.cfg", CONFIG);
        let pieces = Pieces {
            config: read_cfg(&files, &[config], &Env::default()),
            files,
            clients: Some(imported.clients),
            ..Pieces::default()
        };
        if let Err(refused) = assemble(pieces, &Overrides::default()) {
            panic!("{kind}: {refused}");
        }
    }
}

const CONFIG: &str = "\
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend front
    bind :80
    default_backend nodes
backend nodes
    cookie SERVERID insert indirect nocache
    server s1 192.168.42.11:3000 check cookie s1
    server s2 192.168.42.22:3000 check cookie s2
";

/// A plan with pieces cut out, doubled, moved or made strange.
fn mutilated() -> impl Strategy<Value = String> {
    let texts = corpus("jmx")
        .into_iter()
        .map(|path| fs::read_to_string(path).expect("text"));
    let words = vec![
        "<hashTree/>",
        "</hashTree>",
        "${__P(x)}",
        "-1",
        "99999999999999999999",
        "${x}",
        "enabled=\"false\"",
    ];
    super::mutilated(texts.collect(), "[<>&;\"'${}()/=-]{1,4}", words)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever is written, the answer is an answer: no panic, and places inside the text.
    #[test]
    fn no_text_makes_the_reader_fall_over(text in mutilated()) {
        let (imported, files) = read("x.jmx", &text);
        render::text(&imported.notes, &files, render::Colour::Never, &AsWritten);
        for entry in &imported.ledger {
            let file = files.file(entry.place.file);
            prop_assert!(entry.place.end as usize <= file.text.len());
        }
        prop_assert!(!imported.ledger.is_empty());
    }
}
