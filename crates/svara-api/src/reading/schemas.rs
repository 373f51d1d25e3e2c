//! Schemas of request fields that their Rust types don't tell.

use std::collections::BTreeSet;

use serde_json::Value;
use svara_audio::{Format, TimeStretch};
use utoipa::openapi::{
    Object,
    schema::{ObjectBuilder, SchemaType, Type},
};

/// The text of examples.
pub const EXAMPLE: &str = "नमस्ते दुनिया";

/// A value of this type, or null.
pub fn nullable(kind: Type, description: &str) -> ObjectBuilder {
    let kinds = SchemaType::from_iter([kind, Type::Null]);
    Object::builder().schema_type(kinds).description(Some(description))
}

/// One of these names, or null.
pub fn choice<'a>(names: impl IntoIterator<Item = &'a str>, description: &str) -> Object {
    let names = names.into_iter().map(Value::from).chain([Value::Null]);
    nullable(Type::String, description).enum_values(Some(names)).build()
}

/// A value that can only be this one.
pub fn constant(kind: Type, value: impl Into<Value>) -> Object {
    Object::builder().schema_type(kind).enum_values(Some([value])).build()
}

/// The gender of a voice.
pub fn gender() -> Object {
    choice(["female", "male"], "The gender of the voice.")
}

/// The speed of the speech.
pub fn speed() -> Object {
    let least = f64::from(TimeStretch::MIN_SPEED);
    let most = f64::from(TimeStretch::MAX_SPEED);
    nullable(Type::Number, "1 is the model's own pace.").minimum(Some(least)).maximum(Some(most)).build()
}

/// The seed of the sampling.
pub fn seed() -> Object {
    let about = "With the same seed, the same request sounds the same.";
    nullable(Type::Integer, about).minimum(Some(0_usize)).maximum(Some(usize::MAX)).build()
}

/// The rates of the formats that this build encodes.
pub fn sample_rate() -> Object {
    let rates: BTreeSet<u32> =
        Format::supported().flat_map(|format| format.rates().iter().map(|rate| rate.hz())).collect();
    let rates = rates.into_iter().map(Value::from).chain([Value::Null]);
    let about = "In Hz, as far as the format has the rate; the default is the model's own.";
    nullable(Type::Integer, about).enum_values(Some(rates)).build()
}

/// The formats that this build encodes, and which of them is the default.
pub fn format(default: Format) -> Object {
    choice(Format::supported().map(Format::name), &format!("The default is {default}."))
}
