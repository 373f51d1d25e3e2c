//! Names the fields of a request that are passed over.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, Uri};

use super::{encoded, known};
use crate::error::ApiError;

const IGNORED_FIELDS: HeaderName = HeaderName::from_static("x-ignored-fields");
const PREFER: HeaderName = HeaderName::from_static("prefer");

/// What a request wants done with fields that aren't known: `Prefer: handling=strict` or `lenient` (RFC 7240).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handling {
    /// They are passed over and named in the answer, as without the header.
    Lenient,
    /// The request is refused for them.
    Strict,
}

impl Handling {
    /// The first preference of its kind counts.
    pub fn of(headers: &HeaderMap) -> Self {
        let values = headers.get_all(PREFER).iter().filter_map(|value| value.to_str().ok());
        let mut preferences = values.flat_map(|value| value.split(',')).filter_map(|preference| {
            let (name, value) = preference.split(';').next()?.split_once('=')?;
            name.trim().eq_ignore_ascii_case("handling").then(|| value.trim().trim_matches('"'))
        });
        match preferences.next() {
            Some(value) if value.eq_ignore_ascii_case("strict") => Self::Strict,
            _ => Self::Lenient,
        }
    }
}

/// Fields that a request has and the route doesn't. They are passed over: clients send many that mean something elsewhere.
#[derive(Debug, Default)]
pub struct Ignored {
    /// Those of the body.
    body: Vec<String>,
    /// The parameters of the address.
    query: Vec<String>,
}

impl Ignored {
    /// These names, as a client has written them.
    pub fn of_names(names: Vec<String>) -> Self {
        Self::new(known::unknown_of(names.into_iter(), &[]))
    }

    /// These names, which are printable. The log lines of the request name them, too.
    pub fn new(names: Vec<String>) -> Self {
        Self { body: names, query: Vec::new() }.noted()
    }

    /// With the parameters of the address, of which the route has `known`.
    #[must_use]
    pub fn with_query(self, uri: &Uri, known: &[&str]) -> Self {
        let names = encoded::query(uri).flatten().map(|(name, _)| encoded::bare(name));
        let query = known::unknown_of(names, known);
        if query.is_empty() { self } else { Self { query, ..self }.noted() }
    }

    /// Without names that the dialect knows and that mean nothing here.
    #[must_use]
    pub fn without(self, passed_over: &[&str]) -> Self {
        let body = self.body.into_iter().filter(|name| !passed_over.contains(&name.as_str())).collect();
        Self { body, ..self }
    }

    /// Without those inside of an object that has many of them elsewhere.
    #[must_use]
    pub fn without_inside(self, object: &str) -> Self {
        let inside = |name: &str| name.strip_prefix(object).is_some_and(|inside| inside.starts_with('.'));
        let body = self.body.into_iter().filter(|name| !inside(name)).collect();
        Self { body, ..self }
    }

    /// With another name of the body, whose value means nothing here.
    #[must_use]
    pub fn and(mut self, name: &str) -> Self {
        if !self.body.iter().any(|known| known == name) {
            self.body.push(name.to_owned());
        }
        self.noted()
    }

    fn noted(self) -> Self {
        if let Some(names) = self.names() {
            tracing::Span::current().record("ignored_fields", names);
        }
        self
    }

    /// All names; none if there are none.
    fn names(&self) -> Option<String> {
        let names: Vec<&str> = self.body.iter().chain(&self.query).map(String::as_str).collect();
        (!names.is_empty()).then(|| names.join(", "))
    }

    /// The same, unless there are such fields and the request wants to be refused for them.
    ///
    /// # Errors
    /// Names all of them.
    pub fn unless_strict(self, handling: Handling) -> Result<Self, ApiError> {
        match self.names() {
            Some(names) if handling == Handling::Strict => Err(ApiError::bad_request(format!(
                "fields that have no effect here: {names}; without `Prefer: handling=strict`, they are passed over"
            ))),
            _ => Ok(self),
        }
    }

    /// The error of a missing field, where the request has what another dialect calls it, or has it at a wrong place, or has
    /// mistyped it.
    pub fn explain(&self, error: ApiError, theirs: &str, route: &str) -> ApiError {
        let Some(field) = error.field.filter(|_| error.message.contains("is required")) else { return error };
        let has = |names: &[String], wanted: &str| names.iter().any(|name| name == wanted);
        let hint = if has(&self.body, theirs) && error.message == format!("{field} is required") {
            format!("{theirs} belongs to {route}")
        } else if has(&self.query, field) {
            format!("{field} is a field of the body, and not of the address")
        } else if self.body.is_empty() {
            return error;
        } else {
            format!("of the fields that came, these are none here: {}", self.body.join(", "))
        };
        ApiError { message: format!("{}; {hint}", error.message), ..error }
    }

    /// Names them in the response, for a caller that has mistyped one, behind those that it names already.
    pub fn tell(self, response: &mut Response) {
        let Some(names) = self.names() else { return };
        let told = response.headers().get(IGNORED_FIELDS).and_then(|told| told.to_str().ok());
        let names = told.map(|told| format!("{told}, {names}")).unwrap_or(names);
        if let Ok(names) = HeaderValue::try_from(names) {
            response.headers_mut().insert(IGNORED_FIELDS, names);
        }
    }

    /// An answer that names them.
    pub fn told(self, answer: impl IntoResponse) -> Response {
        let mut response = answer.into_response();
        self.tell(&mut response);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_strict_preference_is_strict() {
        let handling = |values: &[&'static str]| {
            let values = values.iter().map(|value| (PREFER, HeaderValue::from_static(value)));
            Handling::of(&values.fold(HeaderMap::new(), |mut headers, (name, value)| {
                headers.append(name, value);
                headers
            }))
        };
        let strict: [&[&str]; 4] = [
            &["handling=strict"],
            &["respond-async, Handling = \"strict\"; note=1"],
            &["wait=10", "handling=strict"],
            &["handling=STRICT, handling=lenient"],
        ];
        for values in strict {
            assert_eq!(handling(values), Handling::Strict, "{values:?}");
        }
        let lenient: [&[&str]; 5] =
            [&[], &["handling=lenient"], &["strict"], &["handling=lenient, handling=strict"], &["handling"]];
        for values in lenient {
            assert_eq!(handling(values), Handling::Lenient, "{values:?}");
        }
    }
}
