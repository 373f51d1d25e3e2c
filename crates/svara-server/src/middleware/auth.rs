//! Checks API keys.

use std::sync::Arc;

use crate::{
    config::OpenGroup,
    door::Door,
    error::{Kind, Spelling},
    routes::Access,
    state::RequestId,
};
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Uri, Version,
    header::{AUTHORIZATION, CONNECTION, UPGRADE},
};

const XI_API_KEY: HeaderName = HeaderName::from_static("xi-api-key");

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

/// Middleware: admits requests that have a valid key or need none, and sets the [`svara_service::Caller`] in their extensions.
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
            guard.door.identify(client, given.as_deref())
        }
        Access::Open(group) if reads && guard.open.contains(&group) => Ok(guard.door.nobody_yet()),
        Access::KeyInMessage if reads && given.is_none() => Ok(guard.door.nobody_yet()),
        _ => guard.door.identify(client, given.as_deref()),
    };
    match caller {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(error) => {
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

/// The key in the value of an `Authorization` header.
pub(crate) fn bearer(value: &str) -> Option<&str> {
    let (scheme, key) = value.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim()).filter(|key| !key.is_empty())
}

/// The key of a request: from `Authorization: Bearer`, `xi-api-key`, or the query of a WebSocket's address, because
/// browsers can't set headers there. Queries of other requests end up in logs and histories.
pub(crate) fn key_of(headers: &HeaderMap, socket: Option<&Uri>) -> Option<String> {
    let header = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let in_headers = header(&AUTHORIZATION).and_then(bearer).or_else(|| header(&XI_API_KEY));
    if let Some(key) = in_headers {
        return Some(key.to_owned());
    }
    let query = form_urlencoded::parse(socket?.query().unwrap_or_default().as_bytes());
    query.into_iter().find_map(|(name, value)| match &*name {
        "xi_api_key" | "xi-api-key" | "api_key" => Some(value.into_owned()),
        "authorization" => Some(bearer(&value).unwrap_or(&value).to_owned()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key_in(headers: &[(&'static str, &str)], uri: &str) -> Option<String> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        let uri: Uri = uri.parse().unwrap();
        key_of(&map, map.contains_key(UPGRADE).then_some(&uri))
    }

    #[test]
    fn keys_come_where_clients_put_them() {
        let key = Some("k".to_owned());
        assert_eq!(key_in(&[("authorization", "Bearer k")], "/"), key);
        assert_eq!(key_in(&[("authorization", "bearer  k ")], "/"), key);
        assert_eq!(key_in(&[("xi-api-key", "k")], "/"), key);
        assert_eq!(key_in(&[("authorization", "Basic x"), ("xi-api-key", "k")], "/"), key);
        assert_eq!(key_in(&[("upgrade", "websocket")], "/?a=b&xi_api_key=k"), key);
        assert_eq!(key_in(&[("upgrade", "websocket")], "/?authorization=Bearer%20k"), key);
        assert_eq!(key_in(&[], "/?xi_api_key=k"), None);
        assert_eq!(key_in(&[("authorization", "Bearer ")], "/"), None);
    }
}
