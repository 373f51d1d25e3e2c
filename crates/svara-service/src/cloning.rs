//! Turns an uploaded recording into codes for the prompt.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use svara_audio::MIN_REFERENCE;
use svara_snac::{Frame, SnacEncoder};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::{
    Caller, DecodeRecording, NotSetUp, RecordingError, ServiceError, callers::Cost, config::CloningConfig,
};

/// Recordings decoded concurrently; each takes a core.
const DECODING: usize = 2;
/// Recordings that are being decoded or wait for it; further ones are refused.
const PLACES: usize = 16;

/// What cloning needs.
pub struct CloningParts {
    /// Turns samples into codes.
    pub encoder: SnacEncoder,
    /// Turns recordings into samples at the encoder's rate, within the limits of the configuration.
    pub recordings: Arc<dyn DecodeRecording>,
}

/// Turns recordings into frames.
pub struct Cloning {
    /// What turns recordings into samples, and samples into codes; or the reason why there is no such thing.
    parts: Result<CloningParts, NotSetUp>,
    max_bytes: usize,
    max_duration: Duration,
    places: Semaphore,
    decoding: Arc<Semaphore>,
}

impl Cloning {
    /// Uses these parts; if there are none, recordings are refused, and the log has the reason.
    pub fn new(parts: Result<CloningParts, NotSetUp>, config: &CloningConfig) -> Self {
        Self {
            parts,
            max_bytes: config.max_bytes,
            max_duration: config.max_seconds.duration(),
            places: Semaphore::new(PLACES),
            decoding: Arc::new(Semaphore::new(DECODING)),
        }
    }

    /// The sample rate of the codec.
    ///
    /// # Errors
    /// There is no encoder.
    pub fn sample_rate_hz(&self) -> Result<u32, ServiceError> {
        Ok(self.parts(None)?.encoder.sample_rate_hz())
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
        let CloningParts { encoder, recordings } = self.parts(Some(caller))?;
        // The shortest one's price, before any work is done for it.
        let least = caller.charge(Cost::of_recording(MIN_REFERENCE))?;
        let _place: SemaphorePermit<'_> =
            self.places.try_acquire().map_err(|_| ServiceError::cloning_busy())?;
        let max_bytes = self.max_bytes;
        let turn = Arc::clone(&self.decoding).acquire_owned().await.map_err(ServiceError::internal)?;
        // The task owns the turn: if the client leaves, no other read starts beside this one.
        let read = tokio::task::spawn_blocking(move || (read(max_bytes), turn));
        let (bytes, turn) = read.await.map_err(ServiceError::internal)?;
        let samples = recordings.decode(bytes.map_err(ServiceError::unusable_recording)?).await?;
        drop(turn);
        let length = Duration::from_secs_f64(samples.len() as f64 / f64::from(encoder.sample_rate_hz()));
        let rest = caller.charge(Cost::of_recording(length.saturating_sub(MIN_REFERENCE)))?;
        let frames = encoder.encode(samples).await.map_err(ServiceError::internal)?;
        least.spend();
        rest.spend();
        Ok(frames.into())
    }

    /// The largest recording, in bytes of its file, and the longest; none if recordings aren't accepted.
    pub fn limits(&self) -> Option<(usize, Duration)> {
        self.parts.as_ref().ok().map(|_| (self.max_bytes, self.max_duration))
    }

    /// The longest recording, in frames of `samples_per_frame` at `sample_rate_hz`, rounded up.
    pub fn max_frames(&self, sample_rate_hz: u32, samples_per_frame: usize) -> usize {
        let samples = self.max_duration.as_secs_f64() * f64::from(sample_rate_hz);
        (samples / samples_per_frame.max(1) as f64).ceil() as usize
    }

    /// The parts. Only without keys, on a machine of the operator's own, is the caller told the reason: it may name files.
    fn parts(&self, caller: Option<&Caller>) -> Result<&CloningParts, ServiceError> {
        self.parts.as_ref().map_err(|why| match caller {
            Some(Caller::Anybody) => {
                let reason = format!("cloning from a recording is unavailable: {}", why.reason);
                ServiceError::not_supported("reference_audio", reason)
            }
            _ => ServiceError::not_set_up("reference_audio", "there is no encoder for recordings", why),
        })
    }
}

impl From<RecordingError> for ServiceError {
    fn from(error: RecordingError) -> Self {
        match error {
            RecordingError::Unusable(reason) => Self::unusable_recording(reason),
            RecordingError::Unavailable(reason) => {
                tracing::warn!(reason, "a recording can't be decoded");
                Self::cloning_unavailable()
            }
            RecordingError::Internal(reason) => Self::internal(reason),
        }
    }
}
