//! Do all languages say the same, with the same words of HAProxy?

use std::collections::{BTreeMap, BTreeSet};

use balancelab::locale::Lang;
use balancelab::locale::catalogue::source;
use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};
use fluent_syntax::parser;

use crate::tidy::source::sources;

/// The keys of a language, each with the variables of its sentence.
fn keys(lang: Lang) -> BTreeMap<String, BTreeSet<String>> {
    let resource = parser::parse(source(lang)).expect("Fluent");
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
    let resource = parser::parse(source(lang)).expect("Fluent");
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
    let has = |text: &str, word: &str| {
        text.split(|c: char| !c.is_alphanumeric() && c != '-')
            .any(|found| found == word)
    };
    let french = sentences(Lang::Fr);
    for (key, english) in sentences(Lang::En) {
        for word in WORDS {
            let there = [&english, &french[&key]].map(|text| has(text, word));
            assert_eq!(there[0], there[1], "{key}: {word}");
        }
    }
}
