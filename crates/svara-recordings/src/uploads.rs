//! Decodes recordings in processes.

use std::{io, path::PathBuf, sync::Once, time::Duration};

use bytes::Bytes;
use futures::{FutureExt, future::BoxFuture};
use svara_audio::SampleRate;
use svara_service::{DecodeRecording, RecordingError, config::CloningConfig};

use super::{child::DecodeUploadArgs, messages::Message, spares::Spares};

/// The server's own program, even after its file was replaced.
const OWN_PROGRAM: &str = "/proc/self/exe";
/// Processor time for a recording of up to a minute. Honest ones take some 0.2 s.
const CPU_SECONDS: u64 = 2;
/// Longer recordings may take a second more for each minute.
const MS_OF_A_CPU_SECOND: u64 = 60_000;
/// A process that has run for this many times its processor time is late.
const LATE: u32 = 10;

/// Decodes each recording in a process of its own.
pub struct Uploads {
    spares: Spares,
    args: DecodeUploadArgs,
    late: Duration,
    unconfined: Once,
}

impl Uploads {
    /// Starts the first processes, which give samples at `rate` and keep the limits of `config`. `program` is
    /// `svara-server`; without it, the running program is.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn start(rate: SampleRate, config: &CloningConfig, program: Option<PathBuf>) -> io::Result<Self> {
        let max_ms = u64::try_from(config.max_seconds.duration().as_millis()).unwrap_or(u64::MAX);
        let cpu_seconds = CPU_SECONDS + max_ms.saturating_sub(1) / MS_OF_A_CPU_SECOND;
        let args = DecodeUploadArgs { rate_hz: rate.hz(), max_bytes: config.max_bytes, max_ms, cpu_seconds };
        let spares = Spares::start(program.unwrap_or_else(|| OWN_PROGRAM.into()), args)?;
        let late = Duration::from_secs(cpu_seconds).saturating_mul(LATE);
        Ok(Self { spares, args, late, unconfined: Once::new() })
    }

    /// Whether recordings can be decoded here: has a process refuse an empty one.
    ///
    /// # Errors
    /// They can't; says why.
    pub async fn check(&self) -> Result<(), RecordingError> {
        match self.decode(Bytes::new()).await {
            Ok(_) | Err(RecordingError::Unusable(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn exchange(&self, recording: &[u8]) -> Result<Vec<f32>, RecordingError> {
        let process = self.spares.take().await;
        let process = process.map_err(|error| RecordingError::Unavailable(error.to_string()))?;
        let ready = |unconfined: Option<&str>| self.say_once(unconfined);
        match process.decode(recording, self.args.max_samples(), ready).await {
            Ok(Message::Samples(samples)) => Ok(samples),
            Ok(Message::Unusable(reason)) => Err(RecordingError::Unusable(reason)),
            Ok(Message::Failed(reason)) => Err(RecordingError::Internal(reason)),
            Ok(Message::Ready(_)) => {
                Err(RecordingError::Unusable("the audio file cannot be read: its decoder failed".to_owned()))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn say_once(&self, unconfined: Option<&str>) {
        if let Some(reason) = unconfined {
            self.unconfined.call_once(|| {
                tracing::warn!(reason, "recordings are decoded without a part of the sandbox");
            });
        }
    }
}

impl DecodeRecording for Uploads {
    fn decode(&self, recording: Bytes) -> BoxFuture<'_, Result<Vec<f32>, RecordingError>> {
        async move {
            // Its processor time is bounded; beyond that, it waits for a processor or was stopped.
            tokio::time::timeout(self.late, self.exchange(&recording)).await.unwrap_or_else(|_| {
                let reason = format!("its process gave no answer within {} s", self.late.as_secs());
                Err(RecordingError::Unavailable(reason))
            })
        }
        .boxed()
    }
}
