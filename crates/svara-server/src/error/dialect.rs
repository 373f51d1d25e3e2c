//! The dialect of responses outside any route.

use http::{HeaderMap, HeaderName};
use svara_service::Dialect;

/// The header in which ElevenLabs' clients send their key.
const ELEVENLABS_KEY: HeaderName = HeaderName::from_static("xi-api-key");

/// The dialect of a request, for responses outside any route. Paths that ElevenLabs' clients share with others count as
/// ElevenLabs' if the request has the header in which its clients send their key.
pub(crate) fn dialect_of<B>(request: &http::Request<B>) -> Dialect {
    let path = request.uri().path();
    let under =
        |root: &str| path.strip_prefix(root).is_some_and(|rest| matches!(rest.as_bytes(), [] | [b'/', ..]));
    if under("/v1/audio") {
        Dialect::OpenAi
    } else if under("/v1/models") {
        dialect_by_key(request.headers(), Dialect::OpenAi)
    } else if under("/v2") || (under("/v1/text-to-speech") && path != "/v1/text-to-speech") {
        Dialect::ElevenLabs
    } else {
        dialect_by_key(request.headers(), Dialect::Svara)
    }
}

/// The dialect of a request for a path that ElevenLabs' clients share with `others`.
pub(crate) fn dialect_by_key(headers: &HeaderMap, others: Dialect) -> Dialect {
    if headers.contains_key(ELEVENLABS_KEY) { Dialect::ElevenLabs } else { others }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_without_a_route_has_a_dialect() {
        for (path, dialect, with_key) in [
            ("/v1/audio/speech", Dialect::OpenAi, Dialect::OpenAi),
            ("/v1/audiobooks", Dialect::Svara, Dialect::ElevenLabs),
            ("/v1/models/x", Dialect::OpenAi, Dialect::ElevenLabs),
            ("/v1/text-to-speech", Dialect::Svara, Dialect::ElevenLabs),
            ("/v1/text-to-speech/x/stream", Dialect::ElevenLabs, Dialect::ElevenLabs),
            ("/v2/voices", Dialect::ElevenLabs, Dialect::ElevenLabs),
            ("/", Dialect::Svara, Dialect::ElevenLabs),
        ] {
            let request = http::Request::builder().uri(path).body(()).unwrap();
            assert_eq!(dialect_of(&request), dialect, "{path}");
            let request = http::Request::builder().uri(path).header(ELEVENLABS_KEY, "k").body(()).unwrap();
            assert_eq!(dialect_of(&request), with_key, "{path}");
        }
    }
}
