//! From samples to bytes, piece by piece: one continuous file per [`Encoder`], whatever the size of the pieces.

mod pcm;
mod spec;
mod wav;

use crate::{Format, SampleRate};
pub use spec::{EncoderSpec, SpecError};

/// An encoder that couldn't be made or failed in the middle. Not the caller's fault: what a caller can get wrong is
/// a [`SpecError`] earlier on.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// No way from the input rate to the output rate in this build.
    #[error("cannot resample from {from} Hz to {to} Hz")]
    Resample {
        /// Rate of the samples pushed.
        from: SampleRate,
        /// Rate of the output.
        to: SampleRate,
    },
    /// The codec library refused.
    #[error("{format} encoder failed: {detail}")]
    Codec {
        /// Which encoder.
        format: Format,
        /// What the library said.
        detail: String,
    },
}

/// Encodes one response: push samples as they arrive, send on the bytes that come out, finish once.
///
/// Output is appended to a buffer of the caller, so that one buffer serves a whole response. The header leaves with the
/// first [`push`](Self::push); memory stays the same however long the stream gets. Dropping an encoder without
/// [`finish`](Self::finish) loses the samples it still holds and the format's correct end.
pub struct Encoder {
    codec: Box<dyn Codec>,
}

impl Encoder {
    /// An encoder for samples at `input_rate`; they are resampled where `spec` asks for another rate.
    ///
    /// # Errors
    /// When the codec library can't be set up.
    pub fn new(spec: EncoderSpec, input_rate: SampleRate) -> Result<Self, EncodeError> {
        if input_rate != spec.rate() {
            return Err(EncodeError::Resample { from: input_rate, to: spec.rate() });
        }
        let codec: Box<dyn Codec> = match spec.format() {
            Format::Pcm => Box::new(pcm::Pcm),
            Format::Wav => Box::new(wav::Wav::new(spec.rate())),
        };
        Ok(Self { codec })
    }

    /// Takes mono samples of full scale ±1.0 and appends the bytes that are ready to `out`.
    ///
    /// # Errors
    /// When the codec library refuses; the stream is then broken and must not be continued.
    pub fn push(&mut self, samples: &[f32], out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.codec.push(samples, out)
    }

    /// Appends everything still held back and the format's end. Without a push before, that is a valid empty file.
    ///
    /// # Errors
    /// When the codec library refuses.
    pub fn finish(self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.codec.finish(out)
    }
}

/// Encodes sound that is there as a whole. Where the format's header has sizes they are exact, unlike in a stream.
///
/// # Errors
/// As for [`Encoder`]; also when the sound is longer than the format can say (4 GiB of WAV).
pub fn encode_whole(
    spec: EncoderSpec,
    samples: &[f32],
    input_rate: SampleRate,
) -> Result<Vec<u8>, EncodeError> {
    let mut out = Vec::new();
    if spec.format() == Format::Wav && input_rate == spec.rate() {
        return wav::whole(samples, spec.rate());
    }
    let mut encoder = Encoder::new(spec, input_rate)?;
    encoder.push(samples, &mut out)?;
    encoder.finish(&mut out)?;
    Ok(out)
}

/// What each format implements. Samples come at the codec's own rate.
trait Codec: Send {
    fn push(&mut self, samples: &[f32], out: &mut Vec<u8>) -> Result<(), EncodeError>;
    fn finish(self: Box<Self>, out: &mut Vec<u8>) -> Result<(), EncodeError>;
}
