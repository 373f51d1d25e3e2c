//! Where audio tokens come from.

pub mod demo;
pub mod pool;
pub mod vllm;

use std::{sync::Arc, time::Duration};

use futures::{future::BoxFuture, stream::BoxStream};
use smallvec::SmallVec;

use self::pool::{EngineObserver, EngineStatus};
use crate::{
    request::Sampling,
    trace::TraceContext,
    voice::{
        Voice,
        reference::{CloningUnavailable, ReferenceVoice},
    },
};

/// Something that turns words into audio tokens, as they are made.
pub trait TokenSource: Send + Sync {
    /// Starts to speak. Dropping the stream (or this future) ends the generation.
    fn open(&self, utterance: Utterance) -> BoxFuture<'_, Result<TokenStream, SourceError>>;

    /// Whether it can speak in the voice of a recording.
    ///
    /// # Errors
    /// Says why not.
    fn cloning(&self) -> Result<(), CloningUnavailable>;

    /// Whether the source would answer now.
    fn health(&self) -> BoxFuture<'_, Result<(), SourceError>>;

    /// What the source is, for health reports and logs.
    fn about(&self) -> SourceInfo;

    /// The engines that it asks, as they stand; none where it asks nobody.
    fn engines(&self) -> Vec<EngineStatus> {
        Vec::new()
    }

    /// Tells `observer` of what its engines do from now on.
    ///
    /// # Errors
    /// Somebody else is told already; the observer comes back.
    fn observe(&self, observer: Box<dyn EngineObserver>) -> Result<(), Box<dyn EngineObserver>> {
        // It has no engines: there is nothing to tell.
        drop(observer);
        Ok(())
    }
}

/// What is to be said.
#[derive(Clone, Debug)]
pub struct Utterance {
    /// The words.
    pub text: String,
    /// Who says them.
    pub voice: Arc<Voice>,
    /// The recording whose voice it is; none: one of the model's own.
    pub reference: Option<Arc<ReferenceVoice>>,
    /// How tokens are drawn.
    pub sampling: Sampling,
    /// Makes the tokens repeatable.
    pub seed: Option<u64>,
    /// The id under which the source should know the request.
    pub request_id: String,
    /// The trace that it belongs to.
    pub trace: Option<TraceContext>,
    /// The span of the request that it is part of.
    pub span: tracing::Span,
}

impl Utterance {
    /// Stands for all utterances whose prompts begin alike, which is what an engine can keep: the voice, or the
    /// recording that it comes from.
    pub fn session_id(&self) -> String {
        self.reference.as_ref().map_or_else(|| self.voice.voice_id.clone(), |reference| reference.id())
    }
}

/// Tokens as they come; the last item is an end or an error. A stream that just stops was cut off.
pub type TokenStream = BoxStream<'static, Result<TokenEvent, SourceError>>;

/// The token ids of one event. Those of a frame, and one more, need no allocation.
pub type TokenIds = SmallVec<[u32; 8]>;

/// What a source says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenEvent {
    /// The next tokens, without those that end the speech.
    Tokens(TokenIds),
    /// The speech is complete.
    End(FinishReason),
}

/// Why the speech ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FinishReason {
    /// The model said so.
    Stop,
    /// `max_tokens` was reached: the speech may be cut off.
    Length,
}

impl FinishReason {
    /// The word for it in APIs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
        }
    }
}

/// What a source is.
#[derive(Clone, Debug)]
pub struct SourceInfo {
    /// `vllm` or `demo`.
    pub kind: &'static str,
    /// The model it asks for.
    pub model: String,
    /// Where it asks; none where it asks nobody.
    pub url: Option<String>,
    /// Something that users must know, such as that this is no real voice.
    pub notice: Option<&'static str>,
}

/// Why a source gave no tokens, or stopped in the middle.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SourceError {
    /// Nobody answers at its address.
    #[error("the engine can't be reached: {reason}")]
    Unreachable {
        /// What the connection said.
        reason: String,
    },
    /// It said no.
    #[error("the engine refused the request with status {status}: {message}")]
    Rejected {
        /// The HTTP status.
        status: u16,
        /// What it said, at most 300 characters.
        message: String,
        /// The field of our request that it named, where a caller can change that.
        field: Option<&'static str>,
    },
    /// It was silent for too long.
    #[error("the engine was silent for {} s {phase}", after.as_secs_f32())]
    Timeout {
        /// For how long.
        after: Duration,
        /// What was waited for.
        phase: &'static str,
    },
    /// The stream broke off before the speech was complete.
    #[error("the engine broke off: {reason}")]
    BrokeOff {
        /// What was seen.
        reason: String,
    },
    /// It answered something that makes no sense.
    #[error("the engine's answer makes no sense: {reason}")]
    Nonsense {
        /// What was seen.
        reason: String,
    },
    /// The demo voice's speech program failed.
    #[error("the demo voice failed: {reason}")]
    Demo {
        /// What it said.
        reason: String,
    },
}

impl SourceError {
    /// Whether the same request may succeed a little later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Timeout { .. } | Self::BrokeOff { .. } => true,
            Self::Rejected { status, .. } => *status == 429 || *status >= 500,
            Self::Nonsense { .. } | Self::Demo { .. } => false,
        }
    }

    /// A stable word for what happened, for metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "unreachable",
            Self::Rejected { status: 429 | 503, .. } => "busy",
            Self::Rejected { .. } => "rejected",
            Self::Timeout { .. } => "timeout",
            Self::BrokeOff { .. } => "broke_off",
            Self::Nonsense { .. } => "nonsense",
            Self::Demo { .. } => "demo",
        }
    }

    /// Whether no engine could do what the caller asked for.
    pub(crate) fn is_callers_fault(&self) -> bool {
        matches!(self, Self::Rejected { field: Some(_), .. })
    }

    /// A stream that ended without an end.
    pub(crate) fn just_stopped() -> Self {
        Self::BrokeOff { reason: "the token stream just stopped".into() }
    }
}

/// A foreign text, cut to what fits a message.
pub(crate) fn excerpt(text: &str) -> String {
    text.chars().take(300).collect()
}

/// Something said in this voice, for tests.
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
        voice: Arc::new(voice),
        reference: None,
        sampling: Sampling { temperature: 0.0, top_p: 1.0, top_k: 0, repetition_penalty: 1.0, max_tokens: 1 },
        seed: None,
        request_id: "id".into(),
        trace: None,
        span: tracing::Span::none(),
    }
}
