//! The catalogues of `locales/`, in the language of Project Fluent.

use fluent_bundle::{
    FluentArgs, FluentBundle, FluentError, FluentMessage, FluentResource, FluentValue,
};
use unic_langid::LanguageIdentifier;

use super::{Lang, Said, Speaker, Value};

/// The sentences of one language. Building it reads its whole catalogue: do so only when
/// something is to be said.
pub struct Catalogue {
    lang: Lang,
    bundle: FluentBundle<FluentResource>,
}

impl std::fmt::Debug for Catalogue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Catalogue({})", self.lang.tag())
    }
}

/// The text of a language's catalogue.
pub fn source(lang: Lang) -> &'static str {
    match lang {
        Lang::En => include_str!("../../locales/en.ftl"),
        Lang::Fr => include_str!("../../locales/fr.ftl"),
    }
}

impl Catalogue {
    /// The catalogue of `lang`.
    ///
    /// # Panics
    /// If the catalogue in the program is no Fluent, which its tests exclude.
    pub fn new(lang: Lang) -> Self {
        let resource = FluentResource::try_new(source(lang).to_owned());
        let resource = resource.expect("the catalogues are parsed by a test");
        let tag: LanguageIdentifier = lang.tag().parse().expect("two letters are a language");
        let mut bundle = FluentBundle::new(vec![tag]);
        // The marks would make invisible differences in terminals, files and tests.
        bundle.set_use_isolating(false);
        let added = bundle.add_resource(resource);
        added.expect("a test finds keys that occur twice");
        Self { lang, bundle }
    }

    /// The sentence in words, with everything that is wrong with it.
    fn compose(&self, said: &Said) -> (String, Vec<FluentError>) {
        let message = self.bundle.get_message(said.key);
        let Some(pattern) = message.as_ref().and_then(FluentMessage::value) else {
            return (said.key.to_owned(), Vec::new());
        };
        let mut values = FluentArgs::with_capacity(said.values.len());
        for (name, value) in &said.values {
            values.set(
                *name,
                match value {
                    Value::Count(count) => FluentValue::from(*count),
                    other => FluentValue::from(other.text(self)),
                },
            );
        }
        let mut errors = Vec::new();
        let text = self
            .bundle
            .format_pattern(pattern, Some(&values), &mut errors);
        (text.into_owned(), errors)
    }
}

impl Speaker for Catalogue {
    fn lang(&self) -> Lang {
        self.lang
    }

    fn say(&self, said: &Said) -> String {
        let (text, errors) = self.compose(said);
        debug_assert!(
            errors.is_empty() && text != said.key,
            "{}: {errors:?}",
            said.key
        );
        text
    }
}
