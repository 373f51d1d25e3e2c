//! The field that names a voice, as a text or an object.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, Visitor},
};
use utoipa::openapi::{
    Object,
    schema::{OneOf, Schema, Type},
};

/// Its schema.
pub(super) fn voice_field() -> Schema {
    let text = || Object::builder().schema_type(Type::String);
    let object = Object::builder().schema_type(Type::Object).property("id", text()).required("id");
    Schema::OneOf(OneOf::builder().item(text()).item(object).build())
}

/// A voice by name, or as an object with its id.
#[derive(Debug)]
pub(super) struct VoiceField(pub(super) String);

impl<'de> Deserialize<'de> for VoiceField {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(VoiceVisitor)
    }
}

/// An untagged enum would first build whatever comes.
struct VoiceVisitor;

impl<'de> Visitor<'de> for VoiceVisitor {
    type Value = VoiceField;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a voice's name, or an object with its id")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<VoiceField, E> {
        Ok(VoiceField(name.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<VoiceField, A::Error> {
        let mut id = None;
        while let Some(name) = map.next_key::<String>()? {
            if name != "id" {
                map.next_value::<IgnoredAny>()?;
            } else if id.replace(map.next_value()?).is_some() {
                return Err(A::Error::duplicate_field("id"));
            }
        }
        let id = id.ok_or_else(|| A::Error::custom("expected a voice's name, or an object with its id"))?;
        Ok(VoiceField(id))
    }
}
