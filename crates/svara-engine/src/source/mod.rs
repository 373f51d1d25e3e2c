//! Sources of audio tokens.

pub mod demo;
mod error;
mod failed_by;
pub mod pool;
pub mod vllm;

use std::sync::Arc;

use futures::{future::BoxFuture, stream::BoxStream};
use smallvec::SmallVec;

use self::pool::{EngineObserver, EngineStatus};
pub use self::{error::SourceError, failed_by::FailedBy};
use crate::{
    request::Sampling,
    trace::TraceContext,
    voice::{
        Voice,
        reference::{CloningUnavailable, ReferenceVoice},
    },
};

/// Generates audio tokens for words, as a stream.
pub trait TokenSource: Send + Sync {
    /// Starts a generation. Dropping the stream or this future ends it.
    fn open(&self, utterance: Utterance) -> BoxFuture<'_, Result<TokenStream, SourceError>>;

    /// Checks that the source can speak in the voice of a recording.
    ///
    /// # Errors
    /// It can't. The error says why.
    fn cloning(&self) -> Result<(), CloningUnavailable>;

    /// Checks whether the source would answer now.
    fn health(&self) -> BoxFuture<'_, Result<(), SourceError>>;

    /// Describes the source, for health reports and logs.
    fn about(&self) -> SourceInfo;

    /// Whether a generation always ends with its text. A model may run away instead, and needs a ceiling.
    fn ends_with_the_text(&self) -> bool {
        false
    }

    /// The state of the engines behind the source. Empty if there are none.
    fn engines(&self) -> Vec<EngineStatus> {
        Vec::new()
    }

    /// Registers `observer` for the events of the engines behind the source.
    ///
    /// # Errors
    /// There is an observer already. The new one is returned.
    fn observe(&self, observer: Box<dyn EngineObserver>) -> Result<(), Box<dyn EngineObserver>> {
        // There are no engines, and so no events.
        drop(observer);
        Ok(())
    }
}

/// A text to be generated in a voice.
#[derive(Clone, Debug)]
pub struct Utterance {
    /// The words.
    pub text: String,
    /// The hash of the whole text that they are a part of: what fails for one text says nothing about others.
    pub said_in: u64,
    /// The voice.
    pub voice: Arc<Voice>,
    /// The recording that the voice is cloned from. `None` for one of the model's own voices.
    pub reference: Option<Arc<ReferenceVoice>>,
    /// How tokens are sampled.
    pub sampling: Sampling,
    /// Makes the tokens repeatable.
    pub seed: Option<u64>,
    /// The id of the request in the engine.
    pub request_id: String,
    /// Which generations an engine that can't do all at once begins first.
    pub urgency: Urgency,
    /// The fewest frames in which the words can be said: a generation that ends sooner has left something out.
    pub least_frames: u32,
    /// The engine that failed these words before, if one did. Another one is asked first.
    pub failed_by: FailedBy,
    /// The trace of the request.
    pub trace: Option<TraceContext>,
    /// The tracing span of the request.
    pub span: tracing::Span,
}

impl Utterance {
    /// Identifies the common beginning of prompts, which engines cache: the voice, or the recording that it is cloned
    /// from.
    pub fn session_id(&self) -> String {
        self.reference.as_ref().map_or_else(|| self.voice.voice_id.clone(), |reference| reference.id())
    }
}

/// How urgent a generation is, the most urgent first. The server decides it, never a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// A listener waits for the first audio.
    FirstAudio,
    /// A listener hears what comes before it.
    Next,
    /// Somebody waits for the end of it.
    Whole,
    /// Nobody waits for it.
    Job,
}

impl Urgency {
    /// As engines with a queue by priority count: lower is earlier, and 0 is what a request without a priority has.
    pub fn priority(self) -> u8 {
        match self {
            Self::FirstAudio => 0,
            Self::Next => 1,
            Self::Whole => 2,
            Self::Job => 3,
        }
    }
}

/// Tokens as they are generated. The last item is an end or an error; a stream that stops without one was cut off.
pub type TokenStream = BoxStream<'static, Result<TokenEvent, SourceError>>;

/// The token ids of one event. Up to 8, one more than a frame has, need no allocation.
pub type TokenIds = SmallVec<[u32; 8]>;

/// An event of a token stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenEvent {
    /// The next tokens, without stop tokens.
    Tokens(TokenIds),
    /// The speech is complete.
    End(FinishReason),
}

/// Why the speech ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FinishReason {
    /// The model generated a stop token.
    Stop,
    /// `max_tokens` was reached: the speech may be cut off.
    Length,
}

impl FinishReason {
    /// The reason's name in APIs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
        }
    }
}

/// A description of a source.
#[derive(Clone, Debug)]
pub struct SourceInfo {
    /// The kind of the engine, as `engine.kind` has it, `demo`, or `none`.
    pub kind: &'static str,
    /// The model that the engine is asked for.
    pub model: String,
    /// The engine's URL, or several separated by commas. `None` without an engine.
    pub url: Option<String>,
    /// A notice for users, such as that this isn't the real voice.
    pub notice: Option<&'static str>,
}

/// Cuts a foreign text to the length of an error message.
pub(crate) fn excerpt(text: &str) -> String {
    text.chars().take(300).collect()
}

/// An utterance in this voice, for tests.
#[cfg(test)]
fn utterance_of(voice: &str) -> Utterance {
    let voice = Voice {
        voice_id: voice.into(),
        name: voice.into(),
        model_id: "m".into(),
        gender: None,
        languages: vec!["en".into()],
        aliases: Vec::new(),
        description: None,
        speaker_id: None,
    };
    Utterance {
        text: "hello".into(),
        said_in: 0,
        voice: Arc::new(voice),
        reference: None,
        sampling: Sampling {
            temperature: 0.0,
            top_p: 1.0,
            top_k: 0,
            repetition_penalty: 1.0,
            max_tokens: 100,
        },
        seed: None,
        request_id: "id".into(),
        urgency: Urgency::FirstAudio,
        least_frames: 0,
        failed_by: FailedBy::default(),
        trace: None,
        span: tracing::Span::none(),
    }
}
