//! Every view in French: what people read of a few runs, and that nothing English is left in
//! the frame. What programs read is the same in every language.

use std::fmt::Write as _;
use std::process::Command;

use balancelab::locale::phrases::{self, Shape, words};
use balancelab::locale::{Lang, Words};

use crate::snapshots;
use crate::tidy::source::top;

/// Views of runs that are kept in French, and what is typed for each.
const KEPT: &[(&str, &[&str])] = &[
    ("run", &["run", "scenarios/lab3/4.3-at-once.ron"]),
    ("run-browsers", &["run", "scenarios/lab3/2.3-browsers.ron"]),
    (
        "run-picks",
        &["run", "scenarios/lab3/1.1-browser.ron", "--picks"],
    ),
    (
        "run-markdown",
        &[
            "run",
            "scenarios/lab3/4.3-at-once.ron",
            "--format",
            "markdown",
        ],
    ),
    ("timeline", &["timeline", "scenarios/lab3/4.3-at-once.ron"]),
    (
        "sequence",
        &[
            "seq",
            "scenarios/lab3/1.5-at-once.ron",
            "--around",
            "s1 DOWN",
        ],
    ),
    (
        "sequence-mermaid",
        &["seq", "scenarios/lab3/2.3-browsers.ron", "--as", "mermaid"],
    ),
    (
        "sequence-svg",
        &["seq", "scenarios/lab3/1.1-browser.ron", "--as", "svg"],
    ),
    (
        "diff",
        &[
            "diff",
            "scenarios/lab3/4.1.ron",
            "--set",
            "nodes.s1.delay=250ms",
        ],
    ),
    (
        "diff-markdown",
        &[
            "diff",
            "scenarios/lab3/4.1.ron",
            "--set",
            "nodes.s1.delay=250ms",
            "--format",
            "markdown",
        ],
    ),
    (
        "what-if",
        &[
            "what-if",
            "tests/import/cfg/lab-serverid.cfg",
            "--slow",
            "s1=250ms",
        ],
    ),
    ("check", &["check", "scenarios/lab3/4.1.ron"]),
];

/// The names under which these and others of this file are kept, below `fr/`.
pub(crate) fn kept() -> impl Iterator<Item = String> {
    let others = [
        "refused",
        "refused-foreign",
        "assumed",
        "plots",
        "page",
        "console",
    ];
    let names = KEPT.iter().map(|(name, _)| *name).chain(others);
    names.map(|name| format!("fr/{name}"))
}

/// What the program says in a language: its result, and its remarks.
fn said(args: &[&str], lang: &str, typed: &str) -> (String, String) {
    use std::io::Write as _;
    use std::process::Stdio;
    let mut child = Command::new(env!("CARGO_BIN_EXE_balancelab"))
        .env("LC_ALL", "C")
        .args(args)
        .args(["--lang", lang, "--color", "never"])
        .current_dir(top())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut input = child.stdin.take().expect("a pipe");
    // A program that does not read has left already.
    let _ = input.write_all(typed.as_bytes());
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (text(output.stdout), text(output.stderr))
}

#[test]
fn views_in_french() {
    for (name, args) in KEPT {
        let (text, remarks) = said(args, "fr", "");
        snapshots::assert(&format!("fr/{name}"), text.trim_end());
        is_french(&["table", "diff", "time", "seq"], &text, name);
        is_french(&["say"], &remarks, name);
    }
}

#[test]
fn plots_in_french() {
    let folder = format!("{}/plots-fr", env!("CARGO_TARGET_TMPDIR"));
    let task = "scenarios/lab3/1.5-at-once.ron";
    let (written, _) = said(&["plot", task, "-o", &folder], "fr", "");
    let mut told = String::new();
    for path in written.lines().filter(|path| path.contains(".svg")) {
        let svg = std::fs::read_to_string(path).expect("a picture");
        let texts = svg.split("<text ").skip(1).filter_map(|text| {
            let (_, text) = text.split_once('>')?;
            text.split_once('<').map(|(text, _)| text)
        });
        let texts: Vec<&str> = texts.collect();
        let (_, described) = svg.split_once("-desc\">").expect("a description");
        let (described, _) = described.split_once('<').expect("its end");
        let _ = writeln!(told, "{}\n{described}\n", texts.join(" | "));
    }
    is_french(&["plot"], &told, "plots");
    snapshots::assert("fr/plots", told.trim_end());
    // Files are the same in every language.
    let english = format!("{}/plots-en", env!("CARGO_TARGET_TMPDIR"));
    said(&["plot", task, "-o", &english], "en", "");
    for path in written.lines().filter(|path| path.contains(".csv")) {
        let other = path.replace("plots-fr", "plots-en");
        let [ours, theirs] = [path, &other].map(|path| std::fs::read(path).expect("a table"));
        assert_eq!(ours, theirs, "{path}");
    }
}

/// The texts of a page: neither its tags nor its pictures, style, script and data.
fn texts(page: &str) -> String {
    let mut text = page.to_owned();
    for element in ["style", "script", "svg"] {
        let (begin, end) = (format!("<{element}"), format!("</{element}>"));
        while let Some(from) = text.find(&begin) {
            let until = text[from..].find(&end).expect("it ends") + from + end.len();
            text.replace_range(from..until, "");
        }
    }
    let pieces = text.split('<').filter_map(|piece| piece.split_once('>'));
    let pieces = pieces.map(|(_, text)| text.trim());
    let pieces: Vec<&str> = pieces.filter(|text| !text.is_empty()).collect();
    pieces.join("\n")
}

#[test]
fn the_page_in_french() {
    let task = "scenarios/lab3/1.1-browser.ron";
    let (page, _) = said(&["report", task, "-o", "-"], "fr", "");
    assert!(page.contains("<html lang=\"fr\">"));
    let (_, data) = page.split_once("id=\"r1-film\">").expect("a film");
    let (data, _) = data.split_once("</script>").expect("its end");
    let film: serde_json::Value = serde_json::from_str(data).expect("JSON");
    let lines: Vec<&str> = film["words"]
        .as_array()
        .expect("lines")
        .iter()
        .filter_map(|line| line.as_str())
        .collect();
    let text = texts(&page) + "\n\n" + &lines.join("\n");
    is_french(&["page", "line"], &text, "page");
    snapshots::assert("fr/page", &text);
    let (english, _) = said(&["report", task, "-o", "-"], "en", "");
    let report = |page: &str| {
        let (_, data) = page.split_once("id=\"r1-report\">").expect("a report");
        data.split_once("</script>").expect("its end").0.to_owned()
    };
    assert_eq!(report(&page), report(&english));
}

#[test]
fn the_console_in_french() {
    let typed = "help\nstep 6\nrun until s1 DOWN\nstatus\ntable\nstop s9\nback 2\nback to 1s\nwhy 0\nstep x\nrun\nsave /\nquit\n";
    let (text, _) = said(&["console", "scenarios/lab3/1.5-at-once.ron"], "fr", typed);
    is_french(&["say", "table"], &text, "console");
    snapshots::assert("fr/console", &text.replace(typed, ""));
}

/// Every broken file is refused in French, and no word of the frame is English.
#[test]
fn refusals_in_french() {
    let mut told = String::new();
    for ending in ["ron", "json"] {
        for name in snapshots::stems("scenarios/broken", ending) {
            refused(&format!("scenarios/broken/{name}.{ending}"), &mut told);
        }
    }
    snapshots::assert("fr/refused", told.trim_end());
}

/// So are broken compose files and test plans; what a reader of YAML or XML says stays.
#[test]
fn refusals_of_foreign_files_in_french() {
    let mut told = String::new();
    for (folder, ending) in [("compose", "yml"), ("jmx", "jmx")] {
        for name in snapshots::stems(&format!("tests/import/{folder}"), ending) {
            refused(&format!("tests/import/{folder}/{name}.{ending}"), &mut told);
        }
    }
    snapshots::assert("fr/refused-foreign", told.trim_end());
}

/// Adds what is wrong with `file` in French to `told`, if anything is.
fn refused(file: &str, told: &mut String) {
    let (_, french) = said(&["check", file], "fr", "");
    let (_, english) = said(&["check", file], "en", "");
    if !french.is_empty() {
        let _ = writeln!(told, "{}\n", french.trim_end());
    }
    // Lines of texts and places are the same; every sentence is another one.
    let is_sentence = |line: &&str| {
        let line = line.trim_start_matches([' ', '|', '=']);
        [
            "error",
            "warning",
            "note",
            "help",
            "erreur",
            "avertissement",
            "aide",
        ]
        .iter()
        .any(|kind| line.starts_with(kind))
    };
    let sentences = english.lines().filter(is_sentence);
    // The kind of a sentence is French in any case: what stands behind it is asked.
    let sentences = sentences.filter_map(|line| line.split_once(": "));
    let same: Vec<&str> = sentences
        .map(|(_, sentence)| sentence)
        .filter(|sentence| french.contains(&format!(": {sentence}\n")))
        .collect();
    assert_eq!(same, Vec::<&str>::new(), "{file}");
}

/// What is assumed where files of others are all there is: a folder of the lab, containers, a
/// test plan.
#[test]
fn assumptions_in_french() {
    const CONFIG: &str = "tests/import/cfg/lab-serverid.cfg";
    let mut told = String::new();
    for args in [
        &["run", "tests/import/lab-folder"][..],
        &[
            "run",
            "--config",
            CONFIG,
            "--compose",
            "tests/import/compose/replicas.yml",
        ],
        &[
            "run",
            "--config",
            CONFIG,
            "--plan",
            "tests/import/jmx/ultimate.jmx",
        ],
        &[
            "run",
            "--config",
            CONFIG,
            "--plan",
            "tests/import/jmx/setup-teardown.jmx",
        ],
        &[
            "run",
            "--config",
            CONFIG,
            "--plan",
            "tests/import/jmx/endless.jmx",
        ],
    ] {
        let (_, french) = said(args, "fr", "");
        let (_, english) = said(args, "en", "");
        let same: Vec<&str> = english
            .lines()
            .filter_map(|line| line.strip_prefix("assumed: "))
            .filter(|sentence| french.contains(sentence))
            .collect();
        assert_eq!(same, Vec::<&str>::new(), "{args:?}");
        assert_eq!(french.matches("supposé : ").count(), french.lines().count());
        let _ = writeln!(told, "{}\n", french.trim_end());
    }
    is_french(&["say"], &told, "assumed");
    snapshots::assert("fr/assumed", told.trim_end());
}

/// What programs read does not change with the language.
#[test]
fn machines_read_one_language() {
    let task = "scenarios/lab3/4.3-at-once.ron";
    let change = "nodes.s1.delay=250ms";
    let broken = "scenarios/broken/duration-decimal-comma.ron";
    for args in [
        &["run", task][..],
        &["timeline", task],
        &["diff", "scenarios/lab3/4.1.ron", "--set", change],
        &["list", "scenarios/lab3"],
        &["check", task, broken],
    ] {
        for format in ["json", "csv"] {
            let args: Vec<&str> = args.iter().copied().chain(["--format", format]).collect();
            let [english, french] = ["en", "fr"].map(|lang| said(&args, lang, "").0);
            assert!(!english.is_empty(), "{args:?}");
            assert_eq!(english, french, "{args:?}");
        }
    }
}

/// No phrase of these contexts stands in `text` in English. Short ones may be a word of
/// HAProxy, or one of both languages.
#[track_caller]
fn is_french(contexts: &[&str], text: &str, name: &str) {
    let french: &dyn Words = words(Lang::Fr);
    for Shape { key, words, .. } in phrases::shapes() {
        let context = key.split('-').next().expect("a context");
        let [english] = words.as_slice() else {
            continue;
        };
        let is_other = french.put(context, english) != *english;
        if contexts.contains(&context) && is_other && english.len() > 7 {
            let stands = text.match_indices(english.as_str()).any(|(at, found)| {
                let around = [
                    text[..at].chars().last(),
                    text[at + found.len()..].chars().next(),
                ];
                around
                    .iter()
                    .all(|c| c.is_none_or(|c| !c.is_alphanumeric()))
            });
            assert!(!stands, "{name}: {english:?} ({key})");
        }
    }
}
