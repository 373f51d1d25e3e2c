//! The kinds of failure and their HTTP status.

use http::StatusCode;
use svara_service::ErrorKind;

/// The kind of a failure: the service's, or one of HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The service refused or failed.
    Service(ErrorKind),
    /// The request is malformed as a whole.
    BadRequest,
    /// No route has this path.
    NoRoute,
    /// The route doesn't support the method.
    MethodNotAllowed,
    /// The body is larger than allowed.
    BodyTooLarge,
    /// The body didn't arrive in time.
    BodyTimeout,
    /// The route doesn't read the body's media type.
    UnsupportedMediaType,
    /// The part that the request asks for isn't in the file.
    RangeNotSatisfiable {
        /// The bytes of the file.
        of_bytes: u64,
    },
    /// The body has a transfer coding that isn't known.
    UnknownCoding,
    /// A WebSocket's client sent nothing for too long.
    InputTimeout,
    /// The request is for a host that isn't this server's.
    UnknownHost,
    /// A page of another origin sent the request.
    ForeignPage,
    /// The address has sent too many wrong keys.
    TooManyFailures,
    /// The route is a WebSocket, and the request asks for none.
    UpgradeRequired,
    /// The server is stopping.
    Stopping,
}

impl Kind {
    /// The stable name in responses, logs and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Service(kind) => kind.name(),
            Self::BadRequest => "bad_request",
            Self::NoRoute => ErrorKind::NotFound.name(),
            Self::MethodNotAllowed => "method_not_allowed",
            Self::BodyTooLarge => "body_too_large",
            Self::BodyTimeout => "body_timeout",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::RangeNotSatisfiable { .. } => "range_not_satisfiable",
            Self::UnknownCoding => "unknown_transfer_coding",
            Self::InputTimeout => "input_timeout_exceeded",
            Self::UnknownHost => "unknown_host",
            Self::ForeignPage => "foreign_page",
            Self::TooManyFailures => "too_many_failed_keys",
            Self::UpgradeRequired => "upgrade_required",
            Self::Stopping => "server_stopping",
        }
    }

    /// The status in the svara dialect.
    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::Service(kind) => service_status(kind),
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::NoRoute => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyTimeout | Self::InputTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::RangeNotSatisfiable { .. } => StatusCode::RANGE_NOT_SATISFIABLE,
            Self::UnknownCoding => StatusCode::NOT_IMPLEMENTED,
            Self::UnknownHost => StatusCode::MISDIRECTED_REQUEST,
            Self::ForeignPage => StatusCode::FORBIDDEN,
            Self::TooManyFailures => StatusCode::TOO_MANY_REQUESTS,
            Self::UpgradeRequired => StatusCode::UPGRADE_REQUIRED,
            Self::Stopping => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

fn service_status(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::UnsupportedValue => StatusCode::BAD_REQUEST,
        ErrorKind::MissingKey | ErrorKind::InvalidKey => StatusCode::UNAUTHORIZED,
        ErrorKind::SlowReader => StatusCode::REQUEST_TIMEOUT,
        ErrorKind::NotYours | ErrorKind::DictionariesFull => StatusCode::FORBIDDEN,
        ErrorKind::NotFound | ErrorKind::UnknownVoice => StatusCode::NOT_FOUND,
        ErrorKind::VoicesFull
        | ErrorKind::DictionaryExists
        | ErrorKind::JobsFull
        | ErrorKind::JobUnfinished => StatusCode::CONFLICT,
        ErrorKind::InvalidField | ErrorKind::TextTooLong => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorKind::RateLimited | ErrorKind::TooManyStreams | ErrorKind::QuotaExceeded => {
            StatusCode::TOO_MANY_REQUESTS
        }
        ErrorKind::DecoderError
        | ErrorKind::VoiceDamaged
        | ErrorKind::DictionaryDamaged
        | ErrorKind::JobDamaged
        | ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        ErrorKind::NotSupported => StatusCode::NOT_IMPLEMENTED,
        ErrorKind::EngineError | ErrorKind::NoAudio | ErrorKind::Runaway => StatusCode::BAD_GATEWAY,
        ErrorKind::ServerFull
        | ErrorKind::CloningUnavailable
        | ErrorKind::EngineUnreachable
        | ErrorKind::EngineBusy
        | ErrorKind::StoreUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::EngineTimeout => StatusCode::GATEWAY_TIMEOUT,
    }
}
