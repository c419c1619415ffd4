//! Files of patterns (`-f`) and maps: their lines. Whoever asks for a configuration to be read
//! hands the texts in.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::acl::pattern_fits;
use super::line::guess;
use super::sample::Call;
use crate::plan::List;
use crate::scenario::Place;
use crate::scenario::diagnostic::{Code, Diagnostic};

/// The text of the file called so, as the configuration writes it.
///
/// # Errors
/// Why there is none.
pub type ReadList<'a> = dyn Fn(&str) -> Result<String, String> + 'a;

/// The files that have been asked for.
pub(super) struct Lists<'a> {
    origin: Origin<'a>,
    known: RefCell<BTreeMap<String, Result<Arc<str>, String>>>,
}

/// Where they come from.
#[derive(Clone, Copy)]
enum Origin<'a> {
    /// They are not there to be read.
    Nowhere,
    /// This knows them.
    Read(&'a ReadList<'a>),
    /// A scenario has them itself.
    Own(&'a [List]),
}

impl<'a> Lists<'a> {
    /// `read` knows the files; none: they are not there to be read.
    pub(super) fn new(read: Option<&'a ReadList<'a>>) -> Self {
        Self {
            origin: read.map_or(Origin::Nowhere, Origin::Read),
            known: RefCell::default(),
        }
    }

    /// Those that a scenario has itself.
    pub(super) fn of(own: &'a [List]) -> Self {
        Self {
            origin: Origin::Own(own),
            known: RefCell::default(),
        }
    }

    /// Whether files can be read at all.
    pub(super) fn are_there(&self) -> bool {
        !matches!(self.origin, Origin::Nowhere)
    }

    /// The text of the file called `name`; none where files are not there to be read.
    pub(super) fn text(&self, name: &str) -> Option<Result<Arc<str>, String>> {
        let read = || match self.origin {
            Origin::Nowhere => Err(String::new()),
            Origin::Read(read) => read(name),
            Origin::Own(own) => {
                let found = own.iter().find(|list| list.name == name);
                let text = found.map(|list| list.lines.join("\n"));
                text.ok_or_else(String::new)
            }
        };
        if !self.are_there() {
            return None;
        }
        let mut known = self.known.borrow_mut();
        let text = known
            .entry(name.to_owned())
            .or_insert_with(|| read().map(Arc::from));
        Some(text.clone())
    }

    /// That there is no file called `name`, because of `why`.
    pub(super) fn missing(&self, name: &str, why: &str, place: Place) -> Diagnostic {
        let Origin::Own(own) = self.origin else {
            let message = format!("the file `{name}` cannot be read: {why}");
            return Diagnostic::new(Code::File, message, place)
                .help("it is looked for beside the configuration");
        };
        let message = format!("there is no list called `{name}`");
        let note = Diagnostic::new(Code::UnknownName, message, place).help(format!(
            "write its lines beside the frontends: lists: {{{name:?}: [\"...\"]}}"
        ));
        guess(note, name, own.iter().map(|list| &list.name))
    }

    /// Those that have been asked for and are there, without their remarks.
    pub(super) fn read(&self) -> Vec<List> {
        let known = self.known.borrow();
        let there = known.iter().filter_map(|(name, text)| {
            let text = text.as_deref().ok()?;
            Some(List {
                name: name.clone(),
                lines: lines(text).map(|(_, line)| line.to_owned()).collect(),
            })
        });
        there.collect()
    }
}

/// Whether a converter called so reads a map.
pub(super) fn is_map(name: &str) -> bool {
    name == "map" || name.starts_with("map_")
}

/// The lines of a file that say something, from 1, without the blanks before them.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = (1..).zip(text.lines());
    let lines = lines.map(|(number, line)| (number, line.trim_start_matches([' ', '\t'])));
    lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

/// The patterns of a file: whole lines, or with `keys` the first word of each.
pub(super) fn patterns(text: &str, keys: bool) -> impl Iterator<Item = (usize, &str)> {
    let pattern = move |line| if keys { pair(line).0 } else { line };
    lines(text).map(move |(number, line)| (number, pattern(line)))
}

/// The keys and values of a map, with the numbers of their lines.
pub(super) fn entries(text: &str) -> impl Iterator<Item = (usize, (&str, &str))> {
    lines(text).map(|(number, line)| (number, pair(line)))
}

fn pair(line: &str) -> (&str, &str) {
    let blank = [' ', '\t'];
    match line.split_once(blank) {
        Some((key, value)) => (key, value.trim_start_matches(blank)),
        None => (line, ""),
    }
}

/// A file that an expression or a test names.
#[derive(Clone, Debug)]
pub(super) struct FileUse {
    pub(super) name: String,
    pub(super) place: Place,
    /// How its patterns are compared.
    method: String,
    /// Only the first word of a line is a pattern.
    keys: bool,
    /// The type of the values, for a map: `int`, `ip`, or another.
    values: String,
}

impl FileUse {
    /// The file of a `-f`.
    pub(super) fn list(name: &str, place: Place, method: &str, keys: bool) -> Self {
        Self {
            name: name.to_owned(),
            place,
            method: method.to_owned(),
            keys,
            values: "str".to_owned(),
        }
    }

    /// The file of a `map_METHOD_TYPE(FILE)`.
    pub(super) fn map(call: &Call, name: &str, place: Place) -> Self {
        let mut words = call.name.split('_').skip(1);
        Self {
            name: name.to_owned(),
            place,
            method: words.next().unwrap_or("str").replace("regm", "reg"),
            keys: true,
            values: words.next().unwrap_or("str").to_owned(),
        }
    }

    /// Whether HAProxy takes what stands in the file.
    ///
    /// # Errors
    /// The first line that it does not take, from 1, and why.
    pub(super) fn judge(&self, text: &str) -> Result<(), (usize, String)> {
        for (number, pattern) in patterns(text, self.keys) {
            pattern_fits(&self.method, pattern).map_err(|why| (number, why))?;
        }
        for (number, (_, value)) in entries(text) {
            let fine = match self.values.as_str() {
                "int" => value.is_empty() || value.parse::<i64>().is_ok(),
                "ip" => value.parse::<IpAddr>().is_ok(),
                _ => true,
            };
            if !fine {
                let kind = if self.values == "int" {
                    "number"
                } else {
                    "address"
                };
                return Err((number, format!("`{value}` is no {kind}")));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_keys_and_values() {
        let text = "# remark\n\n  a.example   one two \nb\t\tthree\r\nlonely\n";
        let all: Vec<_> = entries(text).map(|(_, pair)| pair).collect();
        let expected = [("a.example", "one two "), ("b", "three"), ("lonely", "")];
        assert_eq!(all, expected);
        let whole: Vec<_> = patterns(text, false).collect();
        assert_eq!(
            whole,
            [
                (3, "a.example   one two "),
                (4, "b\t\tthree"),
                (5, "lonely")
            ]
        );
        let keys: Vec<_> = patterns(text, true).map(|(_, key)| key).collect();
        assert_eq!(keys, ["a.example", "b", "lonely"]);
    }
}
