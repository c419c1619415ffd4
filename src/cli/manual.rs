//! `balancelab completions` and `balancelab man`: what shells and `man` want to know.

use std::fs;
use std::io;
use std::path::Path;

use clap::CommandFactory;
use clap_mangen::Man as Pages;

use super::args::{Cli, Completions, Man};
use super::exit::Exit;
use super::file;
use super::screen::Screen;

/// The name of the program, as shells know it.
const NAME: &str = "balancelab";

/// Prints the script for a shell.
pub(super) fn completions(args: Completions, screen: &mut Screen) -> io::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), NAME, &mut script);
    screen.result(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Fine)
}

/// Prints a page of the manual, or writes all of them.
pub(super) fn page(args: &Man, screen: &mut Screen) -> io::Result<Exit> {
    let mut whole = Cli::command();
    whole.build();
    if let Some(folder) = &args.out {
        return match write_all(whole, folder) {
            Ok(()) => Ok(Exit::Fine),
            Err(error) => {
                let folder = folder.display();
                screen.alarm("error", &format!("cannot write into {folder}: {error}"))?;
                Ok(Exit::Refused)
            }
        };
    }
    let wanted = match &args.command {
        None => Some(whole.clone()),
        Some(name) => whole.find_subcommand(name).map(with_full_name),
    };
    let Some(wanted) = wanted else {
        let name = args.command.as_deref().unwrap_or_default();
        let known: Vec<&str> = whole
            .get_subcommands()
            .map(clap::Command::get_name)
            .collect();
        let known = known.join(", ");
        screen.alarm(
            "error",
            &format!("there is no command `{name}`; there are {known}"),
        )?;
        return Ok(Exit::Usage);
    };
    screen.result(&rendered(wanted)?)?;
    Ok(Exit::Fine)
}

/// A command under the name of its page: `balancelab-run`.
fn with_full_name(command: &clap::Command) -> clap::Command {
    let name = format!("{NAME}-{}", command.get_name());
    command.clone().name(name).disable_help_subcommand(true)
}

fn rendered(command: clap::Command) -> io::Result<String> {
    let mut page = Vec::new();
    // The date would make two builds differ.
    Pages::new(command).date("").render(&mut page)?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

fn write_all(whole: clap::Command, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let pages: Vec<clap::Command> = whole.get_subcommands().map(with_full_name).collect();
    for command in std::iter::once(whole).chain(pages) {
        let name = format!("{}.1", command.get_name());
        file::replace(&folder.join(name), &rendered(command)?)?;
    }
    Ok(())
}
