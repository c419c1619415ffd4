//! Files of patterns (`-f`) and maps: their lines. Whoever asks for a configuration to be read
//! hands the texts in.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The text of the file called so, as the configuration writes it.
///
/// # Errors
/// Why there is none.
pub type ReadList<'a> = dyn Fn(&str) -> Result<String, String> + 'a;

/// The files that have been asked for.
pub(super) struct Lists<'a> {
    read: Option<&'a ReadList<'a>>,
    known: RefCell<BTreeMap<String, Result<Arc<str>, String>>>,
}

impl<'a> Lists<'a> {
    /// `read` knows the files; none: they are not there to be read.
    pub(super) fn new(read: Option<&'a ReadList<'a>>) -> Self {
        Self {
            read,
            known: RefCell::default(),
        }
    }

    /// The text of the file called `name`; none where files are not there to be read.
    pub(super) fn text(&self, name: &str) -> Option<Result<Arc<str>, String>> {
        let read = self.read?;
        let mut known = self.known.borrow_mut();
        let text = known
            .entry(name.to_owned())
            .or_insert_with(|| read(name).map(Arc::from));
        Some(text.clone())
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
    lines(text).map(move |(number, line)| match keys {
        true => (number, pair(line).0),
        false => (number, line),
    })
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
