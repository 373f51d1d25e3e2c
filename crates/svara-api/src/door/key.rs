//! The key that a request brings. Pure.

use http::{HeaderMap, HeaderName, Uri, header::AUTHORIZATION};

use crate::reading::encoded;

/// Headers in which clients of other APIs send their keys: ElevenLabs', Anthropic's and many gateways', Azure's.
const KEY_HEADERS: [HeaderName; 3] = [
    HeaderName::from_static("xi-api-key"),
    HeaderName::from_static("x-api-key"),
    HeaderName::from_static("api-key"),
];

/// The parameters in which the address of a WebSocket may have a key.
pub const KEY_PARAMETERS: [&str; 4] = ["xi-api-key", "xi_api_key", "api_key", AUTHORIZATION_PARAMETER];
/// The one whose value is written as that of the header of this name.
const AUTHORIZATION_PARAMETER: &str = "authorization";

/// The key in the value of an `Authorization` header.
pub fn bearer(value: &str) -> Option<&str> {
    let (scheme, key) = value.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim()).filter(|key| !key.is_empty())
}

/// The key in an `Authorization` header that names no scheme, as some clients send it.
fn bare(value: &str) -> Option<&str> {
    let value = value.trim();
    let is_key = !value.is_empty() && !value.contains(char::is_whitespace) && !is_scheme(value);
    is_key.then_some(value)
}

/// Whether a word is a scheme whose credentials are missing.
fn is_scheme(word: &str) -> bool {
    ["bearer", "basic", "digest", "negotiate", "token"].iter().any(|scheme| word.eq_ignore_ascii_case(scheme))
}

/// The key of a request: from `Authorization`, one of `KEY_HEADERS`, or the query of a WebSocket's address, because
/// browsers can't set headers there. Queries of other requests end up in logs and histories.
pub fn key_of(headers: &HeaderMap, socket: Option<&Uri>) -> Option<String> {
    let header = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    // A client whose variable isn't set sends an empty value: it has no key, which isn't a wrong one.
    let given = |name: &HeaderName| header(name).filter(|key| !key.trim().is_empty());
    let authorization = header(&AUTHORIZATION);
    let in_headers = authorization
        .and_then(bearer)
        .or_else(|| KEY_HEADERS.iter().find_map(given))
        .or_else(|| authorization.and_then(bare));
    if let Some(key) = in_headers {
        return Some(key.to_owned());
    }
    encoded::query(socket?).flatten().find_map(|(name, value)| match &*name {
        AUTHORIZATION_PARAMETER => bearer(&value).or_else(|| bare(&value)).map(str::to_owned),
        name if KEY_PARAMETERS.contains(&name) => Some(value).filter(|key| !key.trim().is_empty()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use http::header::UPGRADE;

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
        assert_eq!(key_in(&[("authorization", "k")], "/"), key);
        assert_eq!(key_in(&[("x-api-key", "k")], "/"), key);
        assert_eq!(key_in(&[("api-key", "k")], "/"), key);
        // As clients send it whose variable isn't set.
        for empty in ["", " "] {
            assert_eq!(key_in(&[("xi-api-key", empty)], "/"), None);
            assert_eq!(key_in(&[("xi-api-key", empty), ("authorization", "k")], "/"), key);
            assert_eq!(key_in(&[("xi-api-key", empty), ("api-key", "k")], "/"), key);
            assert_eq!(key_in(&[("xi-api-key", empty), ("upgrade", "websocket")], "/?xi-api-key=k"), key);
        }
        for query in ["xi-api-key=", "api_key=%20", "authorization=", "authorization=Bearer%20"] {
            assert_eq!(key_in(&[("upgrade", "websocket")], &format!("/?{query}")), None, "{query}");
            assert_eq!(
                key_in(&[("upgrade", "websocket")], &format!("/?{query}&xi_api_key=k")),
                key,
                "{query}"
            );
        }
        for value in ["Bearer ", "Bearer", "Basic k", "a b", ""] {
            assert_eq!(key_in(&[("authorization", value)], "/"), None, "{value}");
        }
    }
}
