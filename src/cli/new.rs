//! `balancelab new`: a scenario to begin with.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use super::args::New;
use super::exit::Exit;
use super::file;
use super::screen::Screen;
use crate::scenario::{self, Overrides};

/// What a new scenario says if it begins with nothing.
const STARTER: &str = include_str!("new/starter.ron");

/// The files of lab 3, by name.
macro_rules! lab {
    ($($name:literal)*) => {
        [$(($name, include_str!(concat!("../../scenarios/lab3/", $name)))),*]
    };
}

const LAB: [(&str, &str); 32] = lab! {
    "1.1-browser.ron" "1.4.ron" "1.5-at-once.ron" "1.5-settled.ron" "2.3-browsers.ron"
    "2.5-nodesessid.ron" "2.5.ron" "2.7-nodesessid.ron" "2.7.ron" "3-drain.ron" "3-maint.ron"
    "3-ready.ron" "4.1.ron" "4.2-one-thread.ron" "4.2.ron" "4.3-after-12s.ron"
    "4.3-after-2s.ron" "4.3-at-once.ron" "4.5.ron" "4.6-one-thread.ron" "4.6.ron"
    "5-first-250ms.ron" "5-first.ron" "5-leastconn-250ms.ron" "5-leastconn.ron" "5-random.ron"
    "5-source.ron" "5-static-rr.ron" "base.ron" "haproxy.cfg" "lab.env" "sticky.ron"
};

/// Writes it, unless there is a file of that name.
pub(super) fn run(args: &New, screen: &mut Screen) -> io::Result<Exit> {
    let text = match args.from.as_deref().map(|task| (task, of_task(task))) {
        None => STARTER.to_owned(),
        Some((_, Some(text))) => text,
        Some((task, None)) => {
            screen.alarm("error", &unknown(task))?;
            return Ok(Exit::Usage);
        }
    };
    let mut path: PathBuf = args.name.clone();
    if path.extension().is_none() {
        path.set_extension("ron");
    }
    let shown = path.display();
    match file::create(&path, &text) {
        Ok(()) => {
            screen.remark(&format!("wrote {shown}; next: balancelab run {shown}"))?;
            Ok(Exit::Fine)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let text = format!("{shown} is there already; choose another name");
            screen.alarm("error", &text)?;
            Ok(Exit::Refused)
        }
        Err(error) => {
            screen.alarm("error", &format!("cannot write {shown}: {error}"))?;
            Ok(Exit::Refused)
        }
    }
}

/// That there is no such task, and which there are.
fn unknown(task: &str) -> String {
    let names: Vec<&str> = tasks().map(|(name, _)| name).collect();
    let nearest = scenario::nearest(task, names.iter().copied());
    let meant = nearest.map_or(String::new(), |name| format!("did you mean {name}? "));
    let names = names.join(", ");
    format!("there is no task `{task}`; {meant}there are {names}")
}

/// The tasks and their texts.
fn tasks() -> impl Iterator<Item = (&'static str, &'static str)> {
    LAB.into_iter()
        .filter_map(|(name, text)| name.strip_suffix(".ron").map(|task| (task, text)))
}

/// A task as one file that needs no other: what its author says about it, and the task with
/// every default spelled out.
fn of_task(task: &str) -> Option<String> {
    let (task, own) = tasks().find(|(name, _)| *name == task)?;
    let files: BTreeMap<String, String> = LAB
        .iter()
        .map(|&(name, text)| (name.to_owned(), text.to_owned()))
        .collect();
    let loaded = scenario::load(&format!("{task}.ron"), &files, &Overrides::default());
    let plan = loaded.expect("the shipped tasks can be loaded").plan;
    let about: Vec<&str> = own
        .lines()
        .take_while(|line| line.starts_with("//"))
        .collect();
    let about = about.join("\n");
    let text = scenario::resolved(&plan);
    Some(format!("{about}\n{text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_lab_is_at_hand() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/lab3");
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .expect("it is shipped")
            .map(|entry| {
                entry
                    .expect("readable")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        names.sort();
        assert_eq!(names, LAB.map(|(name, _)| name));
    }

    #[test]
    fn every_task_can_be_begun_with() {
        let all = std::iter::once(STARTER.to_owned());
        for text in all.chain(tasks().filter_map(|(task, _)| of_task(task))) {
            let files = BTreeMap::from([("new.ron".to_owned(), text)]);
            let loaded = scenario::load("new.ron", &files, &Overrides::default());
            let loaded = loaded.unwrap_or_else(|refused| panic!("{refused}"));
            assert_eq!(loaded.warnings, []);
        }
    }
}
