//! `/v1/audio/speech/stream-input`: a language model's words in, sound out, over a WebSocket.
//!
//! Clients open sockets ahead of the words. Such a socket holds a connection, and no stream: a speech begins when there are
//! words for it.

mod messages;
mod options;
mod run;
mod session;

use std::time::Instant;

use axum::{
    Extension,
    extract::{
        State, WebSocketUpgrade,
        ws::{WebSocket, rejection::WebSocketUpgradeRejection},
    },
    response::Response,
};
use http::{HeaderMap, Uri};
use svara_api::{
    door::asker::Asker,
    error::{ApiError, Hosted, Refused, Spelling},
    reading::{ignored::Handling, loudness},
    routes::{Routes, Tag},
    state::AppState,
};
use svara_engine::{SamplingOverrides, SpeakError, SpeechRequest};
use svara_http::Linger;
use svara_service::{Delivery, Dialect, Order};
use tracing::Instrument;
use utoipa_axum::{router::OpenApiRouter, routes};

use self::{
    options::{Address, Options},
    run::Orders,
    session::{Rules, Session},
};
use super::wanted::{self, Dictionaries};
use crate::{socket::MAX_MESSAGE_BYTES, spoken::SpokenLanguage, voice};

pub(super) fn routes() -> Routes {
    let router = OpenApiRouter::new().routes(routes!(stream_input));
    Routes::key_in_address(Tag::Speech, Spelling::Fixed(Dialect::Hosted), router)
}

/// Speak a language model's words as they come, over a WebSocket (hosted API)
///
/// Text frames in: {"text"}, {"flush": true} and, at the end, {"text": ""}. Binary frames of audio out, and text frames:
/// {"type": "chunk", "text", "peek"}, {"type": "done"} and {"type": "error", "message", "code"}.
#[utoipa::path(
    get,
    path = "/v1/audio/speech/stream-input",
    operation_id = "speech_stream_input",
    params(Address),
    responses(
        (status = 101, description = "The WebSocket is open."),
        (status = 404), (status = 422), (status = 426), (status = 501),
    )
)]
async fn stream_input(
    State(state): State<AppState>,
    asker: Asker,
    uri: Uri,
    headers: HeaderMap,
    Extension(linger): Extension<Linger>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Refused<Hosted>> {
    let upgrade = upgrade.map_err(|_| ApiError::no_upgrade())?;
    let (options, ignored) = Options::read(&uri).map_err(ApiError::in_query)?;
    let ignored = ignored.unless_strict(Handling::of(&headers))?;
    let dictionary = Dictionaries::find(&state, &asker.caller, options.dictionary_id.as_deref()).await?;
    let told = dictionary.told();
    let (session, mut orders) = prepare(state, options, asker).await.map_err(ApiError::in_query)?;
    orders.template.request.dictionaries = dictionary.found;
    let upgrade = upgrade.max_message_size(MAX_MESSAGE_BYTES).max_frame_size(MAX_MESSAGE_BYTES);
    let span = tracing::Span::current();
    let mut response = upgrade
        .on_upgrade(move |socket: WebSocket| run::run(socket, session, orders, linger).instrument(span));
    wanted::tell_dictionary(&mut response, told);
    ignored.tell(&mut response);
    Ok(response)
}

/// Checks all that can be checked before there are words, so that the upgrade can be refused.
async fn prepare(state: AppState, options: Options, asker: Asker) -> Result<(Session, Orders), ApiError> {
    let engine = state.service.engine();
    let format = options.response_format.as_deref();
    let spec = wanted::spec(format, options::DEFAULT_FORMAT, options.sample_rate, options.bitrate_kbps)?;
    wanted::check_speed(options.speed)?;
    let spoken = SpokenLanguage::named(engine.voices(), "lang", options.lang.as_deref())?;
    let is_auto = voice::is_auto(options.lang.as_deref());
    let (voice, by_words) = voice::before_words(engine.voices(), options.voice, spoken.as_ref(), is_auto)?;
    let sampling = SamplingOverrides {
        temperature: options.temperature,
        top_p: options.top_p,
        top_k: options.top_k,
        repetition_penalty: options.repetition_penalty,
        max_tokens: None,
    };
    let in_range = engine.profile().sampling.with(&sampling);
    in_range.map_err(|(field, reason)| ApiError::invalid(field, reason))?;
    let mut request = SpeechRequest {
        language: spoken.and_then(|spoken| spoken.beside(engine.voices(), &voice)),
        voice,
        normalization: options.normalization,
        speed: options.speed.unwrap_or(1.0),
        gain: loudness::gain(options.volume, options.gain_db)?,
        sampling,
        strip: state.clean.strip(true, None, None),
        ..asker.speech_request()
    };
    // Once for all that the socket speaks.
    state.service.find_voice(&asker.caller, &mut request).await?;
    if request.reference.is_none() {
        engine.voices().find(&request.voice).map_err(SpeakError::from)?;
    }
    let rules = Rules {
        eager: options.eager.rules(engine.text_max_characters()),
        drops_thoughts: request.strip.markdown,
        idle: state.socket_idle,
    };
    let (caller, dialect, delivery) = (asker.caller, Dialect::Hosted, Delivery::Streamed);
    let template = Order { caller, dialect, request, spec, delivery };
    Ok((Session::new(rules, Instant::now()), Orders { state, template, by_words }))
}
