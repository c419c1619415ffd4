//! `balancelab import`: files of other programs, written out as a scenario.

use std::io;
use std::path::{Component, Path, PathBuf};

use super::args::{Changes, Format, Import};
use super::exit::Exit;
use super::screen::Screen;
use super::{file, foreign, load};
use crate::scenario::foreign::{assemble, write_out};
use crate::scenario::unsaid;

/// Writes the scenario, unless there is a file of that name.
pub(super) fn run(args: &Import, format: Format, screen: &mut Screen) -> io::Result<Exit> {
    if format != Format::Text {
        let text = "a scenario with comments is written in RON; for JSON: balancelab show \
                    --resolved --format json";
        screen.alarm("error", text)?;
        return Ok(Exit::Usage);
    }
    if let Some(file) = args.file.as_deref().filter(|file| !foreign::is_meant(file)) {
        let text = format!(
            "{} is no haproxy.cfg, compose file or folder of a lab",
            file.display()
        );
        screen.alarm("error", &text)?;
        return Ok(Exit::Usage);
    }
    let gathered = foreign::gather(args.file.as_deref(), &args.foreign);
    let outcome = gathered.and_then(|pieces| {
        let loaded = assemble(pieces.clone(), &args.changes.overrides())?;
        Ok((pieces, loaded))
    });
    let (pieces, loaded) = match outcome {
        Ok(made) => made,
        Err(refused) => {
            load::remark(&refused.notes, &refused.files, screen)?;
            return Ok(Exit::Refused);
        }
    };
    load::remark(&loaded.warnings, &loaded.files, screen)?;
    if let Some(why) = unsaid(&loaded.plan) {
        screen.alarm("error", &why)?;
        return Ok(Exit::Refused);
    }
    let stdout = args.out == Path::new("-");
    let folder = if stdout { None } else { args.out.parent() };
    let log = args.foreign.log.as_deref();
    let log = log.map(|log| relative(folder.unwrap_or(Path::new("")), log));
    let text = write_out(&pieces, &loaded, &typed(&args.changes), log.as_deref());
    if stdout {
        screen.result(&text)?;
        return Ok(Exit::Fine);
    }
    let mut path = args.out.clone();
    if path.extension().is_none() {
        path.set_extension("ron");
    }
    keep(&path, &text, screen)
}

/// Puts `text` into a new file.
fn keep(path: &Path, text: &str, screen: &mut Screen) -> io::Result<Exit> {
    let shown = path.display();
    let why = match file::create(path, text) {
        Ok(()) => {
            screen.remark(&format!("wrote {shown}; next: balancelab run {shown}"))?;
            return Ok(Exit::Fine);
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            format!("{shown} is there already; choose another name")
        }
        Err(error) => format!("cannot write {shown}: {error}"),
    };
    screen.alarm("error", &why)?;
    Ok(Exit::Refused)
}

/// The changes as they were typed.
fn typed(changes: &Changes) -> Vec<String> {
    let pairs = |flag: &str, list: &[(String, String)]| {
        let line = |(path, value): &(String, String)| format!("--{flag} {path}={value}");
        list.iter().map(line).collect::<Vec<_>>()
    };
    let mut typed = pairs("node", &changes.nodes);
    typed.extend(pairs("set", &changes.settings));
    typed.extend(
        changes
            .balance
            .iter()
            .map(|word| format!("--balance {word}")),
    );
    typed.extend(changes.seed.iter().map(|seed| format!("--seed {seed}")));
    let profile = changes.profile.map(balance::Version::name);
    typed.extend(profile.map(|name| format!("--profile {name}")));
    typed
}

/// How a file in `folder` names the one at `path`.
fn relative(folder: &Path, path: &Path) -> String {
    let whole = |path: &Path| {
        let path = if path.as_os_str().is_empty() {
            Path::new(".")
        } else {
            path
        };
        path.canonicalize()
    };
    let (Ok(from), Ok(to)) = (whole(folder), whole(path)) else {
        return path.to_string_lossy().replace('\\', "/");
    };
    let shared = from.components().zip(to.components());
    let shared = shared.take_while(|(a, b)| a == b).count();
    let up = from.components().skip(shared).map(|_| Component::ParentDir);
    let down = to.components().skip(shared);
    let path: PathBuf = up.chain(down).collect();
    path.to_string_lossy().replace('\\', "/")
}
