use std::time::Duration;

use symphonia::core::errors::Error as SymphoniaError;

use crate::{ResampleError, SampleRate, SampleRateError};

/// Why a file can't be used. All but [`Resample`](Self::Resample) are the sender's to mend.
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
    /// More sound than allowed.
    #[error("the audio is longer than {} s", max_duration.as_secs_f64())]
    TooLong {
        /// [`DecodeLimits::max_duration`](crate::DecodeLimits::max_duration).
        max_duration: Duration,
    },
    /// The bytes are no file of a kind that can be read.
    #[error("not an audio file of a known kind; send WAV, MP3, FLAC, Ogg (Vorbis or Opus), M4A/AAC or WebM")]
    UnknownKind,
    /// The kind of file is known, but not what is inside.
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
    /// A part of the sound is broken.
    #[error("the audio file is damaged {:.1} s into the sound: {detail}", at.as_secs_f64())]
    Damaged {
        /// How far it could be decoded.
        at: Duration,
        /// What is wrong.
        detail: String,
    },
    /// The file has no audio track, or one without a sample in it.
    #[error("the audio file has no sound in it")]
    NoSound,
    /// A sample rate that can't be worked with.
    #[error("the audio file cannot be used: {0}")]
    Rate(#[from] SampleRateError),
    /// The sample rate is another one in the middle.
    #[error("the audio file changes its sample rate from {from} Hz to {to} Hz")]
    RateChanges {
        /// The rate it began with.
        from: SampleRate,
        /// The rate it goes on with.
        to: SampleRate,
    },
    /// The file made a decoder panic: a bug in the decoder, and hardly an innocent file.
    #[error("the audio file cannot be read: its decoder failed")]
    DecoderPanicked,
    /// The resampler refused: not the file's fault.
    #[error(transparent)]
    Resample(#[from] ResampleError),
}

impl DecodeError {
    /// An error while the kind of file was found out and its headers were read.
    pub(super) fn from_opening(error: SymphoniaError) -> Self {
        match error {
            // Nothing recognisable up to the end of the file, or of what is searched.
            SymphoniaError::IoError(_)
            | SymphoniaError::Unsupported("core (probe): no suitable format reader found") => {
                Self::UnknownKind
            }
            error => Self::from_codec(error),
        }
    }

    /// An error while a codec was set up.
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
