//! Do we agree with every recording of the real HAProxy that we hold?

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use balance::Version;
use balancelab::conform::quirk::{self, QUIRKS, Quirk, Shown};
use balancelab::conform::verdict::first_difference;
use balancelab::conform::{Outcome, Tally, Verdict, archive, page};

/// Every recording, judged once for all tests, in the order of its file's name.
fn verdicts() -> &'static [Verdict] {
    static VERDICTS: OnceLock<Vec<Verdict>> = OnceLock::new();
    VERDICTS.get_or_init(|| {
        let mut files = Vec::new();
        collect(&folder(), &mut files);
        files.sort();
        files.iter().flat_map(|file| judge(file)).collect()
    })
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference")
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a kept recording can be read") {
        let path = entry.expect("a kept recording can be read").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "gz") {
            files.push(path);
        }
    }
}

fn judge(file: &Path) -> Vec<Verdict> {
    let text = archive::text(&fs::read(file).expect("a kept recording can be read"))
        .expect("a kept recording can be read");
    let recordings = archive::recordings(&text);
    let verdicts = recordings.into_iter().map(|recording| {
        let recording = recording.unwrap_or_else(|error| panic!("{}:{error}", file.display()));
        Verdict::of(&recording, None).expect("a kept recording can be read")
    });
    verdicts.collect()
}

/// The whole point: not one operation of one recording differs.
#[test]
fn every_recording_agrees() {
    let told: Vec<String> = verdicts()
        .iter()
        .filter(|verdict| !verdict.agrees())
        .map(|verdict| match &verdict.outcome {
            Outcome::Differs(difference) => difference.told(Path::new(&verdict.name)),
            Outcome::Shares(fit) => format!("{}: {fit:?}", verdict.name),
            Outcome::Same => unreachable!("what is the same agrees"),
        })
        .collect();
    let shown: Vec<&str> = told.iter().take(5).map(String::as_str).collect();
    assert!(
        told.is_empty(),
        "{} differ:\n{}",
        told.len(),
        shown.join("\n")
    );
}

/// A suite that lost its recordings would agree as well.
#[test]
fn all_recordings_are_there() {
    let tally = |version| -> Tally {
        let all = verdicts().iter();
        all.filter(|verdict| verdict.version == version).collect()
    };
    let two_six = tally(Version::V2_6);
    assert!(two_six.programs >= 469, "{two_six:?}");
    assert!(two_six.operations >= 77_378, "{two_six:?}");
    assert!(two_six.requests >= 47_909, "{two_six:?}");
    assert!(tally(Version::V2_2).programs >= 39);
    assert!(tally(Version::V3_4).programs >= 72);
}

/// Only what the specification leaves to chance may be judged by shares.
#[test]
fn few_recordings_are_judged_by_shares() {
    let by_shares: Vec<&str> = verdicts()
        .iter()
        .filter(|verdict| matches!(verdict.outcome, Outcome::Shares(_)))
        .map(|verdict| {
            assert_eq!(verdict.version, Version::V3_4, "{}", verdict.name);
            verdict.name.as_str()
        })
        .collect();
    assert!(by_shares.len() <= 5, "{by_shares:?}");
}

#[test]
fn the_page_of_agreement_is_fresh() {
    let page = page::markdown(verdicts());
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/agreement.md");
    let kept = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        kept == page,
        "docs/agreement.md is stale; write it anew with\n  \
         cargo run -- conform --format markdown tests/reference > docs/agreement.md"
    );
}

/// Each version has recordings that it answers otherwise than the others: were the
/// profiles the same, these would not differ.
#[test]
fn the_profiles_are_told_apart() {
    for (files, other) in [
        ("haproxy-2.2", Version::V2_6),
        ("haproxy-3.4", Version::V2_6),
    ] {
        let text = fs::read(folder().join(files).join("queue.jsonl.gz")).unwrap();
        let text = archive::text(&text).unwrap();
        for recording in archive::recordings(&text) {
            let verdict = Verdict::of(&recording.unwrap(), Some(other)).unwrap();
            assert!(!verdict.agrees(), "{files} {}", verdict.name);
        }
    }
}

/// The pages tell what a profile's switches do. Each recording named there agrees with its
/// version, and no longer does when that one switch is turned.
#[test]
fn every_quirk_is_shown_by_its_recordings() {
    let mut named: BTreeMap<(Version, String), Vec<(&Quirk, &Shown)>> = BTreeMap::new();
    for quirk in QUIRKS {
        for shown in quirk.shown {
            let key = (shown.version, shown.recording.to_owned());
            named.entry(key).or_default().push((quirk, shown));
        }
    }
    let mut files = Vec::new();
    collect(&folder(), &mut files);
    for file in files {
        let text = archive::text(&fs::read(&file).unwrap()).unwrap();
        for recording in archive::recordings(&text) {
            let recording = recording.unwrap();
            let version = recording.version(None).unwrap();
            let key = (version, recording.head.name.clone());
            for (quirk, shown) in named.remove(&key).unwrap_or_default() {
                let turned = quirk.otherwise(version, shown.unlike);
                let difference = first_difference(&recording, turned).unwrap();
                assert!(difference.is_some(), "{} in {shown:?}", quirk.name);
            }
        }
    }
    assert!(named.is_empty(), "no such recordings: {:?}", named.keys());
}

#[test]
fn the_page_of_profiles_is_fresh() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/profiles.md");
    let kept = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        kept == quirk::markdown(),
        "docs/profiles.md is stale; write it anew with\n  \
         cargo run -- profiles --format markdown > docs/profiles.md"
    );
}
