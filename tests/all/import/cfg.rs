//! The corpus of `haproxy.cfg` files under `tests/import/cfg`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use balance::Frontend;
use balance::config::{Backend, Server};
use balancelab::scenario::import::haproxy_cfg::{Imported, read_cfg};
use balancelab::scenario::import::{Env, Status};
use balancelab::scenario::{Files, render};
use proptest::prelude::*;

use crate::snapshots;

/// The files of the corpus, by name.
fn corpus() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import/cfg");
    let mut list: Vec<PathBuf> = fs::read_dir(folder)
        .expect("the folder is part of the repository")
        .map(|entry| entry.expect("it can be listed").path())
        .collect();
    list.sort();
    list
}

fn stem(path: &Path) -> String {
    let stem = path.file_stem().expect("files have names");
    stem.to_string_lossy().into_owned()
}

fn read(name: &str, text: &str) -> (Imported, Files) {
    let mut files = Files::default();
    let id = files.add(name, text);
    (read_cfg(&files, &[id], &Env::default()), files)
}

/// Everything a file comes to, as text.
fn shown(imported: &Imported, files: &Files) -> String {
    let mut text = String::new();
    for front in &imported.frontends {
        let to = front
            .default_backend
            .map(|id| &imported.config.backends[id.0 as usize].name);
        let mode = if front.http { "http" } else { "tcp" };
        writeln!(
            text,
            "frontend {} ({mode}) on {} -> {}",
            front.name,
            front.binds.join(" "),
            to.map_or("nobody", |name| name)
        )
        .expect("strings grow");
    }
    for frontend in &imported.config.frontends {
        let bare = Frontend {
            name: frontend.name.clone(),
            binds: frontend.binds.clone(),
            maxconn: frontend.maxconn,
            listen: frontend.listen,
            default_backend: frontend.default_backend,
            timeout_tarpit: frontend.timeout_tarpit,
            ..Frontend::default()
        };
        if *frontend != bare {
            let default = format!("{bare:#?}");
            differing(&mut text, "", &format!("{frontend:#?}"), &default);
        }
    }
    for backend in &imported.config.backends {
        let head = Backend {
            servers: Vec::new(),
            ..backend.clone()
        };
        differing(
            &mut text,
            "",
            &format!("{head:#?}"),
            &format!("{:#?}", Backend::default()),
        );
        for server in &backend.servers {
            let default = format!("{:#?}", Server::default());
            differing(&mut text, "  ", &format!("{server:#?}"), &default);
        }
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
    text += render::text(
        &imported.notes,
        files,
        render::Colour::Never,
        &balancelab::locale::AsWritten,
    )
    .trim_end();
    text
}

/// The lines of a pretty debug text that the default has not, on one line.
fn differing(out: &mut String, indent: &str, own: &str, default: &str) {
    let known: BTreeSet<&str> = default.lines().collect();
    let kept: Vec<&str> = (own.lines().enumerate())
        .filter(|(index, line)| *index == 0 || !known.contains(line))
        .map(|(_, line)| line.trim())
        .collect();
    writeln!(out, "{indent}{}", kept.join(" ")).expect("strings grow");
}

#[test]
fn every_configuration_becomes_the_expected_plan_and_ledger() {
    let files = corpus();
    assert!(files.len() >= 40);
    for path in files {
        let name = stem(&path);
        let text = fs::read_to_string(&path).expect("the corpus is text");
        let (imported, files) = read(&format!("{name}.cfg"), &text);
        let refused = name.starts_with("broken") || name == "lab-appsession";
        assert_eq!(imported.is_refused(), refused, "{name}");
        snapshots::assert(&format!("import/cfg/{name}"), &shown(&imported, &files));
    }
}

/// Nothing is dropped silently: every line that says something is in the ledger.
#[test]
fn every_line_is_accounted_for() {
    for path in corpus() {
        let text = fs::read_to_string(&path).expect("the corpus is text");
        let (imported, _) = read("x.cfg", &text);
        let entered: BTreeSet<u32> = imported.ledger.iter().map(|entry| entry.line).collect();
        for (index, line) in text.lines().enumerate() {
            let says = !line.trim().is_empty() && !line.trim().starts_with('#');
            assert!(
                !says || entered.contains(&(index as u32 + 1)),
                "{path:?} {}",
                index + 1
            );
        }
        for entry in &imported.ledger {
            let explained = entry.status == Status::Modelled || !entry.why.is_empty();
            assert!(explained, "{path:?} {entry:?}");
        }
    }
}

/// Where HAProxy is installed: it accepts and refuses the same files.
#[test]
#[expect(
    clippy::print_stdout,
    reason = "a test that could not compare must say so"
)]
fn haproxy_accepts_and_refuses_the_same() {
    let version = Command::new("haproxy").arg("-v").output();
    let Some(version) = version.ok().filter(|output| output.status.success()) else {
        println!("not compared: haproxy is not installed");
        return;
    };
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    if !version.contains("version 2.6.") {
        println!("not compared: the corpus is judged as 2.6 does, installed is {version}");
        return;
    }
    for path in corpus() {
        let output = Command::new("haproxy")
            .arg("-c")
            .arg("-f")
            .arg(&path)
            .output();
        let output = output.expect("it ran before");
        let (imported, _) = read("x.cfg", &fs::read_to_string(&path).expect("text"));
        assert_eq!(
            imported.is_refused(),
            !output.status.success(),
            "{path:?}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

/// A part of the corpus with pieces cut out, doubled, moved or made strange.
fn mutilated() -> impl Strategy<Value = String> {
    let texts = corpus();
    let texts = texts
        .iter()
        .map(|path| fs::read_to_string(path).expect("text"));
    let words = vec!["if", "\n", "#", "server", "backend", "default-server"];
    super::mutilated(texts.collect(), "[\\\\\"'$ {}()\\[\\]%!,:/-]{1,4}", words)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever is written, the answer is an answer: no panic, and places inside the text.
    #[test]
    fn no_text_makes_the_reader_fall_over(text in mutilated()) {
        let (imported, files) = read("x.cfg", &text);
        render::text(&imported.notes, &files, render::Colour::Never, &balancelab::locale::AsWritten);
        for entry in &imported.ledger {
            prop_assert!(entry.place.end as usize <= text.len());
        }
    }
}
