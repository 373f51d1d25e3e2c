//! A failure as an HTTP response in a dialect.

use std::{marker::PhantomData, time::Duration};

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{
    HeaderName, HeaderValue, StatusCode,
    header::{self, WWW_AUTHENTICATE},
};
use svara_engine::SpeakError;
use svara_service::{Dialect, ErrorKind, ServiceError};

use super::{
    body::{
        ElevenLabsDetail, ElevenLabsError, ElevenLabsFault, ElevenLabsField, ErrorBody, OpenAiError,
        OpenAiFault, Step, SvaraError, SvaraFault,
    },
    failure::ApiError,
    kind::Kind,
    respelled::ByRoute,
};

/// The failure that a response reports, in the response's extensions.
#[derive(Clone, Copy, Debug)]
pub struct Refusal {
    /// [`Kind::name`].
    pub kind: &'static str,
    /// [`svara_engine::Origin::name`].
    pub origin: &'static str,
}

/// The wait for `Retry-After`, if no better one is known.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// The header with the wait in milliseconds, which OpenAI's clients read first.
const RETRY_AFTER_MS: HeaderName = HeaderName::from_static("retry-after-ms");
/// The header that tells OpenAI's clients whether to try again.
const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");

impl ApiError {
    /// The response in a dialect.
    pub fn into_response(self, dialect: Dialect) -> Response {
        let status = self.status_in(dialect);
        let refusal = self.refusal();
        tracing::info!(
            status = status.as_u16(),
            kind = refusal.kind,
            origin = refusal.origin,
            field = self.way(),
            retryable = self.retryable,
            reason = self.reason(),
            "refused"
        );
        self.written(dialect)
    }

    fn refusal(&self) -> Refusal {
        Refusal { kind: self.kind.name(), origin: self.origin.name() }
    }

    /// The response, of which the log tells nothing.
    pub(super) fn written(&self, dialect: Dialect) -> Response {
        let status = self.status_in(dialect);
        let mut response = (status, Json(self.body(dialect))).into_response();
        response.extensions_mut().insert(self.refusal());
        let headers = response.headers_mut();
        if self.retryable {
            let wait = self.retry_after.unwrap_or(RETRY_AFTER);
            // Rounded up: a client that retries early is refused again.
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            let ms = u64::try_from(wait.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX);
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
            headers.insert(RETRY_AFTER_MS, HeaderValue::from(ms.max(1)));
        }
        if let Kind::RangeNotSatisfiable { of_bytes } = self.kind {
            let range = HeaderValue::try_from(format!("bytes */{of_bytes}"));
            headers.extend(range.ok().map(|range| (header::CONTENT_RANGE, range)));
        }
        if self.is_out_of_quota() && !self.retryable {
            // OpenAI's clients would try twice more what can't succeed.
            headers.insert(SHOULD_RETRY, HeaderValue::from_static("false"));
        }
        if status == StatusCode::UPGRADE_REQUIRED {
            headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
            headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }

    /// OpenAI's clients don't expect 422, and expect 429 from a busy server.
    fn status_in(&self, dialect: Dialect) -> StatusCode {
        match (dialect, self.status()) {
            (Dialect::OpenAi, StatusCode::UNPROCESSABLE_ENTITY) => StatusCode::BAD_REQUEST,
            (Dialect::OpenAi, _) if self.kind == Kind::Service(ErrorKind::ServerFull) => {
                StatusCode::TOO_MANY_REQUESTS
            }
            // FastAPI's way: whatever is wrong with a field.
            (Dialect::Hosted, StatusCode::BAD_REQUEST) if self.field.is_some() => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            (_, status) => status,
        }
    }

    /// The failure in a dialect's words: the body of an answer, or the data of an event.
    pub fn body(&self, dialect: Dialect) -> ErrorBody<'_> {
        let (kind, message, field) = (self.kind.name(), self.message.as_str(), self.way());
        let is_clients = self.status_in(dialect).is_client_error();
        match dialect {
            Dialect::Svara => {
                let (origin, retryable) = (self.origin.name(), self.retryable);
                let error = SvaraFault { r#type: kind, field, origin, retryable };
                ErrorBody::Svara(SvaraError { detail: message, error })
            }
            Dialect::OpenAi => {
                let r#type = match self.status_in(dialect) {
                    StatusCode::TOO_MANY_REQUESTS if self.is_out_of_quota() => "insufficient_quota",
                    StatusCode::TOO_MANY_REQUESTS => "requests",
                    _ if is_clients => "invalid_request_error",
                    _ => "server_error",
                };
                ErrorBody::OpenAi(OpenAiError {
                    error: OpenAiFault { message, r#type, param: field, code: kind },
                })
            }
            Dialect::ElevenLabs | Dialect::Hosted => {
                let detail = if self.status_in(dialect) == StatusCode::UNPROCESSABLE_ENTITY {
                    let place = [Step::Name(self.place.name())].into_iter();
                    let loc = place.chain(field.into_iter().flat_map(steps)).collect();
                    ElevenLabsDetail::Fields([ElevenLabsField { loc, msg: message, r#type: kind }])
                } else {
                    let word = self.elevenlabs_status(dialect);
                    let r#type = if is_clients { "invalid_request" } else { "server_error" };
                    let (status, code) = (word, word);
                    ElevenLabsDetail::Fault(ElevenLabsFault { status, code, r#type, message, param: field })
                };
                ErrorBody::ElevenLabs(ElevenLabsError { detail })
            }
        }
    }

    fn is_out_of_quota(&self) -> bool {
        self.kind == Kind::Service(ErrorKind::QuotaExceeded)
    }

    /// The name that ElevenLabs, or the hosted API, has for it, if there is one.
    fn elevenlabs_status(&self, dialect: Dialect) -> &'static str {
        match self.kind {
            Kind::Service(ErrorKind::QuotaExceeded) if dialect == Dialect::Hosted => "insufficient_quota",
            Kind::Service(ErrorKind::UnknownVoice) => "voice_not_found",
            Kind::Service(ErrorKind::ServerFull | ErrorKind::EngineBusy) => "system_busy",
            kind => kind.name(),
        }
    }
}

/// A dialect as a type, for handlers whose failures are all spelled in it.
pub(crate) trait Spells {
    /// The dialect.
    const DIALECT: Dialect;
}

/// Failures in [`Dialect::Svara`].
#[derive(Debug)]
pub struct Svara;

impl Spells for Svara {
    const DIALECT: Dialect = Dialect::Svara;
}

/// Failures in [`Dialect::OpenAi`].
#[derive(Debug)]
pub struct OpenAi;

impl Spells for OpenAi {
    const DIALECT: Dialect = Dialect::OpenAi;
}

/// Failures in [`Dialect::ElevenLabs`].
#[derive(Debug)]
pub struct ElevenLabs;

impl Spells for ElevenLabs {
    const DIALECT: Dialect = Dialect::ElevenLabs;
}

/// Failures in [`Dialect::Hosted`].
#[derive(Debug)]
pub struct Hosted;

impl Spells for Hosted {
    const DIALECT: Dialect = Dialect::Hosted;
}

/// A failure that becomes a response in the dialect `S`.
#[derive(Debug)]
pub struct Refused<S>(ApiError, PhantomData<S>);

impl<S> From<ApiError> for Refused<S> {
    fn from(error: ApiError) -> Self {
        Self(error, PhantomData)
    }
}

impl<S> From<ServiceError> for Refused<S> {
    fn from(error: ServiceError) -> Self {
        ApiError::from(error).into()
    }
}

impl<S> From<SpeakError> for Refused<S> {
    fn from(error: SpeakError) -> Self {
        ApiError::from(error).into()
    }
}

impl<S: Spells> IntoResponse for Refused<S> {
    fn into_response(self) -> Response {
        let refused = ByRoute { error: self.0.clone(), dialect: S::DIALECT };
        let mut response = self.0.into_response(S::DIALECT);
        response.extensions_mut().insert(refused);
        response
    }
}

/// The names and places on the way to a field, such as `rules[0].alias`.
fn steps(way: &str) -> impl Iterator<Item = Step<'_>> {
    let steps = way.split(['.', '[']).map(|step| step.trim_end_matches(']'));
    steps.map(|step| step.parse().map_or(Step::Name(step), Step::Place))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use svara_engine::UnknownVoice;

    use super::*;

    #[test]
    fn dialects_spell_the_same_error_differently() {
        let error = ApiError::invalid("top_k", "must be at least 1");
        let svara = json!(error.body(Dialect::Svara));
        assert_eq!(svara["detail"], "top_k must be at least 1");
        assert_eq!(svara["error"]["field"], "top_k");
        let openai = json!(error.body(Dialect::OpenAi));
        assert_eq!(openai["error"]["param"], "top_k");
        assert_eq!(openai["error"]["type"], "invalid_request_error");
        assert_eq!(error.status_in(Dialect::OpenAi), StatusCode::BAD_REQUEST);
        let elevenlabs = json!(error.body(Dialect::ElevenLabs));
        assert_eq!(elevenlabs["detail"][0]["loc"], json!(["body", "top_k"]));
        assert_eq!(elevenlabs["detail"][0]["msg"], "top_k must be at least 1");
        let unknown = UnknownVoice { voice: "x".into(), nearest: Vec::new() };
        let unknown = json!(ApiError::from(SpeakError::from(unknown)).body(Dialect::ElevenLabs));
        assert_eq!(unknown["detail"]["status"], "voice_not_found");
        assert_eq!(unknown["detail"]["message"], "unknown voice \"x\"; GET /v1/voices lists all");
    }
}
