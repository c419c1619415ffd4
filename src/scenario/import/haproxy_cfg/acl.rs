//! ACLs and conditions: `acl` lines, `{ ... }` and what follows `if` and `unless`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::format::Part;
use super::line::{Line, guess};
use super::lists::{self, FileUse};
use super::network::network;
use super::sample::{self, Sample, SampleError};
use super::samples::{self, Kind};
use crate::scenario::Place;
use crate::scenario::diagnostic::{Code, Diagnostic};

/// The ACLs that need no declaration.
const PREDEFINED: &[&str] = &[
    "FALSE",
    "HTTP",
    "HTTP_1.0",
    "HTTP_1.1",
    "HTTP_2.0",
    "HTTP_CONTENT",
    "HTTP_URL_ABS",
    "HTTP_URL_SLASH",
    "HTTP_URL_STAR",
    "LOCALHOST",
    "METH_CONNECT",
    "METH_DELETE",
    "METH_GET",
    "METH_HEAD",
    "METH_OPTIONS",
    "METH_POST",
    "METH_PUT",
    "METH_TRACE",
    "RDP_COOKIE",
    "REQ_CONTENT",
    "TRUE",
    "WAIT_END",
];

/// The matching methods of `-m`.
const METHODS: &[&str] = &[
    "beg", "bin", "bool", "dir", "dom", "end", "found", "int", "ip", "len", "reg", "str", "sub",
];

/// Comparisons before numbers.
const COMPARISONS: &[&str] = &["eq", "ge", "gt", "le", "lt"];

/// The names that the conditions of one section can use.
#[derive(Clone, Debug, Default)]
pub(super) struct Acls {
    /// Those of its `defaults`.
    inherited: Option<Arc<Self>>,
    /// The lines of each.
    names: BTreeMap<String, Vec<Declared>>,
    /// What must exist elsewhere.
    pub(super) wants: Vec<Want>,
    /// The files of patterns and maps that are read.
    pub(super) files: Vec<FileUse>,
}

/// A name in an expression that something must have.
#[derive(Clone, Debug)]
pub(super) struct Want {
    pub(super) names: samples::Names,
    /// Empty: the section itself.
    pub(super) name: String,
    pub(super) place: Place,
}

/// One `acl` line.
#[derive(Clone, Debug)]
pub(super) struct Declared {
    pub(super) test: Test,
    /// Its place in the ledger.
    pub(super) entry: usize,
}

/// One test of a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Test {
    pub(super) sample: Sample,
    pub(super) method: &'static str,
    pub(super) patterns: Vec<String>,
    /// `-i`: upper and lower case are the same.
    pub(super) fold: bool,
    /// `-f`: patterns come from these files too.
    pub(super) from: Vec<String>,
    /// `-M`: only the first word of their lines is a pattern.
    pub(super) keys: bool,
}

/// A condition whose names are not resolved yet: an ACL of that name may be added to
/// further below.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Draft {
    /// `unless` rather than `if`.
    pub(super) unless: bool,
    /// Alternatives; absent where there is no condition at all.
    pub(super) terms: Option<Vec<Vec<Literal>>>,
}

/// An ACL in a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Literal {
    pub(super) negated: bool,
    pub(super) acl: Acl,
}

/// What a condition names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Acl {
    Named(String),
    /// `{ ... }`
    Anonymous(Test),
}

impl Acls {
    /// The ACLs of a section whose `defaults` have these.
    pub(super) fn below(inherited: Option<&Arc<Self>>) -> Self {
        Self {
            inherited: inherited.cloned(),
            ..Self::default()
        }
    }

    /// Every `acl` line of the section itself, in no particular order.
    pub(super) fn lines(&self) -> impl Iterator<Item = &Declared> {
        self.names.values().flatten()
    }

    /// The lines of the ACL called `name`; a predefined one has none.
    pub(super) fn named(&self, name: &str) -> &[Declared] {
        let inherited = self.inherited.as_ref();
        (self.names.get(name).map(Vec::as_slice))
            .or_else(|| inherited.map(|acls| acls.named(name)))
            .unwrap_or_default()
    }

    /// An `acl` line, which stands at `entry` in the ledger.
    pub(super) fn declare(&mut self, line: &Line, entry: usize) -> Result<(), Diagnostic> {
        let name = line.word(1);
        if let Some(strange) = name.chars().find(|&c| !is_name_char(c)) {
            let message = format!("`{strange}` cannot stand in the name of an ACL");
            return Err(line.blame(1, message));
        }
        if name.is_empty() {
            return Err(line.missing(1, "`acl` needs a name and a criterion"));
        }
        if name == "or" {
            return Err(line.blame(1, "an ACL cannot be called `or`: in conditions it means or"));
        }
        let (test, _) = self.test(line, 2, false)?;
        let lines = self.names.entry(name.to_owned()).or_default();
        lines.push(Declared { test, entry });
        Ok(())
    }

    /// The condition that must, or may, begin at `at`.
    pub(super) fn condition(
        &mut self,
        line: &Line,
        at: usize,
        required: bool,
    ) -> Result<Draft, Diagnostic> {
        let rule = line.word(0).to_owned();
        match line.word(at) {
            word @ ("if" | "unless") => Ok(Draft {
                unless: word == "unless",
                terms: Some(self.terms(line, at + 1)?),
            }),
            "" if !required => Ok(Draft::default()),
            "" => Err(line.missing(
                at,
                format!("`{rule}` needs `if` or `unless` and a condition"),
            )),
            word => {
                let message = format!("`{word}` cannot stand here: only `if` or `unless` can");
                Err(line.unknown(at, message, ["if", "unless"]))
            }
        }
    }

    fn terms(&mut self, line: &Line, mut at: usize) -> Result<Vec<Vec<Literal>>, Diagnostic> {
        let mut terms = Vec::new();
        let mut term = Vec::new();
        let mut negated = false;
        while !line.word(at).is_empty() {
            let word = line.word(at);
            if matches!(word, "or" | "||") {
                terms.push(std::mem::take(&mut term));
                negated = false;
                at += 1;
                continue;
            }
            let bare = word.trim_start_matches('!');
            negated ^= (word.len() - bare.len()) % 2 == 1;
            if bare.is_empty() {
                at += 1;
                continue;
            }
            if bare == "{" {
                let (test, after) = self.test(line, at + 1, true)?;
                let acl = Acl::Anonymous(test);
                term.push(Literal { negated, acl });
                negated = false;
                at = after;
                continue;
            }
            if self.named(bare).is_empty() && !PREDEFINED.contains(&bare) {
                let message = format!("there is no ACL `{bare}` above");
                let note = Diagnostic::new(Code::UnknownName, message, line.place(at));
                let known = self.names.keys().map(String::as_str);
                return Err(guess(note, bare, known.chain(PREDEFINED.iter().copied())));
            }
            let acl = Acl::Named(bare.to_owned());
            term.push(Literal { negated, acl });
            negated = false;
            at += 1;
        }
        terms.push(term);
        // An `or` with nothing beside it is no alternative.
        terms.retain(|term| !term.is_empty());
        Ok(terms)
    }

    /// A criterion with its flags and patterns, to the end of the line or to `}`; the test
    /// and the word after it.
    fn test(&mut self, line: &Line, at: usize, braced: bool) -> Result<(Test, usize), Diagnostic> {
        let end = if braced {
            let found = (at..line.words.len()).find(|&i| line.word(i) == "}");
            found.ok_or_else(|| {
                Diagnostic::new(
                    Code::Unclosed,
                    "this `{` is not closed by `}`",
                    line.place(at - 1),
                )
            })?
        } else {
            line.words.len()
        };
        let (sample, shorthand) = criterion(line, at, end)?;
        self.want(line, at, &sample);
        let mut flags = Flags::default();
        let mut next = at + sample.words;
        while next < end && flags.take(line, &mut next, end)? {}
        let kind = sample.kind;
        let method = match flags.method.or(shorthand) {
            Some(method) => method,
            None => match kind {
                Kind::Bool => "bool",
                Kind::Int => "int",
                Kind::Ip => "ip",
                Kind::Str => "str",
                Kind::Bin | Kind::Any => {
                    let message = "how to compare must be said here: `-m str`, `-m found`, ...";
                    return Err(line.blame(at, message).accepted(METHODS.join(", ")));
                }
            },
        };
        let used =
            |(name, at): &(String, usize)| FileUse::list(name, line.place(*at), method, flags.keys);
        self.files.extend(flags.files.iter().map(used));
        // An empty word ends the list.
        let patterns = (next..end).map(|i| line.word(i).to_owned());
        let patterns: Vec<String> = patterns.take_while(|text| !text.is_empty()).collect();
        for (index, pattern) in patterns.iter().enumerate() {
            pattern_fits(method, pattern).map_err(|why| line.blame(next + index, why))?;
        }
        let test = Test {
            sample,
            method,
            patterns,
            fold: flags.fold,
            from: flags.files.into_iter().map(|(name, _)| name).collect(),
            keys: flags.keys,
        };
        Ok((test, end + 1))
    }

    /// Remembers one name that a line needs.
    pub(super) fn want_name(&mut self, names: samples::Names, name: &str, place: Place) {
        self.wants.push(Want {
            names,
            name: name.to_owned(),
            place,
        });
    }

    /// Remembers the names that an expression needs.
    pub(super) fn want(&mut self, line: &Line, at: usize, sample: &Sample) {
        let place = line.place(at);
        self.files.extend(maps(sample, place));
        self.wants.extend(wants(sample, place));
    }

    /// Remembers the names that the expressions of a format need.
    pub(super) fn want_all(&mut self, line: &Line, at: usize, parts: &[Part]) {
        for part in parts {
            if let Part::Sample(sample) = part {
                self.want(line, at, sample);
            }
        }
    }
}

/// The maps that an expression reads.
pub(super) fn maps(sample: &Sample, place: Place) -> impl Iterator<Item = FileUse> {
    let converters = sample.calls.iter().skip(1);
    let maps = converters.filter(|call| lists::is_map(&call.name));
    maps.filter_map(move |call| Some(FileUse::map(call, call.arguments.first()?, place)))
}

/// The names that an expression needs.
pub(super) fn wants(sample: &Sample, place: Place) -> impl Iterator<Item = Want> {
    let calls = sample.calls.iter().enumerate();
    calls.filter_map(move |(index, call)| {
        let entry = match index {
            0 => samples::fetch(&call.name),
            _ => samples::converter(&call.name),
        };
        let entry = entry.filter(|e| e.names != samples::Names::Nothing)?;
        if entry.names == samples::Names::Lua {
            return Some(Want {
                names: entry.names,
                name: call.name.clone(),
                place,
            });
        }
        let written = call.arguments.get(entry.named);
        if written.is_none() && entry.arguments.0 <= entry.named {
            return None;
        }
        Some(Want {
            names: entry.names,
            name: written.cloned().unwrap_or_default(),
            place,
        })
    })
}

fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':')
}

/// An error of an expression at the word numbered `at`.
pub(super) fn sample_error(line: &Line, at: usize, error: SampleError) -> Diagnostic {
    if let Some((name, known)) = error.unknown {
        let note = Diagnostic::new(Code::UnknownWord, error.message, line.place(at));
        return guess(note, &name, known);
    }
    let note = line.blame(at, error.message);
    match error.elsewhere {
        Some((lines, Some(help))) => note.accepted(lines).help(help),
        Some((lines, None)) => note.accepted(lines),
        None => note,
    }
}

/// What is tested, and the method that its keyword brings along.
fn criterion(
    line: &Line,
    at: usize,
    end: usize,
) -> Result<(Sample, Option<&'static str>), Diagnostic> {
    let word = if at < end { line.word(at) } else { "" };
    if word.is_empty() {
        return Err(line.missing(at, "a criterion is missing here, such as `path_beg`"));
    }
    let name_end = word.find(['(', ',']).unwrap_or(word.len());
    let name = &word[..name_end];
    let fail = |error| sample_error(line, at, error);
    if let Some((fetch, method)) = samples::shorthand(name) {
        let longhand = format!("{fetch}{}", &word[name_end..]);
        let sample = sample::sample(&[&longhand], false).map_err(fail)?;
        // What converters make is compared by its kind.
        let method = Some(method).filter(|_| sample.calls.len() == 1);
        return Ok((sample, method));
    }
    let words: Vec<&str> = (at..end).map(|i| line.word(i)).collect();
    match sample::sample(&words, false) {
        Ok(sample) => Ok((sample, None)),
        Err(error) => Err(fail(SampleError {
            unknown: error.unknown.map(|(unknown, known)| {
                let known = if unknown == name {
                    samples::acl_names().collect()
                } else {
                    known
                };
                (unknown, known)
            }),
            ..error
        })),
    }
}

/// The flags between a criterion and its patterns.
#[derive(Default)]
struct Flags {
    method: Option<&'static str>,
    fold: bool,
    /// The files, and their words.
    files: Vec<(String, usize)>,
    keys: bool,
}

impl Flags {
    /// Takes the flag at `at`, if there is one.
    fn take(&mut self, line: &Line, at: &mut usize, end: usize) -> Result<bool, Diagnostic> {
        let word = line.word(*at);
        let needs = |what: &str| {
            if *at + 1 < end {
                Ok(line.word(*at + 1))
            } else {
                Err(line.missing(*at + 1, format!("`{word}` needs {what}")))
            }
        };
        match word {
            "-i" | "-n" | "-M" => {
                self.fold |= word == "-i";
                self.keys |= word == "-M";
                *at += 1;
            }
            "-f" => {
                self.files.push((needs("a file")?.to_owned(), *at + 1));
                *at += 2;
            }
            "-u" => {
                needs("a number")?;
                *at += 2;
            }
            "-m" => {
                let method = needs("a method")?;
                let Some(known) = METHODS.iter().find(|known| **known == method) else {
                    let message = format!("there is no method `{method}`");
                    return Err(line.unknown(*at + 1, message, METHODS.iter().copied()));
                };
                self.method = Some(known);
                *at += 2;
            }
            "--" => {
                *at += 1;
                return Ok(false);
            }
            _ if word.starts_with('-') && word.len() > 1 => {
                let message =
                    format!("there is no flag `{word}`; write `--` before such a pattern");
                return Err(line.unknown(*at, message, ["-i", "-f", "-m", "-n", "-u", "-M", "--"]));
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// Whether a pattern can be compared by this method.
pub(super) fn pattern_fits(method: &str, pattern: &str) -> Result<(), String> {
    let number = |text: &str| text.is_empty() || text.parse::<i64>().is_ok();
    match method {
        "int" | "len" if COMPARISONS.contains(&pattern) || pattern == "--" => Ok(()),
        "int" | "len" => {
            let text = pattern.strip_suffix(':').unwrap_or(pattern);
            // Between versions such as `3.0-3.1`, a dash does as well.
            let dash = text
                .split_once('-')
                .filter(|(first, _)| first.contains('.'));
            let (first, last) = text.split_once(':').or(dash).unwrap_or((text, text));
            let plain = |text: &str| {
                number(text)
                    || text
                        .split_once('.')
                        .is_some_and(|(a, b)| number(a) && number(b))
            };
            if plain(first) && plain(last) && !pattern.is_empty() {
                Ok(())
            } else {
                Err(format!(
                    "`{pattern}` is no number and no range such as `1:5`"
                ))
            }
        }
        "ip" => network(pattern).map(|_| ()),
        "reg" => sample::regex(pattern),
        _ => Ok(()),
    }
}
