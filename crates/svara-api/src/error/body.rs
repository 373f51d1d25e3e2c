//! The bodies of refusals, as each dialect has them.

use serde::Serialize;
use utoipa::openapi::{
    Object, RefOr,
    schema::{Array, ArrayBuilder, Schema, SchemaType, Type},
};

/// The body of a refusal.
#[derive(Serialize)]
#[serde(untagged)]
pub enum ErrorBody<'a> {
    Svara(SvaraError<'a>),
    OpenAi(OpenAiError<'a>),
    ElevenLabs(ElevenLabsError<'a>),
}

/// A refusal in the svara dialect.
#[derive(Serialize, utoipa::ToSchema)]
pub struct SvaraError<'a> {
    /// What is wrong, for people.
    pub(super) detail: &'a str,
    #[schema(inline)]
    pub(super) error: SvaraFault<'a>,
}

/// What is wrong, for programs.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct SvaraFault<'a> {
    /// The stable word for the failure.
    pub(super) r#type: &'a str,
    /// The field of the request that is wrong.
    #[schema(required)]
    pub(super) field: Option<&'a str>,
    #[schema(schema_with = origin)]
    pub(super) origin: &'a str,
    /// Whether the same request may succeed later.
    pub(super) retryable: bool,
}

/// A refusal in OpenAI's dialect.
#[derive(Serialize, utoipa::ToSchema)]
pub struct OpenAiError<'a> {
    #[schema(inline)]
    pub(super) error: OpenAiFault<'a>,
}

/// What is wrong.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct OpenAiFault<'a> {
    /// For people.
    pub(super) message: &'a str,
    /// OpenAI's kind of failure.
    pub(super) r#type: &'a str,
    /// The field of the request that is wrong.
    #[schema(required)]
    pub(super) param: Option<&'a str>,
    /// The stable word for the failure.
    #[schema(required, value_type = Option<String>)]
    pub(super) code: &'a str,
}

/// A refusal in ElevenLabs' dialect.
#[derive(Serialize, utoipa::ToSchema)]
pub struct ElevenLabsError<'a> {
    #[schema(inline)]
    pub(super) detail: ElevenLabsDetail<'a>,
}

/// What is wrong: one fault, or with status 422 a list of wrong fields.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(untagged)]
pub(super) enum ElevenLabsDetail<'a> {
    Fault(#[schema(inline)] ElevenLabsFault<'a>),
    Fields(#[schema(inline)] [ElevenLabsField<'a>; 1]),
}

/// What is wrong with the request.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct ElevenLabsFault<'a> {
    /// ElevenLabs' word for the failure.
    pub(super) status: &'a str,
    /// The same word.
    pub(super) code: &'a str,
    /// Whose failure it is.
    pub(super) r#type: &'a str,
    /// For people.
    pub(super) message: &'a str,
    /// The field of the request that is wrong.
    #[schema(required)]
    pub(super) param: Option<&'a str>,
}

/// What is wrong with a field.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct ElevenLabsField<'a> {
    /// Where the field is: names, and places in lists from 0.
    #[schema(schema_with = steps)]
    pub(super) loc: Vec<Step<'a>>,
    /// For people.
    pub(super) msg: &'a str,
    /// The stable word for the failure.
    pub(super) r#type: &'a str,
}

/// A step on the way to a field.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Step<'a> {
    /// Of an object.
    Name(&'a str),
    /// Of a list.
    Place(usize),
}

fn steps() -> Array {
    let kinds = SchemaType::from_iter([Type::String, Type::Integer]);
    let step = Object::builder().schema_type(kinds).build();
    ArrayBuilder::new().items(RefOr::T(Schema::Object(step))).build()
}

/// The schema of the part that failed.
pub fn origin() -> Object {
    let names = ["client", "engine", "decoder", "server"];
    Object::builder().schema_type(Type::String).enum_values(Some(names)).into()
}
