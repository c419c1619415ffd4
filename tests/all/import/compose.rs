//! The corpus of compose files under `tests/import/compose`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;

use balancelab::locale::AsWritten;
use balancelab::scenario::import::compose::image::haproxy_version;
use balancelab::scenario::import::compose::{Compose, Service, read_compose};
use balancelab::scenario::import::{Env, Status};
use balancelab::scenario::{Files, Position, render};
use proptest::prelude::*;

use crate::snapshots;
use crate::tidy::source::top;

const FOLDER: &str = "tests/import/compose";

/// The names of the corpus.
pub(crate) fn names() -> Vec<String> {
    snapshots::stems(FOLDER, "yml")
}

/// Files that the corpus may name, and the variables it may use.
fn beside() -> (BTreeMap<String, String>, Env) {
    let names = ["one.env", "two.env", "common.part"];
    let read = |name: &&str| fs::read_to_string(top().join(FOLDER).join(name)).expect("text");
    let files = names.map(|name| (name.to_owned(), read(&name)));
    let mut env = Env::default();
    env.set("STAGE", "lab");
    let lab = fs::read_to_string(top().join("tests/import/lab-folder/.env"));
    env.read_dotenv(&lab.expect("the lab's own"));
    (BTreeMap::from(files), env)
}

fn read(name: &str, text: &str) -> (Compose, Files) {
    let mut files = Files::default();
    let file = files.add(name, text);
    let (source, env) = beside();
    let compose = read_compose(&mut files, file, &env, &source);
    (compose, files)
}

fn text_of(name: &str) -> String {
    let path = top().join(FOLDER).join(format!("{name}.yml"));
    fs::read_to_string(path).expect("the corpus is text")
}

/// What is known about a service, in a few lines.
fn service(out: &mut String, service: &Service) {
    let bare = Service {
        copies: 1,
        ..Service::default()
    };
    let (own, bare) = (format!("{service:#?}"), format!("{bare:#?}"));
    // The end of a map is that of one which says something.
    let known: BTreeSet<&str> = bare.lines().filter(|line| *line != "    },").collect();
    let said = own.lines().filter(|line| !known.contains(line));
    let kept: Vec<&str> = said.map(str::trim).collect();
    let place = kept.iter().position(|line| line.starts_with("place:"));
    let text = kept[..place.unwrap_or(kept.len())].join(" ");
    // The last one is that of its place.
    writeln!(out, "{}", text.trim_end_matches(" },")).expect("strings grow");
}

/// Everything a file comes to, as text.
fn shown(compose: &Compose, files: &Files) -> String {
    let mut text = String::new();
    for one in &compose.services {
        service(&mut text, one);
    }
    let proxy = compose.proxy("haproxy/haproxy.cfg");
    writeln!(text, "proxy: {}", proxy.map_or("nobody", |one| &one.name)).expect("strings grow");
    text.push('\n');
    for entry in &compose.ledger {
        let because = if entry.why.is_empty() { "" } else { ": " };
        let status = entry.status.text();
        let file = &files.file(entry.place.file).name;
        let (line, keyword, why) = (entry.line, &entry.keyword, &entry.why);
        writeln!(text, "{file}:{line} {keyword} = {status}{because}{why}").expect("strings grow");
    }
    text.push('\n');
    text += render::text(&compose.notes, files, render::Colour::Never, &AsWritten).trim_end();
    text
}

#[test]
fn every_compose_file_becomes_the_expected_services_and_ledger() {
    let names = names();
    assert!(names.len() >= 20);
    for name in names {
        let (compose, files) = read(&format!("{name}.yml"), &text_of(&name));
        let refused = name.starts_with("broken");
        assert_eq!(compose.is_refused(), refused, "{name}");
        snapshots::assert(&format!("import/compose/{name}"), &shown(&compose, &files));
    }
}

/// Nothing is dropped silently: every line that says something lies in an entry of the ledger.
fn unaccounted(compose: &Compose, files: &Files) -> Vec<usize> {
    let mut told = BTreeSet::new();
    for entry in &compose.ledger {
        let line = |at| {
            let place = balancelab::scenario::Place {
                start: at,
                ..entry.place
            };
            let Position { line, .. } = files.position(place);
            line
        };
        let first = compose.ledger[0].place.file;
        if entry.place.file == first {
            told.extend(line(entry.place.start)..=line(entry.place.end));
        }
    }
    let Some(first) = compose.ledger.first() else {
        return Vec::new();
    };
    let lines = files.file(first.place.file).text.lines().enumerate();
    let says = |line: &str| {
        let line = line.trim();
        !line.is_empty()
            && !line.starts_with('#')
            && line != "---"
            && !line.trim_matches([']', '}', ',', ' ']).is_empty()
    };
    lines
        .filter(|(_, line)| says(line))
        .map(|(index, _)| index + 1)
        .filter(|line| !told.contains(line))
        .collect()
}

#[test]
fn every_line_is_accounted_for() {
    for name in names() {
        let (compose, files) = read(&format!("{name}.yml"), &text_of(&name));
        for entry in &compose.ledger {
            let explained = entry.status == Status::Modelled || !entry.why.is_empty();
            assert!(explained, "{name} {entry:?}");
        }
        if !name.starts_with("broken") && name != "two-documents" {
            assert_eq!(unaccounted(&compose, &files), Vec::<usize>::new(), "{name}");
        }
    }
}

#[test]
fn servers_find_their_services_by_all_their_names() {
    let (compose, _) = read("merge-keys.yml", &text_of("merge-keys"));
    let behind = |host| compose.behind(None, host).map(|one| one.name.as_str());
    for (host, service) in [
        ("s1", Some("s1")),
        ("10.5.0.12", Some("s2")),
        ("eins", Some("s1")),
        ("10.5.0.99", None),
    ] {
        assert_eq!(behind(host), service, "{host}");
    }
    let (compose, _) = read("version-1.yml", &text_of("version-1"));
    let proxy = compose.proxy("haproxy.cfg").expect("lb mounts it");
    let second = compose.behind(Some(proxy), "second").expect("a link");
    assert_eq!(second.name, "web2");
    assert_eq!(
        proxy.image.as_deref().and_then(haproxy_version),
        Some("1.6")
    );
}

/// A part of the corpus with pieces cut out, doubled, moved or made strange.
fn mutilated() -> impl Strategy<Value = String> {
    let texts = names().iter().map(|name| text_of(name)).collect();
    let words = vec!["<<: *a\n", "&a ", "\n  ", "${A:-", "services:\n", "- "];
    super::mutilated(texts, "[\\[\\]{}:,&*#|>'\"$ \n-]{1,4}", words)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever is written, the answer is an answer: no panic, places inside the texts, and
    /// every line of what is not refused accounted for.
    #[test]
    fn no_text_makes_the_reader_fall_over(text in mutilated()) {
        let (compose, files) = read("x.yml", &text);
        render::text(&compose.notes, &files, render::Colour::Never, &AsWritten);
        for entry in &compose.ledger {
            prop_assert!(entry.place.end as usize <= files.file(entry.place.file).text.len());
        }
    }
}
