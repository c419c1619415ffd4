//! The kinds of values that the schema is made of: lengths of time, and things with names.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A duration as written. Numbers are let through so that the check can ask for the unit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Time(pub String);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;
        impl Visitor<'_> for Written {
            type Value = Time;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration in quotes such as \"250ms\"")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Time, E> {
                Ok(Time(text.to_owned()))
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Time, E> {
                Ok(Time(number.to_string()))
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Time, E> {
                Ok(Time(number.to_string()))
            }
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Time, E> {
                Ok(Time(number.to_string()))
            }
        }
        deserializer.deserialize_any(Written)
    }
}

/// Things with names that the author chose, in the order written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named<T>(pub Vec<(String, T)>);

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Serialize> Serialize for Named<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, thing) in &self.0 {
            map.serialize_entry(name, thing)?;
        }
        map.end()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Entries<T> {
            type Value = Named<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("names in { }")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Named<T>, A::Error> {
                let mut things: Vec<(String, T)> = Vec::new();
                while let Some((name, thing)) = map.next_entry::<String, T>()? {
                    things.push((name, thing));
                }
                let mut names: Vec<&str> = things.iter().map(|(name, _)| name.as_str()).collect();
                names.sort_unstable();
                if let Some([twin, ..]) = names.windows(2).find(|pair| pair[0] == pair[1]) {
                    return Err(de::Error::custom(format!("`{twin}` is written twice")));
                }
                Ok(Named(things))
            }
        }
        deserializer.deserialize_map(Entries(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twins_are_refused_by_every_reader() {
        let error = serde_json::from_str::<Named<u32>>(r#"{"s1": 1, "s1": 2}"#);
        assert!(
            error
                .expect_err("twins")
                .to_string()
                .contains("written twice")
        );
        let error = ron::from_str::<Named<u32>>(r#"{"s1": 1, "s1": 2}"#);
        assert!(
            error
                .expect_err("twins")
                .to_string()
                .contains("written twice")
        );
    }
}
