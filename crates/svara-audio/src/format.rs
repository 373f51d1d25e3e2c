use std::{fmt, str::FromStr};

use crate::SampleRate;

/// A format of the response body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// MPEG-1/2/2.5 Layer III by LAME, constant bit rate. Cargo feature `mp3`.
    Mp3,
    /// Opus by libopus in one Ogg stream.
    Opus,
    /// AAC-LC by fdk-aac in ADTS frames. Cargo feature `aac`.
    Aac,
    /// FLAC with 16-bit samples.
    Flac,
    /// RIFF/WAVE with signed 16-bit samples.
    Wav,
    /// Raw signed 16-bit little-endian samples without a header.
    Pcm,
    /// G.711 µ-law without a header, 8 kHz unless asked otherwise: telephony in North America and Japan.
    Ulaw,
    /// G.711 A-law without a header, 8 kHz unless asked otherwise: telephony everywhere else.
    Alaw,
}

/// A name that isn't a format of this build.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown audio format {name:?}; supported: {}", names(Format::supported()))]
pub struct UnknownFormat {
    /// The name asked for, cut to 32 characters.
    pub name: String,
}

impl Format {
    /// Every format, in the order in which they are listed to callers.
    pub const ALL: &[Self] =
        &[Self::Mp3, Self::Opus, Self::Aac, Self::Flac, Self::Wav, Self::Pcm, Self::Ulaw, Self::Alaw];

    /// The formats compiled into this build (encoders with licence obligations are cargo features).
    pub fn supported() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(|format| format.is_supported())
    }

    /// Whether this build has the encoder.
    #[must_use]
    pub const fn is_supported(self) -> bool {
        match self {
            Self::Mp3 => cfg!(feature = "mp3"),
            Self::Aac => cfg!(feature = "aac"),
            Self::Opus | Self::Flac | Self::Wav | Self::Pcm | Self::Ulaw | Self::Alaw => true,
        }
    }

    /// The name in requests, which [`FromStr`] reads.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mp3 => "mp3",
            Self::Opus => "opus",
            Self::Aac => "aac",
            Self::Flac => "flac",
            Self::Wav => "wav",
            Self::Pcm => "pcm",
            Self::Ulaw => "ulaw",
            Self::Alaw => "alaw",
        }
    }

    /// The media type of the body at the default rate: the registered one, except for `audio/wav` and `audio/pcm`, which
    /// are unregistered but universal.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Mp3 => "audio/mpeg",
            Self::Opus => "audio/ogg; codecs=opus",
            Self::Aac => "audio/aac",
            Self::Flac => "audio/flac",
            Self::Wav => "audio/wav",
            Self::Pcm => "audio/pcm",
            Self::Ulaw => "audio/basic",
            Self::Alaw => "audio/PCMA",
        }
    }

    /// The output rates that the encoder accepts, lowest first.
    #[must_use]
    pub const fn rates(self) -> &'static [SampleRate] {
        match self {
            // libopus accepts 8, 12, 16, 24 and 48 kHz; whichever it gets, the file plays at 48 kHz.
            Self::Opus => {
                &[SampleRate::HZ_8000, SampleRate::HZ_16000, SampleRate::HZ_24000, SampleRate::HZ_48000]
            }
            Self::Mp3 | Self::Aac | Self::Flac | Self::Wav | Self::Pcm | Self::Ulaw | Self::Alaw => &[
                SampleRate::HZ_8000,
                SampleRate::HZ_16000,
                SampleRate::HZ_22050,
                SampleRate::HZ_24000,
                SampleRate::HZ_32000,
                SampleRate::HZ_44100,
                SampleRate::HZ_48000,
            ],
        }
    }

    /// The output rate when the caller names none: the model's own if the format supports it.
    #[must_use]
    pub const fn default_rate(self) -> SampleRate {
        match self {
            Self::Ulaw | Self::Alaw => SampleRate::HZ_8000,
            Self::Mp3 | Self::Opus | Self::Aac | Self::Flac | Self::Wav | Self::Pcm => SampleRate::SNAC,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// In any letter case, with white space around it. A format whose encoder isn't in this build is as unknown as one that doesn't exist.
impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        let name = name.trim();
        Self::supported()
            .find(|format| format.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| UnknownFormat { name: name.chars().take(32).collect() })
    }
}

/// A list such as `wav, pcm` for error messages.
pub(crate) fn names(items: impl Iterator<Item = impl fmt::Display>) -> String {
    items.map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for format in Format::supported() {
            assert_eq!(format.name().parse(), Ok(format));
            assert_eq!(format.name().to_uppercase().parse(), Ok(format));
        }
    }

    #[test]
    fn the_error_lists_what_is_supported() {
        let error = "mp5".parse::<Format>().expect_err("no such format").to_string();
        assert!(error.starts_with("unknown audio format \"mp5\"; supported: "), "{error}");
        for format in Format::supported() {
            assert!(error.contains(format.name()), "{error}");
        }
    }

    #[test]
    fn a_format_left_out_of_the_build_is_unknown() {
        for format in Format::ALL.iter().filter(|format| !format.is_supported()) {
            let error = format.name().parse::<Format>().expect_err("left out").to_string();
            assert_eq!(error.matches(format.name()).count(), 1, "{error}");
        }
    }

    #[test]
    fn a_long_name_is_cut_in_the_error() {
        let error = "ध".repeat(10_000).parse::<Format>().expect_err("no such format");
        assert_eq!(error.name.chars().count(), 32);
    }

    #[test]
    fn the_default_rate_is_one_of_the_rates_and_rates_ascend() {
        for format in Format::ALL {
            assert!(format.rates().contains(&format.default_rate()), "{format}");
            assert!(format.rates().is_sorted(), "{format}");
        }
    }
}
