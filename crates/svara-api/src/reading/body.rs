//! Reading request bodies, with errors that name the field.

use std::{error::Error, iter};

use axum::{
    body::to_bytes,
    extract::{FromRequest, Multipart, Request, multipart::Field},
};
use bytes::Bytes;
use http::{
    HeaderValue,
    header::{CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_TYPE},
};
use http_body::Body as _;
use http_body_util::LengthLimitError;
use serde::de::DeserializeOwned;
use svara_engine::Gender;
use utoipa::ToSchema;

use super::{allowed, encoded, ignored::Ignored, json, known, lenient, upload::Upload};
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
        let (value, unknown) = parse(line)
            .map_err(|error| ApiError { message: format!("line {number}: {}", error.message), ..error })?;
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

async fn json_of<T: DeserializeOwned + ToSchema + Send + 'static>(
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

/// A URL-encoded form, or what it really is.
pub enum Encoded<T> {
    /// The fields of a form.
    Form(Form),
    /// The fields of a JSON object, and the names that it has in vain.
    Json(T, Ignored),
}

/// A body that is declared to be a URL-encoded form. curl declares so whatever `-d` sends: an object is read as JSON.
pub async fn encoded<T: DeserializeOwned + ToSchema + Send + 'static>(
    request: Request,
    limits: JsonLimits<T>,
) -> Result<Encoded<T>, ApiError> {
    let bytes = bytes(request, limits.with_recording).await?;
    if without_mark(&bytes).trim_ascii_start().starts_with(b"{") {
        let (fields, ignored) = json_of(bytes, limits).await?;
        return Ok(Encoded::Json(fields, ignored));
    }
    let length = bytes.len();
    work(length, move || url_encoded(&bytes)).await.map(Encoded::Form)
}

/// The text behind a byte order mark. RFC 8259 lets readers pass over one, and some clients on Windows write it.
fn without_mark(text: &[u8]) -> &[u8] {
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

/// The fields of a form, in order.
pub type Form = Vec<(String, FormValue)>;

/// What stands in a field of a form.
#[derive(Debug)]
pub enum FormValue {
    /// A text.
    Text(String),
    /// The content of a file.
    File(Bytes),
}

impl FormValue {
    /// The text of a field, also where it came as a file.
    ///
    /// # Errors
    /// The file isn't text.
    pub fn into_text(self, field: &str) -> Result<String, ApiError> {
        match self {
            Self::Text(text) => Ok(text),
            Self::File(bytes) => utf8(field, bytes),
        }
    }

    /// The bytes of a file, or of a text.
    pub fn into_bytes(self) -> Bytes {
        match self {
            Self::Text(text) => text.into(),
            Self::File(bytes) => bytes,
        }
    }

    /// The recording: a file, or base64.
    pub fn into_upload(self) -> Upload {
        match self {
            Self::Text(text) => Upload::Base64(text),
            Self::File(bytes) => Upload::File(bytes),
        }
    }
}

/// A truth value as forms spell them.
pub fn flag(field: &'static str, value: &str) -> Result<bool, ApiError> {
    lenient::switch(value).ok_or_else(|| ApiError::invalid(field, "must be true or false"))
}

/// A voice's gender as forms spell it.
pub fn gender(value: &str) -> Result<Gender, ApiError> {
    let gender = Gender::named(&value.trim().to_ascii_lowercase());
    gender.ok_or_else(|| ApiError::invalid("gender", "must be female or male"))
}

/// Most fields that a form may have: more than any dialect knows.
const MAX_FORM_FIELDS: usize = 100;

/// The fields of a form, in order.
pub async fn form(request: Request, limit_bytes: usize) -> Result<Form, ApiError> {
    if body_type(&request) == BodyType::UrlEncoded {
        let bytes = bytes(request, limit_bytes).await?;
        let length = bytes.len();
        return work(length, move || url_encoded(&bytes)).await;
    }
    check_declared(&request, limit_bytes)?;
    let mut multipart = Multipart::from_request(request, &())
        .await
        .map_err(|error| ApiError::bad_request(format!("multipart body: {}", error.body_text())))?;
    let mut fields = Vec::new();
    while let Some(field) = multipart.next_field().await? {
        let name = field.name().unwrap_or_default().to_owned();
        if fields.len() == MAX_FORM_FIELDS {
            return Err(too_many_fields());
        }
        // Whatever the name of a file is written in.
        let disposition = field.headers().get(CONTENT_DISPOSITION).map_or(&b""[..], HeaderValue::as_bytes);
        let is_file = disposition.windows(9).any(|word| word.eq_ignore_ascii_case(b"filename="));
        let value = if is_file || field.file_name().is_some() {
            FormValue::File(field.bytes().await?)
        } else {
            FormValue::Text(text_of(field, &name).await?)
        };
        fields.push((name, value));
    }
    Ok(fields)
}

/// The text of a part, which is UTF-8 unless the part says otherwise.
async fn text_of(field: Field<'_>, name: &str) -> Result<String, ApiError> {
    let content_type = field.content_type().unwrap_or_default().to_ascii_lowercase();
    if content_type.contains("charset=") && !content_type.contains("utf-8") {
        return Ok(field.text().await?);
    }
    utf8(name, field.bytes().await?)
}

fn utf8(name: &str, bytes: Bytes) -> Result<String, ApiError> {
    String::from_utf8(bytes.into()).map_err(|_| {
        let shown: String = name.chars().take(64).collect();
        ApiError::bad_request(format!("{shown} must be UTF-8"))
    })
}

fn url_encoded(bytes: &[u8]) -> Result<Form, ApiError> {
    let fields = encoded::pairs(bytes).take(MAX_FORM_FIELDS + 1);
    let fields = fields.map(|field| field.map(|(name, value)| (name, FormValue::Text(value))));
    let fields: Form = fields.collect::<Result<_, _>>()?;
    if fields.len() > MAX_FORM_FIELDS { Err(too_many_fields()) } else { Ok(fields) }
}

fn too_many_fields() -> ApiError {
    ApiError::bad_request(format!("the form has more than {MAX_FORM_FIELDS} fields"))
}

/// A longer body is parsed on a thread where it delays no other request.
const QUICK_BYTES: usize = 64 * 1024;

/// Works on a body of this many bytes.
async fn work<T: Send + 'static>(
    bytes: usize,
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    if bytes <= QUICK_BYTES {
        return work();
    }
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|reason| Err(ApiError::internal(format!("a body's parsing ended: {reason}"))))
}

/// Judges what a body is declared to be, before any of it is read: its length, and that nothing has compressed it.
fn check_declared(request: &Request, limit_bytes: usize) -> Result<(), ApiError> {
    let encodings = request.headers().get_all(CONTENT_ENCODING).iter();
    let plain = |encoding: &[u8]| encoding.is_empty() || encoding.eq_ignore_ascii_case(b"identity");
    if let Some(encoding) = encodings.map(HeaderValue::as_bytes).find(|encoding| !plain(encoding)) {
        return Err(ApiError::compressed(&String::from_utf8_lossy(encoding)));
    }
    let too_large = request.body().size_hint().lower() > limit_bytes as u64;
    if too_large { Err(ApiError::too_large(limit_bytes)) } else { Ok(()) }
}

async fn bytes(request: Request, limit_bytes: usize) -> Result<Bytes, ApiError> {
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

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use futures::FutureExt;
    use proptest::{prelude::*, test_runner::TestRunner};
    use svara_testkit::allocations::peak_bytes;

    use super::*;
    use crate::error::Kind;

    const LIMIT_BYTES: usize = 2_000;
    /// Buffers and copies of a body of [`LIMIT_BYTES`], and at most [`MAX_FORM_FIELDS`] names and values.
    const MAX_PEAK_BYTES: usize = 40_000;

    /// How many inputs the fuzz tests try: `SVARA_FUZZ_INPUTS`.
    fn runner() -> TestRunner {
        let inputs = std::env::var("SVARA_FUZZ_INPUTS").ok().and_then(|text| text.parse().ok());
        TestRunner::new(ProptestConfig::with_cases(inputs.unwrap_or(2_000)))
    }

    /// Pieces of forms, whole and broken, and anything at all.
    fn body() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            6 => prop::sample::select(vec![
                "--b\r\n", "--b--\r\n", "--b", "\r\n", "\r\n\r\n", "Content-Disposition: form-data; name=\"text\"\r\n\r\n",
                "Content-Disposition: form-data; name=\"reference_audio\"; filename=\"a.wav\"\r\n",
                "Content-Type: audio/wav\r\n\r\n", "Content-Disposition: form-data\r\n\r\n", "name=", "\"", ";", "\u{0}",
                "text=hello&voice=hi_male", "&", "=", "%e0%a4", "%", "+", "&&&=&",
            ]).prop_map(|text| text.as_bytes().to_vec()),
            2 => prop::collection::vec(any::<u8>(), 0..40),
            1 => (0usize..3_000).prop_map(|length| vec![b'a'; length]),
        ];
        prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
    }

    /// What came of a form: names and bytes of its values.
    fn read(content_type: &str, body: Vec<u8>) -> Result<Vec<(String, usize)>, ApiError> {
        let request = http::Request::builder().header(CONTENT_TYPE, content_type);
        let mut request = request.body(Body::from(body)).unwrap();
        // As the router sets it for all routes.
        axum::extract::DefaultBodyLimit::max(LIMIT_BYTES).apply(&mut request);
        // All of the body is there: nothing to wait for.
        let fields = form(request, LIMIT_BYTES).now_or_never().unwrap()?;
        let size = |value: &FormValue| match value {
            FormValue::Text(text) => text.len(),
            FormValue::File(bytes) => bytes.len(),
        };
        Ok(fields.iter().map(|(name, value)| (name.clone(), size(value))).collect())
    }

    #[test]
    fn no_form_makes_it_panic_or_grow() {
        for content_type in ["multipart/form-data; boundary=b", "application/x-www-form-urlencoded"] {
            let outcome = runner().run(&body(), |body| {
                let sent = body.len();
                let (fields, peak) = peak_bytes(|| read(content_type, body));
                prop_assert!(peak <= MAX_PEAK_BYTES, "{peak} bytes for {sent}");
                if let Ok(fields) = fields {
                    prop_assert!(sent <= LIMIT_BYTES, "{sent} bytes were read");
                    prop_assert!(fields.len() <= MAX_FORM_FIELDS);
                    let kept: usize = fields.iter().map(|(name, bytes)| name.len() + bytes).sum();
                    prop_assert!(kept <= sent, "{kept} bytes of {sent}");
                }
                Ok(())
            });
            outcome.unwrap();
        }
    }

    #[test]
    fn a_form_is_read_and_one_that_is_too_large_is_not() {
        let part = |text: &str| {
            format!("--b\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\n{text}\r\n--b--\r\n")
                .into_bytes()
        };
        let multipart = "multipart/form-data; boundary=b";
        assert_eq!(read(multipart, part("hello")).unwrap(), [("text".to_owned(), 5)]);
        assert_eq!(read(multipart, part(&"a".repeat(LIMIT_BYTES))).unwrap_err().kind, Kind::BodyTooLarge);
        let encoded = "application/x-www-form-urlencoded";
        assert_eq!(read(encoded, b"text=a%20b&voice=x".to_vec()).unwrap()[0], ("text".to_owned(), 3));
        let many = "a=1&".repeat(MAX_FORM_FIELDS + 1).into_bytes();
        assert_eq!(read(encoded, many).unwrap_err().kind, Kind::BadRequest);
    }
}
