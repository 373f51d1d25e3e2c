//! Which routes need a key.

use http::Method;

use crate::config::OpenGroup;

/// The key that a route requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// A key, unless the group is open.
    Open(OpenGroup),
    /// A key.
    Key,
    /// A key, which may also come in the first message of the WebSocket; the route checks that one.
    KeyInMessage,
}

/// Patterns of routes that only read and can be open. All other routes need a key.
const OPEN: &[(&str, OpenGroup)] = &[
    ("/health", OpenGroup::Health),
    ("/health/live", OpenGroup::Health),
    ("/health/ready", OpenGroup::Health),
    ("/v1/readyz", OpenGroup::Health),
    ("/v1/test", OpenGroup::Health),
    ("/metrics", OpenGroup::Metrics),
    ("/v1/voices", OpenGroup::Voices),
    ("/v1/voices/{id}", OpenGroup::Voices),
    ("/v1/voices/{id}/settings", OpenGroup::Voices),
    ("/v1/voices/settings/default", OpenGroup::Voices),
    ("/v2/voices", OpenGroup::Voices),
    ("/v1/audio/voices", OpenGroup::Voices),
    ("/v1/audio/models", OpenGroup::Voices),
    ("/v1/models", OpenGroup::Voices),
    ("/v1/models/{id}", OpenGroup::Voices),
    ("/", OpenGroup::Pages),
    ("/playground", OpenGroup::Pages),
    ("/playground/settings.json", OpenGroup::Pages),
    ("/playground/{file}", OpenGroup::Pages),
    ("/openapi.json", OpenGroup::Pages),
    ("/docs", OpenGroup::Pages),
    ("/docs/", OpenGroup::Pages),
    ("/docs/{file}", OpenGroup::Pages),
];

/// ElevenLabs' WebSockets, whose clients may send the key in the first message.
const KEY_IN_MESSAGE: &[&str] =
    &["/v1/text-to-speech/{voice_id}/stream-input", "/v1/text-to-speech/{voice_id}/multi-stream-input"];

/// The access rule of the route with this pattern.
pub(super) fn of(method: &Method, pattern: &str) -> Access {
    if method != Method::GET && method != Method::HEAD {
        return Access::Key;
    }
    if KEY_IN_MESSAGE.contains(&pattern) {
        return Access::KeyInMessage;
    }
    let group = OPEN.iter().find(|(open, _)| *open == pattern).map(|(_, group)| *group);
    group.map_or(Access::Key, Access::Open)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_reads_can_be_open() {
        assert_eq!(of(&Method::GET, "/v1/voices"), Access::Open(OpenGroup::Voices));
        assert_eq!(of(&Method::HEAD, "/health"), Access::Open(OpenGroup::Health));
        assert_eq!(of(&Method::POST, "/v1/voices"), Access::Key);
        assert_eq!(of(&Method::DELETE, "/v1/voices/{id}"), Access::Key);
        assert_eq!(of(&Method::GET, "/debug/timing"), Access::Key);
    }
}
