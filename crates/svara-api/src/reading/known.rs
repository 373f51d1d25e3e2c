//! The fields that a body may have: those of the type that it is read into.

use std::{collections::BTreeSet, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, Visitor, value},
    forward_to_deserialize_any,
};

/// Most unknown fields that are named.
const MOST_NAMED: usize = 16;
/// Longest name of an unknown field that is named.
const NAME_BYTES: usize = 64;

/// The names of a struct's fields, aliases included. None of what isn't a struct.
pub(super) fn fields<T: for<'de> Deserialize<'de>>() -> &'static [&'static str] {
    let mut names: &[&str] = &[];
    // Ends with an error, as there is no value; the names are taken on the way.
    let _ = T::deserialize(Names(&mut names));
    names
}

/// The names in a JSON object that aren't fields of `T`, in order of the alphabet: printable ones, and not too many.
pub(super) fn unknown<T: for<'de> Deserialize<'de>>(json: &[u8]) -> Vec<String> {
    let known = fields::<T>();
    // What isn't an object has no names.
    serde_json::Deserializer::from_slice(json).deserialize_map(Unknown(known)).unwrap_or_default()
}

/// The names that aren't among the known ones.
pub(super) fn unknown_of(names: impl Iterator<Item = String>, known: &[&str]) -> Vec<String> {
    let mut unknown = BTreeSet::new();
    names.for_each(|name| note(&mut unknown, known, name));
    unknown.into_iter().collect()
}

/// Adds a name if it is unknown and printable. Only the first names of the alphabet are kept.
fn note(unknown: &mut BTreeSet<String>, known: &[&str], name: String) {
    let printable = name.len() <= NAME_BYTES && name.bytes().all(|byte| byte.is_ascii_graphic());
    if printable && !known.contains(&&*name) {
        unknown.insert(name);
        if unknown.len() > MOST_NAMED {
            unknown.pop_last();
        }
    }
}

/// Reads an object for the names that aren't known.
struct Unknown<'a>(&'a [&'a str]);

impl<'de> Visitor<'de> for Unknown<'_> {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vec<String>, A::Error> {
        let mut unknown = BTreeSet::new();
        while let Some((name, IgnoredAny)) = map.next_entry::<String, _>()? {
            note(&mut unknown, self.0, name);
        }
        Ok(unknown.into_iter().collect())
    }
}

struct Names<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Names<'_> {
    type Error = value::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Self::Error> {
        *self.0 = fields;
        Err(value::Error::custom("only the names are asked for"))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Self::Error> {
        Err(value::Error::custom("not a struct"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only the names matter")]
    struct Some {
        text: String,
        #[serde(alias = "lang")]
        language: String,
    }

    #[test]
    fn unknown_names_are_told() {
        assert_eq!(fields::<Some>(), ["text", "lang", "language"]);
        assert_eq!(fields::<String>(), [""; 0]);
        let json = r#"{"text":"a","lang":"hi","speeed":[{}],"a b":1,"Voice":2}"#;
        assert_eq!(unknown::<Some>(json.as_bytes()), ["Voice", "speeed"]);
    }
}
