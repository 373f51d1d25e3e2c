//! What a caller orders, and what comes of it.

use bytes::Bytes;
use futures::stream::BoxStream;
use svara_audio::EncoderSpec;
use svara_engine::SpeechRequest;

use crate::{Caller, ServiceError, cache::Key};

/// The API that a request came through. Here it is a label of metrics and log lines; a server spells its answers by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// The Python stack's own, grown.
    Svara,
    /// OpenAI's speech API.
    OpenAi,
    /// ElevenLabs' API.
    ElevenLabs,
}

impl Dialect {
    /// Its name in metrics and logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Svara => "svara",
            Self::OpenAi => "openai",
            Self::ElevenLabs => "elevenlabs",
        }
    }
}

/// How the audio reaches its listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Bytes leave as soon as there are samples; headers carry no sizes.
    Streamed,
    /// One file, with exact sizes in its header, once all of it is made.
    Whole,
}

/// One speech to be made.
#[derive(Clone, Debug)]
pub struct Order {
    /// Who asks, and pays with their quota.
    pub caller: Caller,
    /// The API the order came through.
    pub dialect: Dialect,
    /// What to speak, and how.
    pub request: SpeechRequest,
    /// The form of the file.
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
    /// The form of the file.
    pub spec: EncoderSpec,
    /// Milliseconds of its making, as a `Server-Timing` header lists them; none where it was made before.
    pub timing: Option<String>,
    /// Why the speech ended (`stop` or `length`), where that is known before the first byte.
    pub finish: Option<String>,
    /// Where it came from, and the key of its content; none where the cache was not asked.
    pub cache: Option<(CacheResult, Key)>,
    /// The file.
    pub body: SpokenBody,
}

/// The bytes of a speech.
pub enum SpokenBody {
    /// All of them.
    Whole(Bytes),
    /// As they are made; an error is the last item. Dropping the stream ends the speech, unless others listen, too.
    Streamed(BoxStream<'static, Result<Bytes, ServiceError>>),
}
