//! `POST /v1/vapi/{voice}`: Vapi's "custom voice". Its requests name neither voice nor format, so the address does the
//! one, and the other is always raw samples at the rate that is asked for.

use axum::{
    Router,
    extract::{Path, Request, State},
    response::Response,
    routing::post,
};
use serde::Deserialize;
use svara_audio::{EncoderSpec, Format, SampleRate};
use svara_engine::SpeechRequest;
use svara_service::{Delivery, Dialect, Order};

use crate::{
    error::{ApiError, Refused, Svara},
    reading::body,
    respond,
    state::{AppState, Asker},
};

pub(crate) fn router() -> Router<AppState> {
    Router::new().route("/v1/vapi/{voice}", post(vapi))
}

#[derive(Deserialize)]
struct Fields {
    message: Message,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    #[serde(rename = "type")]
    kind: String,
    text: String,
    sample_rate: u32,
}

async fn vapi(
    State(state): State<AppState>,
    asker: Asker,
    Path(voice): Path<String>,
    request: Request,
) -> Result<Response, Refused<Svara>> {
    let Fields { message } = body::json(request, state.body_bytes).await?;
    if message.kind != "voice-request" {
        return Err(ApiError::unsupported("message.type", "only voice-request is answered here").into());
    }
    let refused = |error: &dyn std::fmt::Display| ApiError::unsupported("message.sampleRate", error);
    let rate = SampleRate::new(message.sample_rate).map_err(|error| refused(&error))?;
    let spec = EncoderSpec::new(Format::Pcm).and_then(|spec| spec.with_rate(rate));
    let order = Order {
        request: SpeechRequest { text: message.text, voice, ..asker.speech_request() },
        caller: asker.caller,
        dialect: Dialect::Svara,
        spec: spec.map_err(|error| refused(&error))?,
        delivery: Delivery::Streamed,
    };
    Ok(respond::audio(state.service.speak(order).await?))
}
