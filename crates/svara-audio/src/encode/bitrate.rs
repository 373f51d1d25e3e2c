use std::fmt;

use crate::{Format, SampleRate};

/// The bit rates an encoder accepts at some output rate, in bits per second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bitrates {
    /// The format has none: its size follows from the sample rate or the audio.
    None,
    /// Only these, lowest first.
    OneOf(&'static [u32]),
    /// Everything from the first to the second, both included.
    Between(u32, u32),
}

impl Bitrates {
    /// What `format` accepts for mono audio at `rate`.
    #[must_use]
    pub const fn of(format: Format, rate: SampleRate) -> Self {
        match format {
            Format::Flac | Format::Wav | Format::Pcm | Format::Ulaw | Format::Alaw => Self::None,
            // RFC 6716 section 2.1.1 allows 6 to 510 kbit/s; libopus gives one channel half of the maximum.
            Format::Opus => Self::Between(6_000, 256_000),
            // At most 6144 bits per frame of 1024 samples and channel (ISO/IEC 14496-3), that is 6 bits per sample.
            Format::Aac => Self::Between(8_000, rate.hz() * 6),
            Format::Mp3 => Self::OneOf(match rate.hz() {
                ..=12_000 => MPEG_2_5,
                12_001..=24_000 => MPEG_2,
                24_001.. => MPEG_1,
            }),
        }
    }

    /// Whether `bitrate_bps` is one of them.
    #[must_use]
    pub fn contains(&self, bitrate_bps: u32) -> bool {
        match self {
            Self::None => false,
            Self::OneOf(list) => list.contains(&bitrate_bps),
            Self::Between(low, high) => (*low..=*high).contains(&bitrate_bps),
        }
    }
}

/// The bit rate when the caller names none: transparent, or nearly so, for one voice.
pub(super) const fn default_bitrate_bps(format: Format, rate: SampleRate) -> Option<u32> {
    match format {
        Format::Flac | Format::Wav | Format::Pcm | Format::Ulaw | Format::Alaw => None,
        Format::Opus => Some(match rate.hz() {
            ..=8_000 => 16_000,
            8_001..=16_000 => 32_000,
            16_001.. => 48_000,
        }),
        Format::Aac | Format::Mp3 => Some(match rate.hz() {
            ..=8_000 => 32_000,
            8_001..=16_000 => 48_000,
            16_001..=24_000 => 64_000,
            24_001.. => 96_000,
        }),
    }
}

/// MPEG-2.5 (8 to 12 kHz) shares MPEG-2's table, but many decoders reject more than 64 kbit/s and LAME won't write it.
const MPEG_2_5: &[u32] = &[8_000, 16_000, 24_000, 32_000, 40_000, 48_000, 64_000];
/// Layer III of MPEG-2 (16 to 24 kHz), without 56 and 144 kbit/s, which the binding lacks.
const MPEG_2: &[u32] =
    &[8_000, 16_000, 24_000, 32_000, 40_000, 48_000, 64_000, 80_000, 96_000, 112_000, 128_000, 160_000];
/// Layer III of MPEG-1 (32 to 48 kHz), without 56 kbit/s.
const MPEG_1: &[u32] = &[
    32_000, 40_000, 48_000, 64_000, 80_000, 96_000, 112_000, 128_000, 160_000, 192_000, 224_000, 256_000,
    320_000,
];

impl fmt::Display for Bitrates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::OneOf(list) => f.write_str(&crate::format::names(list.iter())),
            Self::Between(low, high) => write!(f, "{low} to {high}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_allowed_wherever_there_are_bit_rates() {
        for format in Format::ALL {
            for rate in format.rates() {
                let allowed = Bitrates::of(*format, *rate);
                match default_bitrate_bps(*format, *rate) {
                    Some(bitrate_bps) => assert!(allowed.contains(bitrate_bps), "{format} {rate}"),
                    None => assert_eq!(allowed, Bitrates::None, "{format} {rate}"),
                }
            }
        }
    }
}
