//! `POST /v1/audio/speech`: OpenAI's dialect, with the fields of the hosted Svara API, which has the same route.

use axum::{
    extract::{Request, State},
    response::Response,
};
use serde::{Deserialize, de::IgnoredAny};
use svara_api::{
    door::asker::Asker,
    error::{ApiError, Spelling},
    reading::{
        agreeing::{agreeing, contradiction},
        body::{self, BodyType, JsonLimits},
        ignored::{Handling, Ignored},
        lenient, loudness, schemas,
        upload::Upload,
    },
    respond,
    routes::{Routes, Tag},
    state::AppState,
};
use svara_audio::Format;
use svara_engine::{Normalization, SamplingOverrides, SpeakError, SpeechRequest, Voices};
use svara_service::{Delivery, Dialect, Order, ReferenceRequest};
use utoipa::openapi::{Object, schema::Type};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    events, voice,
    voice_field::{VoiceField, voice_field},
};
use crate::{hosted, spoken::SpokenLanguage, svara};

/// OpenAI's default.
const DEFAULT_FORMAT: Format = Format::Mp3;

pub(super) fn routes() -> Routes {
    let router = OpenApiRouter::new().routes(routes!(audio_speech));
    Routes::keyed(Tag::Speech, Spelling::Hosted, router)
}

/// A request for speech, with OpenAI's field names.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = OpenAiSpeech)]
struct Fields {
    /// The text to speak.
    #[schema(value_type = String, min_length = 1)]
    input: Option<String>,
    #[schema(schema_with = voice_field)]
    voice: Option<VoiceField>,
    /// The same: a name that other servers have for it.
    #[schema(schema_with = voice_field)]
    speaker: Option<VoiceField>,
    /// Any name: this server runs one model.
    #[expect(dead_code, reason = "OpenAI's clients send OpenAI's names; the document lists the field")]
    #[serde(default)]
    #[schema(value_type = String)]
    model: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "lenient::text")]
    #[schema(schema_with = response_format)]
    response_format: Option<String>,
    /// If this names one style of the model, that style is used.
    #[serde(default, deserialize_with = "lenient::text")]
    instructions: Option<String>,
    #[serde(default, deserialize_with = "lenient::number")]
    #[schema(schema_with = schemas::speed)]
    speed: Option<f32>,
    #[serde(default, deserialize_with = "lenient::number")]
    #[schema(schema_with = loudness::volume)]
    volume: Option<f32>,
    #[serde(default, deserialize_with = "lenient::number")]
    #[schema(schema_with = loudness::gain_db)]
    gain_db: Option<f32>,
    #[serde(default, deserialize_with = "lenient::text")]
    #[schema(schema_with = stream_format)]
    stream_format: Option<String>,
    /// With false, the audio comes in one body with its length, and exact sizes in its header. Not OpenAI's own.
    #[serde(default, deserialize_with = "lenient::flag")]
    stream: Option<bool>,
    /// The language to speak in: a code of ISO 639-1 or 639-3, a BCP-47 tag or a name. Chooses the voice if voice is missing
    /// or one of OpenAI's names. auto: the text's writing system does, if voice is missing.
    #[serde(default, deserialize_with = "lenient::text")]
    language: Option<String>,
    /// The same: ElevenLabs' name.
    #[serde(default, deserialize_with = "lenient::text")]
    language_code: Option<String>,
    /// The same: the hosted API's name.
    #[serde(default, deserialize_with = "lenient::text")]
    lang: Option<String>,
    #[serde(default, deserialize_with = "lenient::number")]
    #[schema(schema_with = schemas::sample_rate)]
    sample_rate: Option<u32>,
    /// The bit rate in kbit/s, of mp3, opus and aac.
    #[serde(default, deserialize_with = "lenient::number")]
    #[schema(value_type = Option<i64>, minimum = 1)]
    bitrate_kbps: Option<u32>,
    /// Whether numbers and dates are written out in words: auto, on or off.
    #[serde(default, deserialize_with = "svara::normalization")]
    #[schema(schema_with = svara::text_normalization)]
    text_normalization: Normalization,
    /// The same: the hosted API's name.
    #[serde(default, deserialize_with = "svara::normalization")]
    #[schema(schema_with = svara::text_normalization)]
    normalize: Normalization,
    #[serde(default, deserialize_with = "lenient::number")]
    #[schema(minimum = 0.0, maximum = 2.0)]
    temperature: Option<f32>,
    #[serde(default, deserialize_with = "lenient::number")]
    #[schema(exclusive_minimum = 0.0, maximum = 1.0)]
    top_p: Option<f32>,
    #[serde(default, deserialize_with = "lenient::number")]
    #[schema(minimum = -1)]
    top_k: Option<i32>,
    #[serde(default, deserialize_with = "lenient::number")]
    #[schema(minimum = 1.0, maximum = 2.0)]
    repetition_penalty: Option<f32>,
    /// A second of speech is 82 tokens.
    #[serde(default, deserialize_with = "lenient::number")]
    #[schema(minimum = 7, maximum = 4096)]
    max_tokens: Option<u32>,
    /// The same: vLLM-Omni's name.
    #[serde(default, deserialize_with = "lenient::number")]
    #[schema(minimum = 7, maximum = 4096)]
    max_new_tokens: Option<u32>,
    #[serde(default, deserialize_with = "lenient::number")]
    #[schema(schema_with = schemas::seed)]
    seed: Option<u64>,
    /// Removes Markdown's marks, code blocks and a model's thoughts from the text. By default, the server's configuration
    /// decides.
    #[serde(default, deserialize_with = "lenient::flag")]
    strip_markdown: Option<bool>,
    /// Removes emoji from the text. By default, the server's configuration decides.
    #[serde(default, deserialize_with = "lenient::flag")]
    strip_emoji: Option<bool>,
    /// A recording to speak like, in base64 or as a data URL: vLLM-Omni's name.
    #[schema(value_type = Option<String>)]
    ref_audio: Option<Upload>,
    /// What is said in the recording.
    #[serde(default, deserialize_with = "lenient::text")]
    ref_text: Option<String>,
    /// A pronunciation dictionary. X-Svara-Dictionary says whether there is one of this id: hit or miss.
    #[serde(default, deserialize_with = "lenient::text")]
    pronunciation_dictionary_id: Option<String>,
}

fn response_format() -> Object {
    schemas::format(DEFAULT_FORMAT)
}

fn stream_format() -> Object {
    schemas::choice(["audio", "sse"], "Whether the audio comes as it is or in server-sent events.")
}

impl Fields {
    /// The names that a request has in vain, with those that its other fields overrule.
    fn name_overruled(&self, voices: &Voices, ignored: Ignored) -> Ignored {
        let recorded = self.ref_audio.as_ref().is_some_and(|audio| !audio.is_empty());
        let strange = |voice: &Option<VoiceField>| {
            let name = voice.as_ref().map(|(VoiceField::Name(name) | VoiceField::Object { id: name })| name);
            recorded && name.is_some_and(|name| voices.find(name).is_err())
        };
        let as_events =
            self.stream_format.as_ref().is_some_and(|name| name.trim().eq_ignore_ascii_case("sse"));
        let overruled = [
            ("ref_text", self.ref_text.is_some() && !recorded),
            ("stream", self.stream == Some(false) && as_events),
            ("voice", strange(&self.voice)),
            ("speaker", strange(&self.speaker)),
        ];
        let names = overruled.into_iter().filter(|(_, is)| *is);
        names.fold(ignored, |ignored, (name, _)| ignored.and(name))
    }
}

/// The answer, in the document.
struct Spoken;

impl utoipa::IntoResponses for Spoken {
    fn responses() -> respond::Responses {
        let about = "JSON: speech.audio.delta, speech.audio.done or error.";
        let data = Object::builder().schema_type(Type::String).description(Some(about));
        // The document describes an event by its fields.
        let event = Object::builder().property("data", data).required("data");
        respond::audio_responses([("audio/*", respond::binary()), ("text/event-stream", event.into())])
    }
}

/// Speak (OpenAI)
#[utoipa::path(
    post,
    path = "/v1/audio/speech",
    operation_id = "openai_speak",
    request_body(content(
        (Fields = "application/json", example = json!({"input": schemas::EXAMPLE, "voice": "", "model": "tts-1"})),
    )),
    responses(Spoken)
)]
async fn audio_speech(State(state): State<AppState>, asker: Asker, request: Request) -> Response {
    let dialect = Spelling::Hosted.of(&request);
    answer(&state, asker, request, dialect).await.unwrap_or_else(|error| error.into_response(dialect))
}

async fn answer(
    state: &AppState,
    asker: Asker,
    request: Request,
    dialect: Dialect,
) -> Result<Response, ApiError> {
    let hosted = dialect == Dialect::Hosted;
    if body::body_type(&request) != BodyType::Json {
        return Err(ApiError::unsupported_media_type(&request, "application/json"));
    }
    let has_recording = |fields: &Fields| fields.ref_audio.is_some();
    let limits =
        JsonLimits { with_recording: state.body_bytes, of_text: state.text_body_bytes, has_recording };
    let (uri, handling) = (request.uri().clone(), Handling::of(request.headers()));
    let (fields, ignored) = body::json_telling(request, limits).await?;
    let ignored = fields.name_overruled(state.service.engine().voices(), ignored);
    let ignored = ignored.with_query(&uri, &[]).unless_strict(handling)?;
    let omnis = fields.max_tokens.is_none() && fields.max_new_tokens.is_some();
    let spoken = speak(state, asker, fields, hosted).await.map_err(|error| {
        let error = in_openai_words(error, omnis);
        ignored.explain(error, "text", "POST /v1/text-to-speech; here it is input")
    });
    let mut response = spoken.unwrap_or_else(|error| error.into_response(dialect));
    ignored.tell(&mut response);
    Ok(response)
}

async fn speak(state: &AppState, asker: Asker, fields: Fields, hosted: bool) -> Result<Response, ApiError> {
    let stream_format = fields.stream_format.map(|name| name.trim().to_ascii_lowercase());
    let as_events = match stream_format.as_deref() {
        None | Some("audio") => false,
        Some("sse") => true,
        Some(other) => {
            let other: String = other.chars().take(32).collect();
            let reason = format!("{other:?} is not available; supported: audio, sse");
            return Err(ApiError::unsupported("stream_format", reason));
        }
    };
    // What is streamed because the client says so is played as it comes: the hosted API's samples.
    let default = if fields.stream == Some(true) && !as_events { Format::Pcm } else { DEFAULT_FORMAT };
    let format = fields.response_format.as_deref();
    let spec = hosted::spec(format, default, fields.sample_rate, fields.bitrate_kbps)?;
    if hosted {
        hosted::check_speed(fields.speed)?;
    }
    let [voice, speaker] = [fields.voice, fields.speaker].map(|voice| voice.map(VoiceField::into_name));
    let voice = agreeing(("voice", voice), ("speaker", speaker))?;
    let engine = state.service.engine();
    let hosted_fields = fields.stream.is_some()
        || fields.lang.is_some()
        || fields.bitrate_kbps.is_some()
        || fields.pronunciation_dictionary_id.is_some();
    let text = input(state, fields.input, hosted || hosted_fields)?;
    // The first one that names a language counts.
    let languages =
        [("language", fields.language), ("language_code", fields.language_code), ("lang", fields.lang)];
    let mut spoken: Option<SpokenLanguage> = None;
    for (field, name) in &languages {
        let named: Option<SpokenLanguage> = SpokenLanguage::named(engine.voices(), field, name.as_deref())?;
        if let (Some(first), Some(named)) = (&spoken, &named)
            && !named.agrees(first)
        {
            return Err(contradiction(first.field(), field));
        }
        spoken = spoken.or(named);
    }
    let named = || languages.iter().filter_map(|(_, name)| name.as_deref());
    let by_text = named().any(|language| language.trim().eq_ignore_ascii_case("auto"));
    let recording = fields.ref_audio.filter(|audio| !audio.is_empty());
    let reference = ReferenceRequest {
        recording: recording.map(|audio| |max_bytes| audio.into_bytes(max_bytes)),
        transcript: fields.ref_text,
        saved_id: None,
        tokens: None,
        language: named().next().map(str::to_owned),
    };
    let reference = reference.resolve(&state.service, &asker.caller).await?;
    let voice = match &reference {
        Some(reference) if voice.is_none() => reference.voice.voice_id.clone(),
        _ if by_text && voice.as_ref().is_none_or(|name| name.trim().is_empty()) => {
            voice::for_text(engine.voices(), &text)
        }
        _ => voice::choose(engine.voices(), voice, spoken.as_ref(), &text)?,
    };
    let max_tokens = agreeing(("max_tokens", fields.max_tokens), ("max_new_tokens", fields.max_new_tokens))?;
    // auto leaves it to the other one.
    let chosen = |normalization| Some(normalization).filter(|chosen| *chosen != Normalization::Auto);
    let normalization = agreeing(
        ("text_normalization", chosen(fields.text_normalization)),
        ("normalize", chosen(fields.normalize)),
    )?;
    let dictionary_id = fields.pronunciation_dictionary_id.as_deref();
    let dictionaries = hosted::Dictionaries::find(state, &asker.caller, dictionary_id).await?;
    let told = dictionaries.told();
    let request = SpeechRequest {
        language: spoken.and_then(|spoken| spoken.beside(engine.voices(), &voice)),
        text,
        voice,
        reference,
        style: fields.instructions.and_then(|instructions| engine.style_named_in(&instructions)),
        normalization: normalization.unwrap_or(Normalization::Auto),
        speed: fields.speed.unwrap_or(1.0),
        gain: loudness::gain(fields.volume, fields.gain_db)?,
        sampling: SamplingOverrides {
            temperature: fields.temperature,
            top_p: fields.top_p,
            top_k: fields.top_k,
            repetition_penalty: fields.repetition_penalty,
            max_tokens,
        },
        seed: fields.seed,
        dictionaries: dictionaries.found,
        strip: state.clean.strip(true, fields.strip_markdown, fields.strip_emoji),
        ..asker.speech_request()
    };
    let (caller, dialect) = (asker.caller, if hosted { Dialect::Hosted } else { Dialect::OpenAi });
    // Events are played as they come, whatever `stream` says.
    let whole = fields.stream == Some(false) && !as_events;
    let delivery = if whole { Delivery::Whole } else { Delivery::Streamed };
    let order = Order { caller, dialect, request, spec, delivery };
    let mut response = if as_events {
        events::speak(state, order).await?
    } else {
        respond::audio(state.service.speak(order).await?)
    };
    hosted::tell_dictionary(&mut response, told);
    Ok(response)
}

/// The text, no longer than OpenAI's may be; the hosted API has another limit, which the engine checks.
fn input(state: &AppState, input: Option<String>, hosted: bool) -> Result<String, ApiError> {
    let input = input.ok_or_else(|| ApiError::invalid("input", "is required"))?;
    let (limit, length) = (state.openai_input_characters, input.chars().count());
    if length > limit && !hosted {
        return Err(SpeakError::TooLong { length, limit }.into());
    }
    Ok(input)
}

/// What this dialect calls the fields of which the service speaks.
const NAMES: [(&str, &str); 3] =
    [("text", "input"), ("reference_audio", "ref_audio"), ("reference_transcript", "ref_text")];

/// An error with the names of this dialect, or of vLLM-Omni's where the request has those.
fn in_openai_words(error: ApiError, omnis: bool) -> ApiError {
    let of_omni = omnis.then_some(("max_tokens", "max_new_tokens"));
    NAMES.into_iter().chain(of_omni).fold(error, |error, (theirs, ours)| error.renamed(theirs, ours))
}
