//! Lines with rules, kept as they can be written again.

use std::collections::BTreeSet;

use super::lists::Lists;
use super::lower::Kept;
use super::proxy::Proxy;
use super::read::Draft;
use crate::plan::{RuleLines, RuleSection};

/// The keywords of the lines that are kept.
pub(crate) const KEYWORDS: [&str; 9] = [
    "acl",
    "tcp-request",
    "http-request",
    "redirect",
    "use_backend",
    "use-server",
    "force-persist",
    "ignore-persist",
    "monitor",
];

/// A line with a rule.
#[derive(Clone, Debug)]
pub(super) struct WrittenLine {
    /// Its place in the ledger.
    pub(super) entry: usize,
    pub(super) text: String,
    /// The files that it names.
    pub(super) lists: Vec<String>,
}

/// `words` as a line in which HAProxy reads the same words.
pub(crate) fn line(words: impl Iterator<Item = impl AsRef<str>>) -> String {
    let words: Vec<String> = words.map(|word| quoted(word.as_ref())).collect();
    words.join(" ")
}

/// A word with quotes or escapes, if it needs them.
fn quoted(word: &str) -> String {
    let special = |c: char| matches!(c, '"' | '\'' | '#' | '\\') || c.is_whitespace();
    if !word.is_empty() && !word.contains(|c| special(c) || c.is_control()) {
        return word.to_owned();
    }
    if !word.contains(|c: char| c == '\'' || c.is_control()) {
        return format!("'{word}'");
    }
    word.chars().fold(String::new(), |mut text, c| {
        match c {
            '\t' => text.push_str("\\t"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            ' ' | '"' | '\'' | '#' | '\\' => text.extend(['\\', c]),
            c => text.push(c),
        }
        text
    })
}

/// The lines of all sections that are followed, as `kept` says, with those of `lists` that they
/// name.
pub(super) fn lines(
    draft: &Draft,
    backends: &[usize],
    kept: &Kept,
    lists: &Lists<'_>,
) -> RuleLines {
    let names = names(&draft.defaults);
    let section = |name: &str, proxy: &Proxy, entries: &BTreeSet<usize>| {
        let from = proxy.parent.filter(|parent| !names[*parent].is_empty());
        let lines = proxy.written.iter();
        let rules =
            |line: &&WrittenLine| line.text.starts_with("acl ") || entries.contains(&line.entry);
        let lines: Vec<&WrittenLine> = lines.filter(rules).collect();
        RuleSection {
            name: name.to_owned(),
            from: from.map(|parent| names[parent].clone()),
            http: proxy.settings.http,
            lines: lines.iter().map(|line| line.text.clone()).collect(),
            lists: lines.iter().flat_map(|line| line.lists.clone()).collect(),
        }
    };
    let nobody = BTreeSet::new();
    let entries = |index| kept.sections.get(index).unwrap_or(&nobody);
    let defaults = draft.defaults.iter().zip(&names).zip(&kept.defaults);
    let defaults = defaults
        .filter(|((_, name), _)| !name.is_empty())
        .map(|((proxy, name), entries)| section(name, proxy, entries));
    let proxies = draft.proxies.iter().enumerate();
    let fronts = proxies.filter(|(_, proxy)| proxy.role.is_front() && !proxy.settings.disabled);
    let backs = backends.iter().map(|&index| (index, &draft.proxies[index]));
    let backs = backs.filter(|(_, proxy)| !proxy.role.is_front());
    RuleLines {
        defaults: defaults.collect(),
        frontends: fronts
            .map(|(index, proxy)| section(&proxy.name, proxy, entries(index)))
            .collect(),
        backends: backs
            .map(|(index, proxy)| section(&proxy.name, proxy, entries(index)))
            .filter(|section| !section.lines.is_empty() || section.from.is_some())
            .collect(),
        lists: lists.read(),
        unsaid: None,
    }
}

/// A name for each `defaults` section that has rules, no two alike; for others none.
fn names(defaults: &[Proxy]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for proxy in defaults {
        let mut name = proxy.name.clone();
        if proxy.written.is_empty() {
            name.clear();
        }
        while !name.is_empty() && names.contains(&name) {
            name.push('_');
        }
        names.push(name);
    }
    names
}

#[cfg(test)]
mod tests {
    use super::super::token;
    use super::line;

    #[test]
    fn lines_are_read_as_the_same_words() {
        for words in [
            &["acl", "a", "path_beg", "/x"][..],
            &[
                "a b", "", "it's", "#", "\\.js$", "\"q\"", "é ü", "a\tb", "${X}", "\\'",
            ],
        ] {
            let text = line(words.iter().copied());
            let read = token::words(&text, |_| None).expect(&text);
            let read: Vec<&str> = read.iter().map(|word| word.text.as_str()).collect();
            assert_eq!(read, words, "{text}");
        }
    }
}
