//! `POST /v1/text-to-speech`: the Python stack's own dialect, in JSON, multipart or as a plain form.

mod timed;

use std::str::FromStr;

use axum::{
    Router,
    extract::{Request, State},
    response::Response,
    routing::post,
};
use serde::Deserialize;
use svara_audio::{EncoderSpec, Format, SampleRate};
use svara_engine::{Gender, Normalization, SamplingOverrides, SpeakError, SpeechRequest, Strip, Voices};
use svara_service::{Delivery, Dialect, Order, Timestamps};

use crate::{
    error::{ApiError, Refused, Svara},
    reading::{
        body::{self, BodyType, FormValue, flag},
        reference::ReferenceFields,
        upload::Upload,
    },
    respond,
    state::{AppState, Asker},
};

/// Streamed Opus is what the Python stack answered.
const DEFAULT_FORMAT: Format = Format::Opus;

pub(crate) fn router() -> Router<AppState> {
    Router::new().route("/v1/text-to-speech", post(text_to_speech))
}

/// The fields, with the Python stack's names.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Fields {
    text: Option<String>,
    voice: Option<String>,
    voice_id: Option<String>,
    model_id: Option<String>,
    stream: Option<bool>,
    response_format: Option<String>,
    sample_rate: Option<u32>,
    speed: Option<f32>,
    temperature: Option<f32>,
    top_p: Option<f32>,
    top_k: Option<i32>,
    repetition_penalty: Option<f32>,
    max_tokens: Option<u32>,
    seed: Option<u64>,
    style: Option<String>,
    strip_markdown: Option<bool>,
    strip_emoji: Option<bool>,
    #[serde(default, deserialize_with = "normalization")]
    text_normalization: Normalization,
    // Not flattened: an error in one of these has to name it.
    reference_audio: Option<Upload>,
    reference_transcript: Option<String>,
    voice_clone_id: Option<String>,
    voice_clone_tokens: Option<Vec<u32>>,
    language: Option<String>,
    gender: Option<Gender>,
    timestamps: Option<Timestamps>,
}

impl Fields {
    /// What is to be timed, where anything is.
    pub(crate) fn timestamps(&self) -> Option<Timestamps> {
        self.timestamps
    }
}

async fn text_to_speech(
    State(state): State<AppState>,
    asker: Asker,
    request: Request,
) -> Result<Response, Refused<Svara>> {
    let fields = read_fields(request, state.body_bytes).await?;
    let delivery = if fields.stream.unwrap_or(true) { Delivery::Streamed } else { Delivery::Whole };
    let timestamps = fields.timestamps;
    let (request, spec) = speech_request(&state, &asker, fields).await?;
    let order = Order { caller: asker.caller, dialect: Dialect::Svara, request, spec, delivery };
    match timestamps {
        None => Ok(respond::audio(state.service.speak(order).await?)),
        Some(unit) => Ok(timed::speak(&state, order, unit).await?),
    }
}

/// What the fields ask for.
///
/// # Errors
/// A field is missing or wrong, or the recording can't be used.
pub(crate) async fn speech_request(
    state: &AppState,
    asker: &Asker,
    fields: Fields,
) -> Result<(SpeechRequest, EncoderSpec), ApiError> {
    let engine = state.service.engine();
    let model_id = &engine.profile().id;
    if let Some(other) = fields.model_id.as_ref().filter(|id| *id != model_id) {
        let other: String = other.chars().take(64).collect();
        return Err(ApiError::not_found(
            "model_id",
            format!("no model {other:?} here; this server speaks {model_id}"),
        ));
    }
    let format = fields.response_format.as_deref().map_or(Ok(DEFAULT_FORMAT), Format::from_str);
    let format = format.map_err(|error| ApiError::unsupported("response_format", error))?;
    let mut spec =
        EncoderSpec::new(format).map_err(|error| ApiError::unsupported("response_format", error))?;
    if let Some(hz) = fields.sample_rate {
        spec = at_rate(spec, hz)?;
    }
    let voice = fields.voice.or(fields.voice_id).filter(|voice| !voice.trim().is_empty());
    let text = fields.text.ok_or_else(|| ApiError::invalid("text", "is required"))?;
    let language = fields.language.clone();
    let reference = ReferenceFields {
        audio: fields.reference_audio,
        transcript: fields.reference_transcript,
        kept_id: fields.voice_clone_id,
        tokens: fields.voice_clone_tokens,
        language: fields.language,
    };
    let reference = reference.resolve(&state.service).await?;
    let voice = match (voice, &reference) {
        (Some(voice), _) => of_gender(engine.voices(), voice, fields.gender),
        (None, Some(reference)) => reference.voice.voice_id.clone(),
        (None, None) => {
            let required = "a voice, a language or a reference_audio to speak like is required";
            let language = language.filter(|language| !language.trim().is_empty());
            let language = language.ok_or_else(|| ApiError::unsupported("voice", required))?;
            let voice = engine.voices().speaking(&language, fields.gender).map_err(SpeakError::from)?;
            voice.voice_id.clone()
        }
    };
    let request = SpeechRequest {
        text,
        voice,
        reference,
        style: fields.style,
        normalization: fields.text_normalization,
        strip: Strip {
            markdown: fields.strip_markdown.unwrap_or(false),
            emoji: fields.strip_emoji.unwrap_or(false),
        },
        speed: fields.speed.unwrap_or(1.0),
        sampling: SamplingOverrides {
            temperature: fields.temperature,
            top_p: fields.top_p,
            top_k: fields.top_k,
            repetition_penalty: fields.repetition_penalty,
            max_tokens: fields.max_tokens,
        },
        seed: fields.seed,
        ..asker.speech_request()
    };
    Ok((request, spec))
}

/// The voice of that gender where a language is named in place of a voice (`hi-IN` and female); other names say it all.
fn of_gender(voices: &Voices, voice: String, gender: Option<Gender>) -> String {
    let of_language = gender.and_then(|gender| voices.speaking(&voice, Some(gender)).ok());
    of_language.map_or(voice, |found| found.voice_id.clone())
}

async fn read_fields(request: Request, limit_bytes: usize) -> Result<Fields, ApiError> {
    match body::body_type(&request) {
        BodyType::Json => body::json(request, limit_bytes).await,
        BodyType::Multipart | BodyType::UrlEncoded => {
            let mut fields = Fields::default();
            for (name, value) in body::form(request, limit_bytes).await? {
                fields.set(&name, value)?;
            }
            Ok(fields)
        }
        BodyType::JsonLines | BodyType::Other => Err(ApiError::unsupported_media_type(
            "application/json, multipart/form-data or application/x-www-form-urlencoded",
        )),
    }
}

impl Fields {
    /// Sets a field from a form. Empty values count as absent, as browsers send them.
    fn set(&mut self, name: &str, value: FormValue) -> Result<(), ApiError> {
        if name == "reference_audio" {
            self.reference_audio = Some(value.into_upload());
            return Ok(());
        }
        let value = value.into_text().unwrap_or_default();
        if value.is_empty() && name != "text" {
            return Ok(());
        }
        match name {
            "text" => self.text = Some(value),
            "voice" => self.voice = Some(value),
            "voice_id" => self.voice_id = Some(value),
            "model_id" => self.model_id = Some(value),
            "response_format" => self.response_format = Some(value),
            "sample_rate" => self.sample_rate = Some(number("sample_rate", &value)?),
            "speed" => self.speed = Some(number("speed", &value)?),
            "stream" => self.stream = Some(flag("stream", &value)?),
            "strip_markdown" => self.strip_markdown = Some(flag("strip_markdown", &value)?),
            "strip_emoji" => self.strip_emoji = Some(flag("strip_emoji", &value)?),
            "temperature" => self.temperature = Some(number("temperature", &value)?),
            "top_p" => self.top_p = Some(number("top_p", &value)?),
            "top_k" => self.top_k = Some(number("top_k", &value)?),
            "repetition_penalty" => self.repetition_penalty = Some(number("repetition_penalty", &value)?),
            "max_tokens" => self.max_tokens = Some(number("max_tokens", &value)?),
            "style" => self.style = Some(value),
            "reference_transcript" => self.reference_transcript = Some(value),
            "voice_clone_id" => self.voice_clone_id = Some(value),
            "voice_clone_tokens" => self.voice_clone_tokens = Some(tokens(&value)?),
            "timestamps" => {
                let unit = Timestamps::named(&value);
                self.timestamps =
                    Some(unit.ok_or_else(|| ApiError::invalid("timestamps", "must be word or character"))?);
            }
            "language" => self.language = Some(value),
            "gender" => self.gender = Some(body::gender(&value)?),
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

/// The spec at another output rate. Every format has a list of its own: WAV and PCM the longest.
fn at_rate(spec: EncoderSpec, hz: u32) -> Result<EncoderSpec, ApiError> {
    let refused = |error: &dyn std::fmt::Display| ApiError::unsupported("sample_rate", error);
    let rate = SampleRate::new(hz).map_err(|error| refused(&error))?;
    spec.with_rate(rate).map_err(|error| refused(&error))
}

fn tokens(value: &str) -> Result<Vec<u32>, ApiError> {
    serde_json::from_str(value)
        .map_err(|_| ApiError::invalid("voice_clone_tokens", "must be a JSON list of token ids"))
}

fn number<T: FromStr>(field: &'static str, value: &str) -> Result<T, ApiError> {
    value.trim().parse().map_err(|_| ApiError::invalid(field, "must be a number in range"))
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
