//! `POST /v1/text-to-speech`: the Python stack's own dialect, in JSON, multipart or as a plain form.

mod normalization;
mod of_form;
mod overruled;
mod timed;
mod timestamps;
mod voice;

use std::str::FromStr;

use axum::{
    extract::{Request, State},
    response::Response,
};
use serde::Deserialize;
use svara_api::{
    door::asker::Asker,
    error::{ApiError, Refused, Spelling, Svara},
    reading::{
        agreeing::agreeing,
        body::{self, BodyType, JsonLimits},
        form::{self, Encoded},
        ignored::{Handling, Ignored},
        lenient,
        locators::{self, LocatorFields, Locators},
        loudness, schemas,
        upload::Upload,
    },
    respond,
    routes::{Routes, Tag},
    state::AppState,
};
use svara_audio::{EncoderSpec, Format};
use svara_engine::{Gender, Normalization, SamplingOverrides, SpeechRequest};
use svara_service::{Delivery, Dialect, Order, ReferenceRequest, Timestamps};
use utoipa::openapi::{Object, schema::Type};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) use self::normalization::{normalization, normalization_named, text_normalization};
use self::timestamps::{TimesFormat, Unit, timestamps, timestamps_format};
use crate::spoken::SpokenLanguage;

/// Streamed Opus is what the Python stack answered.
const DEFAULT_FORMAT: Format = Format::Opus;

pub(super) fn routes() -> Routes {
    Routes::keyed(Tag::Speech, Spelling::SVARA, OpenApiRouter::new().routes(routes!(text_to_speech)))
}

/// A request for speech, with the Python stack's field names.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[schema(as = SvaraSpeech)]
pub struct Fields {
    /// The text to speak.
    #[schema(value_type = String, min_length = 1)]
    text: Option<String>,
    /// A voice's id, speaker id or name, or a language. Required unless a recording or a language is given.
    #[serde(default, deserialize_with = "lenient::text")]
    voice: Option<String>,
    /// The same as voice.
    #[serde(default, deserialize_with = "lenient::text")]
    voice_id: Option<String>,
    /// The id of the model that this server runs.
    #[serde(default, deserialize_with = "lenient::text")]
    model_id: Option<String>,
    /// With false, the audio comes in one body with its length.
    #[serde(default, deserialize_with = "lenient::flag")]
    stream: Option<bool>,
    #[serde(default, deserialize_with = "lenient::text")]
    #[schema(schema_with = response_format)]
    response_format: Option<String>,
    #[serde(default, deserialize_with = "lenient::number")]
    #[schema(schema_with = schemas::sample_rate)]
    sample_rate: Option<u32>,
    #[schema(schema_with = schemas::speed)]
    #[serde(default, deserialize_with = "lenient::number")]
    speed: Option<f32>,
    #[serde(default, deserialize_with = "lenient::number")]
    #[schema(schema_with = loudness::volume)]
    volume: Option<f32>,
    #[serde(default, deserialize_with = "lenient::number")]
    #[schema(schema_with = loudness::gain_db)]
    gain_db: Option<f32>,
    #[schema(minimum = 0.0, maximum = 2.0)]
    #[serde(default, deserialize_with = "lenient::number")]
    temperature: Option<f32>,
    #[schema(exclusive_minimum = 0.0, maximum = 1.0)]
    #[serde(default, deserialize_with = "lenient::number")]
    top_p: Option<f32>,
    #[schema(minimum = -1)]
    #[serde(default, deserialize_with = "lenient::number")]
    top_k: Option<i32>,
    #[schema(minimum = 1.0, maximum = 2.0)]
    #[serde(default, deserialize_with = "lenient::number")]
    repetition_penalty: Option<f32>,
    /// A second of speech is 82 tokens.
    #[schema(minimum = 7, maximum = 4096)]
    #[serde(default, deserialize_with = "lenient::number")]
    max_tokens: Option<u32>,
    #[schema(schema_with = schemas::seed)]
    #[serde(default, deserialize_with = "lenient::number")]
    seed: Option<u64>,
    #[serde(default, deserialize_with = "lenient::text")]
    style: Option<String>,
    /// Removes Markdown's marks, code blocks and a model's thoughts from the text. By default, the server's configuration
    /// decides.
    #[serde(default, deserialize_with = "lenient::flag")]
    strip_markdown: Option<bool>,
    /// Removes emoji from the text. By default, the server's configuration decides.
    #[serde(default, deserialize_with = "lenient::flag")]
    strip_emoji: Option<bool>,
    #[serde(default, deserialize_with = "normalization")]
    #[schema(schema_with = text_normalization)]
    text_normalization: Normalization,
    // Not flattened: an error in one of these has to name it.
    /// A recording to speak like: base64 in JSON, a file in forms.
    #[schema(value_type = Option<String>)]
    reference_audio: Option<Upload>,
    /// What is said in the recording.
    #[serde(default, deserialize_with = "lenient::text")]
    reference_transcript: Option<String>,
    /// The id of a saved voice.
    #[serde(default, deserialize_with = "lenient::text")]
    voice_clone_id: Option<String>,
    /// The tokens of a recording, as POST /v1/voice-clone gives them.
    voice_clone_tokens: Option<Vec<u32>>,
    /// The language that the recording's voice speaks, or else the language to speak in, by any of its names: it chooses the
    /// voice if voice is missing; a voice by its own name reads numbers and the like in it.
    #[serde(default, deserialize_with = "lenient::text")]
    language: Option<String>,
    #[serde(default, deserialize_with = "lenient::gender")]
    #[schema(schema_with = schemas::gender)]
    gender: Option<Gender>,
    #[serde(default, deserialize_with = "timestamps::unit")]
    #[schema(schema_with = timestamps)]
    timestamps: Option<Unit>,
    #[serde(default, deserialize_with = "timestamps::format")]
    #[schema(schema_with = timestamps_format)]
    timestamps_format: Option<TimesFormat>,
    /// The id of a pronunciation dictionary.
    #[serde(default, deserialize_with = "lenient::text")]
    pronunciation_dictionary_id: Option<String>,
    /// Pronunciation dictionaries, the first of which knows best; in forms, as JSON.
    #[schema(value_type = Option<Vec<LocatorFields>>, max_items = 3)]
    pronunciation_dictionary_locators: Option<Locators>,
}

fn response_format() -> Object {
    schemas::format(DEFAULT_FORMAT)
}

/// The answer, in the document.
struct Spoken;

impl utoipa::IntoResponses for Spoken {
    fn responses() -> respond::Responses {
        let described = |kind, text| Object::builder().schema_type(kind).description(Some(text)).into();
        let object = "With timestamps and stream: false.";
        let lines = "With timestamps: such an object per line, as the audio is made.";
        respond::audio_responses([
            ("audio/*", respond::binary()),
            ("application/json", described(Type::Object, object)),
            ("application/x-ndjson", described(Type::String, lines)),
        ])
    }
}

impl Fields {
    /// The times that are asked for, if any are.
    ///
    /// # Errors
    /// The fields don't fit together.
    pub fn timestamps(&self) -> Result<Option<Timestamps>, ApiError> {
        timestamps::wanted(self.timestamps, self.timestamps_format)
    }

    /// Whether they say how the audio comes.
    #[must_use]
    pub fn is_about_streaming(&self) -> bool {
        self.stream.is_some()
    }
}

/// Speak (svara)
#[utoipa::path(
    post,
    path = "/v1/text-to-speech",
    operation_id = "speak",
    request_body(content(
        (Fields = "application/json", example = json!({"text": schemas::EXAMPLE, "voice": "", "response_format": "wav"})),
        (Fields = "multipart/form-data"),
        (Fields = "application/x-www-form-urlencoded"),
    )),
    responses(Spoken)
)]
async fn text_to_speech(
    State(state): State<AppState>,
    asker: Asker,
    request: Request,
) -> Result<Response, Refused<Svara>> {
    let (fields, ignored) = read_fields(request, &state).await?;
    let spoken = speak(&state, asker, fields).await.map_err(|error| in_other_words(&ignored, error));
    Ok(ignored.told(spoken.map_err(Refused::<Svara>::from)))
}

async fn speak(state: &AppState, asker: Asker, fields: Fields) -> Result<Response, ApiError> {
    let delivery = if fields.stream.unwrap_or(true) { Delivery::Streamed } else { Delivery::Whole };
    let timestamps = fields.timestamps()?;
    let (request, spec) = speech_request(state, &asker, fields).await?;
    let order = Order { caller: asker.caller, dialect: Dialect::Svara, request, spec, delivery };
    Ok(match timestamps {
        None => respond::audio(state.service.speak(order).await?),
        Some(unit) => timed::speak(state, order, unit).await?,
    })
}

/// A missing text may be where OpenAI's dialect has it.
pub fn in_other_words(ignored: &Ignored, error: ApiError) -> ApiError {
    ignored.explain(error, "input", "POST /v1/audio/speech")
}

/// What the fields ask for.
///
/// # Errors
/// A field is missing or wrong, or the recording can't be used.
pub async fn speech_request(
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
    let saved = fields.names_saved_voice();
    let voice = agreeing(("voice", fields.voice), ("voice_id", fields.voice_id))?;
    let text = fields.text.ok_or_else(|| ApiError::invalid("text", "is required"))?;
    let language = fields.language.clone();
    let recording = fields.reference_audio.filter(|audio| !audio.is_empty());
    let reference = ReferenceRequest {
        recording: recording.map(|audio| |max_bytes| audio.into_bytes(max_bytes)),
        transcript: fields.reference_transcript,
        saved_id: fields.voice_clone_id,
        tokens: fields.voice_clone_tokens,
        language: fields.language,
    };
    let reference = reference.resolve(&state.service, &asker.caller).await?;
    // Where a voice is named, a language that there isn't never mattered; the answer names it.
    let spoken = SpokenLanguage::named(engine.voices(), "language", language.as_deref()).ok().flatten();
    let voice = match (voice, &reference) {
        (Some(voice), _) => voice::named(engine.voices(), voice, spoken.as_ref(), fields.gender),
        (None, Some(reference)) => reference.voice.voice_id.clone(),
        (None, None) => {
            let required = "a voice, a language or a reference_audio to speak like is required";
            let language = language.ok_or_else(|| ApiError::unsupported("voice", required))?;
            voice::of_language(engine.voices(), &language, fields.gender, &text)?
        }
    };
    let language = spoken.and_then(|spoken| match &reference {
        None => spoken.beside(engine.voices(), &voice),
        Some(reference) if saved => spoken.unless_of(&reference.voice),
        // The voice that is made of a recording or of tokens has this language.
        Some(_) => None,
    });
    let (field, named) =
        locators::named(fields.pronunciation_dictionary_id, fields.pronunciation_dictionary_locators)?;
    let dictionaries = state.service.dictionaries().locate(&asker.caller, field, &named).await?;
    let request = SpeechRequest {
        language,
        text,
        voice,
        reference,
        dictionaries,
        style: fields.style,
        normalization: fields.text_normalization,
        strip: state.clean.strip(false, fields.strip_markdown, fields.strip_emoji),
        speed: fields.speed.unwrap_or(1.0),
        gain: loudness::gain(fields.volume, fields.gain_db)?,
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

/// The fields of a request, in JSON or as a form, and those that are passed over.
///
/// # Errors
/// The body can't be read, or a field is wrong.
pub async fn read_fields(request: Request, state: &AppState) -> Result<(Fields, Ignored), ApiError> {
    let has_recording = |fields: &Fields| fields.reference_audio.is_some();
    let limits =
        JsonLimits { with_recording: state.body_bytes, of_text: state.text_body_bytes, has_recording };
    let (uri, handling) = (request.uri().clone(), Handling::of(request.headers()));
    let (fields, ignored) = match body::body_type(&request) {
        BodyType::Json => body::json_telling(request, limits).await?,
        BodyType::UrlEncoded => match form::encoded(request, limits).await? {
            Encoded::Json(fields, ignored) => (fields, ignored),
            Encoded::Form(form) => Fields::of_form(form)?,
        },
        BodyType::Multipart => Fields::of_form(form::form(request, state.body_bytes).await?)?,
        BodyType::JsonLines | BodyType::Other => {
            return Err(ApiError::unsupported_media_type(
                &request,
                "application/json, multipart/form-data or application/x-www-form-urlencoded",
            ));
        }
    };
    let ignored = fields.name_overruled(state.service.engine().voices(), ignored);
    Ok((fields, ignored.with_query(&uri, &[]).unless_strict(handling)?))
}

/// The spec at another output rate. Every format has a list of its own: WAV and PCM the longest.
pub(crate) fn at_rate(spec: EncoderSpec, hz: u32) -> Result<EncoderSpec, ApiError> {
    spec.with_rate_hz(hz).map_err(|error| ApiError::unsupported("sample_rate", error))
}
