//! The outcome of one stream.

use std::time::Duration;

use svara_listener::Listener;

/// What one listener got.
#[derive(Clone, Debug, Default)]
pub(super) struct Outcome {
    /// From sending the request to the first audio.
    pub(super) first_audio: Option<Duration>,
    /// From sending the request to the last byte, or to the failure.
    pub(super) total: Duration,
    /// Samples received.
    pub(super) samples: u64,
    /// How its playback went.
    pub(super) playback: Listener,
    pub(super) failure: Option<Failure>,
}

/// Why a stream failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Failure {
    /// As many streams were open as `--streams` allows.
    #[error("not sent: too many open streams")]
    NotSent,
    /// No connection, or it broke before an answer.
    #[error("no answer: {0}")]
    NoAnswer(String),
    /// A status other than success.
    #[error("{0}")]
    Refused(String),
    /// The body broke off.
    #[error("broken off: {0}")]
    BrokenOff(String),
    /// It took too long.
    #[error("timeout")]
    Timeout,
    /// The body isn't of the requested format.
    #[error("{0}")]
    WrongFormat(String),
    /// It ended without an error, and without audio.
    #[error("no audio")]
    NoAudio,
    /// It ended without an error, but with less audio than expected.
    #[error("audio missing")]
    Short,
    /// It ended without an error, but with more audio than expected.
    #[error("too much audio")]
    Long,
}

impl Failure {
    /// Whether the answer ended without an error, but isn't right.
    pub(super) fn is_silent(&self) -> bool {
        matches!(self, Self::NoAudio | Self::Short | Self::Long)
    }
}

impl Outcome {
    pub(super) fn not_sent() -> Self {
        Self { failure: Some(Failure::NotSent), ..Self::default() }
    }

    /// Seconds per second of audio; `None` for failed streams.
    pub(super) fn real_time_factor(&self) -> Option<f64> {
        let audio = self.playback.received();
        (self.failure.is_none() && !audio.is_zero()).then(|| self.total.as_secs_f64() / audio.as_secs_f64())
    }
}

/// How much audio there should be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected {
    /// Frames of 2048 samples at 24 kHz.
    pub(super) frames: u64,
    /// Whether the format keeps every sample.
    pub(super) exact: bool,
}

const FRAME_SECONDS: f64 = 2048.0 / 24_000.0;
/// Seconds that encoders add at most, at the start and to fill the last frame.
const CODEC_SECONDS: f64 = 0.2;

impl Expected {
    /// Compares the received samples with what is expected. Formats that don't keep every sample may have a little
    /// more.
    ///
    /// # Errors
    /// [`Failure::Short`] or [`Failure::Long`].
    pub(super) fn check(self, samples: u64, rate_hz: u32) -> Result<(), Failure> {
        let expected = self.frames as f64 * FRAME_SECONDS * f64::from(rate_hz);
        let more = if self.exact { 0.0 } else { CODEC_SECONDS * f64::from(rate_hz) };
        // At rates other than 24 kHz, the expected number needn't be whole.
        let samples = samples as f64;
        if samples < expected.floor() {
            Err(Failure::Short)
        } else if samples > expected.ceil() + more {
            Err(Failure::Long)
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_sample_is_seen() {
        let pcm = Expected { frames: 10, exact: true };
        assert_eq!(pcm.check(20_480, 24_000), Ok(()));
        assert_eq!(pcm.check(20_479, 24_000), Err(Failure::Short));
        assert_eq!(pcm.check(20_481, 24_000), Err(Failure::Long));
        assert_eq!(pcm.check(18_816, 22_050), Ok(()));
        let mp3 = Expected { frames: 10, exact: false };
        assert_eq!(mp3.check(20_480 + 1152, 24_000), Ok(()));
        assert_eq!(mp3.check(20_479, 24_000), Err(Failure::Short));
        assert_eq!(mp3.check(30_000, 24_000), Err(Failure::Long));
    }
}
