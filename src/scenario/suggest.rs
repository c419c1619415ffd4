//! Did you mean: the nearest of the names that would have been right.

use crate::scenario::diagnostic::Diagnostic;

/// The name of `known` that is nearest to `typed`, if one is near enough to be meant.
pub fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed = typed.to_lowercase();
    known
        .into_iter()
        .map(|name| {
            let likeness = strsim::jaro_winkler(&typed, &name.to_lowercase());
            let swaps = strsim::damerau_levenshtein(&typed, &name.to_lowercase());
            (name, likeness, swaps)
        })
        .filter(|&(name, likeness, swaps)| {
            let begins = likeness > 0.85 && name.get(..5) == typed.get(..5);
            swaps <= 1.max(name.chars().count() / 3) || (likeness > 0.9 && swaps <= 4) || begins
        })
        // The first of equals wins, so that the answer does not depend on later names.
        .fold(None, |best: Option<(&str, f64, usize)>, next| match best {
            Some(best) if (best.2, -best.1) <= (next.2, -next.1) => Some(best),
            _ => Some(next),
        })
        .map(|(name, ..)| name)
}

/// Longer lists than this are cut.
const SHOWN: usize = 24;

/// Adds to `note` what would be accepted instead of `typed`, and the nearest of it.
pub(crate) fn attach(
    note: Diagnostic,
    typed: &str,
    known: impl IntoIterator<Item = impl AsRef<str>>,
) -> Diagnostic {
    let known: Vec<_> = known.into_iter().collect();
    let note = match nearest(typed, known.iter().map(AsRef::as_ref)) {
        Some(name) => note.help(format!("did you mean `{name}`?")),
        None => note,
    };
    if known.is_empty() {
        return note;
    }
    let quoted = |name: &_| format!("`{}`", AsRef::<str>::as_ref(name));
    let mut shown: Vec<String> = known.iter().take(SHOWN).map(quoted).collect();
    if known.len() > SHOWN {
        shown.push(format!("and {} more", known.len() - SHOWN));
    }
    note.accepted(shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_could_be_meant() {
        for (typed, known, meant) in [
            ("s3", &["s1", "s2"][..], Some("s1")),
            (
                "roundrobbin",
                &["roundrobin", "static-rr"],
                Some("roundrobin"),
            ),
            ("loop", &["loops", "threads"], Some("loops")),
            ("wieght", &["weight", "maxconn"], Some("weight")),
            ("Delay", &["delay", "status"], Some("delay")),
            (
                "threads",
                &["thread_group", "browser"],
                Some("thread_group"),
            ),
            ("zebra", &["weight", "maxconn"], None),
            ("", &["weight"], None),
        ] {
            assert_eq!(nearest(typed, known.iter().copied()), meant, "{typed}");
        }
    }
}
