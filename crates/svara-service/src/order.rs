//! What a caller orders, and what the service returns.

use bytes::Bytes;
use futures::stream::BoxStream;
use svara_audio::EncoderSpec;
use svara_engine::SpeechRequest;

use crate::{Caller, ServiceError, cache::Key};

/// The API of a request. Here it is a label of metrics and log lines; the server formats its responses by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// The Python stack's own API, extended.
    Svara,
    /// OpenAI's speech API.
    OpenAi,
    /// ElevenLabs' API.
    ElevenLabs,
    /// The hosted Svara API.
    Hosted,
}

impl Dialect {
    /// Its name in metrics and logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Svara => "svara",
            Self::OpenAi => "openai",
            Self::ElevenLabs => "elevenlabs",
            Self::Hosted => "hosted",
        }
    }
}

/// How the audio reaches its listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Bytes are sent as soon as there are samples; the file's header has no sizes.
    Streamed,
    /// One complete file, with exact sizes in its header.
    Whole,
}

/// One speech to generate.
#[derive(Clone, Debug)]
pub struct Order {
    /// The caller, whose quota is charged.
    pub caller: Caller,
    /// The API of the order.
    pub dialect: Dialect,
    /// What to speak, and how.
    pub request: SpeechRequest,
    /// The format of the file.
    pub spec: EncoderSpec,
    /// How the file is delivered.
    pub delivery: Delivery,
}

/// Where cacheable audio came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheResult {
    /// From memory or the store.
    Hit,
    /// From a generation that another request had started.
    Join,
    /// From a generation that this request started.
    Miss,
}

impl CacheResult {
    /// `hit`, `join` or `miss`: its name in headers, logs and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Join => "join",
            Self::Miss => "miss",
        }
    }
}

/// A speech as bytes. Failures before its first byte are errors of [`crate::Service::speak`].
pub struct Spoken {
    /// The format of the file.
    pub spec: EncoderSpec,
    /// Times of its generation as the value of a `Server-Timing` header; none for a file from the cache.
    pub timing: Option<String>,
    /// Why the speech ended (`stop` or `length`), if that is known before the first byte.
    pub finish: Option<String>,
    /// The result of the lookup in the cache, and the key; none if the cache was not used.
    pub cache: Option<(CacheResult, Key)>,
    /// The file.
    pub body: SpokenBody,
}

/// The bytes of a speech.
pub enum SpokenBody {
    /// The complete file.
    Whole(Bytes),
    /// Chunks as they are generated; an error is the last item. Dropping the stream ends the speech, unless others
    /// listen to it, too.
    Streamed(BoxStream<'static, Result<Bytes, ServiceError>>),
}
