//! Checks API keys.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{
    HeaderMap, HeaderValue, Method, Version,
    header::{AUTHORIZATION, CONNECTION, UPGRADE},
};
use svara_api::{
    door::{Door, asker::RequestId, key_of},
    error::{ApiError, Kind, Spelling},
    routes::Access,
};
use svara_config::OpenGroup;
use svara_service::{Caller, ErrorKind};

/// What the door of a group knows.
#[derive(Clone, Debug)]
pub(crate) struct Guard {
    /// Identifies callers by their keys.
    pub(crate) door: Door,
    /// The groups of routes that need no key.
    pub(crate) open: Arc<[OpenGroup]>,
    /// What the group asks of its callers.
    pub(crate) access: Access,
    /// How it spells refusals.
    pub(crate) spelling: Spelling,
}

/// Middleware: admits requests that have a valid key or need none, and sets the [`Caller`] in their extensions.
pub(crate) async fn guard(State(guard): State<Guard>, mut request: Request, next: Next) -> Response {
    let upgrades =
        request.headers().get(UPGRADE).is_some_and(|to| to.as_bytes().eq_ignore_ascii_case(b"websocket"));
    let in_query = upgrades && matches!(guard.access, Access::KeyInAddress | Access::KeyInMessage);
    let given = key_of(request.headers(), in_query.then(|| request.uri()));
    let client = request.extensions().get::<RequestId>().and_then(|request| request.client);
    // Methods that the routes don't have need a key, too.
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let caller = match guard.access {
        // A list of voices has those of the key. A wrong one is refused there, too: whoever guesses keys learns no more.
        Access::Open(OpenGroup::Voices) if reads && given.is_some() => {
            guard.door.recognize(client, given.as_deref())
        }
        Access::Open(group) if reads && guard.open.contains(&group) => Ok(guard.door.nobody_yet()),
        Access::KeyInMessage if reads && given.is_none() => Ok(guard.door.nobody_yet()),
        _ => guard.door.recognize(client, given.as_deref()),
    };
    match caller {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(error) => {
            let error = if given.is_none() { of_other_scheme(error, request.headers()) } else { error };
            // Who guesses gets a new connection for each further try.
            let closes = error.kind == Kind::TooManyFailures && request.version() < Version::HTTP_2;
            let mut response = error.into_response(guard.spelling.of(&request));
            if closes {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            response
        }
    }
}

/// Middleware: charges the key one request. What is left of it can be told of refused ones, too.
pub(crate) async fn charge(State(spelling): State<Spelling>, request: Request, next: Next) -> Response {
    let charged = request.extensions().get::<Caller>().map_or(Ok(()), Caller::charge_request);
    match charged {
        Ok(()) => next.run(request).await,
        Err(error) => ApiError::from(error).into_response(spelling.of(&request)),
    }
}

/// The error of a missing key, where `Authorization` has something else.
fn of_other_scheme(error: ApiError, headers: &HeaderMap) -> ApiError {
    let scheme = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.split_whitespace().next());
    let Some(scheme) = scheme.filter(|_| error.kind == Kind::Service(ErrorKind::MissingKey)) else {
        return error;
    };
    let scheme: String = scheme.chars().take(16).collect();
    let message = format!("{}; Authorization begins with {scheme}, and no key follows Bearer", error.message);
    ApiError { message, ..error }
}
