//! Maps: the converters that look a sample up in a file of keys and values (manual: "map").

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::expression::Value;
use crate::pattern::{Matching, Network, Regex};

/// `map_METHOD_TYPE(FILE[,DEFAULT])`: the value of the entry whose key matches a sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Map {
    /// The entries. Several expressions may share them.
    pub entries: Arc<Entries>,
    /// What values are.
    pub made: Made,
    /// The value where no key matches; none: there is no sample then.
    pub default: Option<String>,
}

/// The entries of a map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entries {
    /// `map_str`: the first of each key.
    Exact(BTreeMap<String, String>),
    /// `map_beg`: the longest key counts.
    Begins(BTreeMap<String, String>),
    /// `map_ip`: the narrowest network counts.
    Networks(Vec<(Network, String)>),
    /// `map_regm`: the first that matches, with its groups in the value.
    Filled(Vec<(Regex, String)>),
    /// The others: the first that matches.
    First(Vec<(Matching, String)>),
}

/// The type of a map's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    /// `map`, `map_beg`, ...
    Text,
    /// `map_str_int`, ...
    Int,
    /// `map_str_ip`, ...
    Address,
}

impl Map {
    /// The value for `sample`.
    pub(crate) fn look_up(&self, sample: &Value<'_>) -> Option<Value<'static>> {
        let found = self.entries.find(sample);
        let text = found.or_else(|| self.default.as_deref().map(Cow::Borrowed))?;
        Some(match self.made {
            Made::Text => Value::Text(Cow::Owned(text.into_owned())),
            Made::Int => Value::Int(Value::Text(text).number().unwrap_or(0)),
            Made::Address => Value::Address(text.parse().ok()?),
        })
    }
}

impl Entries {
    fn find<'a>(&'a self, sample: &Value<'_>) -> Option<Cow<'a, str>> {
        let found: &'a String = match self {
            Self::Exact(entries) => entries.get(&*sample.text())?,
            Self::Begins(entries) => {
                let text = sample.text();
                let ends = (0..=text.len()).rev();
                let mut starts = ends.filter_map(|end| text.get(..end));
                starts.find_map(|start| entries.get(start))?
            }
            Self::Networks(entries) => {
                let ip = sample.address()?;
                let fits = entries.iter().filter(|(network, _)| network.holds(ip));
                // Of equal ones the first counts.
                let best = fits.rev().max_by_key(|(network, _)| network.bits);
                &best?.1
            }
            Self::Filled(entries) => {
                let text = sample.text();
                let mut filled = entries.iter();
                return filled
                    .find_map(|(regex, value)| regex.expand(&text, value).map(Cow::Owned));
            }
            Self::First(entries) => {
                let mut entries = entries.iter();
                &entries.find(|(key, _)| key.fits(sample))?.1
            }
        };
        Some(Cow::Borrowed(found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::borrow::ToOwned;
    use std::vec;

    fn pairs(list: &[(&str, &str)]) -> BTreeMap<String, String> {
        list.iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    fn network(text: &str, bits: u8) -> Network {
        Network {
            address: text.parse().unwrap(),
            bits,
        }
    }

    #[test]
    fn keys_are_looked_up_by_their_method() {
        let exact = Entries::Exact(pairs(&[("a", "1"), ("b", "")]));
        let begins = Entries::Begins(pairs(&[("/api/", "x"), ("/api/v2/", "y"), ("/", "z")]));
        let networks = Entries::Networks(vec![
            (network("10.0.0.0", 8), "ten".to_owned()),
            (network("10.1.0.0", 16), "tenone".to_owned()),
            (network("10.1.0.0", 16), "later".to_owned()),
        ]);
        let regex = Regex::new("^/a([0-9]+)", false).unwrap();
        let filled = Entries::Filled(vec![(regex.clone(), r"num-\1".to_owned())]);
        let first = Entries::First(vec![(Matching::Regex(vec![regex]), "one".to_owned())]);
        for (entries, text, expected) in [
            (&exact, "a", Some("1")),
            (&exact, "b", Some("")),
            (&exact, "c", None),
            (&begins, "/api/v2/x", Some("y")),
            (&begins, "/api/v3", Some("x")),
            (&begins, "/é", Some("z")),
            (&begins, "", None),
            (&networks, "10.1.2.3", Some("tenone")),
            (&networks, "10.2.2.3", Some("ten")),
            (&networks, "11.2.2.3", None),
            (&filled, "/a12", Some("num-12")),
            (&first, "/a12", Some("one")),
            (&first, "/b", None),
        ] {
            let found = entries.find(&Value::Text(Cow::Borrowed(text)));
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn values_have_types_and_defaults() {
        let map = |made, default: Option<&str>| Map {
            entries: Arc::new(Entries::Exact(pairs(&[("n", "12"), ("i", "10.0.0.1")]))),
            made,
            default: default.map(ToOwned::to_owned),
        };
        let look = |map: Map, key: &str| {
            let value = map.look_up(&Value::Text(Cow::Borrowed(key)));
            value.map(|value| value.text().into_owned())
        };
        assert_eq!(look(map(Made::Int, None), "n").as_deref(), Some("12"));
        assert_eq!(look(map(Made::Int, Some("5")), "x").as_deref(), Some("5"));
        assert_eq!(look(map(Made::Int, None), "x"), None);
        let ip = look(map(Made::Address, None), "i");
        assert_eq!(ip.as_deref(), Some("10.0.0.1"));
        let text = look(map(Made::Text, Some("")), "x");
        assert_eq!(text.as_deref(), Some(""));
    }
}
