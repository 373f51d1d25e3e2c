//! Answers word for word, for faults that a real vLLM doesn't have on demand.

use std::time::Duration;

use super::{events::audio_tokens, settings::Form};

/// One answer, whatever the request asks for.
#[derive(Clone, Debug)]
pub struct Script {
    /// The tokens it streams, as ids; see [`Script::chunk_tokens`].
    pub tokens: Vec<u32>,
    /// Tokens in each event.
    pub chunk_tokens: usize,
    /// Whether tokens go as ids, or as text only.
    pub form: Form,
    /// How the stream ends.
    pub end: End,
    /// A pause before each event.
    pub pause: Duration,
}

/// How an answer ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// A finish reason, then `[DONE]`.
    Finish(&'static str),
    /// An error event, then `[DONE]`: what vLLM sends when its engine dies.
    ErrorEvent,
    /// The connection is closed without a finish reason.
    Eof,
    /// Silence until the client leaves.
    Hang,
    /// No stream at all: this status and body.
    Refuse(u16, String),
}

impl Script {
    /// A healthy answer: seven tokens an event, ended by the model.
    pub fn new(tokens: Vec<u32>) -> Self {
        Self { tokens, chunk_tokens: 7, form: Form::Ids, end: End::Finish("stop"), pause: Duration::ZERO }
    }

    /// `count` frames, with codes that differ from frame to frame.
    pub fn frames(count: usize) -> Self {
        Self::new(frame_tokens(count))
    }

    /// A model that falls into a loop: `count` frames as in [`Script::frames`], the last `period` of which it repeats
    /// until it has sent `most` frames.
    pub fn looping(count: usize, period: usize, most: usize) -> Self {
        let mut tokens = frame_tokens(count);
        let repeated = tokens.split_off(tokens.len().saturating_sub(period * 7));
        tokens.extend(repeated.iter().cycle().take((most * 7).saturating_sub(tokens.len())));
        Self { end: End::Finish("length"), ..Self::new(tokens) }
    }
}

/// The audio tokens of `count` frames in svara's layout.
pub fn frame_tokens(count: usize) -> Vec<u32> {
    audio_tokens(0..count * 7).collect()
}
