//! What is written in English where it arises, as with gettext, put into another language:
//! heads of tables, captions, diagnostics.
//!
//! The catalogues of `locales/phrases` have each phrase in every language under the same
//! key. A text is looked for among the English ones of its context (the key up to its first
//! `-`), its values are read out of it, and the phrase of the other language is made with
//! them. So nobody who only speaks English needs a catalogue, and what programs read stays
//! the same in all languages.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentMessage, FluentResource, FluentValue};
use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};
use unic_langid::LanguageIdentifier;

use super::{AsWritten, Lang, Words};

/// The text of a language's phrases.
pub fn source(lang: Lang) -> &'static str {
    match lang {
        Lang::En => include_str!("../../locales/phrases/en.ftl"),
        Lang::Fr => include_str!("../../locales/phrases/fr.ftl"),
    }
}

/// The words of `lang`; its phrases are read when the first one is asked for.
pub fn words(lang: Lang) -> &'static dyn Words {
    static FRENCH: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(Lang::Fr));
    match lang {
        Lang::En => &AsWritten,
        Lang::Fr => &*FRENCH,
    }
}

/// An English phrase, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Its key in the catalogues.
    pub key: String,
    /// The words between the values; one more than there are values.
    pub words: Vec<String>,
    /// The names of the values.
    pub names: Vec<String>,
}

/// Every English phrase.
///
/// # Panics
/// If the catalogue in the program is no Fluent, or an English phrase is more than words
/// and values, which its tests exclude.
pub fn shapes() -> Vec<Shape> {
    let resource = FluentResource::try_new(source(Lang::En).to_owned());
    let resource = resource.expect("the catalogues are parsed by a test");
    let messages = resource.entries().filter_map(|entry| match entry {
        Entry::Message(message) => Some(message),
        _ => None,
    });
    messages
        .map(|message| {
            let value = message.value.as_ref().expect("a phrase has words");
            Shape::of(message.id.name, value)
        })
        .collect()
}

impl Shape {
    fn of(key: &str, pattern: &Pattern<&str>) -> Self {
        let mut shape = Self {
            key: key.to_owned(),
            words: vec![String::new()],
            names: Vec::new(),
        };
        for element in &pattern.elements {
            let text = match element {
                PatternElement::TextElement { value } => value,
                PatternElement::Placeable { expression } => match expression {
                    Expression::Inline(InlineExpression::StringLiteral { value }) => value,
                    Expression::Inline(InlineExpression::VariableReference { id }) => {
                        shape.names.push(id.name.to_owned());
                        shape.words.push(String::new());
                        continue;
                    }
                    other => panic!("an English phrase is words and values: {other:?}"),
                },
            };
            let last = shape.words.last_mut().expect("begins with one");
            last.push_str(text);
        }
        shape
    }

    /// What it is about: the key up to its first `-`.
    fn context(&self) -> &str {
        self.key.split('-').next().unwrap_or_default()
    }

    /// Letters that are the phrase's own.
    fn own(&self) -> usize {
        self.words.iter().map(String::len).sum()
    }

    /// The values with which the phrase reads `text`: each as short as it can be.
    pub fn read<'a>(&self, text: &'a str) -> Option<Vec<&'a str>> {
        let (first, rest) = self.words.split_first()?;
        let text = text.strip_prefix(first.as_str())?;
        let mut values = Vec::with_capacity(rest.len());
        let fits = follow(rest, text, &mut values) && self.counts(&values);
        fits.then_some(values)
    }

    /// Whether what must be a number is one (`$least`, `$most`), and what must be a length of
    /// time begins like one (`$shortest`, `$longest`): a phrase of hardly a word would read
    /// almost anything without them.
    fn counts(&self, values: &[&str]) -> bool {
        let is_number = |text: &str| {
            !text.is_empty()
                && text
                    .bytes()
                    .all(|b| b.is_ascii_digit() || b".-".contains(&b))
        };
        let mut named = self.names.iter().zip(values);
        named.all(|(name, value)| match name.as_str() {
            "least" | "most" => is_number(value),
            "shortest" | "longest" => {
                value.starts_with(|c: char| c.is_ascii_digit()) && !value.contains(' ')
            }
            _ => true,
        })
    }
}

/// Reads values, each followed by the next of `words`, until nothing is left.
fn follow<'a>(words: &[String], text: &'a str, values: &mut Vec<&'a str>) -> bool {
    let Some((word, rest)) = words.split_first() else {
        return text.is_empty();
    };
    if rest.is_empty() {
        // The last word ends the text.
        let Some(value) = text.strip_suffix(word.as_str()) else {
            return false;
        };
        values.push(value);
        return true;
    }
    for (at, _) in text.match_indices(word.as_str()) {
        values.push(&text[..at]);
        if follow(rest, &text[at + word.len()..], values) {
            return true;
        }
        values.pop();
    }
    false
}

/// The phrases of a language other than English.
pub struct Phrases {
    lang: Lang,
    /// Phrases without values: the key by context and words.
    plain: BTreeMap<(String, String), String>,
    /// The others by context, those with the most words first.
    shapes: BTreeMap<String, Vec<Shape>>,
    bundle: FluentBundle<FluentResource>,
}

impl std::fmt::Debug for Phrases {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Phrases({})", self.lang.tag())
    }
}

impl Phrases {
    fn new(lang: Lang) -> Self {
        let resource = FluentResource::try_new(source(lang).to_owned());
        let resource = resource.expect("the catalogues are parsed by a test");
        let tag: LanguageIdentifier = lang.tag().parse().expect("two letters are a language");
        let mut bundle = FluentBundle::new_concurrent(vec![tag]);
        bundle.set_use_isolating(false);
        let added = bundle.add_resource(resource);
        added.expect("a test finds keys that occur twice");
        let mut plain = BTreeMap::new();
        let mut by_context: BTreeMap<String, Vec<Shape>> = BTreeMap::new();
        for shape in shapes() {
            let context = shape.context().to_owned();
            match shape.words.as_slice() {
                [words] => {
                    plain.insert((context, words.clone()), shape.key);
                }
                _ => by_context.entry(context).or_default().push(shape),
            }
        }
        for shapes in by_context.values_mut() {
            shapes.sort_by_key(|shape| std::cmp::Reverse(shape.own()));
        }
        Self {
            lang,
            plain,
            shapes: by_context,
            bundle,
        }
    }

    fn say(&self, key: &str, values: &FluentArgs<'_>) -> Option<String> {
        let message = self.bundle.get_message(key);
        let pattern = message.as_ref().and_then(FluentMessage::value)?;
        let mut errors = Vec::new();
        let text = self
            .bundle
            .format_pattern(pattern, Some(values), &mut errors);
        debug_assert!(errors.is_empty(), "{key}: {errors:?}");
        Some(text.into_owned())
    }

    /// The phrase in our language, if it is one.
    fn find(&self, context: &str, english: &str) -> Option<String> {
        let plain = (context.to_owned(), english.to_owned());
        if let Some(key) = self.plain.get(&plain) {
            return self.say(key, &FluentArgs::new());
        }
        let shapes = self.shapes.get(context)?;
        let (shape, values) = shapes
            .iter()
            .find_map(|shape| Some((shape, shape.read(english)?)))?;
        let mut args = FluentArgs::with_capacity(values.len());
        for (name, value) in shape.names.iter().zip(values) {
            args.set(name.as_str(), self.value(context, value));
        }
        self.say(&shape.key, &args)
    }

    /// A value of a phrase: a count, or words, which may be a phrase themselves.
    fn value<'a>(&self, context: &str, text: &'a str) -> FluentValue<'a> {
        match text.parse::<u32>() {
            Ok(count) if count.to_string() == text => FluentValue::from(count),
            _ if text.contains(' ') => FluentValue::String(self.part(context, text)),
            _ => FluentValue::from(text),
        }
    }
}

impl Phrases {
    /// Words inside of a phrase: a phrase themselves, or several with semicolons between. What
    /// an operator does is told inside of phrases of any context.
    fn part<'a>(&self, context: &str, text: &'a str) -> Cow<'a, str> {
        let mut contexts = [context, "deed"].into_iter();
        if let Some(found) = contexts.find_map(|context| self.find(context, text)) {
            return Cow::Owned(found);
        }
        if !text.contains("; ") {
            return Cow::Borrowed(text);
        }
        let parts: Vec<Cow<'_, str>> = text
            .split("; ")
            .map(|part| self.part(context, part))
            .collect();
        // A cookie has semicolons too: it stays as it is.
        if parts.iter().all(|part| matches!(part, Cow::Borrowed(_))) {
            return Cow::Borrowed(text);
        }
        Cow::Owned(parts.join(" ; "))
    }
}

impl Words for Phrases {
    fn lang(&self) -> Lang {
        self.lang
    }

    fn put<'a>(&self, context: &str, english: &'a str) -> Cow<'a, str> {
        self.find(context, english)
            .map_or(Cow::Borrowed(english), Cow::Owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(words: &[&str]) -> Shape {
        Shape {
            key: "test-a".to_owned(),
            words: words.iter().map(|&word| word.to_owned()).collect(),
            names: Vec::new(),
        }
    }

    #[test]
    fn values_are_read_out_of_phrases() {
        let has = shape(&["", " has ", ""]);
        assert_eq!(has.read("s1 has 3"), Some(vec!["s1", "3"]));
        assert_eq!(has.read("a has b has c"), Some(vec!["a", "b has c"]));
        assert_eq!(has.read("s1 had 3"), None);
        let at = shape(&["DOWN at ", " s (", ")"]);
        assert_eq!(at.read("DOWN at 1 s (a) b)"), Some(vec!["1", "a) b"]));
        assert_eq!(at.read("DOWN at 1 s (a) b"), None);
        assert_eq!(shape(&["ends"]).read("ends not"), None);
        assert_eq!(shape(&["ends"]).read("ends"), Some(vec![]));
    }

    #[test]
    fn what_is_no_phrase_stays() {
        let french = words(Lang::Fr);
        assert_eq!(french.put("table", "server"), "serveur");
        assert_eq!(french.put("table", "s1"), "s1");
        assert_eq!(french.put("nowhere", "server"), "server");
        assert_eq!(words(Lang::En).put("table", "server"), "server");
    }

    /// Of two phrases that read a text, the one with more words of its own is meant.
    #[test]
    fn every_phrase_finds_itself() {
        let french = Phrases::new(Lang::Fr);
        for shape in shapes() {
            let mut text = String::new();
            for (number, word) in shape.words.iter().enumerate() {
                if number > 0 {
                    text += &number.to_string();
                }
                text += word;
            }
            let context = shape.context();
            let plain = (context.to_owned(), text.clone());
            let found = french.plain.get(&plain).or_else(|| {
                let mut shapes = french.shapes.get(context)?.iter();
                Some(&shapes.find(|shape| shape.read(&text).is_some())?.key)
            });
            assert_eq!(found, Some(&shape.key), "{text}");
            assert!(french.find(context, &text).is_some(), "{text}");
        }
    }
}
