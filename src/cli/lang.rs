//! The language: as asked for, or that of the environment.

use std::env;

use super::args::Tongue;
use crate::locale::Lang;

/// The language to explain in.
pub(super) fn chosen(asked: Option<Tongue>) -> Lang {
    match asked {
        Some(Tongue::En) => Lang::En,
        Some(Tongue::Fr) => Lang::Fr,
        None => of(|name| env::var(name).ok()),
    }
}

/// The language of an environment: the first of these variables that is not empty says
/// it, as POSIX has it. One that is none of ours is English.
fn of(env: impl Fn(&str) -> Option<String>) -> Lang {
    ["LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .filter_map(env)
        .find(|value| !value.is_empty())
        .and_then(|value| Lang::of(&value))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_variable_that_says_something_counts() {
        let rows: [(&[(&str, &str)], Lang); 7] = [
            (&[], Lang::En),
            (&[("LANG", "fr_CH.UTF-8")], Lang::Fr),
            (&[("LC_MESSAGES", "fr_FR"), ("LANG", "en_GB")], Lang::Fr),
            (&[("LC_ALL", ""), ("LANG", "fr")], Lang::Fr),
            (&[("LC_ALL", "C"), ("LANG", "fr")], Lang::En),
            (
                &[("LC_ALL", "en_US.UTF-8"), ("LC_MESSAGES", "fr")],
                Lang::En,
            ),
            (&[("LANG", "de_CH.UTF-8")], Lang::En),
        ];
        for (set, lang) in rows {
            let env = |wanted: &str| {
                let found = set.iter().find(|(name, _)| *name == wanted);
                found.map(|(_, value)| (*value).to_owned())
            };
            assert_eq!(of(env), lang, "{set:?}");
        }
    }
}
