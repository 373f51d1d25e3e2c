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
        Self::with(spec, input_rate, Output::Stream)
    }

    /// As [`Encoder::new`], for a file that nobody reads before its end: unlike in a stream, its header has the length (WAV,
    /// FLAC, MP3). All bytes go into one buffer, from its start, because [`Encoder::finish`] writes that header last. The
    /// other formats come out the same either way.
    ///
    /// # Errors
    /// As for [`Encoder::new`].
    pub fn for_file(spec: EncoderSpec, input_rate: SampleRate) -> Result<Self, EncodeError> {
        Self::with(spec, input_rate, Output::File)
    }

    fn with(spec: EncoderSpec, input_rate: SampleRate, output: Output) -> Result<Self, EncodeError> {
        Ok(Self {
            resampler: resampler(spec, input_rate)?,
            codec: codec(&spec, output)?,
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

/// Encodes complete audio in one go, as [`Encoder::for_file`] does.
///
/// # Errors
/// As for [`Encoder`]; also when the audio exceeds what a WAV header can hold (4 GiB).
pub fn encode_whole(
    spec: EncoderSpec,
    samples: &[f32],
    input_rate: SampleRate,
) -> Result<Vec<u8>, EncodeError> {
    let mut encoder = Encoder::for_file(spec, input_rate)?;
    let mut file = Vec::new();
    encoder.push(samples, &mut file)?;
    encoder.finish(&mut file)?;
    Ok(file)
}

/// What becomes of the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Output {
    /// They are read as they come.
    Stream,
    /// All are in the buffer at the end.
    File,
}

/// Implemented by each format. Samples arrive at the codec's own rate, in order, in pieces of any size.
trait Codec: Send {
    fn push(&mut self, samples: &[i16], out: &mut Vec<u8>) -> Result<(), EncodeError>;
    fn finish(self: Box<Self>, out: &mut Vec<u8>) -> Result<(), EncodeError>;
}

fn codec(spec: &EncoderSpec, output: Output) -> Result<Box<dyn Codec>, EncodeError> {
    Ok(match spec.format() {
        #[cfg(feature = "mp3")]
        Format::Mp3 => Box::new(mp3::Mp3::new(spec, output)?),
        #[cfg(feature = "aac")]
        Format::Aac => Box::new(aac::Aac::new(spec)?),
        #[cfg(not(feature = "mp3"))]
        Format::Mp3 => return Err(not_built(spec.format())),
        #[cfg(not(feature = "aac"))]
        Format::Aac => return Err(not_built(spec.format())),
        Format::Opus => Box::new(opus::Opus::new(spec)?),
        Format::Flac => Box::new(flac::Flac::new(spec.rate(), output)?),
        Format::Wav => Box::new(wav::Wav::new(spec.rate(), output)),
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
    fn a_file_is_the_same_in_parts_and_differs_from_a_stream_in_its_header() {
        let samples: Vec<f32> = (0..5000).map(|n| (n as f32 / 50.0).sin() / 2.0).collect();
        for &format in Format::ALL {
            let spec = EncoderSpec::new(format).unwrap();
            let encoded = |mut encoder: Encoder| {
                let mut file = Vec::new();
                samples.chunks(700).for_each(|part| encoder.push(part, &mut file).unwrap());
                encoder.finish(&mut file).unwrap();
                file
            };
            let file = encoded(Encoder::for_file(spec, spec.rate()).unwrap());
            let stream = encoded(Encoder::new(spec, spec.rate()).unwrap());
            assert!(file == encode_whole(spec, &samples, spec.rate()).unwrap(), "{format}");
            let has_length = matches!(format, Format::Wav | Format::Flac | Format::Mp3);
            assert_eq!(file != stream, has_length, "{format}");
        }
    }

    #[test]
    fn an_encoder_can_move_between_threads() {
        const fn assert_send<T: Send>() {}
        assert_send::<Encoder>();
    }
}
