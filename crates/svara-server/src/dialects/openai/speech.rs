//! `POST /v1/audio/speech`: OpenAI's dialect.

use std::str::FromStr;

use axum::{
    Router,
    extract::{Request, State},
    response::Response,
    routing::post,
};
use serde::Deserialize;
use svara_audio::{EncoderSpec, Format};
use svara_engine::SpeechRequest;
use svara_service::{Delivery, Dialect, Order};

use super::events;
use crate::{
    error::{ApiError, OpenAi, Refused},
    reading::body::{self, BodyType},
    respond,
    state::{AppState, Asker},
};

/// OpenAI's default.
const DEFAULT_FORMAT: Format = Format::Mp3;

pub(crate) fn router() -> Router<AppState> {
    Router::new().route("/v1/audio/speech", post(audio_speech))
}

#[derive(Debug, Deserialize)]
pub(crate) struct Fields {
    input: Option<String>,
    voice: Option<VoiceField>,
    response_format: Option<String>,
    instructions: Option<String>,
    speed: Option<f32>,
    stream_format: Option<String>,
    seed: Option<u64>,
}

/// A voice by name, or as an object with its id.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "a voice's name, or an object with its id")]
enum VoiceField {
    Name(String),
    Object { id: String },
}

async fn audio_speech(
    State(state): State<AppState>,
    asker: Asker,
    request: Request,
) -> Result<Response, Refused<OpenAi>> {
    if body::body_type(&request) != BodyType::Json {
        return Err(ApiError::unsupported_media_type("application/json").into());
    }
    let fields = body::json(request, state.body_bytes).await?;
    Ok(speak(&state, asker, fields).await.map_err(in_openai_words)?)
}

/// The `model` of the request is passed over: OpenAI's clients send OpenAI's names, and there is one model here.
async fn speak(state: &AppState, asker: Asker, fields: Fields) -> Result<Response, ApiError> {
    let as_events = match fields.stream_format.as_deref() {
        None | Some("audio") => false,
        Some("sse") => true,
        Some(other) => {
            let other: String = other.chars().take(32).collect();
            let reason = format!("{other:?} is not available; supported: audio, sse");
            return Err(ApiError::unsupported("stream_format", reason));
        }
    };
    let format = fields.response_format.as_deref().map_or(Ok(DEFAULT_FORMAT), Format::from_str);
    let format = format.map_err(|error| ApiError::unsupported("response_format", error))?;
    let spec = EncoderSpec::new(format).map_err(|error| ApiError::unsupported("response_format", error))?;
    let voice = fields.voice.map(|voice| match voice {
        VoiceField::Name(name) | VoiceField::Object { id: name } => name,
    });
    let engine = state.service.engine();
    let request = SpeechRequest {
        text: input(state, fields.input)?,
        voice: voice.ok_or_else(|| ApiError::invalid("voice", "is required"))?,
        style: fields.instructions.and_then(|instructions| engine.style_named_in(&instructions)),
        speed: fields.speed.unwrap_or(1.0),
        seed: fields.seed,
        ..asker.speech_request()
    };
    let (caller, dialect, delivery) = (asker.caller, Dialect::OpenAi, Delivery::Streamed);
    let order = Order { caller, dialect, request, spec, delivery };
    if as_events {
        events::speak(state, order).await
    } else {
        Ok(respond::audio(state.service.speak(order).await?))
    }
}

/// The text, no longer than OpenAI's may be.
fn input(state: &AppState, input: Option<String>) -> Result<String, ApiError> {
    let input = input.ok_or_else(|| ApiError::invalid("input", "is required"))?;
    let (limit, length) = (state.openai_input_characters, input.chars().count());
    if length > limit {
        let reason = format!("has {length} characters, at most {limit} are allowed");
        return Err(ApiError::invalid("input", reason));
    }
    Ok(input)
}

/// The engine speaks of `text`; here the field is called `input`.
fn in_openai_words(error: ApiError) -> ApiError {
    match error.field {
        Some("text") => {
            ApiError { field: Some("input"), message: error.message.replacen("text", "input", 1), ..error }
        }
        _ => error,
    }
}
