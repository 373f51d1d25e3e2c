//! A failure, independent of the dialect of its response.

use std::{error::Error, iter, time::Duration};

use axum::extract::multipart::MultipartError;
use http::{Method, StatusCode, header::CONTENT_TYPE};
use svara_config::plain::one_of;
use svara_engine::{Origin, SpeakError};
use svara_service::{ErrorKind, ServiceError};

use super::kind::Kind;
use crate::budget::NoRoom;

/// Where a request has its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In its body, or in a message.
    Body,
    /// In the query of its address.
    Query,
}

impl Place {
    /// FastAPI's word for it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Body => "body",
            Self::Query => "query",
        }
    }
}

/// A failure, as responses report it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    /// The kind of failure.
    pub kind: Kind,
    /// For people: names the field, and what is allowed.
    pub message: String,
    /// The field of the request that is wrong.
    pub field: Option<&'static str>,
    /// Where the request has it.
    pub place: Place,
    /// Which side caused it.
    pub origin: Origin,
    /// Whether the same request may succeed a little later.
    pub retryable: bool,
    /// How much later, if that is known.
    pub retry_after: Option<Duration>,
    /// What lies behind it, for the log only.
    pub cause: Option<String>,
}

impl ApiError {
    /// The same, of a parameter of the address.
    #[must_use]
    pub fn in_query(self) -> Self {
        Self { place: Place::Query, ..self }
    }

    /// The same, with the caller's name of the field where it has the other one.
    #[must_use]
    pub fn renamed(self, from: &str, to: &'static str) -> Self {
        if self.field != Some(from) {
            return self;
        }
        Self { field: Some(to), message: self.message.replacen(from, to, 1), ..self }
    }

    /// What the log says of it.
    pub fn reason(&self) -> &str {
        self.cause.as_deref().unwrap_or(&self.message)
    }

    /// A request that is malformed as a whole.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::client(Kind::BadRequest, message)
    }

    /// A field that is missing or has a wrong value.
    pub fn invalid(field: &'static str, reason: impl std::fmt::Display) -> Self {
        ServiceError::invalid(field, reason).into()
    }

    /// A field whose value isn't one that is offered.
    pub fn unsupported(field: &'static str, message: impl std::fmt::Display) -> Self {
        ServiceError::unsupported(field, message).into()
    }

    /// A name that doesn't exist.
    pub fn not_found(field: &'static str, message: impl std::fmt::Display) -> Self {
        ServiceError::not_found(field, message).into()
    }

    /// A fault of the server itself, which no caller can fix.
    pub fn internal(reason: impl std::fmt::Display) -> Self {
        ServiceError::internal(reason).into()
    }

    /// The field of the request that is wrong, with the way to the part of it that is: the message begins with that.
    pub fn way(&self) -> Option<&str> {
        let field = self.field?;
        let first = self.message.split([' ', ':']).next();
        let inside =
            |way: &&str| way.strip_prefix(field).is_some_and(|inside| inside.starts_with(['.', '[']));
        first.filter(inside).or(Some(field))
    }

    /// A request for a WebSocket that doesn't ask for one.
    pub fn no_upgrade() -> Self {
        let message =
            "this route is a WebSocket: ask for it with GET, Connection: Upgrade and Upgrade: websocket";
        Self::client(Kind::UpgradeRequired, message)
    }

    /// A path that no route has.
    pub fn no_route(message: impl Into<String>) -> Self {
        Self { field: Some("path"), ..Self::client(Kind::NoRoute, message) }
    }

    /// A method that the route doesn't support.
    pub fn method_not_allowed(method: &Method, allowed: &[&str]) -> Self {
        let method: String = method.as_str().chars().take(16).collect();
        let message = format!("this route doesn't support the method {method}; use {}", one_of(allowed));
        Self::client(Kind::MethodNotAllowed, message)
    }

    /// A part that isn't in a file of this many bytes.
    pub(crate) fn range_not_satisfiable(of_bytes: u64) -> Self {
        let message = format!("Range: the file has {of_bytes} bytes, and none of those that were asked for");
        Self::client(Kind::RangeNotSatisfiable { of_bytes }, message)
    }

    /// A body that is too large.
    pub(crate) fn too_large(limit_bytes: usize) -> Self {
        Self::client(Kind::BodyTooLarge, format!("the request body is larger than {limit_bytes} bytes"))
    }

    /// A body for which there is no room now.
    pub fn no_room(reason: NoRoom) -> Self {
        let (kind, origin) = match reason {
            NoRoom::Server => (ErrorKind::ServerFull, Origin::Server),
            NoRoom::Key => (ErrorKind::TooManyStreams, Origin::Client),
        };
        Self { origin, retryable: true, ..Self::client(Kind::Service(kind), reason.to_string()) }
    }

    /// An answer for which there is no room now.
    pub fn no_room_for_answer(reason: NoRoom) -> Self {
        let message = match reason {
            NoRoom::Server => "the server waits for too many clients to read their answers; try again",
            NoRoom::Key => "too many answers to this key are waiting to be read; read them first",
        };
        Self { message: message.to_owned(), ..Self::no_room(reason) }
    }

    /// A body of a media type that the route doesn't read.
    pub fn unsupported_media_type<B>(request: &http::Request<B>, allowed: &str) -> Self {
        let given = request.headers().get(CONTENT_TYPE).and_then(|given| given.to_str().ok());
        let given = given.map(|given| given.trim().chars().take(64).collect::<String>());
        let is_json = given.as_ref().is_some_and(|given| given.to_ascii_lowercase().contains("json"));
        let given = match given.as_deref() {
            None => "and there is none".to_owned(),
            Some("") => "and it is empty".to_owned(),
            Some(given) => format!("not {given}"),
        };
        let hint = if allowed.contains("json") && !is_json {
            "; for JSON, send the header content-type: application/json"
        } else {
            ""
        };
        Self::client(Kind::UnsupportedMediaType, format!("content-type must be {allowed}, {given}{hint}"))
    }

    /// A body that the client has compressed.
    pub(crate) fn compressed(encoding: &str) -> Self {
        let encoding: String = encoding.chars().take(32).collect();
        let message = format!(
            "content-encoding: {encoding:?} is not read here; send the body as it is, without the header content-encoding"
        );
        Self::client(Kind::UnsupportedMediaType, message)
    }

    /// A body with a transfer coding besides `chunked`.
    pub fn unknown_coding(coding: &str) -> Self {
        let coding: String = coding.chars().take(32).collect();
        let message =
            format!("transfer-encoding: must be chunked, and nothing else; {coding:?} is not known here");
        Self::client(Kind::UnknownCoding, message)
    }

    /// A body that didn't arrive in time.
    pub fn body_timeout(reason: &svara_http::BodyTimeout) -> Self {
        Self { retryable: true, ..Self::client(Kind::BodyTimeout, reason.to_string()) }
    }

    /// A WebSocket's client sent nothing for too long.
    pub fn input_timeout(seconds: u64) -> Self {
        let message = format!("no text arrived for {seconds} seconds; end the text with an empty message");
        Self::client(Kind::InputTimeout, message)
    }

    /// A host that a server without keys doesn't answer to.
    pub fn unknown_host(host: &str) -> Self {
        let host: String = host.chars().take(64).collect();
        let message = format!(
            "host: a server without keys answers to localhost, IP addresses and the names in server.hosts \
             (SVARA_HOSTS), not to {host:?}"
        );
        Self::client(Kind::UnknownHost, message)
    }

    /// A page of an origin that isn't allowed.
    pub fn foreign_page() -> Self {
        let message = "origin: pages of other origins may use this server only if server.cors_origins lists their \
                       origin";
        Self::client(Kind::ForeignPage, message)
    }

    /// An address from which too many wrong keys have come.
    pub(crate) fn too_many_failures(wait: Duration) -> Self {
        let message = "too many wrong API keys have come from this address; try again later";
        let error = Self::client(Kind::TooManyFailures, message);
        Self { retryable: true, retry_after: Some(wait), ..error }
    }

    /// The server is stopping; another replica may take the request.
    pub fn draining() -> Self {
        let error = Self::client(Kind::Stopping, "the server is stopping; try again");
        Self { origin: Origin::Server, retryable: true, ..error }
    }

    /// What broke off the reading of a body, if it is one of our own bounds.
    pub(crate) fn of_unread_body(error: &(dyn Error + 'static)) -> Option<Self> {
        let mut causes = iter::successors(Some(error), |&error| error.source());
        causes.find_map(|cause| {
            let late = cause.downcast_ref().map(Self::body_timeout);
            late.or_else(|| cause.downcast_ref().map(|reason: &NoRoom| Self::no_room(*reason)))
        })
    }

    fn client(kind: Kind, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            kind,
            message,
            field: None,
            place: Place::Body,
            origin: Origin::Client,
            retryable: false,
            retry_after: None,
            cause: None,
        }
    }

    /// The status in the svara dialect.
    pub fn status(&self) -> StatusCode {
        self.kind.status()
    }
}

impl From<ServiceError> for ApiError {
    fn from(error: ServiceError) -> Self {
        let ServiceError { kind, mut message, field, origin, retryable, retry_after, cause } = error;
        match kind {
            ErrorKind::UnknownVoice => {
                let end = if message.ends_with('?') { " " } else { "; " };
                message.push_str(&format!("{end}GET /v1/voices lists all"));
            }
            ErrorKind::TextTooLong => message.push_str("; POST /v1/jobs takes longer texts"),
            _ => {}
        }
        let (kind, place) = (Kind::Service(kind), Place::Body);
        Self { kind, message, field, place, origin, retryable, retry_after, cause }
    }
}

impl From<SpeakError> for ApiError {
    fn from(error: SpeakError) -> Self {
        ServiceError::from(error).into()
    }
}

impl From<MultipartError> for ApiError {
    fn from(error: MultipartError) -> Self {
        if let Some(known) = Self::of_unread_body(&error) {
            return known;
        }
        let too_large = error.status() == StatusCode::PAYLOAD_TOO_LARGE;
        let kind = if too_large { Kind::BodyTooLarge } else { Kind::BadRequest };
        Self::client(kind, format!("multipart body: {}", error.body_text()))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::header;
    use svara_engine::{UnknownVoice, source::SourceError};
    use svara_service::Dialect;
    use svara_snac::DecodeError;
    use svara_text::UnknownStyle;

    use super::*;

    #[test]
    fn each_failure_has_its_status_origin_and_advice() {
        let unreachable = SourceError::Unreachable { reason: "refused".into(), is_gone: true };
        let no_prompt = SourceError::NoPrompt { reason: "codes".into() };
        let rejected =
            |status, field| SourceError::Rejected { status, message: "no".into(), field, retry_after: None };
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
            (rejected(501, None).into(), 502, "engine", false),
            (no_prompt.into(), 500, "server", false),
            (timeout.into(), 504, "engine", true),
            (SpeakError::CutOff { max_tokens: 1 }, 502, "engine", true),
            (SpeakError::Runaway { tokens: 1, characters: 1 }, 502, "engine", true),
            (SpeakError::Looped { what: "frame" }, 502, "engine", true),
            (SpeakError::NoAudio, 502, "engine", true),
            (DecodeError::Full { max_streams: 1 }.into(), 503, "decoder", true),
            (DecodeError::Stopped.into(), 500, "decoder", true),
        ] {
            let api = ApiError::from(error);
            assert_eq!(
                (api.status().as_u16(), api.origin.name(), api.retryable),
                (status, origin, retryable),
                "{api:?}"
            );
            let response = api.into_response(Dialect::Svara);
            assert_eq!(response.headers().contains_key(header::RETRY_AFTER), retryable);
        }
    }
}
