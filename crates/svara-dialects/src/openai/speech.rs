//! `POST /v1/audio/speech`: OpenAI's dialect, with the fields of the hosted Svara API, which has the same route.

use axum::{
    extract::{Request, State},
    response::Response,
};
use svara_api::{
    door::asker::Asker,
    error::{ApiError, Spelling},
    reading::{
        agreeing::agreeing,
        body::{self, BodyType, JsonLimits},
        ignored::Handling,
        loudness, schemas,
    },
    respond,
    routes::{Routes, Tag},
    state::AppState,
};
use svara_engine::{SamplingOverrides, SpeakError, SpeechRequest};
use svara_service::{Delivery, Dialect, Order, ReferenceRequest};
use utoipa::openapi::{Object, schema::Type};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{events, fields::Fields};
use crate::{hosted, voice};

pub(super) fn routes() -> Routes {
    let router = OpenApiRouter::new().routes(routes!(audio_speech));
    Routes::keyed(Tag::Speech, Spelling::Hosted, router)
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
    let as_events = fields.as_events()?;
    let spec = fields.spec(as_events)?;
    if hosted {
        hosted::check_speed(fields.speed)?;
    }
    // Events are played as they come, whatever `stream` says.
    let whole = fields.stream == Some(false) && !as_events;
    let delivery = if whole { Delivery::Whole } else { Delivery::Streamed };
    let (request, told) = speech_request(state, &asker, fields, hosted).await?;
    let (caller, dialect) = (asker.caller, if hosted { Dialect::Hosted } else { Dialect::OpenAi });
    let order = Order { caller, dialect, request, spec, delivery };
    let mut response = if as_events {
        events::speak(state, order).await?
    } else {
        respond::audio(state.service.speak(order).await?)
    };
    hosted::tell_dictionary(&mut response, told);
    Ok(response)
}

/// What the fields ask for, and what [`hosted::tell_dictionary`] tells.
async fn speech_request(
    state: &AppState,
    asker: &Asker,
    mut fields: Fields,
    hosted: bool,
) -> Result<(SpeechRequest, Option<&'static str>), ApiError> {
    let engine = state.service.engine();
    let voice = fields.take_voice()?;
    let text = input(state, fields.input.take(), hosted || fields.has_hosted_fields())?;
    let spoken = fields.spoken(engine.voices())?;
    let by_text = fields.languages().any(|(_, name)| voice::is_auto(Some(name)));
    let first_language = fields.languages().next().map(|(_, name)| name.to_owned());
    let reference = ReferenceRequest {
        language: first_language,
        recording: fields
            .ref_audio
            .take()
            .filter(|audio| !audio.is_empty())
            .map(|audio| |max_bytes| audio.into_bytes(max_bytes)),
        transcript: fields.ref_text.take(),
        saved_id: None,
        tokens: None,
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
    let normalization = fields.normalization()?;
    let dictionary_id = fields.pronunciation_dictionary_id.as_deref();
    let dictionaries = hosted::Dictionaries::find(state, &asker.caller, dictionary_id).await?;
    let told = dictionaries.told();
    let request = SpeechRequest {
        language: spoken.and_then(|spoken| spoken.beside(engine.voices(), &voice)),
        text,
        voice,
        reference,
        style: fields.instructions.and_then(|instructions| engine.style_named_in(&instructions)),
        normalization,
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
    Ok((request, told))
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
