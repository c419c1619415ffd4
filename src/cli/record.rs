//! `balancelab record`: programs driven through a real HAProxy on loopback.

use std::fs;
use std::io;
use std::path::Path;

use super::args::Record;
use super::exit::Exit;
use super::screen::Screen;
use crate::conform::verdict::{Outcome, Verdict};
use crate::conform::{Recording, archive, program};
use crate::record::{RecordError, Recorder};

/// Records every program asked for: the files', then random ones.
pub(super) fn run(args: &Record, screen: &mut Screen) -> io::Result<Exit> {
    let scratch = std::env::temp_dir();
    let recorder = Recorder {
        haproxy: args.haproxy.clone(),
        folder: scratch,
    };
    let mut exit = Exit::Fine;
    for file in &args.programs {
        let read = fs::read(file)
            .map_err(|error| format!("{}: {error}", file.display()))
            .and_then(|bytes| {
                let text = archive::text(&bytes);
                let program = text.and_then(|text| Recording::read_program(&text));
                program.map_err(|error| format!("{}:{error}", file.display()))
            });
        match read {
            Ok(program) => exit = exit.worst(record(args, &recorder, &program, screen)?),
            Err(problem) => {
                screen.alarm("refused", &problem)?;
                exit = exit.worst(Exit::Refused);
            }
        }
    }
    if args.random > 0 {
        screen.remark(&format!(
            "{} random programs from seed {}",
            args.random, args.seed
        ))?;
    }
    for at in 0..args.random {
        let program = program::random(args.seed + at);
        exit = exit.worst(record(args, &recorder, &program, screen)?);
    }
    Ok(exit)
}

fn record(
    args: &Record,
    recorder: &Recorder,
    program: &Recording,
    screen: &mut Screen,
) -> io::Result<Exit> {
    let name = &program.head.name;
    let recording = match recorder.record_steady(program, args.times) {
        Ok(recording) => recording,
        Err(RecordError::Unsteady(line)) => {
            screen.remark(&format!(
                "skipped {name}: HAProxy does not repeat itself from line {line} on"
            ))?;
            return Ok(Exit::Fine);
        }
        Err(error) => {
            screen.alarm("error", &format!("cannot record {name}: {error}"))?;
            return Ok(Exit::Refused);
        }
    };
    match &args.out {
        Some(folder) => fs::write(folder.join(file_name(name)), recording.write())?,
        None if args.check => {}
        None => screen.result(&recording.write())?,
    }
    if !args.check {
        return Ok(Exit::Fine);
    }
    match Verdict::of(&recording, None) {
        Ok(verdict) if verdict.agrees() => {
            screen.result(&format!("ok  {name}\n"))?;
            Ok(Exit::Fine)
        }
        Ok(verdict) => {
            let told = match verdict.outcome {
                Outcome::Differs(difference) => difference.told(Path::new(name)),
                Outcome::Shares(fit) => format!(
                    "  by shares: {:?} recorded, {:?} in {} replays\n",
                    fit.recorded, fit.replayed, fit.replays
                ),
                Outcome::Same => String::new(),
            };
            screen.result(&format!("differs  {name}{told}"))?;
            Ok(Exit::Missed)
        }
        Err(error) => {
            screen.alarm("refused", &format!("{name}:{error}"))?;
            Ok(Exit::Refused)
        }
    }
}

/// A name as the name of a file: nothing in it leads elsewhere.
fn file_name(name: &str) -> String {
    let safe = |c: char| {
        if c.is_ascii_alphanumeric() || "-_.".contains(c) {
            c
        } else {
            '_'
        }
    };
    let stem: String = name.chars().map(safe).collect();
    format!("{stem}.jsonl")
}
