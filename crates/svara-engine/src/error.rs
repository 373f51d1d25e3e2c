//! Failures as data: what failed, where it came from, and whether a retry makes sense.

use svara_snac::DecodeError;
use svara_text::UnknownStyle;

use crate::{
    source::SourceError,
    voice::{reference::CloningUnavailable, voices::UnknownVoice},
};

/// A failure before or during a speech.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SpeakError {
    /// A field of the request is missing or out of range.
    #[error("{field} {reason}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// What is wrong with it or what is allowed, to be read behind the field's name.
        reason: String,
    },
    /// The text is longer than a request's may be.
    #[error("text has {length} characters, at most {limit} are allowed")]
    TooLong {
        /// The characters of the text.
        length: usize,
        /// The most that are allowed.
        limit: usize,
    },
    /// No voice has that name.
    #[error(transparent)]
    UnknownVoice(#[from] UnknownVoice),
    /// The model has no such style.
    #[error(transparent)]
    UnknownStyle(#[from] UnknownStyle),
    /// The request has a reference voice, but nothing here can clone voices.
    #[error(transparent)]
    Cloning(#[from] CloningUnavailable),
    /// The token source failed.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The decoder failed.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The model didn't finish within `max_tokens`. There is no more audio than was given out.
    #[error("the model did not finish within max_tokens ({max_tokens}): the speech is cut off")]
    CutOff {
        /// The limit.
        max_tokens: u32,
    },
    /// The model went on for longer than the text can take and was stopped. There is no more audio than was given out.
    #[error(
        "the model ran away: it did not finish {characters} characters within {tokens} tokens; the speech is cut off"
    )]
    Runaway {
        /// The most tokens that the text may take.
        tokens: u32,
        /// The characters of the text.
        characters: usize,
    },
    /// The model fell into a loop and was stopped. There is no more audio than was given out.
    #[error("the model repeats itself without an end ({what}); the speech is cut off")]
    Looped {
        /// What it repeats: a frame, a period of several, a code, or silence.
        what: &'static str,
    },
    /// The engine ended the speech before there was any audio.
    #[error("the engine ended the speech without any audio")]
    NoAudio,
}

/// Where a failure comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The request asks for something impossible.
    Client,
    /// The engine that generates the tokens.
    Engine,
    /// The decoder.
    Decoder,
    /// The configuration of this server.
    Server,
}

impl Origin {
    /// The origin's name in answers and logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Engine => "engine",
            Self::Decoder => "decoder",
            Self::Server => "server",
        }
    }
}

impl SpeakError {
    /// Reports a field of the request that is missing or out of range.
    pub fn invalid(field: &'static str, reason: impl Into<String>) -> Self {
        Self::Invalid { field, reason: reason.into() }
    }

    /// Where the failure comes from.
    pub fn origin(&self) -> Origin {
        match self {
            Self::Invalid { .. } | Self::TooLong { .. } | Self::UnknownVoice(_) | Self::UnknownStyle(_) => {
                Origin::Client
            }
            Self::Cloning(_) | Self::Source(SourceError::NoPrompt { .. }) => Origin::Server,
            Self::Source(SourceError::Rejected { field: Some(_), .. }) => Origin::Client,
            Self::Source(_)
            | Self::CutOff { .. }
            | Self::Runaway { .. }
            | Self::Looped { .. }
            | Self::NoAudio => Origin::Engine,
            Self::Decode(_) => Origin::Decoder,
        }
    }

    /// Whether the same request may succeed a little later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Invalid { .. } | Self::TooLong { .. } | Self::UnknownVoice(_) | Self::UnknownStyle(_) => {
                false
            }
            Self::Cloning(_) => false,
            Self::Source(error) => error.is_retryable(),
            Self::Decode(error) => error.is_retryable(),
            Self::CutOff { .. } | Self::Runaway { .. } | Self::Looped { .. } | Self::NoAudio => true,
        }
    }
}
