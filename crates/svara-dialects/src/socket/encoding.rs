//! Samples to bytes, whose rate is known with the first samples only.

use svara_api::error::ApiError;
use svara_audio::{Encoder, EncoderSpec, SampleRate};

/// Makes one file after the other: each ends with [`Encoding::finish`].
pub(in super::super) struct Encoding {
    spec: EncoderSpec,
    /// None before the first sample of a file.
    encoder: Option<Encoder>,
}

impl Encoding {
    pub(in super::super) fn new(spec: EncoderSpec) -> Self {
        Self { spec, encoder: None }
    }

    /// Takes samples; returns the bytes that are ready.
    ///
    /// # Errors
    /// The encoder failed.
    pub(in super::super) fn push(&mut self, samples: &[f32], rate: SampleRate) -> Result<Vec<u8>, ApiError> {
        let mut bytes = Vec::new();
        if !samples.is_empty() {
            let encoder = match &mut self.encoder {
                Some(encoder) => encoder,
                none => none.insert(Encoder::new(self.spec, rate).map_err(ApiError::internal)?),
            };
            encoder.push(samples, &mut bytes).map_err(ApiError::internal)?;
        }
        Ok(bytes)
    }

    /// What the encoder still holds.
    ///
    /// # Errors
    /// The encoder failed.
    pub(in super::super) fn finish(&mut self) -> Result<Vec<u8>, ApiError> {
        let mut bytes = Vec::new();
        if let Some(encoder) = self.encoder.take() {
            encoder.finish(&mut bytes).map_err(ApiError::internal)?;
        }
        Ok(bytes)
    }
}
