//! Links to samples of voices, which lists have.

use std::fmt::Write as _;

use axum::extract::FromRequestParts;
use http::{HeaderName, header::HOST, request::Parts};
use svara_audio::Format;

use crate::state::AppState;

/// How a proxy says by which scheme the client came.
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
/// Where this server is for a client, as far as its request tells: lists of voices have links.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Links {
    /// Without a slash at its end; empty if the request names no host.
    root: String,
}

impl Links {
    /// The address of a voice's sample; none if this build can't make one.
    pub fn sample(&self, voice_id: &str) -> Option<String> {
        let mut address = format!("{}/v1/voices/", self.root);
        for byte in voice_id.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                address.push(char::from(byte));
            } else {
                write!(address, "%{byte:02X}").ok()?;
            }
        }
        Format::Mp3.is_supported().then(|| address + "/preview")
    }

    fn of(parts: &Parts, has_tls: bool) -> Self {
        let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok());
        let host = parts.uri.authority().map(http::uri::Authority::as_str).or(host);
        let forwarded = parts.headers.get(FORWARDED_PROTO).and_then(|proto| proto.to_str().ok());
        let scheme = match forwarded {
            Some("https") => "https",
            Some("http") => "http",
            _ if has_tls => "https",
            _ => "http",
        };
        Self { root: host.map(|host| format!("{scheme}://{host}")).unwrap_or_default() }
    }
}

impl FromRequestParts<AppState> for Links {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        Ok(Self::of(parts, state.has_tls))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_back_the_way_the_client_came() {
        for (headers, has_tls, address) in [
            (&[("host", "tts.example:81")][..], false, "http://tts.example:81/v1/voices/a/preview"),
            (&[("host", "tts.example")], true, "https://tts.example/v1/voices/a/preview"),
            (
                &[("host", "tts.example"), ("x-forwarded-proto", "https")],
                false,
                "https://tts.example/v1/voices/a/preview",
            ),
            (&[("host", "h"), ("x-forwarded-proto", "javascript")], false, "http://h/v1/voices/a/preview"),
            (&[], false, "/v1/voices/a/preview"),
        ] {
            let mut request = http::Request::builder().uri("/v1/voices");
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let (parts, ()) = request.body(()).unwrap().into_parts();
            assert_eq!(Links::of(&parts, has_tls).sample("a").unwrap(), address);
        }
        assert_eq!(Links::default().sample("a/ü").unwrap(), "/v1/voices/a%2F%C3%BC/preview");
    }
}
