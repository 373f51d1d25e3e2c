//! Decodes uploaded files to mono samples, within limits.

mod claims;
mod error;
mod opus;
mod track;
mod wav;

use std::{
    io::Cursor,
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use symphonia::core::{
    codecs::{CodecParameters, audio::well_known::CODEC_ID_OPUS},
    common::Limit,
    errors::Error as SymphoniaError,
    formats::{FormatOptions, FormatReader, TrackType, probe::Hint},
    io::{MediaSourceStream, MediaSourceStreamOptions},
    meta::MetadataOptions,
};

pub use error::DecodeError;
use track::TrackDecoder;

use crate::{Resampler, SampleRate};

/// Limits on an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeLimits {
    /// Largest file, in bytes.
    pub max_bytes: usize,
    /// Longest audio. Decoding stops as soon as it is exceeded.
    pub max_duration: Duration,
}

/// 10 MB and 30 s.
impl Default for DecodeLimits {
    fn default() -> Self {
        Self { max_bytes: 10_000_000, max_duration: Duration::from_secs(30) }
    }
}

/// Decoded audio: one channel, full scale ±1.0.
#[derive(Clone, Debug, PartialEq)]
pub struct Mono {
    /// Rate of the samples.
    pub rate: SampleRate,
    /// The samples, all finite. Floating-point files may contain some beyond ±1.0.
    pub samples: Vec<f32>,
}

impl Mono {
    /// Duration of the audio.
    #[must_use]
    pub fn duration(&self) -> Duration {
        Duration::from_secs_f64(self.samples.len() as f64 / f64::from(self.rate.hz()))
    }
}

/// Decodes a whole file to one channel at `rate`.
///
/// Reads WAV (PCM, float, G.711), MP3, FLAC, Ogg with Vorbis, Opus or FLAC, MP4/M4A and ADTS with AAC-LC, WebM with
/// Opus or Vorbis, whatever the file's name or claimed type; channels are averaged. A truncated file yields the audio
/// it has, and a WAV file whose sizes its writer didn't know is taken to its end. A packet that can't be decoded is an
/// error unless it's the last. Corruption that the container's reader skips (in MP3 and FLAC it scans for the next frame)
/// goes unnoticed.
///
/// # Errors
/// See [`DecodeError`]: each message tells the sender what is wrong with the file.
pub fn decode_upload(bytes: &[u8], rate: SampleRate, limits: &DecodeLimits) -> Result<Mono, DecodeError> {
    if bytes.is_empty() {
        return Err(DecodeError::Empty);
    }
    if bytes.len() > limits.max_bytes {
        return Err(DecodeError::TooLarge { max_bytes: limits.max_bytes });
    }
    if claims::too_many_samples(bytes) {
        return Err(DecodeError::Unreadable {
            detail: "its fragments claim more samples than it has bytes".to_owned(),
        });
    }
    // Third-party decoders, untrusted bytes: arithmetic on a hostile header has made Symphonia panic
    // (tests/it/fuzz.rs). All state is created inside and dropped on unwinding, so no broken state escapes.
    catch_unwind(AssertUnwindSafe(|| decode(bytes, rate, limits)))
        .unwrap_or(Err(DecodeError::DecoderPanicked))
}

fn decode(bytes: &[u8], rate: SampleRate, limits: &DecodeLimits) -> Result<Mono, DecodeError> {
    let bytes = wav::with_sizes(bytes);
    let mut reader = open(&bytes)?;
    let (track_id, mut decoder) = default_track(reader.as_ref())?;
    let mut sink = Sink::new(rate, limits.max_duration);
    let mut packet_samples = Vec::new();
    // A corrupt last packet after decoded audio is forgiven: the file was truncated.
    let mut damage = None;
    let mut idle_packets = 0;
    while let Some(packet) = next_packet(reader.as_mut())? {
        packet_samples.clear();
        if packet.track_id == track_id {
            if let Some(damage) = damage.take() {
                return Err(damage);
            }
            match decoder.decode(&packet, &mut packet_samples) {
                Ok(packet_rate) => sink.push(&packet_samples, packet_rate)?,
                Err(DecodeError::Damaged { detail, .. }) => {
                    damage = Some(DecodeError::Damaged { at: sink.duration(), detail });
                }
                Err(error) => return Err(error),
            }
        }
        idle_packets = if packet_samples.is_empty() { idle_packets + 1 } else { 0 };
        if idle_packets > MAX_IDLE_PACKETS {
            return Err(DecodeError::Unreadable { detail: "thousands of packets without audio".to_owned() });
        }
    }
    match (sink.finish()?, damage) {
        (Some(mono), _) => Ok(mono),
        (None, damage) => Err(damage.unwrap_or(DecodeError::NoSound)),
    }
}

/// Consecutive packets without audio before a file is rejected: a few bytes of header can claim billions of them.
const MAX_IDLE_PACKETS: u32 = 10_000;

fn open(bytes: &[u8]) -> Result<Box<dyn FormatReader + '_>, DecodeError> {
    let source = MediaSourceStream::new(Box::new(Cursor::new(bytes)), MediaSourceStreamOptions::default());
    // Tags and pictures aren't used; the limits keep them out of memory.
    let no_tags = MetadataOptions::default()
        .limit_tag_bytes(Limit::Maximum(4_096))
        .limit_visual_bytes(Limit::Maximum(4_096));
    symphonia::default::get_probe()
        .probe(&Hint::new(), source, FormatOptions::default(), no_tags)
        .map_err(DecodeError::from_opening)
}

fn default_track(reader: &dyn FormatReader) -> Result<(u32, TrackDecoder), DecodeError> {
    let track = reader.default_track(TrackType::Audio).ok_or(DecodeError::NoSound)?;
    let Some(CodecParameters::Audio(parameters)) = &track.codec_params else {
        return Err(DecodeError::NoSound);
    };
    let decoder = if parameters.codec == CODEC_ID_OPUS {
        TrackDecoder::opus(parameters)?
    } else {
        TrackDecoder::symphonia(parameters)?
    };
    Ok((track.id, decoder))
}

/// The next packet; `None` at the end of the file, proper or truncated.
fn next_packet(
    reader: &mut dyn FormatReader,
) -> Result<Option<symphonia::core::packet::Packet>, DecodeError> {
    match reader.next_packet() {
        Ok(packet) => Ok(packet),
        Err(SymphoniaError::IoError(error)) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(None),
        // Another stream is chained after this one; only the first is used.
        Err(SymphoniaError::ResetRequired) => Ok(None),
        Err(error) => Err(DecodeError::Unreadable { detail: error.to_string() }),
    }
}

/// Resamples to the target rate and enforces the length limit.
struct Sink {
    rate: SampleRate,
    max_duration: Duration,
    source: Option<Source>,
    samples: Vec<f32>,
}

/// The file's own rate, and how much of it has been decoded.
struct Source {
    rate: SampleRate,
    resampler: Option<Resampler>,
    samples: u64,
}

impl Sink {
    const fn new(rate: SampleRate, max_duration: Duration) -> Self {
        Self { rate, max_duration, source: None, samples: Vec::new() }
    }

    fn push(&mut self, samples: &[f32], rate: SampleRate) -> Result<(), DecodeError> {
        if samples.is_empty() {
            return Ok(());
        }
        let source = match &mut self.source {
            Some(source) if source.rate == rate => source,
            Some(source) => return Err(DecodeError::RateChanges { from: source.rate, to: rate }),
            none => none.insert(Source::new(rate, self.rate)?),
        };
        source.samples += samples.len() as u64;
        if source.duration() > self.max_duration {
            return Err(DecodeError::TooLong { max_duration: self.max_duration });
        }
        match &mut source.resampler {
            Some(resampler) => resampler.push(samples, &mut self.samples)?,
            None => self.samples.extend_from_slice(samples),
        }
        Ok(())
    }

    /// Duration of the audio decoded so far.
    fn duration(&self) -> Duration {
        self.source.as_ref().map(Source::duration).unwrap_or_default()
    }

    /// All of the audio; `None` if there was none.
    fn finish(mut self) -> Result<Option<Mono>, DecodeError> {
        let Some(source) = self.source else {
            return Ok(None);
        };
        if let Some(resampler) = source.resampler {
            resampler.finish(&mut self.samples)?;
        }
        Ok(Some(Mono { rate: self.rate, samples: self.samples }))
    }
}

impl Source {
    fn new(rate: SampleRate, target: SampleRate) -> Result<Self, DecodeError> {
        let resampler = (rate != target).then(|| Resampler::new(rate, target)).transpose()?;
        Ok(Self { rate, resampler, samples: 0 })
    }

    fn duration(&self) -> Duration {
        Duration::from_secs_f64(self.samples as f64 / f64::from(self.rate.hz()))
    }
}
