//! Do all languages say the same, with the same words of HAProxy?

use std::collections::{BTreeMap, BTreeSet};

use balancelab::locale::Lang;
use balancelab::locale::catalogue::source;
use balancelab::locale::phrases;
use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};
use fluent_syntax::parser;

use crate::tidy::source::sources;

/// The keys of a language, each with the variables of its sentence.
fn keys(lang: Lang) -> BTreeMap<String, BTreeSet<String>> {
    variables(source(lang))
}

fn variables(catalogue: &str) -> BTreeMap<String, BTreeSet<String>> {
    let resource = parser::parse(catalogue).expect("Fluent");
    let mut keys = BTreeMap::new();
    for entry in &resource.body {
        if let Entry::Message(message) = entry {
            let mut variables = BTreeSet::new();
            let value = message.value.as_ref().expect("a sentence");
            visit(value, &mut variables);
            let before = keys.insert(message.id.name.to_owned(), variables);
            assert!(before.is_none(), "{} occurs twice", message.id.name);
        }
    }
    keys
}

fn visit(pattern: &Pattern<&str>, variables: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        match element {
            PatternElement::TextElement { .. } => {}
            PatternElement::Placeable { expression } => match expression {
                Expression::Inline(inline) => variable(inline, variables),
                Expression::Select { selector, variants } => {
                    variable(selector, variables);
                    for variant in variants {
                        visit(&variant.value, variables);
                    }
                }
            },
        }
    }
}

fn variable(inline: &InlineExpression<&str>, variables: &mut BTreeSet<String>) {
    match inline {
        InlineExpression::VariableReference { id } => {
            variables.insert(id.name.to_owned());
        }
        InlineExpression::Placeable { expression } => {
            if let Expression::Inline(inline) = &**expression {
                variable(inline, variables);
            }
        }
        InlineExpression::StringLiteral { .. } => {}
        other => panic!("the catalogues use variables only: {other:?}"),
    }
}

/// Every text in quotes in our sources, those of tests left out.
fn quoted() -> BTreeSet<String> {
    let sources = sources(&["src"]);
    let texts = sources.iter().filter(|source| !source.is_test);
    texts
        .flat_map(|source| source.text.split('"').map(str::to_owned))
        .collect()
}

#[test]
fn every_language_has_every_key_with_the_same_variables() {
    let english = keys(Lang::En);
    assert!(english.len() > 50);
    for lang in Lang::ALL {
        assert_eq!(keys(lang), english, "{}", lang.tag());
    }
}

#[test]
fn every_phrase_is_there_in_every_language() {
    let english = variables(phrases::source(Lang::En));
    assert!(english.len() > 400);
    for lang in Lang::ALL {
        assert_eq!(variables(phrases::source(lang)), english, "{}", lang.tag());
    }
}

/// A literal as the program reads it, with a 1 in each of its holes.
fn filled(literal: &str) -> String {
    let mut out = String::new();
    let mut rest = literal;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        let next = rest.chars().next();
        let is_twice = |sign| c == sign && next == Some(sign);
        match c {
            '\\' => {
                rest = &rest[next.map_or(0, char::len_utf8)..];
                match next {
                    Some('n') => out.push('\n'),
                    // A line that goes on: what indents it is not there.
                    Some('\n') => rest = rest.trim_start(),
                    Some('u') => {
                        let (code, after) = rest[1..].split_once('}').expect("an escape ends");
                        let code = u32::from_str_radix(code, 16).expect("a code");
                        out.push(char::from_u32(code).expect("a character"));
                        rest = after;
                    }
                    other => out.extend(other),
                }
            }
            '{' | '}' if is_twice('{') || is_twice('}') => {
                out.push(c);
                rest = &rest[1..];
            }
            '{' => {
                let hole = rest.split_once('}');
                let is_hole = |hole: &str| {
                    let mut chars = hole.chars();
                    chars.all(|c| c.is_alphanumeric() || "_:?.$>+<".contains(c))
                };
                match hole.filter(|(hole, _)| is_hole(hole)) {
                    Some((_, after)) => {
                        out.push('1');
                        rest = after;
                    }
                    None => out.push('{'),
                }
            }
            other => out.push(other),
        }
    }
    out
}

/// The literals of a source, each with what stands before it.
fn literals(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text;
    let mut before = String::new();
    while let Some(at) = rest.find(['"', '\'', '/']) {
        before.push_str(&rest[..at]);
        let (sign, after) = (&rest[at..=at], &rest[at + 1..]);
        if sign == "/" && after.starts_with('/') {
            rest = &after[after.find('\n').unwrap_or(after.len())..];
        } else if sign == "'" && (after.starts_with("\"'") || after.starts_with("\\\"'")) {
            rest = &after[after.find('\'').expect("just seen") + 1..];
        } else if sign == "\"" {
            let mut end = 0;
            let bytes = after.as_bytes();
            while end < bytes.len() && bytes[end] != b'"' {
                end += 1 + usize::from(bytes[end] == b'\\');
            }
            let end = end.min(bytes.len());
            let start = before.len().saturating_sub(40);
            let start = (start..=before.len()).find(|at| before.is_char_boundary(*at));
            let lead = before[start.unwrap_or(0)..].trim_end().to_owned();
            found.push((lead, filled(&after[..end])));
            rest = after.get(end + 1..).unwrap_or("");
        } else {
            before.push_str(sign);
            rest = after;
        }
    }
    found
}

fn told(source: &crate::tidy::source::Source) -> Vec<(String, String)> {
    // What is compiled for tests stands at the end of a file.
    let end = source.text.find("#[cfg(test)]\nmod ");
    literals(&source.text[..end.unwrap_or(source.text.len())])
}

/// A phrase that our sources do not write is one that nobody will ever see.
#[test]
fn no_phrase_is_idle() {
    // Put together of words that stand apart in the sources.
    let apart = &include_str!("languages/apart.txt");
    let apart: BTreeSet<&str> = apart.lines().filter(|l| !l.starts_with('#')).collect();
    let mut written = BTreeSet::new();
    for source in sources(&["src", "crates/balance/src"]) {
        if !source.is_test {
            written.extend(told(&source).into_iter().map(|(_, text)| text));
        }
    }
    let frame = include_str!("../../src/report/page/page.html");
    let mut idle = Vec::new();
    for shape in phrases::shapes() {
        let mut written = written.iter();
        let is_there = written.any(|text| shape.read(text).is_some())
            || shape.names.is_empty() && frame.contains(&shape.words[0]);
        if !is_there && !apart.contains(shape.key.as_str()) {
            idle.push(shape.key);
        }
    }
    assert_eq!(idle, Vec::<String>::new());
}

/// Every sentence in which the scenario language refuses or warns is a phrase, and so is
/// what is assumed of a test plan. What a ledger says of a line is English, as it is for a
/// `haproxy.cfg`.
#[test]
fn no_diagnostic_is_without_its_phrase() {
    const OTHERS: [&str; 8] = [
        "src/scenario/import/haproxy_cfg",
        "src/scenario/resolve",
        "src/scenario/write",
        "src/scenario/format",
        "src/scenario/schema/json",
        // What is assumed of foreign files are phrases of what commands say; comments in what
        // `import` writes are English.
        "src/scenario/foreign",
        // Titles and stories of the codes are for programmers.
        "src/scenario/diagnostic",
        "src/scenario/tests",
    ];
    let kept = [
        include_str!("languages/no-phrases.txt"),
        include_str!("languages/ledgers.txt"),
    ];
    let kept = kept.iter().flat_map(|list| list.lines());
    let kept: BTreeSet<&str> = kept.filter(|line| !line.starts_with('#')).collect();
    let phrases = phrases::shapes();
    let flaws = phrases.iter().filter(|shape| {
        ["flaw-", "say-plan-"]
            .iter()
            .any(|key| shape.key.starts_with(key))
    });
    let is_flaw = |text: &str| flaws.clone().any(|shape| shape.read(text).is_some());
    let mut missing = Vec::new();
    for source in sources(&["src/scenario"]) {
        if source.is_test || OTHERS.iter().any(|path| source.path.starts_with(path)) {
            continue;
        }
        for (lead, text) in told(&source) {
            let is_code = ["expect(", "reason =", "panic!(", "unreachable!(", "_str!("];
            let is_code = is_code.iter().any(|before| lead.ends_with(before));
            if text.trim().contains(' ')
                && !is_code
                && !is_flaw(&text)
                && !kept.contains(text.as_str())
            {
                missing.push(format!("{}: {text}", source.path));
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn no_key_is_idle() {
    let quoted = quoted();
    let idle: Vec<String> = keys(Lang::En)
        .into_keys()
        .filter(|key| !quoted.contains(key))
        .collect();
    assert_eq!(idle, Vec::<String>::new());
}

/// Whatever our sources make a sentence of has one.
#[test]
fn no_key_is_missing() {
    let keys = keys(Lang::En);
    let mut missing = Vec::new();
    for source in sources(&["src"]).iter().filter(|source| !source.is_test) {
        for (at, _) in source.text.match_indices("Said::new(\"") {
            let rest = &source.text[at + "Said::new(\"".len()..];
            let key = rest.split('"').next().expect("a literal ends");
            if !keys.contains_key(key) && source.code[at..].starts_with("Said::new(") {
                missing.push(format!("{}: {key}", source.path));
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new());
}

/// The sentences of a language, as text, with their keys.
fn sentences(lang: Lang) -> BTreeMap<String, String> {
    texts(source(lang))
}

fn texts(catalogue: &'static str) -> BTreeMap<String, String> {
    let resource = parser::parse(catalogue).expect("Fluent");
    let mut found = BTreeMap::new();
    for entry in resource.body {
        if let Entry::Message(message) = entry {
            let key = message.id.name.to_owned();
            let body = fluent_syntax::ast::Resource {
                body: vec![Entry::Message(message)],
            };
            found.insert(key, fluent_syntax::serializer::serialize(&body));
        }
    }
    found
}

/// A sentence that has a word of HAProxy in one language has it in the others.
#[test]
fn the_words_of_haproxy_stay() {
    const WORDS: [&str; 13] = [
        "UP",
        "DOWN",
        "MAINT",
        "DRAIN",
        "L7TOUT",
        "maxconn",
        "cookie",
        "backend",
        "use-server",
        "maxidle",
        "maxlife",
        "sessionViews",
        "503",
    ];
    let both = [sentences as fn(Lang) -> _, |lang| {
        texts(phrases::source(lang))
    }];
    for (english, french) in both.map(|of| (of(Lang::En), of(Lang::Fr))) {
        stay(&WORDS, &english, &french);
    }
}

fn stay(words: &[&str], english: &BTreeMap<String, String>, french: &BTreeMap<String, String>) {
    let has = |text: &str, word: &str| {
        text.split(|c: char| !c.is_alphanumeric() && c != '-')
            .any(|found| found == word)
    };
    for (key, english) in english {
        for word in words {
            let there = [english, &french[key]].map(|text| has(text, word));
            assert_eq!(there[0], there[1], "{key}: {word}");
        }
    }
}
