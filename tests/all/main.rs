//! One test binary; each module answers one question.

mod browser;
mod checks;
mod cli;
mod conform;
mod console;
mod diagnostics;
mod differences;
mod explanations;
mod exports;
mod foreign;
mod fuzz_corpus;
mod handout;
mod house;
mod import;
mod jmeter;
mod lab_runs;
mod languages;
mod laws;
mod logs;
mod page;
mod pictures;
mod plans;
mod play;
mod promise;
mod readme;
#[cfg(all(feature = "record", unix))]
mod real;
mod reasons;
mod reference;
mod rules;
mod scenarios;
mod scripts;
mod sequences;
mod snapshots;
mod tidy;
mod what_if;
