//! Turns an uploaded recording into codes for the prompt.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use svara_audio::{
    DecodeError, DecodeLimits, MIN_REFERENCE, Mono, SampleRate, check_reference, decode_upload,
};
use svara_snac::{Frame, SnacEncoder};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::{Caller, ServiceError, callers::Cost, config::CloningConfig};

/// Recordings decoded concurrently; each takes a core.
const DECODING: usize = 2;
/// Recordings that are being decoded or wait for it; further ones are refused.
const PLACES: usize = 16;

/// Turns recordings into frames.
pub struct Cloning {
    /// The encoder, or the reason why there is none.
    encoder: Result<SnacEncoder, String>,
    limits: DecodeLimits,
    places: Semaphore,
    decoding: Arc<Semaphore>,
}

impl Cloning {
    /// Uses this encoder; if there is none, recordings are refused with this reason.
    pub fn new(encoder: Result<SnacEncoder, String>, config: &CloningConfig) -> Self {
        let limits =
            DecodeLimits { max_bytes: config.max_bytes, max_duration: config.max_seconds.duration() };
        Self { encoder, limits, places: Semaphore::new(PLACES), decoding: Arc::new(Semaphore::new(DECODING)) }
    }

    /// The sample rate of the codec.
    ///
    /// # Errors
    /// There is no encoder; says why.
    pub fn sample_rate_hz(&self) -> Result<u32, ServiceError> {
        Ok(self.encoder()?.sample_rate_hz())
    }

    /// The frames of a recording. `read` takes the largest number of bytes allowed and returns the file's bytes, or the
    /// reason why they can't be used; it runs on a thread that may block.
    ///
    /// # Errors
    /// There is no encoder, the caller's key has used up its day, too many recordings are being processed, or this one can't
    /// be used; says why. A recording that isn't turned into frames costs nothing.
    pub async fn frames(
        &self,
        caller: &Caller,
        read: impl FnOnce(usize) -> Result<Bytes, String> + Send + 'static,
    ) -> Result<Arc<[Frame]>, ServiceError> {
        let encoder = self.encoder()?;
        // The shortest one's price, before any work is done for it.
        let least = caller.charge(Cost::of_recording(MIN_REFERENCE))?;
        let _place: SemaphorePermit<'_> =
            self.places.try_acquire().map_err(|_| ServiceError::cloning_busy())?;
        let rate = SampleRate::new(encoder.sample_rate_hz()).map_err(ServiceError::internal)?;
        let limits = self.limits;
        let turn = Arc::clone(&self.decoding).acquire_owned().await.map_err(ServiceError::internal)?;
        // The task owns the turn: if the client leaves, no other decode starts beside this one.
        let decoded = tokio::task::spawn_blocking(move || {
            let decoded = read(limits.max_bytes)
                .map_err(ServiceError::unusable_recording)
                .and_then(|bytes| decode(&bytes, rate, &limits));
            drop(turn);
            decoded
        });
        let mono = decoded.await.map_err(ServiceError::internal)??;
        let length = Duration::from_secs_f64(mono.samples.len() as f64 / f64::from(mono.rate.hz()));
        let rest = caller.charge(Cost::of_recording(length.saturating_sub(MIN_REFERENCE)))?;
        let frames = encoder.encode(mono.samples).await.map_err(ServiceError::internal)?;
        least.spend();
        rest.spend();
        Ok(frames.into())
    }

    /// The largest recording, in bytes of its file; none if recordings aren't accepted.
    pub fn max_bytes(&self) -> Option<usize> {
        self.encoder.as_ref().ok().map(|_| self.limits.max_bytes)
    }

    /// The longest recording, in frames of `samples_per_frame` at `sample_rate_hz`, rounded up.
    pub fn max_frames(&self, sample_rate_hz: u32, samples_per_frame: usize) -> usize {
        let samples = self.limits.max_duration.as_secs_f64() * f64::from(sample_rate_hz);
        (samples / samples_per_frame.max(1) as f64).ceil() as usize
    }

    fn encoder(&self) -> Result<&SnacEncoder, ServiceError> {
        self.encoder.as_ref().map_err(|reason| {
            let reason = format!("cloning from a recording is unavailable: {reason}");
            ServiceError::not_supported("reference_audio", reason)
        })
    }
}

fn decode(bytes: &[u8], rate: SampleRate, limits: &DecodeLimits) -> Result<Mono, ServiceError> {
    let mono = decode_upload(bytes, rate, limits).map_err(|error| match error {
        DecodeError::Resample(error) => ServiceError::internal(error),
        error => ServiceError::unusable_recording(error),
    })?;
    check_reference(&mono.samples, mono.rate).map_err(ServiceError::unusable_recording)?;
    Ok(mono)
}
