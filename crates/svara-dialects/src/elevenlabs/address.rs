//! What the address of every speech route says.

use axum::{
    RequestPartsExt,
    extract::{FromRequestParts, Path},
};
use http::request::Parts;
use svara_api::{
    door::asker::Asker,
    error::{ApiError, ElevenLabs, Refused},
};
use utoipa::openapi::{
    Object, Required,
    path::{Parameter, ParameterBuilder, ParameterIn},
    schema::Type,
};

use super::formats;

/// What the address of every speech route says, in the document.
pub(super) struct Address;

impl utoipa::IntoParams for Address {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let voice = ParameterBuilder::new().name("voice_id").parameter_in(ParameterIn::Path);
        let voice = voice.required(Required::True).schema(Some(Object::with_type(Type::String)));
        let format = ParameterBuilder::new().name("output_format").parameter_in(ParameterIn::Query);
        let format = format.required(Required::False).schema(Some(formats::schema()));
        let about = "The format, sample rate in Hz and bit rate in kbit/s.";
        [voice.description(Some("The voice that speaks.")), format.description(Some(about))]
            .map(ParameterBuilder::build)
            .into()
    }
}

/// What the address of a socket says besides, in the document.
pub(super) struct SocketAddress;

impl utoipa::IntoParams for SocketAddress {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let of = |name: &str, schema: Object, about: &str| {
            let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Query);
            parameter.required(Required::False).schema(Some(schema)).description(Some(about)).build()
        };
        let switch = || Object::with_type(Type::Boolean);
        let whole = |most: usize| {
            Object::builder().schema_type(Type::Integer).minimum(Some(0_usize)).maximum(Some(most))
        };
        let words = Object::builder().schema_type(Type::String).enum_values(Some(["auto", "on", "off"]));
        let idle = "How many seconds the client may be silent: at least 1, and 20 by default.";
        let mut all = Address::into_params(place);
        all.extend([
            of("inactivity_timeout", whole(180).build(), idle),
            of("auto_mode", switch(), "Each message is said as it comes."),
            of(
                "language_code",
                Object::with_type(Type::String),
                "The language in which numbers and the like are read.",
            ),
            of(
                "apply_text_normalization",
                words.build(),
                "Whether numbers and dates are written out in words.",
            ),
            of("strip_markdown", switch(), "Removes Markdown's marks, code blocks and a model's thoughts."),
            of("strip_emoji", switch(), "Removes emoji."),
            of("seed", whole(usize::MAX).build(), "With the same seed, the same text sounds the same."),
        ]);
        all
    }
}

/// Extracted by every speech route: the caller and the voice in the path.
pub(super) struct Addressed {
    pub(super) asker: Asker,
    pub(super) voice: String,
}

impl Addressed {
    /// What the parts of a request say.
    ///
    /// # Errors
    /// The path isn't UTF-8, or names no voice.
    pub(super) async fn of(parts: &mut Parts) -> Result<Self, ApiError> {
        let asker = Asker::of(parts)?;
        let voice = parts.extract::<Path<String>>().await;
        let Path(voice) = voice.map_err(|error| ApiError::bad_request(error.body_text()))?;
        if voice.trim().is_empty() {
            return Err(ApiError::not_found("voice_id", "the path names no voice; GET /v1/voices lists all"));
        }
        Ok(Self { asker, voice })
    }
}

impl<S: Sync> FromRequestParts<S> for Addressed {
    type Rejection = Refused<ElevenLabs>;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused<ElevenLabs>> {
        Ok(Self::of(parts).await?)
    }
}
