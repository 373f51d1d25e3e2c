use std::fmt;

/// Samples per second of one channel, between 8 kHz (telephony) and 192 kHz.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SampleRate(u32);

/// A rate outside the range of [`SampleRate`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("sample rate {hz} Hz is outside {} to {} Hz", SampleRate::MIN_HZ, SampleRate::MAX_HZ)]
pub struct SampleRateError {
    /// The rate that was asked for, in Hz.
    pub hz: u32,
}

impl SampleRate {
    /// Lowest rate accepted, in Hz.
    pub const MIN_HZ: u32 = 8_000;
    /// Highest rate accepted, in Hz.
    pub const MAX_HZ: u32 = 192_000;

    /// The rate of the SNAC 24 kHz codec.
    pub const SNAC: Self = Self::HZ_24000;
    /// 8 kHz, telephony.
    pub const HZ_8000: Self = Self(8_000);
    /// 16 kHz, wide-band telephony and speech recognition.
    pub const HZ_16000: Self = Self(16_000);
    /// 22.05 kHz.
    pub const HZ_22050: Self = Self(22_050);
    /// 24 kHz.
    pub const HZ_24000: Self = Self(24_000);
    /// 32 kHz, used by some telephony and conferencing systems.
    pub const HZ_32000: Self = Self(32_000);
    /// 44.1 kHz, compact disc.
    pub const HZ_44100: Self = Self(44_100);
    /// 48 kHz, video and Opus.
    pub const HZ_48000: Self = Self(48_000);

    /// A rate of `hz` samples per second.
    ///
    /// # Errors
    /// When `hz` is outside [`Self::MIN_HZ`] to [`Self::MAX_HZ`].
    pub const fn new(hz: u32) -> Result<Self, SampleRateError> {
        if hz < Self::MIN_HZ || hz > Self::MAX_HZ {
            return Err(SampleRateError { hz });
        }
        Ok(Self(hz))
    }

    /// The rate in Hz.
    #[must_use]
    pub const fn hz(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for SampleRate {
    type Error = SampleRateError;

    fn try_from(hz: u32) -> Result<Self, SampleRateError> {
        Self::new(hz)
    }
}

/// The number of Hz without a unit, as in an `X-Sample-Rate` header.
impl fmt::Display for SampleRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_is_closed() {
        assert_eq!(SampleRate::new(8_000), Ok(SampleRate::HZ_8000));
        assert_eq!(SampleRate::new(192_000).map(SampleRate::hz), Ok(192_000));
        assert_eq!(SampleRate::new(7_999), Err(SampleRateError { hz: 7_999 }));
        assert_eq!(SampleRate::new(192_001), Err(SampleRateError { hz: 192_001 }));
        assert_eq!(SampleRate::new(0), Err(SampleRateError { hz: 0 }));
    }

    #[test]
    fn the_error_names_what_is_allowed() {
        let error = SampleRate::new(1).expect_err("too low");
        assert_eq!(error.to_string(), "sample rate 1 Hz is outside 8000 to 192000 Hz");
    }
}
