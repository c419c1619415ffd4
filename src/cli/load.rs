//! Files on their way to plans.

use std::fs;
use std::io;
use std::path::Path;

use super::args::{Changes, Foreign};
use super::foreign;
use super::screen::Screen;
use crate::plan::Plan;
use crate::scenario::render::{self, Colour};
use crate::scenario::{self, Diagnostic, Files, Form, Loaded, Overrides, Source};

/// Texts from the file system.
pub(super) struct Disk;

impl Source for Disk {
    fn text(&self, name: &str) -> Result<String, String> {
        fs::read_to_string(name).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => "no such file".to_owned(),
            io::ErrorKind::PermissionDenied => "no permission to read it".to_owned(),
            io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
            io::ErrorKind::InvalidData => "it is not a UTF-8 text".to_owned(),
            _ => error.to_string(),
        })
    }
}

impl Changes {
    /// All of them as changes by path.
    pub(super) fn overrides(&self) -> Overrides {
        let mut list: Vec<String> = self
            .settings
            .iter()
            .map(|(path, value)| format!("{path}={value}"))
            .collect();
        let balance = self.balance.as_ref();
        list.extend(balance.map(|algorithm| format!("proxy.balance={algorithm:?}")));
        list.extend(self.seed.map(|seed| format!("seed={seed}")));
        let profile = self.profile.map(balance::Version::name);
        list.extend(profile.map(|name| format!("profile=\"{name}\"")));
        let nodes = self.nodes.iter();
        Overrides {
            list,
            nodes: nodes
                .map(|(path, value)| format!("{path}={value}"))
                .collect(),
        }
    }
}

/// `changes`, and the log at `path` instead of the clients of a scenario.
pub(super) fn replaying(path: &Path, changes: &Changes) -> Changes {
    let mut changes = changes.clone();
    let path = path.to_string_lossy().replace('\\', "/");
    let clients = format!("{{ \"log\": arrivals(log: {path:?}) }}");
    changes.settings.push(("clients".to_owned(), clients));
    changes
}

/// Loads a scenario, or what a foreign file or folder comes to, with everything that is to
/// be said about it.
pub(super) fn scenario(file: &Path, changes: &Changes) -> Result<Loaded, Box<scenario::Refused>> {
    if foreign::is_meant(file) {
        return foreign::load(Some(file), &Foreign::default(), changes);
    }
    // Names inside a scenario are written with `/`; so is the first one, on every system.
    let name = file.to_string_lossy().replace('\\', "/");
    scenario::load(&name, &Disk, &changes.overrides())
}

/// A scenario with what it extends and `changes`, as one text.
pub(super) fn merged(
    file: &Path,
    changes: &Changes,
    form: Form,
) -> Result<String, Box<scenario::Refused>> {
    let name = file.to_string_lossy().replace('\\', "/");
    scenario::merged(&name, &Disk, &changes.overrides(), form)
}

/// Loads a plan, and says on the screen what is wrong or doubtful; none if it is refused.
pub(super) fn plan(
    file: &Path,
    changes: &Changes,
    screen: &mut Screen,
) -> io::Result<Option<Plan>> {
    told(scenario(file, changes), screen)
}

/// Says on the screen what is wrong, doubtful or assumed; none if it is refused.
pub(super) fn told(
    outcome: Result<Loaded, Box<scenario::Refused>>,
    screen: &mut Screen,
) -> io::Result<Option<Plan>> {
    match outcome {
        Ok(loaded) => {
            remark(&loaded.warnings, &loaded.files, screen)?;
            assumed(&loaded.assumed, screen)?;
            Ok(Some(loaded.plan))
        }
        Err(refused) => {
            remark(&refused.notes, &refused.files, screen)?;
            Ok(None)
        }
    }
}

/// Says on the screen what was assumed.
pub(super) fn assumed(sentences: &[String], screen: &mut Screen) -> io::Result<()> {
    for sentence in sentences {
        // First the sentence: what it says is put together of words of its own.
        let sentence = screen.words().put("say", sentence);
        screen.tell(&format!("assumed: {sentence}"))?;
    }
    Ok(())
}

/// Shows diagnostics on the screen.
pub(super) fn remark(notes: &[Diagnostic], files: &Files, screen: &mut Screen) -> io::Result<()> {
    if notes.is_empty() {
        return Ok(());
    }
    let colour = if screen.colors_remarks() {
        Colour::Always
    } else {
        Colour::Never
    };
    screen.remark(&render::text(notes, files, colour, screen.words()))
}
