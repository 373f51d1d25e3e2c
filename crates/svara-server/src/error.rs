//! Which failure is which HTTP answer. The only place that knows.

use std::{error::Error, iter, time::Duration};

use axum::{
    Json,
    extract::multipart::MultipartError,
    response::{IntoResponse, Response},
};
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{self, WWW_AUTHENTICATE},
};
use serde_json::{Value, json};
use svara_engine::{SpeakError, source::SourceError};

use crate::{auth::OverQuota, store::StoreError};

/// The header in which ElevenLabs' clients send their key.
const ELEVENLABS_KEY: HeaderName = HeaderName::from_static("xi-api-key");

/// How a dialect spells errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorDialect {
    /// `{"detail": "…", "error": {…}}`: the Python stack's callers read `detail`.
    Svara,
    /// `{"error": {"message", "type", "param", "code"}}`.
    OpenAi,
    /// `{"detail": {"status", "message", …}}`, and a list of what is wrong with the fields for 422.
    ElevenLabs,
}

impl ErrorDialect {
    /// The dialect of a request, for answers that no route gives. Paths that ElevenLabs' clients share with others are
    /// theirs where the request brings the header in which they send their key.
    pub fn of<B>(request: &http::Request<B>) -> Self {
        let path = request.uri().path();
        let under = |root: &str| {
            path.strip_prefix(root).is_some_and(|rest| matches!(rest.as_bytes(), [] | [b'/', ..]))
        };
        if under("/v1/audio") {
            Self::OpenAi
        } else if under("/v1/models") {
            Self::of_headers(request.headers(), Self::OpenAi)
        } else if under("/v2") || (under("/v1/text-to-speech") && path != "/v1/text-to-speech") {
            Self::ElevenLabs
        } else {
            Self::of_headers(request.headers(), Self::Svara)
        }
    }

    /// The dialect of a request for a path that ElevenLabs' clients share with `others`.
    pub fn of_headers(headers: &HeaderMap, others: Self) -> Self {
        if headers.contains_key(ELEVENLABS_KEY) { Self::ElevenLabs } else { others }
    }

    /// The dialect's name in metrics and logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Svara => "svara",
            Self::OpenAi => "openai",
            Self::ElevenLabs => "elevenlabs",
        }
    }
}

/// Stands in the extensions of an answer that tells of a failure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refusal {
    /// [`ApiError::kind`].
    pub(crate) kind: &'static str,
    /// [`ApiError::origin`].
    pub(crate) origin: &'static str,
}

/// A failure, as answers tell of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    /// The status in the svara dialect.
    pub status: StatusCode,
    /// A stable word for programs.
    pub kind: &'static str,
    /// For people: names the field, and what is allowed.
    pub message: String,
    /// The field of the request that is wrong.
    pub field: Option<&'static str>,
    /// Whose doing it is: `client`, `engine`, `decoder` or `server`.
    pub origin: &'static str,
    /// Whether the same request may succeed a little later.
    pub retryable: bool,
    /// How much later, where that is known.
    pub retry_after: Option<Duration>,
}

/// What clients are told to wait before they try again, where nothing better is known.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// The same in milliseconds, which OpenAI's clients read before the other.
const RETRY_AFTER_MS: HeaderName = HeaderName::from_static("retry-after-ms");

impl ApiError {
    /// A request that is wrong as a whole.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::client(StatusCode::BAD_REQUEST, "bad_request", None, message)
    }

    /// A field that is missing or has a wrong value.
    pub fn invalid(field: &'static str, reason: impl std::fmt::Display) -> Self {
        Self::client(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid_field",
            Some(field),
            format!("{field} {reason}"),
        )
    }

    /// A field whose value isn't one of those there are.
    pub fn unsupported(field: &'static str, message: impl std::fmt::Display) -> Self {
        Self::client(StatusCode::BAD_REQUEST, "unsupported_value", Some(field), format!("{field}: {message}"))
    }

    /// A name that nothing has.
    pub fn not_found(field: &'static str, message: impl std::fmt::Display) -> Self {
        Self::client(StatusCode::NOT_FOUND, "not_found", Some(field), format!("{field}: {message}"))
    }

    /// A body that is too large.
    pub fn too_large(limit_bytes: usize) -> Self {
        let message = format!("the request body is larger than {limit_bytes} bytes");
        Self::client(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", None, message)
    }

    /// A body of a type that isn't read here.
    pub fn unsupported_media_type(allowed: &str) -> Self {
        let message = format!("content-type must be {allowed}");
        Self::client(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", None, message)
    }

    /// Something that this server, as it is set up, can't do.
    pub fn not_supported(field: &'static str, reason: &str) -> Self {
        let status = StatusCode::NOT_IMPLEMENTED;
        let error = Self::client(status, "not_supported", Some(field), format!("{field}: {reason}"));
        Self { origin: "server", ..error }
    }

    /// A recording that can't be used.
    pub(crate) fn unusable_audio(reason: &str) -> Self {
        let message = format!("reference_audio: {reason}");
        Self::client(StatusCode::UNPROCESSABLE_ENTITY, "invalid_field", Some("reference_audio"), message)
    }

    /// Too many recordings are being worked on.
    pub(crate) fn cloning_busy() -> Self {
        let message = "too many recordings are being worked on; try again";
        let error = Self::client(StatusCode::SERVICE_UNAVAILABLE, "server_full", None, message);
        Self { origin: "server", retryable: true, ..error }
    }

    /// A WebSocket's client said nothing for too long.
    pub(crate) fn input_timeout(seconds: u64) -> Self {
        let message = format!("no text came for {seconds} seconds; end the text with an empty one");
        Self::client(StatusCode::REQUEST_TIMEOUT, "input_timeout_exceeded", None, message)
    }

    /// No more voices may be kept.
    pub(crate) fn voices_full(max_kept: usize) -> Self {
        let message = format!("there are {max_kept} kept voices, the most there may be; delete some");
        Self::client(StatusCode::CONFLICT, "voices_full", None, message)
    }

    /// The server is stopping; another one may take the request.
    pub(crate) fn draining() -> Self {
        let message = "the server is stopping; try again";
        let error = Self::client(StatusCode::SERVICE_UNAVAILABLE, "server_stopping", None, message);
        Self { origin: "server", retryable: true, ..error }
    }

    /// A body that didn't come in time.
    pub(crate) fn body_timeout(reason: &svara_http::BodyTimeout) -> Self {
        let status = StatusCode::REQUEST_TIMEOUT;
        let error = Self::client(status, "body_timeout", None, reason.to_string());
        Self { retryable: true, ..error }
    }

    /// No more jobs may be kept.
    pub(crate) fn jobs_full(reason: &str) -> Self {
        Self::client(StatusCode::CONFLICT, "jobs_full", None, format!("{reason}; delete some"))
    }

    /// A job whose audio isn't there yet.
    pub(crate) fn job_unfinished(status: &str) -> Self {
        let message = format!("this audio is not made yet: it is {status}");
        Self { retryable: true, ..Self::client(StatusCode::CONFLICT, "job_unfinished", None, message) }
    }

    /// A request without an API key.
    pub(crate) fn key_missing() -> Self {
        let message = "an API key is required: in the header Authorization (Bearer …) or xi-api-key";
        Self::client(StatusCode::UNAUTHORIZED, "missing_api_key", None, message)
    }

    /// A request with a key that isn't one.
    pub(crate) fn key_unknown() -> Self {
        Self::client(StatusCode::UNAUTHORIZED, "invalid_api_key", None, "the API key isn't known here")
    }

    /// As many speak as may, and as many wait.
    pub(crate) fn server_full(retry_after: Duration) -> Self {
        let message = "too many requests are being spoken; try again";
        let error = Self::client(StatusCode::SERVICE_UNAVAILABLE, "server_full", None, message);
        Self { origin: "server", retryable: true, retry_after: Some(retry_after), ..error }
    }

    /// Something here failed that no caller can help.
    pub fn internal(message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            kind: "internal_error",
            message: message.into(),
            field: None,
            origin: "server",
            retryable: false,
            retry_after: None,
        }
    }

    fn client(
        status: StatusCode,
        kind: &'static str,
        field: Option<&'static str>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            status,
            kind,
            message: message.into(),
            field,
            origin: "client",
            retryable: false,
            retry_after: None,
        }
    }

    /// The answer, as a dialect spells it.
    pub fn into_response(self, dialect: ErrorDialect) -> Response {
        let status = self.status_in(dialect);
        tracing::info!(
            status = status.as_u16(),
            kind = self.kind,
            origin = self.origin,
            field = self.field,
            retryable = self.retryable,
            reason = self.message,
            "refused"
        );
        let Self { retryable, retry_after, .. } = self;
        let refusal = Refusal { kind: self.kind, origin: self.origin };
        let mut response = (status, Json(self.body(dialect))).into_response();
        response.extensions_mut().insert(refusal);
        let headers = response.headers_mut();
        if retryable {
            let wait = retry_after.unwrap_or(RETRY_AFTER);
            // Who comes a little late gets in; who comes early doesn't.
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            let ms = u64::try_from(wait.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX);
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
            headers.insert(RETRY_AFTER_MS, HeaderValue::from(ms.max(1)));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }

    /// OpenAI has no 422: its clients know 400.
    fn status_in(&self, dialect: ErrorDialect) -> StatusCode {
        match (dialect, self.status) {
            (ErrorDialect::OpenAi, StatusCode::UNPROCESSABLE_ENTITY) => StatusCode::BAD_REQUEST,
            // As OpenAI says that there is too much to do.
            (ErrorDialect::OpenAi, StatusCode::SERVICE_UNAVAILABLE) if self.kind == "server_full" => {
                StatusCode::TOO_MANY_REQUESTS
            }
            (_, status) => status,
        }
    }

    /// The failure in a dialect's words: the body of an answer, or what an event says.
    pub(crate) fn body(&self, dialect: ErrorDialect) -> Value {
        match dialect {
            ErrorDialect::Svara => json!({
                "detail": self.message,
                "error": {
                    "type": self.kind,
                    "field": self.field,
                    "origin": self.origin,
                    "retryable": self.retryable,
                },
            }),
            ErrorDialect::OpenAi => json!({
                "error": {
                    "message": self.message,
                    "type": match self.status_in(dialect) {
                        StatusCode::TOO_MANY_REQUESTS => "requests",
                        status if status.is_client_error() => "invalid_request_error",
                        _ => "server_error",
                    },
                    "param": self.field,
                    "code": self.kind,
                },
            }),
            ErrorDialect::ElevenLabs if self.status == StatusCode::UNPROCESSABLE_ENTITY => json!({
                "detail": [{
                    "loc": (["body"].into_iter().chain(self.field).collect::<Vec<_>>()),
                    "msg": self.message,
                    "type": self.kind,
                }],
            }),
            ErrorDialect::ElevenLabs => json!({
                "detail": {
                    "status": self.elevenlabs_status(),
                    "code": self.elevenlabs_status(),
                    "type": if self.status.is_client_error() { "invalid_request" } else { "server_error" },
                    "message": self.message,
                    "param": self.field,
                },
            }),
        }
    }

    /// The word that ElevenLabs' clients know for it, where they know one.
    fn elevenlabs_status(&self) -> &'static str {
        match self.kind {
            "unknown_voice" => "voice_not_found",
            "server_full" | "engine_busy" => "system_busy",
            kind => kind,
        }
    }
}

impl From<SpeakError> for ApiError {
    fn from(error: SpeakError) -> Self {
        let (status, kind, field) = match &error {
            SpeakError::Invalid { field, .. } => {
                (StatusCode::UNPROCESSABLE_ENTITY, "invalid_field", Some(*field))
            }
            SpeakError::UnknownStyle(_) => (StatusCode::BAD_REQUEST, "unsupported_value", Some("style")),
            SpeakError::UnknownVoice(_) => (StatusCode::NOT_FOUND, "unknown_voice", Some("voice")),
            SpeakError::Cloning(_) => (StatusCode::NOT_IMPLEMENTED, "not_supported", Some("reference_audio")),
            SpeakError::Source(SourceError::Rejected { field: Some(field), .. }) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "invalid_field", Some(*field))
            }
            SpeakError::Source(SourceError::Unreachable { .. }) => {
                (StatusCode::SERVICE_UNAVAILABLE, "engine_unreachable", None)
            }
            SpeakError::Source(SourceError::Rejected { status: 429 | 503, .. }) => {
                (StatusCode::SERVICE_UNAVAILABLE, "engine_busy", None)
            }
            SpeakError::Source(SourceError::Timeout { .. }) => {
                (StatusCode::GATEWAY_TIMEOUT, "engine_timeout", None)
            }
            SpeakError::Runaway { .. } => (StatusCode::BAD_GATEWAY, "runaway", None),
            SpeakError::Source(_) | SpeakError::CutOff { .. } | SpeakError::NoAudio => {
                (StatusCode::BAD_GATEWAY, "engine_error", None)
            }
            SpeakError::Decode(svara_snac::DecodeError::Full { .. }) => {
                (StatusCode::SERVICE_UNAVAILABLE, "server_full", None)
            }
            SpeakError::Decode(_) => (StatusCode::INTERNAL_SERVER_ERROR, "decoder_error", None),
        };
        let origin = error.origin().name();
        let (message, retryable) = (error.to_string(), error.is_retryable());
        Self { status, kind, message, field, origin, retryable, retry_after: None }
    }
}

impl From<OverQuota> for ApiError {
    fn from(error: OverQuota) -> Self {
        let (kind, retryable, retry_after) = match error {
            OverQuota::Requests { retry_after, .. } => ("rate_limit_exceeded", true, Some(retry_after)),
            OverQuota::Streams { .. } => ("too_many_concurrent_requests", true, None),
            OverQuota::Characters { retry_after, .. } => {
                ("quota_exceeded", retry_after.is_some(), retry_after)
            }
        };
        let this = Self::client(StatusCode::TOO_MANY_REQUESTS, kind, None, error.to_string());
        Self { retryable, retry_after, ..this }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        let (status, kind) = match &error {
            StoreError::Unavailable { .. } => (StatusCode::SERVICE_UNAVAILABLE, "store_unavailable"),
            StoreError::Damaged { .. } => (StatusCode::INTERNAL_SERVER_ERROR, "voice_damaged"),
            StoreError::Open { .. } | StoreError::Exists { .. } | StoreError::TooLarge { .. } => {
                (StatusCode::INTERNAL_SERVER_ERROR, "internal_error")
            }
        };
        let retryable = kind == "store_unavailable";
        Self { status, kind, retryable, ..Self::internal(error.to_string()) }
    }
}

impl From<MultipartError> for ApiError {
    fn from(error: MultipartError) -> Self {
        let mut causes = iter::successors(Some(&error as &dyn Error), |&error| error.source());
        if let Some(timeout) = causes.find_map(<dyn Error>::downcast_ref) {
            return Self::body_timeout(timeout);
        }
        let kind =
            if error.status() == StatusCode::PAYLOAD_TOO_LARGE { "body_too_large" } else { "bad_request" };
        Self::client(error.status(), kind, None, format!("multipart body: {}", error.body_text()))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use svara_engine::{UnknownVoice, text::style::UnknownStyle};
    use svara_snac::DecodeError;

    use super::*;

    #[test]
    fn each_failure_has_its_status_origin_and_advice() {
        let unreachable = SourceError::Unreachable { reason: "refused".into() };
        let rejected = |status, field| SourceError::Rejected { status, message: "no".into(), field };
        let timeout = SourceError::Timeout { after: Duration::from_secs(1), phase: "" };
        for (error, status, origin, retryable) in [
            (SpeakError::invalid("text", "must not be empty"), 422, "client", false),
            (UnknownVoice { voice: "x".into(), nearest: Vec::new() }.into(), 404, "client", false),
            (UnknownStyle { style: "x".into(), known: Vec::new() }.into(), 400, "client", false),
            (unreachable.into(), 503, "engine", true),
            (rejected(503, None).into(), 503, "engine", true),
            (rejected(404, None).into(), 502, "engine", false),
            (rejected(400, Some("max_tokens")).into(), 422, "client", false),
            (rejected(500, None).into(), 502, "engine", true),
            (timeout.into(), 504, "engine", true),
            (SpeakError::CutOff { max_tokens: 1 }, 502, "engine", true),
            (SpeakError::Runaway { tokens: 1, characters: 1 }, 502, "engine", true),
            (SpeakError::NoAudio, 502, "engine", true),
            (DecodeError::Full { max_streams: 1 }.into(), 503, "decoder", true),
            (DecodeError::Stopped.into(), 500, "decoder", true),
        ] {
            let api = ApiError::from(error);
            assert_eq!(
                (api.status.as_u16(), api.origin, api.retryable),
                (status, origin, retryable),
                "{api:?}"
            );
            let response = api.into_response(ErrorDialect::Svara);
            assert_eq!(response.headers().contains_key(header::RETRY_AFTER), retryable);
        }
    }

    #[test]
    fn dialects_spell_the_same_error_differently() {
        let error = ApiError::invalid("top_k", "must be at least 1");
        let svara = error.body(ErrorDialect::Svara);
        assert_eq!(svara["detail"], "top_k must be at least 1");
        assert_eq!(svara["error"]["field"], "top_k");
        let openai = error.body(ErrorDialect::OpenAi);
        assert_eq!(openai["error"]["param"], "top_k");
        assert_eq!(openai["error"]["type"], "invalid_request_error");
        assert_eq!(error.status_in(ErrorDialect::OpenAi), StatusCode::BAD_REQUEST);
        let elevenlabs = error.body(ErrorDialect::ElevenLabs);
        assert_eq!(elevenlabs["detail"][0]["loc"], json!(["body", "top_k"]));
        assert_eq!(elevenlabs["detail"][0]["msg"], "top_k must be at least 1");
        let unknown = UnknownVoice { voice: "x".into(), nearest: Vec::new() };
        let unknown = ApiError::from(SpeakError::from(unknown)).body(ErrorDialect::ElevenLabs);
        assert_eq!(unknown["detail"]["status"], "voice_not_found");
        assert_eq!(unknown["detail"]["message"], "unknown voice \"x\"");
    }

    #[test]
    fn a_request_has_a_dialect_before_it_has_a_route() {
        for (path, dialect, with_key) in [
            ("/v1/audio/speech", ErrorDialect::OpenAi, ErrorDialect::OpenAi),
            ("/v1/audiobooks", ErrorDialect::Svara, ErrorDialect::ElevenLabs),
            ("/v1/models/x", ErrorDialect::OpenAi, ErrorDialect::ElevenLabs),
            ("/v1/text-to-speech", ErrorDialect::Svara, ErrorDialect::ElevenLabs),
            ("/v1/text-to-speech/x/stream", ErrorDialect::ElevenLabs, ErrorDialect::ElevenLabs),
            ("/v2/voices", ErrorDialect::ElevenLabs, ErrorDialect::ElevenLabs),
            ("/", ErrorDialect::Svara, ErrorDialect::ElevenLabs),
        ] {
            let request = http::Request::builder().uri(path).body(()).unwrap();
            assert_eq!(ErrorDialect::of(&request), dialect, "{path}");
            let request = http::Request::builder().uri(path).header(ELEVENLABS_KEY, "k").body(()).unwrap();
            assert_eq!(ErrorDialect::of(&request), with_key, "{path}");
        }
    }
}
