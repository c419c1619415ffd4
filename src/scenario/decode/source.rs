//! Serde's view of the tree: each value as a deserializer that knows its place.

use serde::de::{
    self, DeserializeSeed, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, Unexpected,
    VariantAccess, Visitor,
};

use super::{Kind, Misfit, Step};
use crate::scenario::locate::Place;
use crate::scenario::tree::{Brackets, Entry, Node, NumberKind, Value};

/// Serde's view of one value.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) node: &'a Node,
}

impl Source<'_> {
    /// The value is of another kind than `visitor` wants.
    fn mismatch<'de, V: Visitor<'de>>(self, visitor: &V) -> Misfit {
        if self.node.value == Value::Bad {
            return Misfit::new(Kind::Said);
        }
        let found = self.node.describe();
        de::Error::invalid_type(Unexpected::Other(&found), visitor)
    }

    fn place(self) -> impl Fn(Misfit) -> Misfit {
        let place = self.node.place;
        move |misfit| misfit.at(place)
    }
}

macro_rules! numbers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
            let visited = match &self.node.value {
                Value::Number(number) => match number.kind {
                    NumberKind::Whole(whole) => visit_whole(whole, visitor),
                    NumberKind::Real(real) => visitor.visit_f64(real),
                },
                _ => Err(self.mismatch(&visitor)),
            };
            visited.map_err(self.place())
        }
    )*};
}

fn visit_whole<'de, V: Visitor<'de>>(whole: i128, visitor: V) -> Result<V::Value, Misfit> {
    if let Ok(whole) = u64::try_from(whole) {
        visitor.visit_u64(whole)
    } else if let Ok(whole) = i64::try_from(whole) {
        visitor.visit_i64(whole)
    } else {
        visitor.visit_f64(whole as f64)
    }
}

impl<'de> de::Deserializer<'de> for Source<'_> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match &self.node.value {
            Value::Bad | Value::Absent => visitor.visit_unit().map_err(self.place()),
            Value::Bool(_) => self.deserialize_bool(visitor),
            Value::Number(_) => self.deserialize_i64(visitor),
            Value::Text(_) | Value::Word(_) => self.deserialize_str(visitor),
            Value::List(..) => self.deserialize_seq(visitor),
            Value::Record(record) => {
                let entries = Entries::new(&record.entries);
                visitor.visit_map(entries).map_err(self.place())
            }
            Value::Call(..) => Err(self.mismatch(&visitor)).map_err(self.place()),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.node.value {
            Value::Bool(value) => visitor.visit_bool(value),
            _ => Err(self.mismatch(&visitor)),
        }
        .map_err(self.place())
    }

    numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match &self.node.value {
            Value::Text(text) => visitor.visit_str(&text.text),
            Value::Word(word) => visitor.visit_str(word),
            Value::Number(number) if number.loose => visitor.visit_str(&number.text),
            _ => Err(self.mismatch(&visitor)),
        }
        .map_err(self.place())
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_str(visitor)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_str(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.node.value {
            Value::Bad | Value::Absent => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
        .map_err(self.place())
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.node.value {
            Value::Bad | Value::Absent => visitor.visit_unit(),
            _ => Err(self.mismatch(&visitor)),
        }
        .map_err(self.place())
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match &self.node.value {
            Value::List(items, Brackets::Square | Brackets::Json) => {
                visitor.visit_seq(Items::new(items))
            }
            Value::Bad => visitor.visit_seq(Items::new(&[])),
            _ => Err(self.mismatch(&visitor)),
        }
        .map_err(self.place())
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        match &self.node.value {
            Value::List(items, _) if items.len() == len => visitor.visit_seq(Items::new(items)),
            Value::List(items, _) => Err(de::Error::invalid_length(items.len(), &visitor)),
            _ => Err(self.mismatch(&visitor)),
        }
        .map_err(|misfit| misfit.at(self.node.place).whole())
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match &self.node.value {
            Value::Record(record)
                if record.brackets != Brackets::Round || record.entries.is_empty() =>
            {
                visitor.visit_map(Entries::new(&record.entries))
            }
            Value::Bad => visitor.visit_map(Entries::new(&[])),
            _ => Err(self.mismatch(&visitor)),
        }
        .map_err(self.place())
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        match &self.node.value {
            Value::Record(record)
                if record.brackets != Brackets::Curly || record.entries.is_empty() =>
            {
                visitor.visit_map(Entries::new(&record.entries))
            }
            Value::Call(word, _, argument) if word == name => {
                Source { node: argument }.deserialize_struct(name, fields, visitor)
            }
            Value::Bad => visitor.visit_map(Entries::new(&[])),
            _ => Err(self.mismatch(&visitor)),
        }
        .map_err(self.place())
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        let variant = match &self.node.value {
            Value::Text(text) => Variant::new(&text.text, self.node.place, None),
            Value::Word(word) => Variant::new(word, self.node.place, None),
            Value::Call(word, place, argument) => Variant::new(word, *place, Some(argument)),
            // JSON's way of writing `word(...)`: { "word": ... }
            Value::Record(record)
                if record.brackets == Brackets::Json && record.entries.len() == 1 =>
            {
                let entry = &record.entries[0];
                let variant = Variant::new(&entry.key, entry.key_place, Some(&entry.value));
                return visitor.visit_enum(variant).map_err(|misfit| {
                    if misfit.path.is_empty() {
                        misfit.at(self.node.place)
                    } else {
                        misfit.through(Step::Entry(0))
                    }
                });
            }
            _ => return Err(self.mismatch(&visitor)).map_err(self.place()),
        };
        visitor.visit_enum(variant).map_err(self.place())
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_unit()
    }
}

/// The items of a list, one after the other.
struct Items<'a> {
    items: std::iter::Enumerate<std::slice::Iter<'a, Node>>,
}

impl<'a> Items<'a> {
    fn new(items: &'a [Node]) -> Self {
        Self {
            items: items.iter().enumerate(),
        }
    }
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Misfit> {
        let Some((index, node)) = self.items.next() else {
            return Ok(None);
        };
        seed.deserialize(Source { node })
            .map(Some)
            .map_err(|misfit| misfit.through(Step::Item(index)))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

/// The entries of a record, one after the other.
struct Entries<'a> {
    entries: std::iter::Enumerate<std::slice::Iter<'a, Entry>>,
    current: Option<(usize, &'a Node)>,
}

impl<'a> Entries<'a> {
    fn new(entries: &'a [Entry]) -> Self {
        Self {
            entries: entries.iter().enumerate(),
            current: None,
        }
    }
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Misfit> {
        let Some((index, entry)) = self.entries.next() else {
            return Ok(None);
        };
        self.current = Some((index, &entry.value));
        let key: de::value::StrDeserializer<'_, Misfit> = entry.key.as_str().into_deserializer();
        seed.deserialize(key)
            .map(Some)
            .map_err(|misfit| misfit.at(entry.key_place).through(Step::Key(index)))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Misfit> {
        let (index, node) = self.current.take().expect("serde asks for the key first");
        seed.deserialize(Source { node })
            .map_err(|misfit| misfit.through(Step::Entry(index)))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.entries.len())
    }
}

/// A word with what stands in its parentheses.
struct Variant<'a> {
    word: &'a str,
    place: Place,
    argument: Option<&'a Node>,
}

impl<'a> Variant<'a> {
    fn new(word: &'a str, place: Place, argument: Option<&'a Node>) -> Self {
        Self {
            word,
            place,
            argument,
        }
    }

    fn argument(&self) -> Result<&'a Node, Misfit> {
        self.argument.ok_or_else(|| {
            let message = format!("`{}` needs something in ( ) behind it", self.word);
            Misfit::new(Kind::Other(message)).at(self.place)
        })
    }
}

impl<'de> EnumAccess<'de> for Variant<'_> {
    type Error = Misfit;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Misfit> {
        let word: de::value::StrDeserializer<'_, Misfit> = self.word.into_deserializer();
        let value = seed
            .deserialize(word)
            .map_err(|misfit| misfit.at(self.place))?;
        Ok((value, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_> {
    type Error = Misfit;

    fn unit_variant(self) -> Result<(), Misfit> {
        match self.argument {
            None => Ok(()),
            Some(argument) => {
                let message = format!("`{}` stands alone, without ( )", self.word);
                Err(Misfit::new(Kind::Other(message)).at(argument.place))
            }
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Misfit> {
        let argument = self.argument()?;
        // RON writes `word(x)`, and drops the inner brackets of `word((a: 1))`.
        let inner = match &argument.value {
            Value::List(items, Brackets::Round) if items.len() == 1 => &items[0],
            _ => argument,
        };
        let transparent = std::ptr::eq(inner, argument);
        seed.deserialize(Source { node: inner })
            .map_err(|misfit| if transparent { misfit } else { misfit.whole() })
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Misfit> {
        let node = self.argument()?;
        de::Deserializer::deserialize_tuple(Source { node }, len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        let node = self.argument()?;
        de::Deserializer::deserialize_struct(Source { node }, "", fields, visitor)
    }
}
