//! `server`, `default-server` and `server-template` lines.

use std::sync::Arc;

use balance::Span;
use balance::config::{Check, InitState, Observe, OnError, Server};

use super::super::{Env, Status};
use super::acl::sample_error;
use super::line::{Line, guess};
use super::read::Out;
use super::sample::{self, SampleError};
use super::server_words::{self, Word};
use super::stage::{self, Stage};
use super::value::{self, Address, Ports};
use crate::scenario::Place;
use crate::scenario::diagnostic::{Code, Diagnostic};

/// The most servers one `server-template` may make, and all templates of a file together.
const MOST_TEMPLATED: u64 = 10_000;

/// The settings of a server without its name and address.
#[derive(Clone, Debug, Default)]
pub(super) struct Template {
    pub(super) server: Server,
    pub(super) check: bool,
    pub(super) probe: Check,
    /// `port`, or any other way for a check to find one.
    pub(super) check_port: bool,
    /// `track`, as written.
    pub(super) track: Option<(String, Place)>,
    /// `id`
    pub(super) id_place: Option<Place>,
    /// `ssl` is on.
    pub(super) ssl: bool,
    /// `verify none`
    pub(super) verify_none: bool,
    /// `ca-file` is given.
    pub(super) ca_file: bool,
    /// `resolvers`
    pub(super) resolvers: Option<(String, Place)>,
    /// What is wrong with `sni`, which only counts where there is a server.
    sni: Option<Arc<SampleError>>,
}

/// One server while the file is read.
#[derive(Clone, Debug)]
pub(super) struct ServerDraft {
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) address: Address,
    pub(super) template: Template,
}

impl ServerDraft {
    /// The servers of a `server` or `server-template` line, on top of `base`.
    pub(super) fn read(
        line: &Line,
        base: &Template,
        env: &Env,
        out: &mut Out,
    ) -> Result<Vec<Self>, Diagnostic> {
        let keyword = line.word(0);
        let many = keyword == "server-template";
        let at = if many { 3 } else { 2 };
        if line.word(at).is_empty() {
            let (form, example) = if many {
                (
                    "`server-template` needs a prefix, a number and an address",
                    "`server-template web 1-3 10.0.0.1:80`",
                )
            } else {
                (
                    "`server` needs a name and an address",
                    "`server s1 192.168.42.11:3000`",
                )
            };
            return Err(line.missing(at, form).accepted(example));
        }
        let name = line.word(1);
        if let Some(strange) = (name.chars()).find(|&c| !is_name_char(c)) {
            let message = format!("`{strange}` cannot stand in the name of a server");
            let accepted = "letters, digits, `-`, `_`, `.` and `:`";
            return Err(line.blame(1, message).accepted(accepted));
        }
        let numbers = if many { Some(range(line)?) } else { None };
        for variable in value::unset(line.word(at), env) {
            let message = format!("`{variable}` has no value: the address is not what was meant");
            let note = Diagnostic::new(Code::Lint, message, line.place(at));
            out.say(note.help("give it a value in the environment, or in a file with `--env`"));
        }
        let (address, _) =
            value::address(line.word(at), env, Ports::Server).map_err(|why| line.blame(at, why))?;
        let status = Status::Modelled;
        out.enter(line, 0, keyword.to_owned(), status, "");
        if let Address::Name(host, _) = &address {
            let why = format!("`{host}` is not looked up: the server is taken to have an address");
            out.enter(
                line,
                at,
                format!("{keyword} ... address"),
                Status::NoEffect,
                why,
            );
        }
        let mut template = base.clone();
        template.read_all(line, at + 1, out)?;
        let draft = Self {
            name: name.to_owned(),
            place: line.place(1),
            address,
            template,
        };
        Ok(match numbers {
            None => vec![draft],
            Some((first, last)) => (first..=last)
                .map(|number| Self {
                    name: format!("{name}{number}"),
                    ..draft.clone()
                })
                .collect(),
        })
    }
}

impl Template {
    /// The same of a line with a server, for which all that is inherited counts.
    fn read_all(&mut self, line: &Line, at: usize, out: &mut Out) -> Result<(), Diagnostic> {
        self.read(line, at, out)?;
        let Some(error) = &self.sni else {
            return Ok(());
        };
        let mut words = line.words.iter().skip(at);
        let own = words.position(|word| word.text == "sni");
        let place = own.map_or(0, |own| at + own + 1);
        Err(sample_error(line, place, (**error).clone()))
    }

    /// Reads the words from `at` on.
    pub(super) fn read(
        &mut self,
        line: &Line,
        mut at: usize,
        out: &mut Out,
    ) -> Result<(), Diagnostic> {
        let keyword = line.word(0).to_owned();
        while !line.word(at).is_empty() {
            let name = line.word(at);
            let Some(word) = server_words::server_word(name) else {
                return Err(unknown(line, at, &keyword));
            };
            // HAProxy reads a weight that is missing at the end of the line as 0.
            if word.arguments > 0 && line.word(at + 1).is_empty() && name != "weight" {
                return Err(line.missing(at + 1, format!("`{name}` needs an argument")));
            }
            self.set(line, at, word, out)?;
            if word.status != Status::Modelled {
                out.enter(
                    line,
                    at,
                    format!("{keyword} ... {name}"),
                    word.status,
                    word.why,
                );
            }
            at += 1 + word.arguments;
            if name == "source" && line.word(at) == "usesrc" {
                at += 2;
            }
        }
        Ok(())
    }

    fn set(
        &mut self,
        line: &Line,
        at: usize,
        word: &Word,
        out: &mut Out,
    ) -> Result<(), Diagnostic> {
        let argument = line.word(at + 1);
        let server = &mut self.server;
        match word.name {
            "backup" => server.backup = true,
            "no-backup" => server.backup = false,
            "check" => self.check = true,
            "no-check" => self.check = false,
            "disabled" => server.disabled = true,
            "enabled" => server.disabled = false,
            "cookie" => server.cookie = Some(argument.to_owned()),
            "weight" => {
                let weight = count(line, at, out);
                if !(0..=256).contains(&weight) {
                    let message = format!("weight {weight} is not in 0..=256");
                    let note = Diagnostic::new(Code::Range, message, line.place(at + 1));
                    return Err(note.accepted("0 (nobody new) to 256"));
                }
                server.weight = weight as u32;
            }
            "maxconn" => server.maxconn = limit(line, at, out),
            "minconn" => server.minconn = limit(line, at, out),
            "maxqueue" => server.maxqueue = limit(line, at, out),
            "rise" => self.probe.rise = at_least_one(line, at, out)?,
            "fall" => self.probe.fall = at_least_one(line, at, out)?,
            "error-limit" => server.error_limit = at_least_one(line, at, out)?,
            "id" => {
                server.id = Some(at_least_one(line, at, out)?);
                self.id_place = Some(line.place(at + 1));
            }
            "inter" => self.probe.inter = interval(line, at)?,
            "fastinter" => self.probe.fastinter = Some(interval(line, at)?),
            "downinter" => self.probe.downinter = Some(interval(line, at)?),
            "slowstart" => server.slowstart = line.time(at + 1, word.name)?,
            "track" => self.track = Some((argument.to_owned(), line.place(at + 1))),
            "ssl" => self.ssl = true,
            "no-ssl" => self.ssl = false,
            "ca-file" => self.ca_file = true,
            "verify" => match argument {
                "none" => self.verify_none = true,
                "required" => self.verify_none = false,
                _ => {
                    let message = format!("`verify` has no `{argument}`");
                    return Err(line.unknown(at + 1, message, ["none", "required"]));
                }
            },
            "port" => self.check_port = true,
            "addr" => self.check_port |= argument.contains(':'),
            "sni" => self.sni = sni(argument).err().map(Arc::new),
            "resolvers" => self.resolvers = Some((argument.to_owned(), line.place(at + 1))),
            "observe" | "on-error" | "on-marked-down" | "on-marked-up" => {
                self.choose(line, at, word.name)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// The parameters whose argument is one of a few words.
    fn choose(&mut self, line: &Line, at: usize, name: &str) -> Result<(), Diagnostic> {
        let argument = line.word(at + 1);
        let server = &mut self.server;
        let known: &[&str] = match name {
            "observe" => {
                const KNOWN: [(&str, Observe); 3] = [
                    ("none", Observe::None),
                    ("layer4", Observe::Layer4),
                    ("layer7", Observe::Layer7),
                ];
                if let Some((_, observe)) = KNOWN.iter().find(|(word, _)| *word == argument) {
                    server.observe = *observe;
                    return Ok(());
                }
                &KNOWN.map(|(word, _)| word)
            }
            "on-error" => {
                const KNOWN: [(&str, OnError); 4] = [
                    ("fastinter", OnError::Fastinter),
                    ("fail-check", OnError::FailCheck),
                    ("sudden-death", OnError::SuddenDeath),
                    ("mark-down", OnError::MarkDown),
                ];
                if let Some((_, on_error)) = KNOWN.iter().find(|(word, _)| *word == argument) {
                    server.on_error = *on_error;
                    return Ok(());
                }
                &KNOWN.map(|(word, _)| word)
            }
            "on-marked-down" => {
                server.on_marked_down_shutdown = true;
                &["shutdown-sessions"]
            }
            _ => {
                server.on_marked_up_shutdown_backup = true;
                &["shutdown-backup-sessions"]
            }
        };
        if known.contains(&argument) {
            return Ok(());
        }
        let message = format!("`{name}` has no `{argument}`");
        Err(line.unknown(at + 1, message, known))
    }

    /// The core's server called `name` at `address`, `track` not resolved.
    pub(super) fn server(&self, name: &str, address: &Address) -> Server {
        Server {
            name: name.to_owned(),
            address: match address {
                Address::Ip(address) => Some(*address),
                Address::Name(..) | Address::Local(_) => None,
            },
            check: self.check.then(|| self.probe.clone()),
            init_state: InitState::None,
            ..self.server.clone()
        }
    }
}

fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':')
}

/// That `text` is an expression that has a value on the way to a server.
fn sni(text: &str) -> Result<(), SampleError> {
    let sample = sample::sample(&[text], false)?;
    stage::judge(&sample, Stage::SERVER)
}

fn unknown(line: &Line, at: usize, keyword: &str) -> Diagnostic {
    let name = line.word(at);
    let message = format!("`{keyword}` has no parameter `{name}`");
    if let Some((_, help)) = (server_words::LATER.iter()).find(|(word, _)| *word == name) {
        return line.blame(at, message).help(*help);
    }
    let note = Diagnostic::new(Code::UnknownWord, message, line.place(at));
    guess(note, name, server_words::server_names())
}

/// A number as HAProxy reads it; what it reads otherwise than written is said.
fn count(line: &Line, at: usize, out: &mut Out) -> i64 {
    let (number, _) = value::lenient(line.word(at + 1));
    let text = line.word(at + 1);
    if !value::lenient(text).1 {
        let message = format!("`{text}` is no whole number: HAProxy reads it as {number}");
        out.say(Diagnostic::new(Code::Lint, message, line.place(at + 1)));
    }
    number
}

/// A limit, where nothing and less than nothing mean no limit.
fn limit(line: &Line, at: usize, out: &mut Out) -> u32 {
    count(line, at, out).clamp(0, i64::from(i32::MAX)) as u32
}

fn at_least_one(line: &Line, at: usize, out: &mut Out) -> Result<u32, Diagnostic> {
    let number = count(line, at, out);
    if number < 1 {
        let message = format!("`{}` must be at least 1", line.word(at));
        return Err(Diagnostic::new(Code::Range, message, line.place(at + 1)));
    }
    Ok(number.min(i64::from(i32::MAX)) as u32)
}

fn interval(line: &Line, at: usize) -> Result<Span, Diagnostic> {
    let time = line.time(at + 1, line.word(at))?;
    if time == Span::ZERO {
        let message = format!("`{}` must be longer than nothing", line.word(at));
        return Err(Diagnostic::new(Code::Range, message, line.place(at + 1)));
    }
    Ok(time)
}

/// `N` or `N-M` of a `server-template`.
fn range(line: &Line) -> Result<(u64, u64), Diagnostic> {
    let text = line.word(2);
    let number = |digits: &str| digits.parse::<u64>().ok().filter(|&n| n > 0);
    let (first, last) = match text.split_once('-') {
        Some((first, last)) => (number(first), number(last)),
        None => (Some(1), number(text)),
    };
    match (first, last) {
        (Some(first), Some(last)) if first <= last && last - first < MOST_TEMPLATED => {
            Ok((first, last))
        }
        (Some(first), Some(last)) if first <= last => Err(Diagnostic::new(
            Code::Range,
            format!("this template makes more than {MOST_TEMPLATED} servers"),
            line.place(2),
        )),
        _ => Err(line
            .blame(2, format!("`{text}` is no number of servers"))
            .accepted("a number such as `3`, or a range such as `1-3`")),
    }
}
