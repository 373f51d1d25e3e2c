//! Streaming encoders: one continuous file per [`Encoder`], whatever the size of the pieces pushed.

#[cfg(feature = "aac")]
mod aac;
mod bitrate;
mod flac;
mod g711;
#[cfg(feature = "mp3")]
mod mp3;
mod opus;
mod pcm;
mod spec;
mod wav;

pub use bitrate::Bitrates;
pub use spec::{EncoderSpec, SpecError};

use crate::{
    Format, SampleRate, f32_to_s16_slice,
    resample::{ResampleError, Resampler},
};

/// An encoder couldn't be created or failed midway. Never the caller's fault: what a caller can get wrong is a
/// [`SpecError`] before.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// The resampler before the codec failed.
    #[error(transparent)]
    Resample(#[from] ResampleError),
    /// The codec library failed.
    #[error("{format} encoder failed: {detail}")]
    Codec {
        /// Which encoder.
        format: Format,
        /// What the library said.
        detail: String,
    },
}

/// Encodes one response: push samples as they arrive, forward the bytes that come out, finish once.
///
/// Output is appended to the caller's buffer, so one buffer serves a whole response. The first [`push`](Self::push)
/// writes the header. Memory doesn't grow with the stream. The bytes don't depend on how the samples were split into
/// pushes. Dropping an encoder without [`finish`](Self::finish) loses the samples it still holds and the format's
/// trailer.
pub struct Encoder {
    resampler: Option<Resampler>,
    codec: Box<dyn Codec>,
    resampled: Vec<f32>,
    quantized: Vec<i16>,
}

impl Encoder {
    /// An encoder for samples at `input_rate`, resampled if `spec` asks for another rate.
    ///
    /// # Errors
    /// When the resampler or the codec library can't be set up.
    pub fn new(spec: EncoderSpec, input_rate: SampleRate) -> Result<Self, EncodeError> {
        Ok(Self {
            resampler: resampler(spec, input_rate)?,
            codec: codec(&spec)?,
            resampled: Vec::new(),
            quantized: Vec::new(),
        })
    }

    /// Takes mono samples of full scale ±1.0 and appends the bytes that are ready to `out`.
    ///
    /// # Errors
    /// When a library fails; the stream is then broken and must not be continued.
    pub fn push(&mut self, samples: &[f32], out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let Some(resampler) = &mut self.resampler else {
            return push_quantized(self.codec.as_mut(), &mut self.quantized, samples, out);
        };
        self.resampled.clear();
        resampler.push(samples, &mut self.resampled)?;
        push_quantized(self.codec.as_mut(), &mut self.quantized, &self.resampled, out)
    }

    /// Appends everything still held back and the format's trailer. Without any push, the result is a valid empty file.
    ///
    /// # Errors
    /// When a library fails.
    pub fn finish(mut self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        if let Some(resampler) = self.resampler {
            self.resampled.clear();
            resampler.finish(&mut self.resampled)?;
            push_quantized(self.codec.as_mut(), &mut self.quantized, &self.resampled, out)?;
        }
        self.codec.finish(out)
    }
}

/// Encodes complete audio in one go. Unlike in a stream, sizes in the header (WAV, FLAC, MP3) are exact; the other
/// formats come out the same either way.
///
/// # Errors
/// As for [`Encoder`]; also when the audio exceeds what a WAV header can hold (4 GiB).
pub fn encode_whole(
    spec: EncoderSpec,
    samples: &[f32],
    input_rate: SampleRate,
) -> Result<Vec<u8>, EncodeError> {
    let mut resampled = Vec::new();
    let samples = match resampler(spec, input_rate)? {
        None => samples,
        Some(mut resampler) => {
            resampler.push(samples, &mut resampled)?;
            resampler.finish(&mut resampled)?;
            &resampled
        }
    };
    let mut quantized = vec![0; samples.len()];
    f32_to_s16_slice(samples, &mut quantized);
    let mut codec: Box<dyn Codec> = match spec.format() {
        Format::Wav => return wav::whole(&quantized, spec.rate()),
        #[cfg(feature = "mp3")]
        Format::Mp3 => return mp3::whole(&spec, &quantized),
        Format::Flac => Box::new(flac::Flac::for_whole(spec.rate(), &quantized)?),
        _ => codec(&spec)?,
    };
    let mut out = Vec::new();
    codec.push(&quantized, &mut out)?;
    codec.finish(&mut out)?;
    Ok(out)
}

/// Fills in the sizes that a streamed header leaves open (WAV), in a file that an [`Encoder`] has finished.
pub fn settle_sizes(spec: EncoderSpec, file: &mut [u8]) {
    if spec.format() == Format::Wav {
        wav::settle_sizes(file);
    }
}

/// Implemented by each format. Samples arrive at the codec's own rate, in order, in pieces of any size.
trait Codec: Send {
    fn push(&mut self, samples: &[i16], out: &mut Vec<u8>) -> Result<(), EncodeError>;
    fn finish(self: Box<Self>, out: &mut Vec<u8>) -> Result<(), EncodeError>;
}

fn codec(spec: &EncoderSpec) -> Result<Box<dyn Codec>, EncodeError> {
    Ok(match spec.format() {
        #[cfg(feature = "mp3")]
        Format::Mp3 => Box::new(mp3::Mp3::new(spec)?),
        #[cfg(feature = "aac")]
        Format::Aac => Box::new(aac::Aac::new(spec)?),
        #[cfg(not(feature = "mp3"))]
        Format::Mp3 => return Err(not_built(spec.format())),
        #[cfg(not(feature = "aac"))]
        Format::Aac => return Err(not_built(spec.format())),
        Format::Opus => Box::new(opus::Opus::new(spec)?),
        Format::Flac => Box::new(flac::Flac::new(spec.rate())?),
        Format::Wav => Box::new(wav::Wav::new(spec.rate())),
        Format::Pcm => Box::new(pcm::Pcm),
        Format::Ulaw => Box::new(g711::G711::ulaw()),
        Format::Alaw => Box::new(g711::G711::alaw()),
    })
}

/// Unreachable: no [`EncoderSpec`] names a format that isn't built.
#[cfg(not(all(feature = "mp3", feature = "aac")))]
fn not_built(format: Format) -> EncodeError {
    EncodeError::Codec { format, detail: "not in this build".to_owned() }
}

fn resampler(spec: EncoderSpec, input_rate: SampleRate) -> Result<Option<Resampler>, ResampleError> {
    (input_rate != spec.rate()).then(|| Resampler::new(input_rate, spec.rate())).transpose()
}

fn push_quantized(
    codec: &mut dyn Codec,
    quantized: &mut Vec<i16>,
    samples: &[f32],
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    quantized.resize(samples.len(), 0);
    f32_to_s16_slice(samples, quantized);
    codec.push(quantized, out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_with_settled_sizes_is_the_whole_file() {
        let samples: Vec<f32> = (0..5000).map(|n| (n as f32 / 50.0).sin() / 2.0).collect();
        for format in [Format::Wav, Format::Pcm, Format::Ulaw] {
            let spec = EncoderSpec::new(format).unwrap();
            let (mut encoder, mut file) = (Encoder::new(spec, spec.rate()).unwrap(), Vec::new());
            encoder.push(&samples, &mut file).unwrap();
            encoder.finish(&mut file).unwrap();
            settle_sizes(spec, &mut file);
            assert!(file == encode_whole(spec, &samples, spec.rate()).unwrap(), "{format}");
        }
        wav::settle_sizes(&mut []);
    }

    #[test]
    fn an_encoder_can_move_between_threads() {
        const fn assert_send<T: Send>() {}
        assert_send::<Encoder>();
    }
}
