use std::time::Duration;

use symphonia::core::errors::Error as SymphoniaError;

use crate::{ResampleError, SampleRate, SampleRateError};

/// Why an upload can't be used. The sender can fix all of these but [`Resample`](Self::Resample).
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// No bytes at all.
    #[error("the audio file is empty")]
    Empty,
    /// More bytes than allowed.
    #[error("the audio file is larger than {max_bytes} bytes")]
    TooLarge {
        /// [`DecodeLimits::max_bytes`](crate::DecodeLimits::max_bytes).
        max_bytes: usize,
    },
    /// More audio than allowed.
    #[error("the audio is longer than {} s", max_duration.as_secs_f64())]
    TooLong {
        /// [`DecodeLimits::max_duration`](crate::DecodeLimits::max_duration).
        max_duration: Duration,
    },
    /// The bytes aren't in any container format that can be read.
    #[error("unrecognized audio file; send WAV, MP3, FLAC, Ogg (Vorbis or Opus), M4A/AAC or WebM")]
    UnknownKind,
    /// The container is known, but not the codec or an option inside it.
    #[error("the audio file uses a codec or option that is not supported: {detail}")]
    Unsupported {
        /// What is missing.
        detail: String,
    },
    /// The file's structure is broken.
    #[error("the audio file cannot be read: {detail}")]
    Unreadable {
        /// What is wrong.
        detail: String,
    },
    /// Some of the audio is corrupt.
    #[error("the audio file is damaged at {:.1} s: {detail}", at.as_secs_f64())]
    Damaged {
        /// How much could be decoded.
        at: Duration,
        /// What is wrong.
        detail: String,
    },
    /// The file has no audio track, or its track has no samples.
    #[error("the audio file contains no audio")]
    NoSound,
    /// The file's sample rate is out of range.
    #[error("the audio file cannot be used: {0}")]
    Rate(#[from] SampleRateError),
    /// The sample rate changes within the file.
    #[error("the audio file changes its sample rate from {from} Hz to {to} Hz")]
    RateChanges {
        /// The rate at the start.
        from: SampleRate,
        /// The rate it changes to.
        to: SampleRate,
    },
    /// The decoder panicked: a bug in the decoder, most likely provoked by a malicious file.
    #[error("the audio file cannot be read: its decoder failed")]
    DecoderPanicked,
    /// The resampler failed; the file isn't to blame.
    #[error(transparent)]
    Resample(#[from] ResampleError),
}

impl DecodeError {
    /// An error while probing the container format and reading its headers.
    pub(super) fn from_opening(error: SymphoniaError) -> Self {
        match error {
            // Nothing recognizable before the end of the file, or of the part that is probed.
            SymphoniaError::IoError(_)
            | SymphoniaError::Unsupported("core (probe): no suitable format reader found") => {
                Self::UnknownKind
            }
            error => Self::from_codec(error),
        }
    }

    /// An error while setting up a codec.
    pub(super) fn from_codec(error: SymphoniaError) -> Self {
        match error {
            SymphoniaError::Unsupported(detail) => Self::Unsupported { detail: detail.to_owned() },
            error => Self::Unreadable { detail: error.to_string() },
        }
    }

    /// An error in one packet.
    pub(super) fn damaged(detail: impl std::fmt::Display) -> Self {
        Self::Damaged { at: Duration::ZERO, detail: detail.to_string() }
    }
}
