//! `text_normalization`: whether numbers and dates are written out in words.

use std::fmt;

use serde::de::{Error, Visitor};
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

pub(super) const NORMALIZATIONS: &str = "must be auto, on or off";

pub(super) fn normalization_named(name: &str) -> Option<Normalization> {
    match name.to_ascii_lowercase().as_str() {
        "auto" => Some(Normalization::Auto),
        "on" | "true" => Some(Normalization::On),
        "off" | "false" => Some(Normalization::Off),
        _ => None,
    }
}

/// `auto`, `on`, `off`, or true and false as the Python stack had it.
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
        Ok(if on { Normalization::On } else { Normalization::Off })
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Normalization, E> {
        normalization_named(name).ok_or_else(|| E::custom(NORMALIZATIONS))
    }

    fn visit_unit<E: Error>(self) -> Result<Normalization, E> {
        Ok(Normalization::Auto)
    }
}
