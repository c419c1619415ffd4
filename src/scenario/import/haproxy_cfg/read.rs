//! Walks the lines of a configuration: conditional blocks, `no` and `default`, sections.

mod lines;
mod old;

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::BTreeMap;

pub(super) use lines::read_lines;
pub(super) use old::stranger;

use super::super::{Directive, Env, Status};
use super::Dialect;
use super::condition;
use super::global::{self, Other};
use super::keywords::Role;
use super::line::{Line, guess};
use super::proxy::{Prefix, Proxy};
use super::token::{self, TokenError};
use crate::scenario::diagnostic::{Code, Diagnostic, Severity};
use crate::scenario::{FileId, Files, Place};

/// After so many errors the rest is not read: it is probably no configuration at all.
const MOST_ERRORS: usize = 100;

/// How deeply `.if` may nest.
const DEPTH: usize = 200;

/// What the lines said, before names are resolved.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) out: Out,
    /// `maxconn` of `global`.
    pub(super) maxconn: Option<u32>,
    /// Something listens that is neither `frontend` nor `listen`: the runtime API, a log.
    pub(super) listening: bool,
    /// `ssl-server-verify none`
    pub(super) trusting: bool,
    /// Every `defaults` section.
    pub(super) defaults: Vec<Proxy>,
    /// Every other proxy, in order.
    pub(super) proxies: Vec<Proxy>,
    /// Where the sections that are neither stand, by kind and name.
    pub(super) others: BTreeMap<(&'static str, String), Place>,
}

/// The ledger and the complaints while they are written.
#[derive(Debug, Default)]
pub(super) struct Out {
    pub(super) notes: Vec<Diagnostic>,
    pub(super) ledger: Vec<Directive>,
    errors: usize,
}

impl Out {
    /// Adds a complaint.
    pub(super) fn say(&mut self, note: Diagnostic) {
        self.errors += usize::from(note.severity() == Severity::Error);
        self.notes.push(note);
    }

    /// Adds what becomes of the word numbered `index`.
    pub(super) fn enter(
        &mut self,
        line: &Line,
        index: usize,
        keyword: impl Into<Cow<'static, str>>,
        status: Status,
        why: impl Into<Cow<'static, str>>,
    ) {
        self.ledger.push(Directive {
            place: line.place(index),
            line: line.number,
            keyword: keyword.into(),
            status,
            why: why.into(),
        });
    }
}

/// The section a line stands in.
#[derive(Clone, Copy)]
enum Section {
    /// Before the first.
    None,
    Global,
    /// The last of `Draft::defaults`.
    Defaults,
    /// The last of `Draft::proxies`.
    Proxy,
    Other(&'static Other),
    /// Its first line was refused; the others cannot be judged.
    Lost,
}

/// One level of `.if`.
struct Block {
    place: Place,
    /// The lines here count.
    live: bool,
    /// A branch of this level has been, or must not be, taken.
    done: bool,
    /// `.else` has been seen.
    last: bool,
}

struct Reader<'a> {
    files: &'a Files,
    env: Env,
    draft: Draft,
    section: Section,
    /// As `${.SECTION}` gives it.
    section_name: String,
    blocks: Vec<Block>,
    dialect: Dialect,
}

/// Reads the files numbered `which`, in this order.
pub(super) fn read(dialect: Dialect, files: &Files, which: &[FileId], env: &Env) -> Draft {
    let mut reader = Reader {
        dialect,
        files,
        env: env.clone(),
        draft: Draft::default(),
        section: Section::None,
        section_name: String::new(),
        blocks: Vec::new(),
    };
    let names: Vec<_> = which
        .iter()
        .map(|&id| files.file(id).name.as_str())
        .collect();
    reader.env.set("HAPROXY_CFGFILES", names.join(";"));
    if reader.env.value("HAPROXY_LOCALPEER").is_none() {
        reader.env.set("HAPROXY_LOCALPEER", "localhost");
    }
    for &file in which {
        reader.file(file);
    }
    reader.draft
}

impl Reader<'_> {
    fn file(&mut self, file: FileId) {
        self.section = Section::None;
        let text = self.files.file(file).text.as_str();
        let mut start = 0;
        for (index, raw) in text.split_inclusive('\n').enumerate() {
            let number = index as u32 + 1;
            self.line(file, number, start, raw.strip_suffix('\n').unwrap_or(raw));
            start += raw.len();
            if self.draft.out.errors >= MOST_ERRORS {
                let note = Diagnostic::new(
                    Code::Unreadable,
                    "too many errors: the rest of the file is not read",
                    Place::new(file, start, start),
                );
                self.draft.out.say(note);
                self.blocks.clear();
                return;
            }
        }
        if !text.is_empty() && !text.ends_with('\n') {
            let place = Place::new(file, text.len(), text.len());
            self.draft.out.say(
                Diagnostic::new(Code::Unreadable, "the last line has no line feed", place)
                    .help("HAProxy refuses such a file because it may have been cut short"),
            );
        }
        for block in std::mem::take(&mut self.blocks) {
            let message = "this `.if` has no `.endif`";
            self.draft
                .out
                .say(Diagnostic::new(Code::Unclosed, message, block.place));
        }
    }

    fn line(&mut self, file: FileId, number: u32, start: usize, raw: &str) {
        let overgrown = Cell::new(None);
        let variable = |name: &str| match name {
            ".FILE" => Some(self.files.file(file).name.clone()),
            ".LINE" => Some(number.to_string()),
            ".SECTION" => Some(self.section_name.clone()),
            _ => match self.env.substitute(name) {
                Ok(value) => value.map(str::to_owned),
                Err(why) => {
                    overgrown.set(Some(why));
                    None
                }
            },
        };
        let mut line = Line {
            file,
            number,
            start,
            words: Vec::new(),
        };
        match token::words(raw, variable) {
            Ok(words) => line.words = words,
            Err(TokenError { at, problem }) => {
                let at = start + at;
                let width = raw[at - start..].chars().next().map_or(0, char::len_utf8);
                let place = Place::new(file, at, at + width);
                let note = Diagnostic::new(Code::Unreadable, problem.to_string(), place);
                self.refuse(&line, place, "", note);
                return;
            }
        }
        if let Some(why) = overgrown.get() {
            let note = Diagnostic::new(Code::Unreadable, why.to_string(), line.whole());
            self.refuse(&line, line.whole(), "", note);
            return;
        }
        if line.word(0).is_empty() {
            return;
        }
        let first = line.word(0).to_owned();
        let entered = self.draft.out.ledger.len();
        let outcome = if first.starts_with('.') {
            self.block(&line)
        } else if self.blocks.iter().all(|block| block.live) {
            self.directive(line.clone())
        } else {
            let why = "it stands in a block whose condition does not hold";
            let out = &mut self.draft.out;
            out.enter(&line, 0, first.clone(), Status::NoEffect, why);
            Ok(())
        };
        if let Err(note) = outcome {
            self.draft.out.ledger.truncate(entered);
            self.refuse(&line, line.whole(), &first, note);
        }
    }

    fn refuse(&mut self, line: &Line, place: Place, keyword: &str, note: Diagnostic) {
        self.draft.out.ledger.push(Directive {
            place,
            line: line.number,
            keyword: keyword.to_owned().into(),
            status: Status::Refused,
            why: note.message.clone().into(),
        });
        let last = line.words.len().saturating_sub(1);
        let note = if line.word(last) == "\\" {
            note.help("a `\\` at its end does not continue a line: HAProxy wants all on one line")
        } else {
            note
        };
        self.draft.out.say(note);
    }

    /// `.if` and its relatives; the messages that a file may give.
    fn block(&mut self, line: &Line) -> Result<(), Diagnostic> {
        let rest = (line.words.iter().skip(1))
            .map(|word| word.text.as_str())
            .collect::<Vec<_>>()
            .join(" ");
        let outer = self.blocks.iter().all(|block| block.live);
        match line.word(0) {
            ".if" => {
                if self.blocks.len() == DEPTH {
                    return Err(line.blame(0, "the blocks nest too deeply"));
                }
                let taken = outer && self.holds(line, &rest)?;
                self.blocks.push(Block {
                    place: line.whole(),
                    live: taken,
                    done: taken || !outer,
                    last: false,
                });
            }
            word @ (".elif" | ".else") => {
                let Some(block) = self.blocks.last() else {
                    return Err(line.blame(0, format!("`{word}` without an `.if`")));
                };
                if block.last {
                    return Err(line.blame(0, format!("`{word}` cannot follow `.else`")));
                }
                let done = block.done;
                let holds = match word {
                    ".else" => line.at_most(0, 0).map(|()| true)?,
                    _ => done || self.holds(line, &rest)?,
                };
                let block = self.blocks.last_mut().expect("looked at above");
                block.live = !done && holds;
                block.done |= holds;
                block.last = word == ".else";
            }
            ".endif" => {
                line.at_most(0, 0)?;
                if self.blocks.pop().is_none() {
                    return Err(line.blame(0, "`.endif` without an `.if`"));
                }
            }
            word @ (".notice" | ".warning" | ".alert" | ".diag") => {
                if outer {
                    line.at_most(0, 1)?;
                    if word == ".alert" {
                        return Err(line.blame(0, format!("the file itself says: {rest}")));
                    }
                }
            }
            word => {
                let known = [
                    ".if", ".elif", ".else", ".endif", ".notice", ".warning", ".alert", ".diag",
                ];
                return Err(line.unknown(0, format!("there is no directive `{word}`"), known));
            }
        }
        let keyword = line.word(0).to_owned();
        self.draft.out.enter(line, 0, keyword, Status::Modelled, "");
        Ok(())
    }

    fn holds(&self, line: &Line, condition: &str) -> Result<bool, Diagnostic> {
        condition::holds(condition, &self.env).map_err(|why| line.blame(1, why))
    }

    /// A line that is not about blocks.
    fn directive(&mut self, mut line: Line) -> Result<(), Diagnostic> {
        let prefix = match line.word(0) {
            "no" => Prefix::No,
            "default" => Prefix::Default,
            _ => Prefix::None,
        };
        if prefix != Prefix::None {
            if !global::NEGATABLE.contains(&line.word(1)) {
                let message = format!("`{}` cannot stand before this", line.word(0));
                return Err(line
                    .blame(0, message)
                    .accepted(global::NEGATABLE.join(", ")));
            }
            line.words.remove(0);
        }
        self.times(&mut line);
        let first = line.word(0);
        let opens = global::section_names().any(|name| name == first);
        if opens {
            self.section = Section::Lost;
            self.section = self.open(&line)?;
            let name = line.word(1);
            let shown = if name.is_empty() { first } else { name };
            shown.clone_into(&mut self.section_name);
            return Ok(());
        }
        match self.section {
            Section::None => Err(Self::out_of_section(&line)),
            Section::Global => self.global(&line, prefix),
            Section::Defaults => {
                let proxy = self.draft.defaults.last_mut().expect("it opened one");
                proxy.apply(&line, prefix, &self.env, &mut self.draft.out)
            }
            Section::Proxy => {
                let proxy = self.draft.proxies.last_mut().expect("it opened one");
                proxy.apply(&line, prefix, &self.env, &mut self.draft.out)
            }
            Section::Other(other) => self.other(&line, other),
            Section::Lost => {
                let why = "it stands in a section that was refused";
                let keyword = first.to_owned();
                let out = &mut self.draft.out;
                out.enter(&line, 0, keyword, Status::Refused, why);
                Ok(())
            }
        }
    }

    fn out_of_section(line: &Line) -> Diagnostic {
        let word = line.word(0);
        let message = format!("`{word}` stands in no section");
        let later = (global::LATER.iter()).find(|(name, _)| *name == word);
        match later {
            Some((_, help)) => line.blame(0, message).help(*help),
            None => line.unknown(0, message, global::section_names()),
        }
    }

    /// The first line of a section.
    fn open(&mut self, line: &Line) -> Result<Section, Diagnostic> {
        let role = match line.word(0) {
            "global" => {
                line.at_most(0, 0)?;
                self.draft
                    .out
                    .enter(line, 0, "global", Status::Modelled, "");
                return Ok(Section::Global);
            }
            "frontend" => Role::Frontend,
            "backend" => Role::Backend,
            "listen" => Role::Listen,
            "defaults" if !matches!(line.word(1), "" | "from") => Role::NamedDefaults,
            "defaults" => Role::Defaults,
            _ => return self.open_other(line),
        };
        let parent = self.parent(line, role)?;
        let behind = self.behind_the_name(role, line);
        let head = behind.as_ref().map_or(line, |(head, _)| head);
        let proxy = Proxy::open(role, head, parent)?;
        self.draft
            .out
            .enter(line, 0, role.name(), Status::Modelled, "");
        if matches!(role, Role::Defaults | Role::NamedDefaults) {
            let ordinal = self.draft.defaults.len();
            self.draft.defaults.push(Proxy { ordinal, ..proxy });
            return Ok(Section::Defaults);
        }
        self.draft.proxies.push(proxy);
        if let Some((_, bind)) = behind {
            self.listen(&bind)?;
        }
        Ok(Section::Proxy)
    }

    /// The `defaults` section that a new proxy copies: the one after `from`, or the last.
    fn parent(&self, line: &Line, role: Role) -> Result<Option<&Proxy>, Diagnostic> {
        let is_defaults = matches!(role, Role::Defaults | Role::NamedDefaults);
        let from = match role {
            Role::Defaults => 1,
            _ => 2,
        };
        if line.word(from) != "from" || line.word(from + 1).is_empty() {
            return Ok(self.draft.defaults.last().filter(|_| !is_defaults));
        }
        let wanted = line.word(from + 1);
        let mut named = (self.draft.defaults.iter())
            .filter(|defaults| defaults.role == Role::NamedDefaults && defaults.name == wanted);
        let Some(found) = named.next() else {
            let known = (self.draft.defaults.iter())
                .filter(|defaults| defaults.role == Role::NamedDefaults)
                .map(|defaults| defaults.name.as_str());
            let message = format!("there is no `defaults` section called `{wanted}` above");
            let note = Diagnostic::new(Code::UnknownName, message, line.place(from + 1));
            return Err(guess(note, wanted, known));
        };
        if let Some(second) = named.next() {
            let message = format!("two `defaults` sections are called `{wanted}`");
            return Err(Diagnostic::new(Code::Twice, message, line.place(from + 1))
                .also(found.place, "this one")
                .also(second.place, "and this one"));
        }
        Ok(Some(found))
    }

    fn open_other(&mut self, line: &Line) -> Result<Section, Diagnostic> {
        let other = global::other(line.word(0)).expect("a section's name");
        if other.named && line.word(1).is_empty() {
            return Err(line.missing(1, format!("a `{}` section needs a name", other.name)));
        }
        let key = (other.name, line.word(1).to_owned());
        let earlier = self.draft.others.insert(key, line.place(1));
        if let Some(earlier) = earlier.filter(|_| other.name != "userlist") {
            let message = format!(
                "two `{}` sections are called `{}`",
                other.name,
                line.word(1)
            );
            return Err(
                Diagnostic::new(Code::Twice, message, line.place(1)).also(earlier, "the first one")
            );
        }
        self.draft
            .out
            .enter(line, 0, other.name, other.status, other.why);
        Ok(Section::Other(other))
    }

    fn other(&mut self, line: &Line, other: &'static Other) -> Result<(), Diagnostic> {
        let word = line.word(0);
        let Some(known) = other.keywords.iter().find(|keyword| **keyword == word) else {
            let message = format!("`{}` sections have no keyword `{word}`", other.name);
            return Err(line.unknown(0, message, other.keywords.iter().copied()));
        };
        let log = other.name == "log-forward";
        self.draft.listening |= log && matches!(*known, "bind" | "dgram-bind");
        self.draft
            .out
            .enter(line, 0, *known, other.status, other.why);
        Ok(())
    }

    fn global(&mut self, line: &Line, prefix: Prefix) -> Result<(), Diagnostic> {
        let word = line.word(0);
        let Some(group) = global::global(word) else {
            let message = format!("`global` has no keyword `{word}`");
            return Err(match global::retired(word) {
                Some(help) => line.blame(0, message).help(help),
                None => line.unknown(0, message, global::global_names()),
            });
        };
        if global::BARE.contains(&word) {
            line.at_most(0, 0)?;
        }
        if global::FED.contains(&word) && line.word(1).is_empty() && prefix == Prefix::None {
            return Err(line.missing(1, format!("`{word}` needs an argument")));
        }
        match word {
            "maxconn" => {
                line.at_most(0, 1)?;
                let number = line.number(1, word)?.clamp(0, i64::from(u32::MAX));
                self.draft.maxconn = Some(number as u32).filter(|&n| n > 0);
            }
            "log" if prefix == Prefix::None => super::arguments::log(line, 1, false)?,
            "stats" => {
                let known = ["socket", "timeout", "maxconn", "bind-process"];
                if !known.contains(&line.word(1)) {
                    let message = format!("`stats` of `global` has no `{}`", line.word(1));
                    return Err(line.unknown(1, message, known));
                }
                if line.word(2).is_empty() {
                    return Err(
                        line.missing(2, format!("`stats {}` needs an argument", line.word(1)))
                    );
                }
                self.draft.listening |= line.word(1) == "socket";
                if line.word(1) == "timeout" {
                    line.time(2, "stats timeout")?;
                }
            }
            "nbthread" if super::value::lenient(line.word(1)).0 < 1 => {
                return Err(line.blame(1, "`nbthread` needs a number of at least 1"));
            }
            "spread-checks" if !(0..=50).contains(&line.number(1, word)?) => {
                return Err(line.blame(1, "`spread-checks` is a percentage from 0 to 50"));
            }
            "set-var" | "set-var-fmt" => super::expressions::set_var(line)?,
            "ssl-server-verify" => self.draft.trusting = line.word(1) == "none",
            "setenv" | "presetenv" => {
                if line.word(2).is_empty() {
                    return Err(line.missing(2, format!("`{word}` needs a name and a value")));
                }
                if word == "setenv" || self.env.value(line.word(1)).is_none() {
                    self.env.set(line.word(1), line.word(2));
                }
            }
            "unsetenv" => line.from(1).iter().for_each(|name| self.env.unset(name)),
            "resetenv" => {
                let kept = line.from(1);
                self.env.retain(|name| kept.contains(&name));
            }
            _ => {}
        }
        let keyword = word.to_owned();
        self.draft
            .out
            .enter(line, 0, keyword, group.status, group.why);
        Ok(())
    }
}
