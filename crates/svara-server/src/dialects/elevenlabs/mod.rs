//! ElevenLabs' dialect.

mod alignment;
mod fields;
mod formats;
mod listing;
mod speech;
mod ws;

use axum::{
    RequestPartsExt,
    extract::{FromRequestParts, Path},
};
use http::request::Parts;
use svara_service::Dialect;
use utoipa::openapi::{
    Object, Required,
    path::{Parameter, ParameterBuilder, ParameterIn},
    schema::Type,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    config::OpenGroup,
    error::{ApiError, ElevenLabs, Refused, Spelling},
    routes::{Routes, Tag},
    state::Asker,
};

const SPELLING: Spelling = Spelling::Fixed(Dialect::ElevenLabs);

pub(super) fn routes() -> Vec<Routes> {
    let speech = OpenApiRouter::new()
        .routes(routes!(speech::convert))
        .routes(routes!(speech::stream))
        .routes(routes!(speech::convert_with_timestamps))
        .routes(routes!(speech::stream_with_timestamps));
    let sockets =
        OpenApiRouter::new().routes(routes!(ws::stream_input)).routes(routes!(ws::multi_stream_input));
    let listing = OpenApiRouter::new()
        .routes(routes!(listing::voices_v2))
        .routes(routes!(listing::default_voice_settings))
        .routes(routes!(listing::voice_settings));
    vec![
        Routes::keyed(Tag::Speech, SPELLING, speech),
        Routes::key_in_message(Tag::Speech, SPELLING, sockets),
        Routes::open(Tag::Voices, OpenGroup::Voices, SPELLING, listing),
    ]
}

/// What the address of every speech route says, in the document.
struct Address;

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

/// Extracted by every speech route: the caller and the voice in the path.
struct Addressed {
    asker: Asker,
    voice: String,
}

impl<S: Sync> FromRequestParts<S> for Addressed {
    type Rejection = Refused<ElevenLabs>;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused<ElevenLabs>> {
        let asker = Asker::of(parts)?;
        let voice = parts.extract::<Path<String>>().await;
        let Path(voice) = voice.map_err(|error| ApiError::bad_request(error.body_text()))?;
        Ok(Self { asker, voice })
    }
}
