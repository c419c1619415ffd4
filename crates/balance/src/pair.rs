//! One `NAME=VALUE` of a `Cookie` or `Set-Cookie` header, by its place in the text.

/// Whether `byte` is a blank: one that does not count around names and values.
fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// `text` without the blanks at its end.
#[inline]
pub(crate) fn trim_end(text: &str) -> &str {
    let end = text.bytes().rposition(|byte| !is_blank(byte));
    &text[..end.map_or(0, |last| last + 1)]
}

/// `text` without the blanks at its beginning.
#[inline]
pub(crate) fn trim_start(text: &str) -> &str {
    let start = text.bytes().position(|byte| !is_blank(byte));
    &text[start.unwrap_or(text.len())..]
}

/// `text` without the blanks around it.
#[inline]
pub(crate) fn trim(text: &str) -> &str {
    trim_start(trim_end(text))
}

/// An element of a cookie header. Elements are separated by `;` or `,`; a separator between
/// double quotes inside a value separates nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pair {
    /// Where its name begins, after any blanks.
    pub start: usize,
    /// Where its `=` stands; an element without is no cookie.
    pub equal: Option<usize>,
    /// Where the separator behind it stands, or the text ends.
    pub end: usize,
}

impl Pair {
    /// The element of `text` that begins at `from`, which must be a character boundary.
    pub(crate) fn at(text: &str, from: usize) -> Self {
        let start = text.len() - trim_start(&text[from..]).len();
        let bytes = text.as_bytes();
        let stop = bytes[start..]
            .iter()
            .position(|byte| matches!(byte, b'=' | b';' | b','))
            .map_or(text.len(), |length| start + length);
        if bytes.get(stop) != Some(&b'=') {
            return Self {
                start,
                equal: None,
                end: stop,
            };
        }
        let value = stop + 1;
        Self {
            start,
            equal: Some(stop),
            end: value + value_end(&text[value..]),
        }
    }

    /// Its name; empty if it has no `=`.
    pub(crate) fn name<'a>(&self, text: &'a str) -> &'a str {
        let end = self.equal.unwrap_or(self.start);
        trim_end(&text[self.start..end])
    }

    /// What stands behind its `=`, with the blanks before the separator.
    pub(crate) fn value<'a>(&self, text: &'a str) -> &'a str {
        let start = self.equal.map_or(self.end, |equal| equal + 1);
        trim_start(&text[start..self.end])
    }

    /// Whether blanks stand before or behind its `=`.
    pub(crate) fn is_loose(&self, text: &str) -> bool {
        self.equal.is_some_and(|equal| is_loose_at(text, equal))
    }
}

/// Whether a blank stands before or behind the `=` at `equal`.
#[inline]
pub(crate) fn is_loose_at(text: &str, equal: usize) -> bool {
    let bytes = text.as_bytes();
    (equal > 0 && is_blank(bytes[equal - 1]))
        || bytes.get(equal + 1).is_some_and(|&byte| is_blank(byte))
}

/// Whether the name that ends before the `=` at `equal` may be `name`: it ends so.
#[inline]
pub(crate) fn may_be_named(text: &str, equal: usize, name: &str) -> bool {
    let before = &text.as_bytes()[..equal];
    before.ends_with(name.as_bytes())
        || (before.last().is_some_and(|&byte| is_blank(byte))
            && trim_end(&text[..equal]).ends_with(name))
}

/// The places of all `=` in `text`.
#[inline]
pub(crate) fn equals(text: &str) -> impl Iterator<Item = usize> {
    let mut from = 0;
    core::iter::from_fn(move || {
        let at = from + text[from..].find('=')?;
        from = at + 1;
        Some(at)
    })
}

/// Where a value ends that begins with `text`: before the first `;` or `,` outside quotes.
fn value_end(text: &str) -> usize {
    // Searching for single bytes is so much faster that it pays to do it three times.
    let end = text.find(';').unwrap_or(text.len());
    let value = &text.as_bytes()[..end];
    if value.contains(&b'"') || value.contains(&b',') {
        unquoted(text, |byte| matches!(byte, b';' | b','))
    } else {
        end
    }
}

/// Where the first byte stands that `ends` an element: one outside double quotes (inside
/// them a backslash takes the next byte's meaning away). The length if there is none.
pub(crate) fn unquoted(text: &str, ends: impl Fn(u8) -> bool) -> usize {
    let (mut quoted, mut escaped) = (false, false);
    text.bytes()
        .position(|byte| {
            if escaped {
                escaped = false;
            } else if byte == b'"' {
                quoted = !quoted;
            } else if quoted {
                escaped = byte == b'\\';
            } else {
                return ends(byte);
            }
            false
        })
        .unwrap_or(text.len())
}

/// All elements of a `Cookie` header, empty ones too.
pub(crate) fn pairs(text: &str) -> impl Iterator<Item = Pair> {
    let mut from = Some(0);
    core::iter::from_fn(move || {
        let pair = Pair::at(text, from?);
        from = (pair.end < text.len()).then_some(pair.end + 1);
        Some(pair)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn elements_have_names_and_values() {
        let table: &[(&str, &[(&str, &str)])] = &[
            ("", &[("", "")]),
            ("a=b", &[("a", "b")]),
            ("a=b; c=d,e=f", &[("a", "b"), ("c", "d"), ("e", "f")]),
            (" a\t= b c ;d", &[("a", "b c "), ("", "")]),
            (
                "a=\"x;y\\\"=,z\";b==",
                &[("a", "\"x;y\\\"=,z\""), ("b", "=")],
            ),
            ("a=x\"y;z", &[("a", "x\"y;z")]),
            // Quotes outside values protect nothing.
            ("\"a;b\"=c", &[("", ""), ("b\"", "c")]),
            ("a=b,c;\"d\"", &[("a", "b"), ("", ""), ("", "")]),
            (";a=b;", &[("", ""), ("a", "b"), ("", "")]),
            ("=b", &[("", "b")]),
        ];
        for (text, expected) in table {
            let found: Vec<_> = pairs(text)
                .map(|pair| (pair.name(text), pair.value(text)))
                .collect();
            assert_eq!(found, *expected, "{text:?}");
        }
    }

    #[test]
    fn blanks_around_the_sign_make_it_loose() {
        for (text, expected) in [
            ("a=b ", false),
            ("a b=c d", false),
            ("a =b", true),
            ("a=\tb", true),
            ("a= ", true),
            ("a b", false),
        ] {
            assert_eq!(Pair::at(text, 0).is_loose(text), expected, "{text:?}");
        }
    }
}
