//! `balancelab fmt`: scenario files, laid out.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use super::args::Fmt;
use super::exit::Exit;
use super::file;
use super::load;
use super::screen::Screen;
use crate::scenario;

/// Lays every file out, even if one before it cannot be read.
pub(super) fn run(args: &Fmt, screen: &mut Screen) -> io::Result<Exit> {
    let mut worst = Exit::Fine;
    for path in &args.files {
        worst = worst.worst(one(path, args.check, screen)?);
    }
    Ok(worst)
}

fn one(path: &Path, check: bool, screen: &mut Screen) -> io::Result<Exit> {
    let piped = path == Path::new("-");
    let name = path.to_string_lossy();
    let text = match text_of(path, piped) {
        Ok(text) => text,
        Err(error) => {
            screen.alarm("error", &format!("cannot read {name}: {error}"))?;
            return Ok(Exit::Refused);
        }
    };
    let laid_out = match scenario::format(&name, &text) {
        Ok(laid_out) => laid_out,
        Err(refused) => {
            load::remark(&refused.notes, &refused.files, screen)?;
            return Ok(Exit::Refused);
        }
    };
    let changed = laid_out != text;
    match (check, piped) {
        (true, _) if changed => {
            screen.result(&format!("{name}\n"))?;
            return Ok(Exit::Missed);
        }
        (false, true) => screen.result(&laid_out)?,
        (false, false) if changed => {
            if let Err(error) = file::replace(path, &laid_out) {
                screen.alarm("error", &format!("cannot write {name}: {error}"))?;
                return Ok(Exit::Refused);
            }
        }
        _ => {}
    }
    Ok(Exit::Fine)
}

fn text_of(path: &Path, piped: bool) -> io::Result<String> {
    if !piped {
        return fs::read_to_string(path);
    }
    let mut text = String::new();
    io::stdin().read_to_string(&mut text)?;
    Ok(text)
}
