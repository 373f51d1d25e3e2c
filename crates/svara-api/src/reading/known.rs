//! The fields that a body may have, which are those of the type that it is read into, and the names of others.

use std::collections::BTreeSet;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::{
    Deserialize, Deserializer,
    de::{Error, Visitor, value},
    forward_to_deserialize_any,
};
use serde_ignored::Path;

/// Most unknown fields that are named.
const MOST_NAMED: usize = 16;
/// The most bytes of a name that are shown.
const NAME_BYTES: usize = 64;

/// The names of a struct's fields, aliases included. None of what isn't a struct.
pub(super) fn fields<T: for<'de> Deserialize<'de>>() -> &'static [&'static str] {
    let mut names: &[&str] = &[];
    // Ends with an error, as there is no value; the names are taken on the way.
    let _ = T::deserialize(Names(&mut names));
    names
}

/// The names that aren't among the known ones.
pub(super) fn unknown_of(names: impl Iterator<Item = String>, known: &[&str]) -> Vec<String> {
    let mut unknown = Unknown::default();
    names.filter(|name| !known.contains(&&**name)).for_each(|name| unknown.note(&name));
    unknown.into_names()
}

/// What stands for other characters in names, which are listed in a header: their bytes, each as % and two digits.
const ESCAPED: &AsciiSet = &CONTROLS.add(b' ').add(b'%').add(b',').add(b'"');

/// Names that nothing reads, and not too many of them.
#[derive(Debug, Default)]
pub(super) struct Unknown(BTreeSet<String>);

impl Unknown {
    /// Notes a name. Only the first names of the alphabet are kept.
    fn note(&mut self, name: &str) {
        self.0.insert(printable(name));
        if self.0.len() > MOST_NAMED {
            self.0.pop_last();
        }
    }

    /// Notes a place in an object that nothing reads, such as `voice_settings.sped` or `rules[].form`.
    pub(super) fn note_place(&mut self, place: &Path<'_>) {
        // Elsewhere, a reader skips a known field or the rest of a list on purpose.
        if matches!(place, Path::Map { .. }) {
            self.note(&named(place));
        }
    }

    /// In order of the alphabet.
    pub(super) fn into_names(self) -> Vec<String> {
        self.0.into_iter().collect()
    }
}

/// A name in visible characters of ASCII. A long one is cut.
fn printable(name: &str) -> String {
    if name.is_empty() {
        return "\"\"".to_owned();
    }
    let mut shown: String =
        utf8_percent_encode(name, ESCAPED).flat_map(str::chars).take(NAME_BYTES + 1).collect();
    if shown.len() > NAME_BYTES {
        shown.truncate(NAME_BYTES);
        shown.push_str("...");
    }
    shown
}

/// The way to a place: the items of a list have the same one.
fn named(place: &Path<'_>) -> String {
    match place {
        Path::Root => String::new(),
        Path::Seq { parent, .. } => named(parent) + "[]",
        Path::Map { parent, key } => match named(parent) {
            parent if parent.is_empty() => key.clone(),
            parent => format!("{parent}.{key}"),
        },
        Path::Some { parent } | Path::NewtypeStruct { parent } | Path::NewtypeVariant { parent } => {
            named(parent)
        }
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
    fn the_names_of_a_struct_are_told() {
        assert_eq!(fields::<Some>(), ["text", "lang", "language"]);
        assert_eq!(fields::<String>(), [""; 0]);
    }

    #[test]
    fn every_name_is_shown_in_ascii() {
        let names = ["b", "a b,c", "text", "a", "", "न"].into_iter().map(str::to_owned);
        assert_eq!(unknown_of(names, &["text"]), ["\"\"", "%E0%A4%A8", "a", "a%20b%2Cc", "b"]);
        let long = unknown_of([["न"; 2000].concat()].into_iter(), &[]);
        assert!(long[0].ends_with("...") && long[0].len() < 80, "{long:?}");
        let many = (0..100).map(|number| format!("field{number:02}"));
        assert_eq!(unknown_of(many, &[]).len(), MOST_NAMED);
    }
}
