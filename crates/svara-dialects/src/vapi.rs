//! `POST /v1/vapi/{voice}`: Vapi's "custom voice". Its requests name neither voice nor format, so the address does the
//! one, and the other is always raw samples at the rate that is asked for.

use axum::{
    extract::{Path, Request, State},
    response::Response,
};
use serde::Deserialize;
use svara_api::{
    door::asker::Asker,
    error::{ApiError, Refused, Spelling, Svara},
    reading::{body, ignored::Handling, lenient, schemas},
    respond,
    routes::{Routes, Tag},
    state::AppState,
};
use svara_audio::{EncoderSpec, Format};
use svara_engine::SpeechRequest;
use svara_service::{Delivery, Dialect, Order};
use utoipa::openapi::{Object, schema::Type};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> Routes {
    Routes::keyed(Tag::Speech, Spelling::SVARA, OpenApiRouter::new().routes(routes!(vapi)))
}

#[derive(Deserialize, utoipa::ToSchema)]
struct Fields {
    #[schema(inline)]
    message: Message,
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct Message {
    #[serde(rename = "type")]
    #[schema(schema_with = kind)]
    kind: String,
    text: String,
    #[serde(default, deserialize_with = "lenient::number")]
    #[schema(schema_with = sample_rate, required)]
    sample_rate: Option<u32>,
}

/// The only kind of message that is answered.
const KIND: &str = "voice-request";

fn kind() -> Object {
    schemas::constant(Type::String, KIND)
}

fn sample_rate() -> Object {
    let rates = Format::Pcm.rates().iter().map(|rate| rate.hz());
    Object::builder().schema_type(Type::Integer).enum_values(Some(rates)).build()
}

/// The answer, in the document.
struct Spoken;

impl utoipa::IntoResponses for Spoken {
    fn responses() -> respond::Responses {
        respond::audio_responses([("audio/pcm", respond::binary())])
    }
}

/// Speak (Vapi's custom voice)
#[utoipa::path(
    post,
    path = "/v1/vapi/{voice}",
    params(("voice" = String, Path, description = "The voice that speaks.")),
    request_body = inline(Fields),
    responses(Spoken)
)]
async fn vapi(
    State(state): State<AppState>,
    asker: Asker,
    Path(voice): Path<String>,
    request: Request,
) -> Result<Response, Refused<Svara>> {
    let handling = Handling::of(request.headers());
    let (Fields { message }, ignored) = body::json(request, state.text_body_bytes).await?;
    // Vapi's messages have many more fields.
    let ignored = ignored.without_inside("message").unless_strict(handling)?;
    if message.kind != KIND {
        return Err(ApiError::unsupported("message.type", "only voice-request is answered here").into());
    }
    let refused = |error| ApiError::unsupported("message.sampleRate", error);
    let hz = message.sample_rate.ok_or_else(|| ApiError::invalid("message.sampleRate", "is required"))?;
    let spec = EncoderSpec::new(Format::Pcm).and_then(|spec| spec.with_rate_hz(hz)).map_err(refused)?;
    let order = Order {
        request: SpeechRequest {
            text: message.text,
            voice,
            strip: state.clean.strip(true, None, None),
            ..asker.speech_request()
        },
        caller: asker.caller,
        dialect: Dialect::Svara,
        spec,
        delivery: Delivery::Streamed,
    };
    let spoken = state.service.speak(order).await;
    // The engine speaks of `text`, which is a field of the message here.
    let spoken = spoken.map_err(|error| ApiError::from(error).renamed("text", "message.text"))?;
    Ok(ignored.told(respond::audio(spoken)))
}
