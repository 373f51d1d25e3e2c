//! Reading forms, with and without files.

use axum::extract::{FromRequest, Multipart, Request, multipart::Field};
use bytes::Bytes;
use http::{HeaderValue, header::CONTENT_DISPOSITION};
use serde::de::DeserializeOwned;
use svara_engine::Gender;
use utoipa::ToSchema;

use super::{
    body::{BodyType, JsonLimits, body_type, bytes, check_declared, json_of, without_mark, work},
    encoded,
    ignored::Ignored,
    known, lenient,
    upload::Upload,
};
use crate::error::ApiError;

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

    /// Whether nothing was filled in.
    fn is_empty(&self) -> bool {
        match self {
            Self::Text(text) => text.is_empty(),
            Self::File(bytes) => bytes.is_empty(),
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

/// Checks that a form has each of these fields at most once, as JSON does. Empty ones count as absent.
///
/// # Errors
/// Names the first that it has twice.
pub fn once(form: &[(String, FormValue)], names: &[&'static str]) -> Result<(), ApiError> {
    let given = |name: &str| form.iter().filter(|(given, value)| given == name && !value.is_empty()).count();
    match names.iter().find(|name| given(name) > 1) {
        Some(name) => Err(ApiError::invalid(name, "must be given once")),
        None => Ok(()),
    }
}

impl Ignored {
    /// The fields of a form that `T` has, and the names of the others.
    ///
    /// # Errors
    /// One of the fields is there twice.
    pub fn of_form<T: DeserializeOwned>(fields: Form) -> Result<(Form, Self), ApiError> {
        let known = known::fields::<T>();
        once(&fields, known)?;
        let (fields, others): (Vec<_>, Vec<_>) =
            fields.into_iter().partition(|(name, _)| known.contains(&name.as_str()));
        Ok((fields, Self::new(known::unknown_of(others.into_iter().map(|(name, _)| name), known))))
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
    let mut multipart = Multipart::from_request(request, &()).await.map_err(|_| {
        let hint = "the header content-type has no boundary; clients set it themselves if left to it";
        ApiError::bad_request(format!("multipart body: {hint}"))
    })?;
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

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use futures::FutureExt;
    use http::header::CONTENT_TYPE;
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
