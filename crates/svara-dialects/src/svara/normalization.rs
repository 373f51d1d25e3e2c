//! `text_normalization`: whether numbers and dates are written out in words.

use std::fmt;

use serde::de::{Error, Unexpected, Visitor};
use svara_api::{error::ApiError, reading::lenient};
use svara_engine::Normalization;
use utoipa::openapi::{
    Object,
    schema::{SchemaType, Type},
};

/// The schema of the field.
pub(crate) fn text_normalization() -> Object {
    let kinds = SchemaType::from_iter([Type::String, Type::Boolean, Type::Null]);
    let about = "auto, on or off: whether numbers and dates are written out in words.";
    Object::builder().schema_type(kinds).description(Some(about)).build()
}

const NORMALIZATIONS: &str = "must be auto, on or off";

/// What a form or an address has in this field; nothing stands for `auto`.
///
/// # Errors
/// It is another word.
pub(crate) fn normalization_named(field: &'static str, name: &str) -> Result<Normalization, ApiError> {
    named(name).ok_or_else(|| ApiError::invalid(field, NORMALIZATIONS))
}

fn named(name: &str) -> Option<Normalization> {
    let name = name.trim();
    if name.is_empty() || name.eq_ignore_ascii_case("auto") {
        return Some(Normalization::Auto);
    }
    lenient::switch(name).map(of_switch)
}

fn of_switch(on: bool) -> Normalization {
    if on { Normalization::On } else { Normalization::Off }
}

/// `auto`, or a switch in any of its spellings, as the Python stack had it.
pub(crate) fn normalization<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Normalization, D::Error> {
    deserializer.deserialize_any(NormalizationVisitor)
}

/// An untagged enum would first build whatever comes.
struct NormalizationVisitor;

impl Visitor<'_> for NormalizationVisitor {
    type Value = Normalization;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("auto, on or off")
    }

    fn visit_bool<E: Error>(self, on: bool) -> Result<Normalization, E> {
        Ok(of_switch(on))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Normalization, E> {
        match value {
            0 => Ok(Normalization::Off),
            1 => Ok(Normalization::On),
            other => Err(E::invalid_value(Unexpected::Unsigned(other), &self)),
        }
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Normalization, E> {
        named(name).ok_or_else(|| E::custom(NORMALIZATIONS))
    }

    fn visit_unit<E: Error>(self) -> Result<Normalization, E> {
        Ok(Normalization::Auto)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches_may_be_spelled_as_everywhere() {
        let read = |json: &str| normalization(&mut serde_json::Deserializer::from_str(json));
        for (spellings, meant) in [
            (&["\"auto\"", "\"AUTO\"", "null", "\"\""][..], Normalization::Auto),
            (&["true", "1", "\"On\"", "\"yes\"", "\"1\""], Normalization::On),
            (&["false", "0", "\"off\"", "\"No\"", "\"False\""], Normalization::Off),
        ] {
            for json in spellings {
                assert_eq!(read(json).unwrap(), meant, "{json}");
            }
        }
        for wrong in ["2", "1.5", "\"x\"", "[]"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
