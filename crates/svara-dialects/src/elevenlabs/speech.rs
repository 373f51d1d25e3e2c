//! `POST /v1/text-to-speech/{voice_id}` and its variants: whole or streamed, with times or without.

use axum::{
    body::Body,
    extract::{FromRequest, Request},
    response::Response,
};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use bytes::Bytes;
use futures::{Stream, stream};
use serde::Serialize;
use svara_api::{
    door::asker::Asker,
    error::{ApiError, ElevenLabs, Refused},
    reading::{
        body::{self, BodyType},
        encoded,
        ignored::{Handling, Ignored},
        locators::LOCATORS,
        schemas,
    },
    respond::{self, SpeechRefusals},
    state::AppState,
};
use svara_audio::EncoderSpec;
use svara_engine::SpeechRequest;
use svara_service::{Delivery, Dialect, EncodedSpeech, Order, Whole};

use super::{
    address::{Address, Addressed},
    alignment::Alignment,
    fields::{self, Fields},
    formats,
};
use crate::spoken::SpokenLanguage;

/// What an address may have: nothing is kept here in any case, nothing is gained by waiting, and tags need no switch.
const PARAMETERS: [&str; 4] =
    ["output_format", "enable_logging", "optimize_streaming_latency", "enable_ssml_parsing"];

/// What each of these routes is asked for, to be streamed unless the route says otherwise.
pub(super) struct Wanted {
    state: AppState,
    order: Order,
    ignored: Ignored,
}

impl FromRequest<AppState> for Wanted {
    type Rejection = Response;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Response> {
        let refuse = |error: ApiError| error.into_response(Dialect::ElevenLabs);
        let Read { asker, fields, voice, spec, ignored } = read(request, state).await.map_err(refuse)?;
        match order(state, asker, fields, voice, spec).await {
            Ok(order) => Ok(Self { state: state.clone(), order, ignored }),
            Err(error) => {
                let error = ignored.explain(error, "input", "POST /v1/audio/speech");
                Err(told(ignored, Err(error)))
            }
        }
    }
}

/// What a request says, before it is known whether that can be done.
struct Read {
    asker: Asker,
    fields: Fields,
    voice: String,
    spec: EncoderSpec,
    ignored: Ignored,
}

async fn read(request: Request, state: &AppState) -> Result<Read, ApiError> {
    let (mut parts, body) = request.into_parts();
    let Addressed { asker, voice } = Addressed::of(&mut parts).await?;
    let format = encoded::parameter(&parts.uri, "output_format")?;
    let spec = formats::spec_of(format.as_deref()).map_err(ApiError::in_query)?;
    let (uri, handling) = (parts.uri.clone(), Handling::of(&parts.headers));
    let request = Request::from_parts(parts, body);
    if body::body_type(&request) != BodyType::Json {
        return Err(ApiError::unsupported_media_type(&request, "application/json"));
    }
    let (fields, ignored): (Fields, _) = body::json(request, state.text_body_bytes).await?;
    let mut ignored = ignored.without(&fields::PASSED_OVER).with_query(&uri, &PARAMETERS);
    if spoken(state, &fields).is_err() {
        ignored = ignored.and("language_code");
    }
    Ok(Read { asker, fields, voice, spec, ignored: ignored.unless_strict(handling)? })
}

/// The language that is asked for. Clients send codes of languages that this model may not have.
fn spoken(state: &AppState, fields: &Fields) -> Result<Option<SpokenLanguage>, ApiError> {
    SpokenLanguage::named(state.service.engine().voices(), "language_code", fields.language_code())
}

async fn order(
    state: &AppState,
    asker: Asker,
    mut fields: Fields,
    voice: String,
    spec: EncoderSpec,
) -> Result<Order, ApiError> {
    let spoken = spoken(state, &fields).ok().flatten();
    let language = spoken.and_then(|spoken| spoken.beside(state.service.engine().voices(), &voice));
    let dictionaries = state.service.dictionaries();
    let dictionaries = dictionaries.locate(&asker.caller, LOCATORS, &fields.take_locators()).await?;
    let base = SpeechRequest { voice, language, dictionaries, ..asker.speech_request() };
    let request = fields.into_request(state.clean, base)?;
    let (caller, dialect, delivery) = (asker.caller, Dialect::ElevenLabs, Delivery::Streamed);
    Ok(Order { caller, dialect, request, spec, delivery })
}

/// The answer with audio alone, in the document.
struct Spoken;

impl utoipa::IntoResponses for Spoken {
    fn responses() -> respond::Responses {
        respond::audio_responses([("audio/*", respond::binary())])
    }
}

/// Speak (ElevenLabs)
#[utoipa::path(
    post,
    path = "/v1/text-to-speech/{voice_id}",
    params(Address),
    request_body(content((Fields = "application/json", example = json!({"text": schemas::EXAMPLE})))),
    responses(Spoken)
)]
pub(super) async fn convert(Wanted { state, order, ignored }: Wanted) -> Response {
    let order = Order { delivery: Delivery::Whole, ..order };
    told(ignored, audio(&state, order).await)
}

/// Speak, streamed (ElevenLabs)
#[utoipa::path(
    post,
    path = "/v1/text-to-speech/{voice_id}/stream",
    params(Address),
    request_body(content((Fields = "application/json", example = json!({"text": schemas::EXAMPLE})))),
    responses(Spoken)
)]
pub(super) async fn stream(Wanted { state, order, ignored }: Wanted) -> Response {
    told(ignored, audio(&state, order).await)
}

async fn audio(state: &AppState, order: Order) -> Result<Response, ApiError> {
    Ok(respond::audio(state.service.speak(order).await?))
}

/// An answer or a refusal, with the names of the fields that were passed over.
fn told(ignored: Ignored, answer: Result<Response, ApiError>) -> Response {
    ignored.told(answer.map_err(|error| Refused::<ElevenLabs>::from(fields::in_our_words(error))))
}

/// Speak, with times (ElevenLabs)
#[utoipa::path(
    post,
    path = "/v1/text-to-speech/{voice_id}/with-timestamps",
    params(Address),
    request_body(content((Fields = "application/json", example = json!({"text": schemas::EXAMPLE})))),
    responses(
        (status = 200, description = "The audio and the times of its characters.", body = Timed),
        SpeechRefusals,
    )
)]
pub(super) async fn convert_with_timestamps(Wanted { state, order, ignored }: Wanted) -> Response {
    told(ignored, timed(&state, order).await)
}

async fn timed(state: &AppState, order: Order) -> Result<Response, ApiError> {
    let spec = order.spec;
    let speaking = state.service.open(Order { delivery: Delivery::Whole, ..order }).await?;
    let (timing, sample_rate_hz) = (speaking.server_timing(), speaking.rate().hz());
    let Whole { bytes, timings, .. } = speaking.whole(spec).await?;
    let length = bytes.len();
    let timed = move || Timed::new(&bytes, Some(Alignment::both(&timings, true, sample_rate_hz)));
    let mut response = respond::json_with_file(length, timed).await?;
    respond::describe(&mut response, spec, timing);
    Ok(response)
}

/// Speak, streamed with times (ElevenLabs)
#[utoipa::path(
    post,
    path = "/v1/text-to-speech/{voice_id}/stream/with-timestamps",
    params(Address),
    request_body(content((Fields = "application/json", example = json!({"text": schemas::EXAMPLE})))),
    responses(
        (
            status = 200,
            description = "A SpeechWithTimes object per line, as the audio is made.",
            body = String,
            content_type = "application/x-ndjson",
        ),
        SpeechRefusals,
    )
)]
pub(super) async fn stream_with_timestamps(Wanted { state, order, ignored }: Wanted) -> Response {
    told(ignored, timed_lines(&state, order).await)
}

async fn timed_lines(state: &AppState, order: Order) -> Result<Response, ApiError> {
    let spec = order.spec;
    let speaking = state.service.open(order).await?;
    let timing = speaking.server_timing();
    let lines = lines(EncodedSpeech::new(speaking, spec)?);
    let mut response = respond::streamed("application/x-ndjson", Body::from_stream(lines));
    respond::describe(&mut response, spec, timing);
    Ok(response)
}

/// Audio and the times of its characters: `alignment` of the text as it was typed, `normalized_alignment` of what is said,
/// with numbers in words.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = SpeechWithTimes)]
struct Timed {
    audio_base64: String,
    #[schema(required, inline)]
    alignment: Option<Alignment>,
    #[schema(required, inline)]
    normalized_alignment: Option<Alignment>,
}

impl Timed {
    fn new(audio: &[u8], alignments: Option<(Alignment, Alignment)>) -> Self {
        let (alignment, normalized_alignment) = alignments.unzip();
        Self { audio_base64: BASE64.encode(audio), alignment, normalized_alignment }
    }
}

/// What the lines are made from; no speech once it is over.
struct Lines {
    speech: Option<EncodedSpeech>,
    first: bool,
}

/// A line for each chunk. The times of a piece stand in the first line after it, which may be one without sound.
fn lines(speech: EncodedSpeech) -> impl Stream<Item = Result<Bytes, ApiError>> + Send {
    stream::unfold(Lines { speech: Some(speech), first: true }, |mut lines| async move {
        let speech = lines.speech.as_mut()?;
        let audio = match speech.next().await {
            Some(Ok(bytes)) => bytes,
            Some(Err(error)) => {
                lines.speech = None;
                return Some((Err(error.into()), lines));
            }
            None => Vec::new(),
        };
        let over = audio.is_empty();
        let sample_rate_hz = speech.speaking().rate().hz();
        let timings = speech.speaking().take_timings();
        let (typed, said) = Alignment::both(&timings, lines.first, sample_rate_hz);
        lines.first &= said.is_empty();
        if over {
            lines.speech = None;
            if said.is_empty() {
                return None;
            }
        }
        let alignments = (!said.is_empty()).then_some((typed, said));
        let mut line = match serde_json::to_vec(&Timed::new(&audio, alignments)) {
            Ok(line) => line,
            Err(error) => return Some((Err(ApiError::internal(error)), lines)),
        };
        line.push(b'\n');
        Some((Ok(line.into()), lines))
    })
}
