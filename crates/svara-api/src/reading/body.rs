//! Reading request bodies, with errors that name the field.

use std::{error::Error, iter};

use axum::{body::to_bytes, extract::Request};
use bytes::Bytes;
use http::{
    HeaderValue,
    header::{CONTENT_ENCODING, CONTENT_TYPE},
};
use http_body::Body as _;
use http_body_util::LengthLimitError;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use super::{allowed, ignored::Ignored, json, known};
use crate::error::ApiError;

/// The type of a body, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyType {
    /// `application/json`.
    Json,
    /// One JSON object a line.
    JsonLines,
    /// A form that may have files.
    Multipart,
    /// A form without files.
    UrlEncoded,
    /// None of these, or not given.
    Other,
}

/// The type that a request declares for its body.
pub fn body_type(request: &Request) -> BodyType {
    let value = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let essence = value.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    match essence.as_str() {
        "multipart/form-data" => BodyType::Multipart,
        "application/x-www-form-urlencoded" => BodyType::UrlEncoded,
        "application/jsonl" | "application/x-ndjson" | "application/ndjson" | "application/json-lines" => {
            BodyType::JsonLines
        }
        json if json == "application/json" || json.ends_with("+json") => BodyType::Json,
        _ => BodyType::Other,
    }
}

/// A JSON body, and the names of the fields that were passed over: clients send many that mean something elsewhere.
pub async fn json<T: DeserializeOwned + ToSchema + Send + 'static>(
    request: Request,
    limit_bytes: usize,
) -> Result<(T, Ignored), ApiError> {
    let has_recording = |_: &T| true;
    json_telling(request, JsonLimits { with_recording: limit_bytes, of_text: limit_bytes, has_recording })
        .await
}

/// Lines of JSON with their numbers, from 1. Empty ones are passed over; there may be `max_lines` others.
pub async fn json_lines<T: DeserializeOwned + ToSchema + Send + 'static>(
    request: Request,
    limit_bytes: usize,
    max_lines: usize,
) -> Result<(Vec<(usize, T)>, Ignored), ApiError> {
    let bytes = bytes(request, limit_bytes).await?;
    let length = bytes.len();
    let (lines, names) = work(length, move || parse_lines(&bytes, max_lines)).await?;
    Ok((lines, Ignored::new(names)))
}

/// Numbered lines, and the names of the fields that were passed over.
type Lines<T> = (Vec<(usize, T)>, Vec<String>);

fn parse_lines<T: DeserializeOwned + ToSchema>(bytes: &[u8], max_lines: usize) -> Result<Lines<T>, ApiError> {
    let lines = (1..).zip(bytes.split(|byte| *byte == b'\n'));
    let (mut values, mut names) = (Vec::new(), Vec::new());
    for (number, line) in lines.filter(|(_, line)| !line.trim_ascii().is_empty()) {
        if values.len() == max_lines {
            return Err(ApiError::bad_request(format!("the body has more than {max_lines} lines")));
        }
        let parsed = json::object_telling(without_mark(line), "line", allowed::at::<T>);
        let (value, unknown) = parsed.map_err(|error: ApiError| {
            // It has no line but the first.
            let said = error.message.replacen(": line 1, column ", ": column ", 1);
            ApiError { message: format!("line {number}: {said}"), ..error }
        })?;
        values.push((number, value));
        names.extend(unknown);
    }
    Ok((values, known::unknown_of(names.into_iter(), &[])))
}

/// How large a JSON body may be, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct JsonLimits<T> {
    /// With a recording.
    pub with_recording: usize,
    /// Without one.
    pub of_text: usize,
    /// Whether there is one.
    pub has_recording: fn(&T) -> bool,
}

/// As [`json()`], with the names of the fields that were passed over.
pub async fn json_telling<T: DeserializeOwned + ToSchema + Send + 'static>(
    request: Request,
    limits: JsonLimits<T>,
) -> Result<(T, Ignored), ApiError> {
    let bytes = bytes(request, limits.with_recording).await?;
    json_of(bytes, limits).await
}

pub(super) async fn json_of<T: DeserializeOwned + ToSchema + Send + 'static>(
    bytes: Bytes,
    limits: JsonLimits<T>,
) -> Result<(T, Ignored), ApiError> {
    let length = bytes.len();
    let parsed = move || {
        let (fields, unknown) = parse(&bytes)?;
        if bytes.len() > limits.of_text && !(limits.has_recording)(&fields) {
            return Err(ApiError::too_large(limits.of_text));
        }
        Ok((fields, unknown))
    };
    let (fields, names) = work(length, parsed).await?;
    Ok((fields, Ignored::new(names)))
}

/// The text behind a byte order mark. RFC 8259 lets readers pass over one, and some clients on Windows write it.
pub(super) fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

/// The fields, and the names that were passed over.
fn parse<T: DeserializeOwned + ToSchema>(bytes: &[u8]) -> Result<(T, Vec<String>), ApiError> {
    json::object_telling(without_mark(bytes), "body", allowed::at::<T>)
}

/// What the field of a form must be, as in JSON.
pub fn must_be<T: ToSchema>(field: &str) -> String {
    format!("must be {}", allowed::at::<T>(field).unwrap_or_else(|| "a number".to_owned()))
}

/// Longer ones are worked on where that delays no other request.
const QUICK_BYTES: usize = 64 * 1024;

/// Works on a body of this many bytes, in or out.
pub(crate) async fn work<T: Send + 'static>(
    bytes: usize,
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    if bytes <= QUICK_BYTES {
        return work();
    }
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|reason| Err(ApiError::internal(format!("the work on a body ended: {reason}"))))
}

/// Judges what a body is declared to be, before any of it is read: its length, and that nothing has compressed it.
pub(super) fn check_declared(request: &Request, limit_bytes: usize) -> Result<(), ApiError> {
    let encodings = request.headers().get_all(CONTENT_ENCODING).iter();
    let plain = |encoding: &[u8]| encoding.is_empty() || encoding.eq_ignore_ascii_case(b"identity");
    if let Some(encoding) = encodings.map(HeaderValue::as_bytes).find(|encoding| !plain(encoding)) {
        return Err(ApiError::compressed(&String::from_utf8_lossy(encoding)));
    }
    let too_large = request.body().size_hint().lower() > limit_bytes as u64;
    if too_large { Err(ApiError::too_large(limit_bytes)) } else { Ok(()) }
}

pub(super) async fn bytes(request: Request, limit_bytes: usize) -> Result<Bytes, ApiError> {
    check_declared(&request, limit_bytes)?;
    to_bytes(request.into_body(), limit_bytes).await.map_err(|error| unread(&error, limit_bytes))
}

/// A body that couldn't be read to its end.
fn unread(error: &(dyn Error + 'static), limit_bytes: usize) -> ApiError {
    let mut causes = iter::successors(Some(error), |&error| error.source());
    let known =
        causes.find_map(|cause| cause.is::<LengthLimitError>().then(|| ApiError::too_large(limit_bytes)));
    let known = known.or_else(|| ApiError::of_unread_body(error));
    // A client that went away, or bytes that are no body: nobody may be there to read this.
    known.unwrap_or_else(|| ApiError::bad_request(format!("the body can't be read: {error}")))
}
