//! `POST /v1/vapi/{voice}`: Vapi's "custom voice". Its requests name neither voice nor format, so the address does the
//! one, and the other is always raw samples at the rate that is asked for.

use axum::{
    Extension, Router,
    extract::{Path, Request},
    response::Response,
    routing::post,
};
use serde::Deserialize;
use svara_audio::{EncoderSpec, Format, SampleRate};
use svara_engine::SpeechRequest;

use super::read;
use crate::{
    error::{ApiError, ErrorDialect},
    respond,
    state::{AppState, Asked, RequestId},
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
    Asked(state): Asked,
    Extension(id): Extension<RequestId>,
    Path(voice): Path<String>,
    request: Request,
) -> Response {
    let answer = async {
        let Fields { message } = read::json(request, state.body_bytes).await?;
        if message.kind != "voice-request" {
            return Err(ApiError::unsupported("message.type", "only voice-request is answered here"));
        }
        let refused = |error: &dyn std::fmt::Display| ApiError::unsupported("message.sampleRate", error);
        let rate = SampleRate::new(message.sample_rate).map_err(|error| refused(&error))?;
        let spec = EncoderSpec::new(Format::Pcm).and_then(|spec| spec.with_rate(rate));
        let spec = spec.map_err(|error| refused(&error))?;
        let request =
            SpeechRequest { text: message.text, voice, request_id: id.0, ..SpeechRequest::default() };
        respond::speak(&state, ErrorDialect::Svara, request, spec, true).await
    };
    answer.await.unwrap_or_else(|error| error.into_response(ErrorDialect::Svara))
}
