//! Counts samples in a body as it arrives, without decoding it.

mod adts;
mod flac;
mod mp3;
mod ogg;
mod wav;

use std::time::Duration;

use clap::ValueEnum;

/// An audio format that can be requested and counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[expect(missing_docs, reason = "their names say it")]
pub enum Format {
    Pcm,
    Wav,
    Ulaw,
    Alaw,
    Mp3,
    Aac,
    Opus,
    Flac,
}

impl Format {
    /// Its name in requests.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pcm => "pcm",
            Self::Wav => "wav",
            Self::Ulaw => "ulaw",
            Self::Alaw => "alaw",
            Self::Mp3 => "mp3",
            Self::Aac => "aac",
            Self::Opus => "opus",
            Self::Flac => "flac",
        }
    }

    /// Whether the format keeps every sample, so that the count is exact.
    pub fn is_exact(self) -> bool {
        matches!(self, Self::Pcm | Self::Wav | Self::Ulaw | Self::Alaw | Self::Flac)
    }

    /// What counts as the first audio.
    pub fn first_audio(self) -> &'static str {
        match self {
            Self::Pcm | Self::Ulaw | Self::Alaw => "the first sample",
            Self::Wav => "the first sample after the header",
            Self::Mp3 => "the first whole MPEG frame",
            Self::Aac => "the first whole ADTS frame",
            Self::Opus => "the first whole Ogg page with Opus packets",
            Self::Flac => "the header of the first FLAC frame",
        }
    }
}

/// The body isn't of the requested format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body isn't {0}")]
pub struct WrongFormat(&'static str);

/// Counts the samples of one body.
#[derive(Clone, Debug)]
pub struct SampleMeter {
    kind: Kind,
    /// Bytes that can't be counted yet, at most the largest header or packet of the format.
    rest: Vec<u8>,
    /// Bytes in which no unit was found so far. Of raw formats: bytes of an incomplete sample.
    unknown_bytes: usize,
}

#[derive(Clone, Debug)]
enum Kind {
    Raw { bytes_per_sample: usize, rate_hz: u32 },
    Wav(wav::Wav),
    Mp3(mp3::Mp3),
    Adts(adts::Adts),
    Ogg(ogg::Ogg),
    Flac(flac::Flac),
}

/// Finds units (frames, pages) at the start of a buffer.
trait Framing {
    /// What is at the start of the bytes.
    fn next(&mut self, bytes: &[u8]) -> Found;
    fn rate_hz(&self) -> Option<u32>;
}

/// What a [`Framing`] finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    /// A unit, with its size and its samples.
    Unit { bytes: usize, samples: u64 },
    /// No unit here: skip this many bytes.
    Skip(usize),
    /// More bytes are needed.
    More,
}

/// A body in which nothing is found for this many bytes, a second at the highest rate, isn't of the format.
const MAX_UNKNOWN_BYTES: usize = 1 << 20;

impl SampleMeter {
    /// For a body of this format; `rate_hz` is the rate if the format doesn't state its own.
    pub fn new(format: Format, rate_hz: u32) -> Self {
        let kind = match format {
            Format::Pcm => Kind::Raw { bytes_per_sample: 2, rate_hz },
            Format::Ulaw | Format::Alaw => Kind::Raw { bytes_per_sample: 1, rate_hz },
            Format::Wav => Kind::Wav(wav::Wav::default()),
            Format::Mp3 => Kind::Mp3(mp3::Mp3::default()),
            Format::Aac => Kind::Adts(adts::Adts::default()),
            Format::Opus => Kind::Ogg(ogg::Ogg::default()),
            Format::Flac => Kind::Flac(flac::Flac::default()),
        };
        Self { kind, rest: Vec::new(), unknown_bytes: 0 }
    }

    /// The samples (per channel) that these bytes complete.
    ///
    /// # Errors
    /// The body isn't of the format.
    pub fn push(&mut self, bytes: &[u8]) -> Result<u64, WrongFormat> {
        let framing: &mut dyn Framing = match &mut self.kind {
            Kind::Raw { bytes_per_sample, .. } => {
                let whole = self.unknown_bytes + bytes.len();
                self.unknown_bytes = whole % *bytes_per_sample;
                return Ok((whole / *bytes_per_sample) as u64);
            }
            Kind::Wav(wav) => return wav.push(&mut self.rest, bytes),
            Kind::Mp3(mp3) => mp3,
            Kind::Adts(adts) => adts,
            Kind::Ogg(ogg) => ogg,
            Kind::Flac(flac) => flac,
        };
        self.rest.extend_from_slice(bytes);
        let (mut at, mut samples) = (0, 0);
        while let Some(rest) = self.rest.get(at..).filter(|rest| !rest.is_empty()) {
            match framing.next(rest) {
                Found::Unit { bytes, samples: found } => {
                    at += bytes.max(1);
                    samples += found;
                    self.unknown_bytes = 0;
                }
                Found::Skip(bytes) => {
                    at += bytes.max(1);
                    self.unknown_bytes += bytes.max(1);
                }
                Found::More => break,
            }
        }
        self.rest.drain(..at.min(self.rest.len()));
        if self.unknown_bytes.max(self.rest.len()) > MAX_UNKNOWN_BYTES {
            return Err(WrongFormat("of the requested format"));
        }
        Ok(samples)
    }

    /// The rate of the samples, once it is known.
    pub fn rate_hz(&self) -> Option<u32> {
        match &self.kind {
            Kind::Raw { rate_hz, .. } => Some(*rate_hz),
            Kind::Wav(wav) => wav.rate_hz(),
            Kind::Mp3(mp3) => mp3.rate_hz(),
            Kind::Adts(adts) => adts.rate_hz(),
            Kind::Ogg(ogg) => ogg.rate_hz(),
            Kind::Flac(flac) => flac.rate_hz(),
        }
    }

    /// How long this many samples play.
    pub fn duration(&self, samples: u64) -> Duration {
        self.rate_hz()
            .map_or(Duration::ZERO, |rate| Duration::from_secs_f64(samples as f64 / f64::from(rate)))
    }
}

/// A big-endian number of up to eight bytes.
fn big_endian(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}
