//! From a recording that somebody sent to the codes that a prompt shows the model.

use std::sync::Arc;

use svara_audio::{DecodeError, DecodeLimits, Mono, SampleRate, check_reference, decode_upload};
use svara_snac::{Frame, SnacEncoder};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::{config::CloningConfig, error::ApiError, upload::Upload};

/// Recordings that are decoded at once; decoding takes a core.
const DECODING: usize = 2;
/// Recordings that are being worked on or wait for it; more are refused.
const PLACES: usize = 16;

/// Turns recordings into frames.
pub struct Cloning {
    /// The encoder, or what is missing.
    encoder: Result<SnacEncoder, String>,
    limits: DecodeLimits,
    places: Semaphore,
    decoding: Arc<Semaphore>,
}

impl Cloning {
    /// With an encoder, or with the reason why there is none.
    pub fn new(encoder: Result<SnacEncoder, String>, config: &CloningConfig) -> Self {
        let limits =
            DecodeLimits { max_bytes: config.max_bytes, max_duration: config.max_seconds.duration() };
        Self { encoder, limits, places: Semaphore::new(PLACES), decoding: Arc::new(Semaphore::new(DECODING)) }
    }

    /// The codec's sample rate, where there is an encoder.
    ///
    /// # Errors
    /// Says what is missing.
    pub(crate) fn sample_rate_hz(&self) -> Result<u32, ApiError> {
        Ok(self.encoder()?.sample_rate_hz())
    }

    /// The frames of a recording. Limits are checked while it's decoded.
    ///
    /// # Errors
    /// There is no encoder, too many recordings are being worked on, or this one can't be used: says why.
    pub(crate) async fn frames(&self, upload: Upload) -> Result<Arc<[Frame]>, ApiError> {
        let encoder = self.encoder()?;
        let _place: SemaphorePermit<'_> = self.places.try_acquire().map_err(|_| ApiError::cloning_busy())?;
        let internal = |error: &dyn std::error::Error| ApiError::internal(error.to_string());
        let rate = SampleRate::new(encoder.sample_rate_hz()).map_err(|error| internal(&error))?;
        let limits = self.limits;
        let turn = Arc::clone(&self.decoding).acquire_owned().await.map_err(|error| internal(&error))?;
        // The turn goes along: a caller who leaves doesn't make room for a second decode beside the first.
        let decoded = tokio::task::spawn_blocking(move || {
            let decoded = decode(&upload, rate, &limits);
            drop(turn);
            decoded
        });
        let mono = decoded.await.map_err(|error| internal(&error))??;
        let frames = encoder.encode(mono.samples).await.map_err(|error| internal(&error))?;
        Ok(frames.into())
    }

    /// Largest recording in bytes of its file; none where no recordings are taken.
    pub(crate) fn max_bytes(&self) -> Option<usize> {
        self.encoder.as_ref().ok().map(|_| self.limits.max_bytes)
    }

    /// Longest recording in frames.
    pub(crate) fn max_frames(&self) -> usize {
        // 2048 samples at 24 kHz; the last frame is filled up.
        (self.limits.max_duration.as_secs_f64() * 24_000.0 / 2048.0).ceil() as usize
    }

    fn encoder(&self) -> Result<&SnacEncoder, ApiError> {
        self.encoder.as_ref().map_err(|reason| {
            let reason = format!("recordings can't be turned into voices here: {reason}");
            ApiError::not_supported("reference_audio", &reason)
        })
    }
}

fn decode(upload: &Upload, rate: SampleRate, limits: &DecodeLimits) -> Result<Mono, ApiError> {
    let refused = |reason: String| ApiError::unusable_audio(&reason);
    let bytes = upload.bytes(limits.max_bytes).map_err(refused)?;
    let mono = decode_upload(&bytes, rate, limits).map_err(|error| match error {
        DecodeError::Resample(error) => ApiError::internal(error.to_string()),
        error => refused(error.to_string()),
    })?;
    check_reference(&mono.samples, mono.rate).map_err(|fault| refused(fault.to_string()))?;
    Ok(mono)
}
