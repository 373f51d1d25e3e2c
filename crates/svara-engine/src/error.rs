//! Why a request can't be spoken, as data: whose doing it is, and whether trying again makes sense.

use svara_snac::DecodeError;
use svara_text::UnknownStyle;

use crate::{
    source::SourceError,
    voice::{reference::CloningUnavailable, voices::UnknownVoice},
};

/// Why there is no speech, or no more of it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SpeakError {
    /// A field of the request is missing or out of range.
    #[error("{field} {reason}")]
    Invalid {
        /// The field, as all dialects call it.
        field: &'static str,
        /// What is allowed.
        reason: String,
    },
    /// No voice has that name.
    #[error(transparent)]
    UnknownVoice(#[from] UnknownVoice),
    /// The model has no such style.
    #[error(transparent)]
    UnknownStyle(#[from] UnknownStyle),
    /// A reference voice was asked for where there can't be one.
    #[error(transparent)]
    Cloning(#[from] CloningUnavailable),
    /// The token source failed.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The decoder failed.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The model didn't come to an end; what was said before is all there is.
    #[error("the model did not end within max_tokens ({max_tokens}): the speech is cut off")]
    CutOff {
        /// The limit.
        max_tokens: u32,
    },
    /// The model went on for longer than the text can take, and was stopped; what was said before is all there is.
    #[error(
        "the model ran away: {characters} characters were not said within {tokens} tokens; the speech is cut off"
    )]
    Runaway {
        /// The ceiling.
        tokens: u32,
        /// What was to be said.
        characters: usize,
    },
    /// The engine ended the speech before there was any.
    #[error("the engine ended the speech without any audio")]
    NoAudio,
}

/// Whose doing a failure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The caller asked for something that can't be.
    Client,
    /// The engine that makes the tokens.
    Engine,
    /// The decoder.
    Decoder,
    /// This server, as it is set up.
    Server,
}

impl Origin {
    /// The word for it in answers and logs.
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
    /// A field of the request that is missing or out of range.
    pub fn invalid(field: &'static str, reason: impl Into<String>) -> Self {
        Self::Invalid { field, reason: reason.into() }
    }

    /// Whose doing it is.
    pub fn origin(&self) -> Origin {
        match self {
            Self::Invalid { .. } | Self::UnknownVoice(_) | Self::UnknownStyle(_) => Origin::Client,
            Self::Cloning(_) => Origin::Server,
            Self::Source(SourceError::Rejected { field: Some(_), .. }) => Origin::Client,
            Self::Source(_) | Self::CutOff { .. } | Self::Runaway { .. } | Self::NoAudio => Origin::Engine,
            Self::Decode(_) => Origin::Decoder,
        }
    }

    /// Whether the same request may succeed a little later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Invalid { .. } | Self::UnknownVoice(_) | Self::UnknownStyle(_) => false,
            Self::Cloning(_) => false,
            Self::Source(error) => error.is_retryable(),
            Self::Decode(error) => error.is_retryable(),
            Self::CutOff { .. } | Self::Runaway { .. } | Self::NoAudio => true,
        }
    }
}
