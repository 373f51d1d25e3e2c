//! The dialect of an answer that no handler gives.

use std::{cmp::Ordering, sync::Arc};

use http::{HeaderMap, HeaderName};
use svara_service::Dialect;

/// The header in which ElevenLabs' clients send their key.
const ELEVENLABS_KEY: HeaderName = HeaderName::from_static("xi-api-key");

/// How the dialect of a refusal follows from the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// Always this dialect.
    Fixed(Dialect),
    /// ElevenLabs' where the client sends its key as ElevenLabs' clients do, else this one.
    ByKey(Dialect),
    /// The hosted API's where the client sends its key as that API's clients may, else OpenAI's.
    Hosted,
    /// That of the routes whose patterns share the most leading segments with the path; for paths without a route.
    Nearest(Arc<[(String, Spelling)]>),
}

impl Spelling {
    /// Of routes that belong to no other dialect alone.
    pub const SVARA: Self = Self::ByKey(Dialect::Svara);

    /// The dialect in which to refuse a request.
    pub fn of<B>(&self, request: &http::Request<B>) -> Dialect {
        match self {
            Self::Fixed(dialect) => *dialect,
            Self::ByKey(others) => dialect_by_key(request.headers(), *others),
            Self::Hosted if request.headers().contains_key(ELEVENLABS_KEY) => Dialect::Hosted,
            Self::Hosted => Dialect::OpenAi,
            Self::Nearest(_) if is_openais(request.uri().path()) => Self::ByKey(Dialect::OpenAi).of(request),
            Self::Nearest(routes) => nearest(routes, request.uri().path()).of(request),
        }
    }
}

/// What OpenAI's API has besides speech, behind its version.
const OPENAIS: [&str; 14] = [
    "assistants",
    "batches",
    "chat",
    "completions",
    "conversations",
    "embeddings",
    "files",
    "fine_tuning",
    "images",
    "moderations",
    "realtime",
    "responses",
    "threads",
    "vector_stores",
];

/// Whether a path without a route is one of OpenAI's API.
pub fn is_openais(path: &str) -> bool {
    let mut segments = path.split('/').filter(|segment| !segment.is_empty() && *segment != "v1");
    segments.next().is_some_and(|first| OPENAIS.contains(&first))
}

/// The spelling that all routes most like `path` have; svara's where they differ or nothing is alike.
fn nearest<'a>(routes: &'a [(String, Spelling)], path: &str) -> &'a Spelling {
    let mut best: (usize, Option<&Spelling>) = (0, None);
    for (pattern, spelling) in routes {
        // The hosted API's routes are among OpenAI's.
        let spelling = match spelling {
            Spelling::Hosted | Spelling::Fixed(Dialect::Hosted) => &Spelling::Fixed(Dialect::OpenAi),
            spelling => spelling,
        };
        let shared = shared_segments(pattern, path);
        match shared.cmp(&best.0) {
            Ordering::Greater => best = (shared, Some(spelling)),
            Ordering::Equal if best.1 != Some(spelling) => best.1 = None,
            Ordering::Equal | Ordering::Less => {}
        }
    }
    best.1.unwrap_or(&Spelling::SVARA)
}

/// How many leading segments of the path the pattern matches.
fn shared_segments(pattern: &str, path: &str) -> usize {
    let segments = pattern.split('/').skip(1).zip(path.split('/').skip(1));
    segments.take_while(|(known, given)| known == given || known.starts_with('{')).count()
}

/// The dialect of a request for a path that ElevenLabs' clients share with `others`.
pub fn dialect_by_key(headers: &HeaderMap, others: Dialect) -> Dialect {
    if headers.contains_key(ELEVENLABS_KEY) { Dialect::ElevenLabs } else { others }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_without_a_route_has_a_dialect() {
        let routes = [
            ("/", Spelling::SVARA),
            ("/v1/jobs/{id}", Spelling::SVARA),
            ("/v1/voices/{id}", Spelling::SVARA),
            ("/v1/voices/{id}/settings", Spelling::Fixed(Dialect::ElevenLabs)),
            ("/v1/audio/speech", Spelling::Hosted),
            ("/v1/audio/speech/stream-input", Spelling::Fixed(Dialect::Hosted)),
            ("/v1/audio/voices", Spelling::Fixed(Dialect::OpenAi)),
            ("/v1/models/{id}", Spelling::ByKey(Dialect::OpenAi)),
            ("/v1/text-to-speech", Spelling::SVARA),
            ("/v1/text-to-speech/{voice_id}/stream", Spelling::Fixed(Dialect::ElevenLabs)),
            ("/v2/voices", Spelling::Fixed(Dialect::ElevenLabs)),
        ];
        let spelling = Spelling::Nearest(routes.map(|(path, spelling)| (path.to_owned(), spelling)).into());
        for (path, dialect, with_key) in [
            ("/v1/audio/speech", Dialect::OpenAi, Dialect::OpenAi),
            ("/v1/audio/speeches", Dialect::OpenAi, Dialect::OpenAi),
            ("/v1/audio", Dialect::OpenAi, Dialect::OpenAi),
            ("/v1/audiobooks", Dialect::Svara, Dialect::ElevenLabs),
            ("/v1/models/x", Dialect::OpenAi, Dialect::ElevenLabs),
            ("/v1/models/x/y", Dialect::OpenAi, Dialect::ElevenLabs),
            ("/v1/text-to-speech/x/stream", Dialect::ElevenLabs, Dialect::ElevenLabs),
            ("/v1/text-to-speech/x/streams", Dialect::ElevenLabs, Dialect::ElevenLabs),
            ("/v1/voices/x/y", Dialect::Svara, Dialect::ElevenLabs),
            ("/v2/voices", Dialect::ElevenLabs, Dialect::ElevenLabs),
            ("/v2/nothing", Dialect::ElevenLabs, Dialect::ElevenLabs),
            ("/v2", Dialect::ElevenLabs, Dialect::ElevenLabs),
            ("/v3", Dialect::Svara, Dialect::ElevenLabs),
            ("/", Dialect::Svara, Dialect::ElevenLabs),
        ] {
            let request = http::Request::builder().uri(path).body(()).unwrap();
            assert_eq!(spelling.of(&request), dialect, "{path}");
            let request = http::Request::builder().uri(path).header(ELEVENLABS_KEY, "k").body(()).unwrap();
            assert_eq!(spelling.of(&request), with_key, "{path}");
        }
    }
}
