use crate::{Format, SampleRate, format::names};

/// What to encode to: format, output rate, bit rate. Always a combination the encoder takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EncoderSpec {
    format: Format,
    rate: SampleRate,
}

/// A combination no encoder of this build takes; the text says what is allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// The encoder was left out of this build.
    #[error("audio format {format} is not in this build; supported: {}", names(Format::supported()))]
    NotBuilt {
        /// The format asked for.
        format: Format,
    },
    /// The format doesn't carry this rate.
    #[error("audio format {format} cannot have sample rate {rate} Hz; allowed: {}", names(.format.rates().iter()))]
    Rate {
        /// The format asked for.
        format: Format,
        /// The rate asked for.
        rate: SampleRate,
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
        Ok(Self { format, rate: format.default_rate() })
    }

    /// The same with another output rate.
    ///
    /// # Errors
    /// When the format doesn't carry that rate: see [`Format::rates`].
    pub fn with_rate(self, rate: SampleRate) -> Result<Self, SpecError> {
        if !self.format.rates().contains(&rate) {
            return Err(SpecError::Rate { format: self.format, rate });
        }
        Ok(Self { rate, ..self })
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_the_format_cannot_carry_is_refused_with_the_list() {
        let rate = SampleRate::new(96_000).expect("in range");
        let error = EncoderSpec::new(Format::Wav).and_then(|spec| spec.with_rate(rate)).expect_err("refused");
        assert_eq!(
            error.to_string(),
            "audio format wav cannot have sample rate 96000 Hz; allowed: 8000, 16000, 22050, 24000, 44100, 48000"
        );
    }
}
