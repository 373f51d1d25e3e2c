//! Reading request bodies, with errors that name the field.

use axum::{
    body::to_bytes,
    extract::{FromRequest, Multipart, Request},
};
use http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;

use crate::error::ApiError;

/// The type of a body, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyType {
    Json,
    Multipart,
    UrlEncoded,
    Other,
}

pub(super) fn body_type(request: &Request) -> BodyType {
    let value = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let essence = value.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    match essence.as_str() {
        "multipart/form-data" => BodyType::Multipart,
        "application/x-www-form-urlencoded" => BodyType::UrlEncoded,
        json if json == "application/json" || json.ends_with("+json") => BodyType::Json,
        _ => BodyType::Other,
    }
}

/// A JSON body. Fields that aren't known are passed over: clients send many that mean something elsewhere.
pub(super) async fn json<T: DeserializeOwned>(request: Request, limit_bytes: usize) -> Result<T, ApiError> {
    let bytes = bytes(request, limit_bytes).await?;
    let mut deserializer = serde_json::Deserializer::from_slice(&bytes);
    serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let reason = error.into_inner();
        match (reason.classify(), path.as_str()) {
            (serde_json::error::Category::Data, ".") => ApiError::bad_request(format!(
                "the body must be a JSON object of this request's fields: {reason}"
            )),
            (serde_json::error::Category::Data, field) => wrong_type(field, &reason.to_string()),
            _ => ApiError::bad_request(format!("the body is not valid JSON: {reason}")),
        }
    })
}

/// The text fields of a form, in order. Files count as text only where they are text.
pub(super) async fn form(request: Request, limit_bytes: usize) -> Result<Vec<(String, String)>, ApiError> {
    if body_type(&request) == BodyType::UrlEncoded {
        let bytes = bytes(request, limit_bytes).await?;
        return Ok(form_urlencoded::parse(&bytes).into_owned().collect());
    }
    let mut multipart = Multipart::from_request(request, &())
        .await
        .map_err(|error| ApiError::bad_request(format!("multipart body: {}", error.body_text())))?;
    let mut fields = Vec::new();
    while let Some(field) = multipart.next_field().await? {
        let name = field.name().unwrap_or_default().to_owned();
        if field.file_name().is_some() {
            fields.push((name, String::new()));
            continue;
        }
        fields.push((name, field.text().await?));
    }
    Ok(fields)
}

async fn bytes(request: Request, limit_bytes: usize) -> Result<bytes::Bytes, ApiError> {
    // The only other way to fail is a client that went away.
    to_bytes(request.into_body(), limit_bytes).await.map_err(|_| ApiError::too_large(limit_bytes))
}

/// A value of the wrong type somewhere in a body.
fn wrong_type(field: &str, reason: &str) -> ApiError {
    // Paths into bodies are the client's text: short ones only.
    let field: String = field.chars().take(64).collect();
    ApiError { message: format!("{field}: {reason}"), ..ApiError::invalid("body", "") }
}
