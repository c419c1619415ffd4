//! Real against ours, with no file in between: fresh random programs, driven through the
//! HAProxy that is installed here and through the core.

#![expect(clippy::print_stdout, reason = "a test says what it skipped")]

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use balancelab::conform::{Outcome, Verdict, program};
use balancelab::record::{RecordError, Recorder, version};

/// How many programs one run of the tests records.
const PROGRAMS: u64 = 12;

#[test]
fn fresh_programs_agree() {
    let haproxy = Path::new("haproxy");
    let found = match version(haproxy) {
        Ok(found) => found,
        Err(error) => {
            println!("skipped, because no HAProxy can be run here: {error}");
            return;
        }
    };
    if !found.starts_with("2.6.") {
        println!("skipped, because HAProxy {found} is none that repeats itself in everything");
        return;
    }
    // Fresh programs each time are the point; the seed makes any of them come back.
    let seed = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(1, |passed| passed.as_secs());
    println!("{PROGRAMS} programs from seed {seed}, HAProxy {found}");
    let recorder = Recorder {
        haproxy: haproxy.to_owned(),
        folder: std::env::temp_dir(),
    };
    let mut compared = 0;
    for seed in seed..seed + PROGRAMS {
        let recording = match recorder.record_steady(&program::random(seed), 2) {
            Ok(recording) => recording,
            Err(RecordError::Unsteady(line)) => {
                println!("skipped seed {seed}: HAProxy does not repeat itself from line {line} on");
                continue;
            }
            Err(error) => panic!("cannot record seed {seed}: {error}"),
        };
        let verdict = Verdict::of(&recording, None).unwrap();
        if let Outcome::Differs(difference) = &verdict.outcome {
            panic!(
                "seed {seed}; see it again with\n  cargo run --features record -- record \
                 --random 1 --seed {seed} --check\n{}",
                difference.told(Path::new(&verdict.name))
            );
        }
        compared += 1;
    }
    assert!(
        compared > PROGRAMS / 2,
        "only {compared} programs could be compared"
    );
}
