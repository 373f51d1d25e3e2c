//! `[decoder]`: the SNAC decoder.

use std::{ops::RangeInclusive, path::PathBuf};

use serde::{Deserialize, Serialize};
use svara_engine::FirstAudio;
use svara_snac::onnx::Device;

use crate::config::{ConfigError, DecoderBackend, FirstAudioMode, values};

/// The SNAC decoder.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct DecoderConfig {
    /// What turns codes into sound.
    pub kind: DecoderBackend,
    /// The ONNX file.
    pub model: PathBuf,
    /// The ONNX Runtime library. Empty: `ORT_DYLIB_PATH`, then `models/lib/`.
    pub library: PathBuf,
    /// `auto`, `cpu`, `cuda` or `cuda:N`.
    #[serde(with = "values::text")]
    pub device: Device,
    /// Threads, each with a session. 0: one for each core on a CPU, one on a GPU.
    pub threads: usize,
    /// Streams that may be open at once; more are refused.
    pub max_streams: usize,
    /// Streams that may share one call. 0: 1 on a CPU, 16 on a GPU.
    pub max_batch: usize,
    /// How long a call may wait for others to share it.
    pub batch_wait_ms: u32,
    /// Most bytes of a GPU's memory. 0: as many as there are.
    pub gpu_memory_bytes: usize,
    /// Whether a GPU's calls are recorded as CUDA graphs and replayed.
    pub gpu_graphs: bool,
    /// Whether noise blocks draw noise.
    pub noise: bool,
    /// Frames for each call. 0: one on a CPU; on a GPU few at first, then more.
    pub hop_frames: usize,
    /// When the first audio leaves.
    pub first_audio: FirstAudioMode,
    /// Frames that an early start waits for.
    pub early_frames: usize,
}

impl Default for DecoderConfig {
    fn default() -> Self {
        Self {
            kind: DecoderBackend::Onnx,
            model: "models/snac/decoder_stream.onnx".into(),
            library: PathBuf::new(),
            device: Device::Auto,
            threads: 0,
            max_streams: 64,
            max_batch: 0,
            batch_wait_ms: 2,
            gpu_memory_bytes: 0,
            gpu_graphs: false,
            noise: true,
            hop_frames: 0,
            first_audio: FirstAudioMode::Exact,
            early_frames: 2,
        }
    }
}

/// Most milliseconds that a call may wait for others: more would be heard.
const MAX_BATCH_WAIT_MS: u32 = 100;
/// Frames that an early start may wait for: before, there is nothing to tell from noise; after, there are exact samples.
const EARLY_FRAMES: RangeInclusive<usize> = 2..=3;

impl DecoderConfig {
    /// When the first audio leaves, as the engine takes it.
    pub(crate) fn first_audio(&self) -> FirstAudio {
        match self.first_audio {
            FirstAudioMode::Exact => FirstAudio::Exact,
            FirstAudioMode::Early => FirstAudio::Early { frames: self.early_frames },
        }
    }

    /// Frames that an early start waits for; 0 where first audio is exact.
    pub(crate) fn early_start_frames(&self) -> usize {
        match self.first_audio {
            FirstAudioMode::Exact => 0,
            FirstAudioMode::Early => self.early_frames,
        }
    }

    pub(in crate::config) fn check(&self) -> Result<(), ConfigError> {
        if self.max_streams == 0 {
            return Err(ConfigError::new("decoder.max_streams must be at least 1"));
        }
        if self.batch_wait_ms > MAX_BATCH_WAIT_MS {
            let reason = format!("decoder.batch_wait_ms must be at most {MAX_BATCH_WAIT_MS}");
            return Err(ConfigError::new(reason));
        }
        if !EARLY_FRAMES.contains(&self.early_frames) {
            return Err(ConfigError::new("decoder.early_frames must be 2 or 3"));
        }
        Ok(())
    }
}
