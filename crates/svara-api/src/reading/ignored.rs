//! Names the fields of a request that are passed over.

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue};
use serde::de::DeserializeOwned;

use super::known;
use crate::error::ApiError;

const IGNORED_FIELDS: HeaderName = HeaderName::from_static("x-ignored-fields");

/// Fields that a request has and the route doesn't. They are passed over: clients send many that mean something elsewhere.
#[derive(Debug, Default)]
pub struct Ignored(Vec<String>);

impl Ignored {
    /// The names of a form's fields that `T` doesn't have.
    pub fn of_form<T: DeserializeOwned, V>(fields: &[(String, V)]) -> Self {
        Self::new(known::unknown_of(fields.iter().map(|(name, _)| name.clone()), known::fields::<T>()))
    }

    /// These names, which are printable. The log lines of the request name them, too.
    pub fn new(names: Vec<String>) -> Self {
        if !names.is_empty() {
            tracing::Span::current().record("ignored_fields", names.join(", "));
        }
        Self(names)
    }

    /// Without names that the dialect knows and that mean nothing here.
    pub fn without(self, passed_over: &[&str]) -> Self {
        Self(self.0.into_iter().filter(|name| !passed_over.contains(&name.as_str())).collect())
    }

    /// The error of a missing field, where the request has what another dialect calls it.
    pub fn explain(&self, error: ApiError, theirs: &str, route: &str) -> ApiError {
        let missing = error.field.is_some_and(|field| error.message == format!("{field} is required"));
        if !missing || !self.0.iter().any(|name| name == theirs) {
            return error;
        }
        let message = format!("{}; {theirs} belongs to {route}", error.message);
        ApiError { message, ..error }
    }

    /// Names them in the response, for a caller that has mistyped one.
    pub fn tell(self, response: &mut Response) {
        if self.0.is_empty() {
            return;
        }
        let names = self.0.join(", ");
        response.headers_mut().extend(HeaderValue::try_from(names).ok().map(|names| (IGNORED_FIELDS, names)));
    }

    /// An answer that names them.
    pub fn told(self, answer: impl IntoResponse) -> Response {
        let mut response = answer.into_response();
        self.tell(&mut response);
        response
    }
}
