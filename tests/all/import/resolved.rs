//! Is a configuration, written out as a scenario, the same run?

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use balancelab::plan::Plan;
use balancelab::scenario::foreign::{Pieces, assemble, write_out};
use balancelab::scenario::import::Env;
use balancelab::scenario::import::haproxy_cfg::read_cfg_with_lists;
use balancelab::scenario::{self, Files, Form, Loaded, Overrides};
use proptest::prelude::*;

use crate::rules::PRELUDE;
use crate::tidy::source::{files, relative, top};

/// A run without a scenario.
struct Run {
    name: String,
    pieces: Pieces,
    loaded: Loaded,
}

/// Every configuration of the corpora that somebody can send requests to.
fn runs() -> Vec<Run> {
    let folders = [
        "tests/import/cfg",
        "tests/rules",
        "tests/logs",
        "scenarios/lab3",
    ];
    let paths = folders.iter().flat_map(|folder| files(folder, "cfg"));
    paths.filter_map(|path| run(&path)).collect()
}

fn run(path: &Path) -> Option<Run> {
    let name = relative(path);
    let text = fs::read_to_string(path).expect("text");
    let prelude = if name.starts_with("tests/rules/") {
        PRELUDE
    } else {
        ""
    };
    read(&name, &format!("{prelude}{text}"))
}

/// The run of a configuration with this text, which is called `name`: files that it names stand
/// beside that.
fn read(name: &str, text: &str) -> Option<Run> {
    let mut texts = Files::default();
    let file = texts.add(name, text);
    let mut env = Env::default();
    env.read_dotenv("WEBAPP_1_IP=192.168.42.11\nWEBAPP_2_IP=192.168.42.22\n");
    let folder = top().join(name);
    let list = |list: &str| {
        let paths = [folder.with_file_name(list), top().join(list)];
        let text = paths.iter().find_map(|path| fs::read_to_string(path).ok());
        text.ok_or_else(|| "no such file".to_owned())
    };
    let pieces = Pieces {
        name: name.to_owned(),
        config: read_cfg_with_lists(&texts, &[file], &env, &list),
        files: texts,
        ..Pieces::default()
    };
    let loaded = assemble(pieces.clone(), &Overrides::default()).ok()?;
    Some(Run {
        name: name.to_owned(),
        pieces,
        loaded,
    })
}

/// Loads a scenario called `name` beside `source`.
fn load(name: &str, text: &str, source: &[(&str, &str)]) -> Result<Plan, String> {
    let files = source.iter().copied().chain([(name, text)]);
    let owned = files.map(|(name, text)| (name.to_owned(), text.to_owned()));
    let source: BTreeMap<String, String> = owned.collect();
    let loaded = scenario::load(name, &source, &Overrides::default());
    let plan = loaded.map(|loaded| loaded.plan);
    plan.map_err(|refused| refused.to_string())
}

/// How `again`, the plan of a scenario, differs from `plan`.
fn difference(plan: &Plan, again: Result<Plan, String>) -> Option<String> {
    let mut again = match again {
        Ok(again) => again,
        Err(why) => return Some(why),
    };
    again.scenario.clone_from(&plan.scenario);
    if again == *plan {
        return None;
    }
    let (a, b) = (format!("{plan:#?}"), format!("{again:#?}"));
    let mut pairs = a.lines().zip(b.lines()).filter(|(a, b)| a != b);
    let (a, b) = pairs.next().unwrap_or_default();
    Some(format!("{a} became {b}"))
}

/// Written out with every default, rules included, in both forms, a plan is the same plan.
#[test]
fn every_configuration_can_be_resolved() {
    let runs = runs();
    assert!(runs.len() >= 45, "{}", runs.len());
    let ruled = |run: &&Run| !run.loaded.plan.proxy.frontends.is_empty();
    assert!(runs.iter().filter(ruled).count() >= 10);
    let mut wrong = Vec::new();
    for Run { name, loaded, .. } in runs {
        assert_eq!(scenario::unsaid(&loaded.plan), None, "{name}");
        for (file, form) in [("again.ron", Form::Ron), ("again.json", Form::Json)] {
            let text = scenario::resolved_as(&loaded.plan, form);
            let difference = difference(&loaded.plan, load(file, &text, &[]));
            wrong.extend(difference.map(|why| format!("{name}: {why}")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Imported, a configuration is a scenario that `fmt` leaves as it is and that is the same
/// plan, which runs to the same digest.
#[test]
fn every_configuration_can_be_imported() {
    let mut wrong = Vec::new();
    for Run {
        name,
        pieces,
        loaded,
    } in runs()
    {
        let text = write_out(&pieces, &loaded, &[], None);
        let laid_out = scenario::format("a.ron", &text).expect("a scenario");
        assert_eq!(laid_out, text, "{name}");
        let difference = difference(&loaded.plan, load("again.ron", &text, &[]));
        wrong.extend(difference.map(|why| format!("{name}: {why}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Imported with a log, the scenario replays the log from its file.
#[test]
fn every_log_can_be_imported() {
    for (config, log) in [
        ("captures.cfg", "captures.log"),
        ("clf.cfg", "clf.log"),
        ("httplog.cfg", "httplog.log"),
        ("httplog.cfg", "results.jtl"),
        ("httplog.cfg", "results.xml.jtl"),
    ] {
        let folder = top().join("tests/logs");
        let run = run(&folder.join(config)).expect("it runs");
        let text = fs::read_to_string(folder.join(log)).expect("text");
        let mut pieces = run.pieces;
        pieces.log = Some(pieces.files.add("logs/a.log", text.as_str()));
        let loaded = assemble(pieces.clone(), &Overrides::default());
        let loaded = loaded.unwrap_or_else(|refused| panic!("{log}: {refused}"));
        let written = write_out(&pieces, &loaded, &[], Some("logs/a.log"));
        assert!(written.contains("log: \"logs/a.log\""), "{written}");
        let again = load("again.ron", &written, &[("logs/a.log", text.as_str())]);
        assert_eq!(difference(&loaded.plan, again), None, "{log}");
    }
}

/// What the corpora of rules and of configurations become when they are mutilated.
fn mutilated() -> impl Strategy<Value = String> {
    let folders = ["tests/import/cfg", "tests/rules"];
    let paths = folders.iter().flat_map(|folder| files(folder, "cfg"));
    let texts = paths.map(|path| fs::read_to_string(path).expect("text"));
    let words = vec![
        "if",
        "\n",
        "#",
        "{ path_beg /a }",
        " unless ",
        "\"'\"",
        "%[path]",
    ];
    super::mutilated(texts.collect(), "[\\\\\"'$ {}()\\[\\]%!,:/-]{1,4}", words)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever configuration can run, its scenario is the same run.
    #[test]
    fn no_configuration_changes_when_it_is_imported(text in mutilated()) {
        if let Some(Run { pieces, loaded, .. }) = read("tests/rules/x.cfg", &text)
            && scenario::unsaid(&loaded.plan).is_none()
        {
            let written = write_out(&pieces, &loaded, &[], None);
            let again = load("again.ron", &written, &[]);
            prop_assert_eq!(difference(&loaded.plan, again), None, "{}", written);
        }
    }
}
