use super::bitrate::{Bitrates, default_bitrate_bps};
use crate::{Format, SampleRate, format::names};

/// What to encode to: format, output rate, bit rate. Always a combination that the encoder accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EncoderSpec {
    format: Format,
    rate: SampleRate,
    bitrate_bps: Option<u32>,
}

/// A combination that no encoder of this build accepts; the message says what is allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// The encoder was left out of this build.
    #[error("audio format {format} is not in this build; supported: {}", names(Format::supported()))]
    NotBuilt {
        /// The format asked for.
        format: Format,
    },
    /// The format doesn't support this sample rate.
    #[error("audio format {format} does not support sample rate {hz} Hz; allowed: {}", names(.format.rates().iter()))]
    Rate {
        /// The format asked for.
        format: Format,
        /// The rate asked for, in Hz.
        hz: u32,
    },
    /// The format doesn't support this bit rate at this sample rate.
    #[error(
        "audio format {format} at {rate} Hz does not support bit rate {bitrate_bps} bit/s; allowed: {}",
        Bitrates::of(*.format, *.rate)
    )]
    Bitrate {
        /// The format asked for.
        format: Format,
        /// The sample rate asked for, or the default.
        rate: SampleRate,
        /// The bit rate asked for, in bits per second.
        bitrate_bps: u32,
    },
}

impl EncoderSpec {
    /// `format` at its default rate and bit rate.
    ///
    /// # Errors
    /// When this build doesn't have the encoder.
    pub fn new(format: Format) -> Result<Self, SpecError> {
        if !format.is_supported() {
            return Err(SpecError::NotBuilt { format });
        }
        Ok(Self::with_defaults(format, format.default_rate()))
    }

    /// The same format at another output rate and that rate's default bit rate.
    ///
    /// # Errors
    /// When the format doesn't support that rate: see [`Format::rates`].
    pub fn with_rate(self, rate: SampleRate) -> Result<Self, SpecError> {
        self.with_rate_hz(rate.hz())
    }

    /// As [`Self::with_rate`], for a number of Hz that may be no rate at all.
    ///
    /// # Errors
    /// When the format doesn't support that rate.
    pub fn with_rate_hz(self, hz: u32) -> Result<Self, SpecError> {
        let rate = self.format.rates().iter().find(|rate| rate.hz() == hz);
        let rate = rate.ok_or(SpecError::Rate { format: self.format, hz })?;
        Ok(Self::with_defaults(self.format, *rate))
    }

    /// The same format and output rate at another bit rate. Set the sample rate first: it decides which are allowed.
    ///
    /// # Errors
    /// When the format doesn't support that bit rate: see [`Bitrates::of`].
    pub fn with_bitrate_bps(self, bitrate_bps: u32) -> Result<Self, SpecError> {
        if !Bitrates::of(self.format, self.rate).contains(bitrate_bps) {
            return Err(SpecError::Bitrate { format: self.format, rate: self.rate, bitrate_bps });
        }
        Ok(Self { bitrate_bps: Some(bitrate_bps), ..self })
    }

    /// The format of the body.
    #[must_use]
    pub const fn format(&self) -> Format {
        self.format
    }

    /// The rate of the samples in the body.
    #[must_use]
    pub const fn rate(&self) -> SampleRate {
        self.rate
    }

    /// The media type of the body: [`Format::content_type`], but for G.711 at other rates than its own, which
    /// `audio/basic` excludes.
    #[must_use]
    pub const fn content_type(&self) -> &'static str {
        match (self.format, self.rate.hz()) {
            (Format::Ulaw, 16_000) => "audio/PCMU; rate=16000",
            (Format::Ulaw, 22_050) => "audio/PCMU; rate=22050",
            (Format::Ulaw, 24_000) => "audio/PCMU; rate=24000",
            (Format::Ulaw, 32_000) => "audio/PCMU; rate=32000",
            (Format::Ulaw, 44_100) => "audio/PCMU; rate=44100",
            (Format::Ulaw, 48_000) => "audio/PCMU; rate=48000",
            (Format::Alaw, 16_000) => "audio/PCMA; rate=16000",
            (Format::Alaw, 22_050) => "audio/PCMA; rate=22050",
            (Format::Alaw, 24_000) => "audio/PCMA; rate=24000",
            (Format::Alaw, 32_000) => "audio/PCMA; rate=32000",
            (Format::Alaw, 44_100) => "audio/PCMA; rate=44100",
            (Format::Alaw, 48_000) => "audio/PCMA; rate=48000",
            (format, _) => format.content_type(),
        }
    }

    /// The bit rate in bits per second; `None` for formats without one.
    #[must_use]
    pub const fn bitrate_bps(&self) -> Option<u32> {
        self.bitrate_bps
    }

    const fn with_defaults(format: Format, rate: SampleRate) -> Self {
        Self { format, rate, bitrate_bps: default_bitrate_bps(format, rate) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unsupported_rate_is_refused_with_the_list() {
        let rate = SampleRate::new(96_000).expect("in range");
        let error = EncoderSpec::new(Format::Wav).and_then(|spec| spec.with_rate(rate)).expect_err("refused");
        assert_eq!(
            error.to_string(),
            "audio format wav does not support sample rate 96000 Hz; allowed: 8000, 16000, 22050, 24000, 32000, 44100, 48000"
        );
    }

    #[test]
    fn an_unsupported_bit_rate_is_refused_with_the_range() {
        let opus = EncoderSpec::new(Format::Opus).expect("always built");
        assert_eq!(
            opus.with_bitrate_bps(1).expect_err("refused").to_string(),
            "audio format opus at 24000 Hz does not support bit rate 1 bit/s; allowed: 6000 to 256000"
        );
        let wav = EncoderSpec::new(Format::Wav).expect("always built");
        assert_eq!(
            wav.with_bitrate_bps(64_000).expect_err("refused").to_string(),
            "audio format wav at 24000 Hz does not support bit rate 64000 bit/s; allowed: none"
        );
    }

    #[test]
    fn media_types_name_the_rate_that_a_listener_can_not_guess() {
        for (format, default, at) in [
            (Format::Ulaw, "audio/basic", "audio/PCMU; rate="),
            (Format::Alaw, "audio/PCMA", "audio/PCMA; rate="),
        ] {
            for rate in format.rates() {
                let spec = EncoderSpec::new(format).and_then(|spec| spec.with_rate(*rate)).expect("allowed");
                let expected =
                    if rate.hz() == 8_000 { default.to_owned() } else { format!("{at}{}", rate.hz()) };
                assert_eq!(spec.content_type(), expected);
            }
        }
    }

    #[test]
    fn another_rate_brings_its_own_default_bit_rate() {
        let spec = EncoderSpec::new(Format::Opus)
            .and_then(|spec| spec.with_bitrate_bps(128_000))
            .and_then(|spec| spec.with_rate(SampleRate::HZ_8000))
            .expect("allowed");
        assert_eq!(spec.bitrate_bps(), Some(16_000));
    }
}
