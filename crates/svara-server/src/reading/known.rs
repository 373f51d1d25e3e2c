//! The fields that a body may have: those of the type that it is read into.

use std::collections::HashMap;

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, Visitor, value},
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
    let all: HashMap<String, IgnoredAny> = serde_json::from_slice(json).unwrap_or_default();
    unknown_of(all.into_keys(), known)
}

/// The names that aren't among the known ones.
pub(super) fn unknown_of(names: impl Iterator<Item = String>, known: &[&str]) -> Vec<String> {
    let printable =
        |name: &String| name.len() <= NAME_BYTES && name.bytes().all(|byte| byte.is_ascii_graphic());
    let mut unknown: Vec<String> =
        names.filter(|name| !known.contains(&&**name) && printable(name)).collect();
    unknown.sort_unstable();
    unknown.truncate(MOST_NAMED);
    unknown
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
