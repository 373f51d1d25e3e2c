//! `/v1/audio/speech/stream`: the WebSocket of vLLM-Omni's speech server. Text comes in parts, and is spoken sentence by
//! sentence; a connection serves one utterance after the other.

mod config;
mod messages;
mod run;
mod session;

use std::time::Instant;

use axum::{
    Extension,
    extract::{State, WebSocketUpgrade, ws::WebSocket, ws::rejection::WebSocketUpgradeRejection},
    response::Response,
};
use svara_api::{
    door::asker::Asker,
    error::{ApiError, OpenAi, Refused, Spelling},
    routes::{Routes, Tag},
    state::AppState,
};
use svara_http::Linger;
use svara_service::Dialect;
use tracing::Instrument;
use utoipa_axum::{router::OpenApiRouter, routes};

use self::session::{Rules, Session};
use crate::socket::MAX_MESSAGE_BYTES;

pub(super) fn routes() -> Routes {
    let router = OpenApiRouter::new().routes(routes!(speech_stream));
    Routes::key_in_address(Tag::Speech, Spelling::Fixed(Dialect::OpenAi), router)
}

/// Speak text that comes piece by piece, over a WebSocket (vLLM-Omni)
///
/// Text frames in: session.config, input.text, input.done and session.close. Out: audio.start, binary frames, audio.done for
/// each sentence, and session.done for each utterance.
#[utoipa::path(
    get,
    path = "/v1/audio/speech/stream",
    responses((status = 101, description = "The WebSocket is open."), (status = 426))
)]
async fn speech_stream(
    State(state): State<AppState>,
    asker: Asker,
    Extension(linger): Extension<Linger>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Refused<OpenAi>> {
    let upgrade = upgrade.map_err(|_| ApiError::no_upgrade())?;
    let upgrade = upgrade.max_message_size(MAX_MESSAGE_BYTES).max_frame_size(MAX_MESSAGE_BYTES);
    let rules =
        Rules { max_characters: state.service.engine().text_max_characters(), idle: state.socket_idle };
    let session = Session::new(rules, Instant::now());
    let span = tracing::Span::current();
    Ok(upgrade.on_upgrade(move |socket: WebSocket| {
        run::run(socket, session, state, asker, linger).instrument(span)
    }))
}
