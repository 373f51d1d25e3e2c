//! `/v1/text-to-speech/{voice_id}/stream-input` and `…/multi-stream-input`: speech over WebSockets, for text that comes
//! piece by piece.

mod context;
mod messages;
mod run;
mod session;
mod sound;

use std::time::{Duration, Instant};

use axum::{
    Extension,
    extract::{
        State, WebSocketUpgrade,
        ws::{CloseFrame, Message, WebSocket, rejection::WebSocketUpgradeRejection},
    },
    response::Response,
};
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use svara_api::{
    door::{KEY_PARAMETERS, asker::Asker},
    error::{ApiError, ElevenLabs, Refused, close_of},
    reading::{
        encoded,
        form::flag,
        ignored::{Handling, Ignored},
    },
    state::AppState,
};
use svara_engine::{Normalization, SpeakError, SpeechRequest};
use svara_http::Linger;
use svara_service::{Caller, Delivery, Dialect, Order, ServiceError};
use tracing::Instrument;

use self::{
    run::Orders,
    session::{Kind, Rules, Session},
};
use super::{
    address::{Addressed, SocketAddress},
    formats,
};
use crate::{socket::MAX_MESSAGE_BYTES, spoken::SpokenLanguage, svara};

/// Tells how long a client may be silent: what it asked for, within the limits.
const INACTIVITY: HeaderName = HeaderName::from_static("x-inactivity-timeout");
/// How long a client without a key may take to send the message that brings it.
const KEY_WITHIN: Duration = Duration::from_secs(5);
const DEFAULT_INACTIVITY_S: u64 = 20;
const LONGEST_INACTIVITY_S: u64 = 180;

/// Reads a client's message, and what it asks for; for fuzzers.
pub fn try_message(text: &str) {
    if let Ok(message) = messages::ClientMessage::read(text) {
        let _ = message.key();
        let _ = message.generation_config.map(messages::GenerationConfig::schedule);
    }
}

type Upgrade = Result<WebSocketUpgrade, WebSocketUpgradeRejection>;

/// Speak text that comes piece by piece, over a WebSocket (ElevenLabs)
#[utoipa::path(
    get,
    path = "/v1/text-to-speech/{voice_id}/stream-input",
    params(SocketAddress),
    responses((status = 101, description = "The WebSocket is open."), (status = 426))
)]
pub(super) async fn stream_input(
    State(state): State<AppState>,
    addressed: Addressed,
    uri: Uri,
    headers: HeaderMap,
    Extension(linger): Extension<Linger>,
    upgrade: Upgrade,
) -> Result<Response, Refused<ElevenLabs>> {
    open(Kind::Single, state, addressed, (&uri, &headers, linger), upgrade)
}

/// Speak several texts at once that come piece by piece, over a WebSocket (ElevenLabs)
#[utoipa::path(
    get,
    path = "/v1/text-to-speech/{voice_id}/multi-stream-input",
    params(SocketAddress),
    responses((status = 101, description = "The WebSocket is open."), (status = 426))
)]
pub(super) async fn multi_stream_input(
    State(state): State<AppState>,
    addressed: Addressed,
    uri: Uri,
    headers: HeaderMap,
    Extension(linger): Extension<Linger>,
    upgrade: Upgrade,
) -> Result<Response, Refused<ElevenLabs>> {
    open(Kind::Multi, state, addressed, (&uri, &headers, linger), upgrade)
}

fn open(
    kind: Kind,
    state: AppState,
    addressed: Addressed,
    (uri, headers, linger): (&Uri, &HeaderMap, Linger),
    upgrade: Upgrade,
) -> Result<Response, Refused<ElevenLabs>> {
    let upgrade = upgrade.map_err(|_| ApiError::no_upgrade())?;
    let upgrade = upgrade.max_message_size(MAX_MESSAGE_BYTES).max_frame_size(MAX_MESSAGE_BYTES);
    let options = Options::read(uri);
    let inactivity_s = options.as_ref().ok().map(|options| options.inactivity.as_secs());
    let mut ignored =
        Ignored::default().with_query(uri, &[PARAMETERS.as_slice(), &PASSED_OVER, &KEY_PARAMETERS].concat());
    let voices = state.service.engine().voices();
    let language = options.as_ref().ok().and_then(|options| options.language_code.as_deref());
    if SpokenLanguage::named(voices, "language_code", language).is_err() {
        ignored = ignored.and("language_code");
    }
    let ignored = ignored.unless_strict(Handling::of(headers))?;
    let serving = async move |mut socket| {
        let mut addressed = addressed;
        let first = match first_message(&mut socket, &state, &mut addressed.asker).await {
            First::Known => None,
            First::Message(message) => Some(message),
            // Nothing is looked up for a client without a key.
            First::Refused(error) => return run::refuse(socket, error).await,
            First::Gone => return,
            First::Unreadable(frame) => {
                linger.at_close();
                return run::end(socket, frame).await;
            }
        };
        match prepare(state, kind, options, addressed).await {
            Ok((session, orders)) => run::run(socket, first, session, orders, linger).await,
            Err(error) => run::refuse(socket, error).await,
        }
    };
    let span = tracing::Span::current();
    let mut response = upgrade.on_upgrade(move |socket| serving(socket).instrument(span));
    response.headers_mut().extend(inactivity_s.map(|seconds| (INACTIVITY, HeaderValue::from(seconds))));
    ignored.tell(&mut response);
    Ok(response)
}

/// What comes before a text.
enum First {
    /// The caller is known, or nobody has to be: nothing is waited for.
    Known,
    /// The message with the key, which may bring a text, too.
    Message(Message),
    /// There is no key, or a wrong one.
    Refused(ApiError),
    Gone,
    Unreadable(CloseFrame),
}

/// Waits for the message with the key, where one is required and the request brought none.
async fn first_message(socket: &mut WebSocket, state: &AppState, asker: &mut Asker) -> First {
    if !matches!(asker.caller, Caller::Unknown) {
        return First::Known;
    }
    let first = async {
        loop {
            match socket.recv().await {
                Some(Ok(message @ (Message::Text(_) | Message::Binary(_)))) => return Ok(message),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(_))) | None => return Err(First::Gone),
                Some(Err(error)) => return Err(close_of(error).map_or(First::Gone, First::Unreadable)),
            }
        }
    };
    let message = match tokio::time::timeout(KEY_WITHIN, first).await {
        Ok(Ok(message)) => message,
        Ok(Err(other)) => return other,
        Err(_) => {
            let missing = ApiError::from(ServiceError::key_missing());
            let message = format!("{}; or xi_api_key in the first message", missing.message);
            return First::Refused(ApiError { message, ..missing });
        }
    };
    let identified =
        run::read(&message).and_then(|message| state.door.identify(asker.request.client, message.key()));
    match identified {
        Ok(identified) => {
            asker.caller = identified;
            First::Message(message)
        }
        Err(error) => First::Refused(error),
    }
}

async fn prepare(
    state: AppState,
    kind: Kind,
    options: Result<Options, ApiError>,
    Addressed { asker, voice }: Addressed,
) -> Result<(Session, Orders), ApiError> {
    let options = options?;
    let spec = formats::spec_of(options.output_format.as_deref())?;
    // A header in the middle of a stream is noise.
    if spec.format() == svara_audio::Format::Wav {
        return Err(ApiError::unsupported(
            "output_format",
            "wav can't be streamed over a WebSocket; take pcm",
        ));
    }
    let voices = state.service.engine().voices();
    // Clients send codes of languages that this model may not have.
    let spoken =
        SpokenLanguage::named(voices, "language_code", options.language_code.as_deref()).ok().flatten();
    let mut request = SpeechRequest {
        language: spoken.and_then(|spoken| spoken.beside(voices, &voice)),
        voice,
        normalization: options.normalization,
        seed: options.seed,
        strip: state.clean.strip(true, options.strip_markdown, options.strip_emoji),
        ..asker.speech_request()
    };
    // Once for all that the socket speaks.
    state.service.find_voice(&asker.caller, &mut request).await?;
    let engine = state.service.engine();
    if request.reference.is_none() {
        engine.voices().find(&request.voice).map_err(SpeakError::from)?;
    }
    let rules = Rules {
        kind,
        drops_thoughts: request.strip.markdown,
        auto_mode: options.auto_mode,
        inactivity: options.inactivity,
        max_characters: engine.text_max_characters(),
    };
    let (caller, dialect, delivery) = (asker.caller, Dialect::ElevenLabs, Delivery::Streamed);
    let template = Order { caller, dialect, request, spec, delivery };
    Ok((Session::new(rules, Instant::now()), Orders { state, template }))
}

/// Parameters that [`Options`] reads.
const PARAMETERS: [&str; 8] = [
    "output_format",
    "inactivity_timeout",
    "auto_mode",
    "language_code",
    "apply_text_normalization",
    "strip_markdown",
    "strip_emoji",
    "seed",
];

/// What an address may have besides, and what means nothing here.
const PASSED_OVER: [&str; 6] = [
    "model_id",
    "enable_logging",
    "enable_ssml_parsing",
    "optimize_streaming_latency",
    "sync_alignment",
    "single_use_token",
];

/// What the address of a socket asks for.
#[derive(Debug)]
struct Options {
    output_format: Option<String>,
    language_code: Option<String>,
    inactivity: Duration,
    auto_mode: bool,
    normalization: Normalization,
    seed: Option<u64>,
    strip_markdown: Option<bool>,
    strip_emoji: Option<bool>,
}

impl Options {
    fn read(uri: &Uri) -> Result<Self, ApiError> {
        let mut options = Self {
            output_format: None,
            language_code: None,
            inactivity: Duration::from_secs(DEFAULT_INACTIVITY_S),
            auto_mode: false,
            normalization: Normalization::Auto,
            seed: None,
            strip_markdown: None,
            strip_emoji: None,
        };
        for (name, value) in encoded::parameters(uri, &PARAMETERS, &[])? {
            match name {
                "output_format" => options.output_format = Some(value),
                "language_code" => options.language_code = Some(value),
                "inactivity_timeout" => {
                    let reason = format!("must be a number of seconds, from 1 to {LONGEST_INACTIVITY_S}");
                    let asked = value.parse().ok().filter(|seconds: &f64| *seconds >= 0.0);
                    let asked = asked.ok_or_else(|| ApiError::invalid("inactivity_timeout", reason))?;
                    options.inactivity = Duration::from_secs((asked as u64).clamp(1, LONGEST_INACTIVITY_S));
                }
                "auto_mode" => options.auto_mode = flag("auto_mode", &value)?,
                "strip_markdown" => options.strip_markdown = Some(flag("strip_markdown", &value)?),
                "strip_emoji" => options.strip_emoji = Some(flag("strip_emoji", &value)?),
                "apply_text_normalization" => {
                    options.normalization = svara::normalization_named("apply_text_normalization", &value)?;
                }
                "seed" => {
                    let reason = "must be a whole number from 0 to 2⁶⁴ − 1";
                    let seed = value.parse().map_err(|_| ApiError::invalid("seed", reason))?;
                    options.seed = Some(seed);
                }
                other => return Err(ApiError::internal(format!("the parameter {other} isn't read"))),
            }
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_read() {
        let read = |query: &str| Options::read(&format!("/?{query}").parse().unwrap());
        let options =
            read("model_id=x&output_format=pcm_16000&inactivity_timeout=60&auto_mode=true&seed=3&sync_alignment=true").unwrap();
        assert_eq!((options.inactivity.as_secs(), options.auto_mode, options.seed), (60, true, Some(3)));
        for (asked, taken) in [(0, 1), (181, 180), (100_000, 180)] {
            let options = read(&format!("inactivity_timeout={asked}")).unwrap();
            assert_eq!(options.inactivity.as_secs(), taken);
        }
        for (query, field) in [
            ("inactivity_timeout=-1", "inactivity_timeout"),
            ("inactivity_timeout=long", "inactivity_timeout"),
            ("auto_mode=maybe", "auto_mode"),
            ("apply_text_normalization=x", "apply_text_normalization"),
            ("seed=-1", "seed"),
        ] {
            assert_eq!(read(query).unwrap_err().field, Some(field));
        }
        for name in PARAMETERS {
            let unread = read(&format!("{name}=~")).is_err_and(|error| error.status().is_server_error());
            assert!(!unread, "{name}");
        }
    }
}
