//! The engine's answer: a stream, or a refusal.

use std::time::{Duration, SystemTime};

use futures::StreamExt;
use reqwest::{
    Response, StatusCode,
    header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName, LOCATION, RETRY_AFTER},
};
use tokio::time::{Instant, timeout_at};

use super::{
    HEALTH_TIMEOUT, too_long,
    wire::{EngineError, ErrorBody},
};
use crate::source::{SourceError, excerpt};

/// The most bytes read of an error's body.
const MAX_ERROR_BYTES: usize = 16 * 1024;
/// The longest wait that an engine may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(600);

/// Checks that an answer is a stream of events.
pub(super) async fn stream(response: Response) -> Result<Response, SourceError> {
    if !response.status().is_success() {
        return Err(rejected(response).await);
    }
    let encoding = header(&response, &CONTENT_ENCODING);
    if !encoding.is_empty() && !encoding.eq_ignore_ascii_case("identity") {
        let reason = format!("it is compressed ({encoding:?}), which was not asked for");
        return Err(SourceError::Nonsense { reason: excerpt(&reason) });
    }
    let kind = header(&response, &CONTENT_TYPE);
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if !matches!(kind.as_str(), "application/json" | "text/html") {
        return Ok(response);
    }
    let body = body(response, MAX_ERROR_BYTES).await.bytes;
    let reason = match serde_json::from_slice::<ErrorBody>(&body) {
        Ok(error) => error.into_error().into_message(),
        Err(_) => String::from_utf8_lossy(&body).trim().to_owned(),
    };
    Err(SourceError::Nonsense { reason: excerpt(&format!("it is {kind} and no stream of events: {reason}")) })
}

/// The failure that an answer without success reports.
pub(super) async fn rejected(response: Response) -> SourceError {
    let status = response.status();
    let retry_after = wait(&header(&response, &RETRY_AFTER), SystemTime::now());
    if status.is_redirection() {
        let to = header(&response, &LOCATION);
        let message = excerpt(&format!(
            "it redirects to {to:?}, which is not followed; set engine.base_url to the address that answers"
        ));
        return SourceError::Rejected { status: status.as_u16(), message, field: None, retry_after };
    }
    let body = body(response, MAX_ERROR_BYTES).await.bytes;
    let text = String::from_utf8_lossy(&body);
    let error = serde_json::from_str::<ErrorBody>(&text).ok().map(ErrorBody::into_error);
    // A refusal is the caller's fault only if it names a field that the caller sets, or says that there is too much text.
    let param = error.as_ref().and_then(|error| error.param());
    let field =
        (status == StatusCode::BAD_REQUEST).then_some(param).flatten().and_then(|param| match param {
            "input_tokens" => Some("text"),
            "max_tokens" => Some("max_tokens"),
            _ => None,
        });
    let judges = matches!(
        status,
        StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNPROCESSABLE_ENTITY
    );
    let field = field.or_else(|| (judges && too_long::is_told(&text)).then_some("text"));
    let message = error.map_or_else(|| text.trim().to_owned(), EngineError::into_message);
    SourceError::Rejected { status: status.as_u16(), message: excerpt(&message), field, retry_after }
}

/// The beginning of a body, and whether that is all of it.
pub(super) struct Beginning {
    pub(super) bytes: Vec<u8>,
    /// Why there is no more, though the body isn't over.
    pub(super) cut: Option<Cut>,
}

/// Why a body wasn't read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// It is longer than may be read.
    Long,
    /// It wasn't there in time.
    Slow,
    /// Its connection failed.
    Broken,
}

/// The beginning of a body: at most a little more than `max_bytes`, and what arrives within [`HEALTH_TIMEOUT`].
pub(super) async fn body(response: Response, max_bytes: usize) -> Beginning {
    let mut bytes = Vec::new();
    let mut stream = response.bytes_stream();
    let until = Instant::now() + HEALTH_TIMEOUT;
    let cut = loop {
        match timeout_at(until, stream.next()).await {
            Ok(Some(Ok(more))) => bytes.extend_from_slice(&more),
            Ok(Some(Err(error))) if error.is_timeout() => break Some(Cut::Slow),
            Ok(Some(Err(_))) => break Some(Cut::Broken),
            Ok(None) => break None,
            Err(_) => break Some(Cut::Slow),
        }
        if bytes.len() > max_bytes {
            break Some(Cut::Long);
        }
    };
    Beginning { bytes, cut }
}

/// The wait that an engine asks for: seconds, or a date.
fn wait(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    let wait = if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // Only a number that is too large can't be read.
        value.parse().map_or(LONGEST_WAIT, Duration::from_secs)
    } else {
        // A date that is over asks for no wait.
        httpdate::parse_http_date(value).ok()?.duration_since(now).unwrap_or_default()
    };
    Some(wait.min(LONGEST_WAIT))
}

fn header(response: &Response, name: &HeaderName) -> String {
    let value = response.headers().get(name).map(|value| String::from_utf8_lossy(value.as_bytes()));
    value.unwrap_or_default().into_owned()
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    #[test]
    fn a_wait_is_a_number_of_seconds_or_a_date() {
        let now = UNIX_EPOCH + Duration::from_secs(784_111_777);
        for (value, seconds) in [
            ("7", Some(7)),
            (" 0 ", Some(0)),
            ("86400", Some(600)),
            ("99999999999999999999999", Some(600)),
            ("Sun, 06 Nov 1994 08:49:44 GMT", Some(7)),
            ("Sunday, 06-Nov-94 08:49:44 GMT", Some(7)),
            ("Sun, 06 Nov 1994 08:49:30 GMT", Some(0)),
            ("Sat, 06 Nov 2094 08:49:44 GMT", Some(600)),
            ("", None),
            ("-1", None),
            ("soon", None),
            ("1e3", None),
        ] {
            assert_eq!(wait(value, now).map(|wait| wait.as_secs()), seconds, "{value:?}");
        }
    }
}
