//! `POST /v1/text-to-speech`: the Python stack's own dialect, in JSON, multipart or as a plain form.

use std::str::FromStr;

use axum::{
    Extension,
    extract::{Request, State},
    response::Response,
};
use serde::Deserialize;
use svara_audio::{EncoderSpec, Format};
use svara_engine::{Normalization, SamplingOverrides, SpeechRequest};

use super::read::{self, BodyType};
use crate::{
    error::{ApiError, ErrorDialect},
    respond,
    state::{AppState, RequestId},
};

/// Streamed Opus is what the Python stack answered.
const DEFAULT_FORMAT: Format = Format::Opus;

/// The fields, with the Python stack's names.
#[derive(Debug, Default, Deserialize)]
struct Fields {
    text: Option<String>,
    voice: Option<String>,
    voice_id: Option<String>,
    model_id: Option<String>,
    stream: Option<bool>,
    response_format: Option<String>,
    temperature: Option<f32>,
    top_p: Option<f32>,
    top_k: Option<i32>,
    repetition_penalty: Option<f32>,
    max_tokens: Option<u32>,
    seed: Option<u64>,
    style: Option<String>,
    #[serde(default, deserialize_with = "normalization")]
    text_normalization: Normalization,
    #[serde(default, deserialize_with = "present")]
    reference_audio: bool,
}

pub(crate) async fn text_to_speech(
    State(state): State<AppState>,
    Extension(id): Extension<RequestId>,
    request: Request,
) -> Response {
    let answer = async {
        let fields = read_fields(request, state.body_bytes).await?;
        speak(&state, id, fields).await
    };
    answer.await.unwrap_or_else(|error| error.into_response(ErrorDialect::Svara))
}

async fn speak(state: &AppState, id: RequestId, fields: Fields) -> Result<Response, ApiError> {
    if fields.reference_audio {
        return Err(ApiError::unsupported(
            "reference_audio",
            "voice cloning is not available on this server",
        ));
    }
    let model_id = &state.engine.profile().id;
    if let Some(other) = fields.model_id.as_ref().filter(|id| *id != model_id) {
        let other: String = other.chars().take(64).collect();
        return Err(ApiError::not_found(
            "model_id",
            format!("no model {other:?} here; this server speaks {model_id}"),
        ));
    }
    let format = fields.response_format.as_deref().map_or(Ok(DEFAULT_FORMAT), Format::from_str);
    let format = format.map_err(|error| ApiError::unsupported("response_format", error))?;
    let spec = EncoderSpec::new(format).map_err(|error| ApiError::unsupported("response_format", error))?;
    let voice = fields.voice.or(fields.voice_id).filter(|voice| !voice.trim().is_empty());
    let request = SpeechRequest {
        text: fields.text.ok_or_else(|| ApiError::invalid("text", "is required"))?,
        voice: voice
            .ok_or_else(|| ApiError::unsupported("voice", "one of voice and voice_id is required"))?,
        style: fields.style,
        normalization: fields.text_normalization,
        sampling: SamplingOverrides {
            temperature: fields.temperature,
            top_p: fields.top_p,
            top_k: fields.top_k,
            repetition_penalty: fields.repetition_penalty,
            max_tokens: fields.max_tokens,
        },
        seed: fields.seed,
        request_id: id.0,
    };
    respond::speak(&state.engine, request, spec, fields.stream.unwrap_or(true)).await
}

async fn read_fields(request: Request, limit_bytes: usize) -> Result<Fields, ApiError> {
    match read::body_type(&request) {
        BodyType::Json => read::json(request, limit_bytes).await,
        BodyType::Multipart | BodyType::UrlEncoded => {
            let mut fields = Fields::default();
            for (name, value) in read::form(request, limit_bytes).await? {
                fields.set(&name, value)?;
            }
            Ok(fields)
        }
        BodyType::Other => Err(ApiError::unsupported_media_type(
            "application/json, multipart/form-data or application/x-www-form-urlencoded",
        )),
    }
}

impl Fields {
    /// Sets a field from a form. Empty values count as absent, as browsers send them.
    fn set(&mut self, name: &str, value: String) -> Result<(), ApiError> {
        if name == "reference_audio" {
            self.reference_audio = true;
            return Ok(());
        }
        if value.is_empty() && name != "text" {
            return Ok(());
        }
        match name {
            "text" => self.text = Some(value),
            "voice" => self.voice = Some(value),
            "voice_id" => self.voice_id = Some(value),
            "model_id" => self.model_id = Some(value),
            "response_format" => self.response_format = Some(value),
            "stream" => {
                self.stream = Some(match value.to_ascii_lowercase().as_str() {
                    "true" | "1" | "on" | "yes" => true,
                    "false" | "0" | "off" | "no" => false,
                    _ => return Err(ApiError::invalid("stream", "must be true or false")),
                });
            }
            "temperature" => self.temperature = Some(number("temperature", &value)?),
            "top_p" => self.top_p = Some(number("top_p", &value)?),
            "top_k" => self.top_k = Some(number("top_k", &value)?),
            "repetition_penalty" => self.repetition_penalty = Some(number("repetition_penalty", &value)?),
            "max_tokens" => self.max_tokens = Some(number("max_tokens", &value)?),
            "style" => self.style = Some(value),
            "text_normalization" => {
                self.text_normalization = normalization_named(&value)
                    .ok_or_else(|| ApiError::invalid("text_normalization", NORMALIZATIONS))?;
            }
            "seed" => self.seed = Some(number("seed", &value)?),
            // As in JSON, fields that aren't known are passed over.
            _ => {}
        }
        Ok(())
    }
}

fn number<T: FromStr>(field: &'static str, value: &str) -> Result<T, ApiError> {
    value.trim().parse().map_err(|_| ApiError::invalid(field, "must be a number in range"))
}

/// Whether a field is there at all, and not null.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(Option::<serde::de::IgnoredAny>::deserialize(deserializer)?.is_some())
}

const NORMALIZATIONS: &str = "must be auto, on or off";

fn normalization_named(name: &str) -> Option<Normalization> {
    match name.to_ascii_lowercase().as_str() {
        "auto" => Some(Normalization::Auto),
        "on" | "true" => Some(Normalization::On),
        "off" | "false" => Some(Normalization::Off),
        _ => None,
    }
}

/// `auto`, `on`, `off`, or true and false as the Python stack had it.
fn normalization<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Normalization, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected auto, on or off")]
    enum Value {
        Flag(bool),
        Name(String),
    }
    match Option::<Value>::deserialize(deserializer)? {
        None => Ok(Normalization::Auto),
        Some(Value::Flag(on)) => Ok(if on { Normalization::On } else { Normalization::Off }),
        Some(Value::Name(name)) => {
            normalization_named(&name).ok_or_else(|| serde::de::Error::custom(NORMALIZATIONS))
        }
    }
}
