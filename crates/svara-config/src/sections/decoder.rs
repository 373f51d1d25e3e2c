//! `[decoder]`: the SNAC decoder.

use std::{ops::RangeInclusive, path::PathBuf};

use serde::{Deserialize, Serialize};
use svara_audio::Gain;
use svara_engine::FirstAudio;
use svara_snac::{
    Backend, Vectors,
    onnx::{Device, Precision},
};

use crate::{ConfigError, DecoderBackend, Faults, FirstAudioMode, values};

/// The SNAC decoder.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct DecoderConfig {
    /// What turns codes into samples.
    pub kind: DecoderBackend,
    /// The ONNX file.
    pub model: PathBuf,
    /// The ONNX Runtime library. Empty: searched in `ORT_DYLIB_PATH`, then in `models/lib/`.
    pub library: PathBuf,
    /// The device: `auto`, `cpu`, `cuda` or `cuda:N`.
    #[serde(with = "values::text")]
    pub device: Device,
    /// What runs the model: `auto`, `native` or `onnx`.
    #[serde(with = "values::text")]
    pub backend: Backend,
    /// The processor's vectors that native code uses: `auto`, `avx512`, `avx2`, `neon` or `none`.
    #[serde(with = "values::text")]
    pub vectors: Vectors,
    /// What the null decoder takes for a frame, in milliseconds, on each of its threads. 0: nothing.
    pub null_frame_ms: u32,
    /// Decoder threads, each with its own session. 0: one for each core on a CPU, one on a GPU, where a stream decoder has no more.
    pub threads: usize,
    /// The most streams open at once; further requests are refused. 0 is `auto` in the file: as many as the decoder
    /// carries in real time, by what its calls cost.
    #[serde(with = "values::auto_or_count")]
    pub max_streams: usize,
    /// The most streams that share one call. 0: 64 on a GPU; on a CPU up to 4 of those that wait anyway, in ONNX Runtime 1.
    pub max_batch: usize,
    /// How long a call waits for others to share it, in milliseconds. With `max_batch` 0 on a CPU, none waits.
    pub batch_wait_ms: u32,
    /// The most GPU memory for the decoder, in bytes. 0: no limit.
    pub gpu_memory_bytes: usize,
    /// Whether a GPU's calls of a stream decoder are recorded as CUDA graphs and replayed.
    pub gpu_graphs: bool,
    /// How exactly a GPU decodes: `float32`, `tf32` or `float16`.
    #[serde(with = "values::text")]
    pub precision: Precision,
    /// Whether SNAC's noise blocks draw noise; otherwise they get zeros.
    pub noise: bool,
    /// How much louder all speech is, in decibels.
    pub gain_db: f32,
    /// Frames that are decoded together. 0: one for a stream decoder, few at first and then more for a plain one.
    pub hop_frames: usize,
    /// When the first audio leaves.
    pub first_audio: FirstAudioMode,
    /// The frames that an early start waits for: 2 or 3.
    pub early_frames: usize,
}

impl Default for DecoderConfig {
    fn default() -> Self {
        Self {
            kind: DecoderBackend::Onnx,
            model: "models/snac/decoder_stream.onnx".into(),
            library: PathBuf::new(),
            device: Device::Auto,
            backend: Backend::Auto,
            vectors: Vectors::Auto,
            null_frame_ms: 0,
            threads: 0,
            max_streams: 0,
            max_batch: 0,
            batch_wait_ms: 2,
            gpu_memory_bytes: 0,
            gpu_graphs: true,
            precision: Precision::Float32,
            noise: true,
            gain_db: 0.0,
            hop_frames: 0,
            first_audio: FirstAudioMode::Exact,
            early_frames: 2,
        }
    }
}

/// Streams that may be open with `auto`, whatever they cost: on a GPU, their states take up to 168 MB.
const AUTO_STREAMS: usize = 256;
/// More threads than any machine has cores; each has a copy of the decoder's buffers.
const MAX_THREADS: usize = 1024;
/// The longest pretended cost of a frame, in milliseconds.
const MAX_NULL_FRAME_MS: u32 = 10_000;
/// The longest wait of a call for others, in milliseconds: a longer one would be audible.
const MAX_BATCH_WAIT_MS: u32 = 100;
/// Far more rows than a call gains from; a GPU holds the states of all.
const MAX_BATCH: usize = 1024;
/// About 20 seconds: more than most pieces have, which are then decoded at their end.
const MAX_HOP_FRAMES: usize = 256;
/// The frames that an early start may wait for: with fewer, the audio is noise; with more, it is exact.
const EARLY_FRAMES: RangeInclusive<usize> = 2..=3;

impl DecoderConfig {
    /// The most streams open at once.
    pub fn streams(&self) -> usize {
        if self.admits_by_cost() { AUTO_STREAMS } else { self.max_streams }
    }

    /// Whether as many streams are admitted as the decoder carries in real time.
    pub fn admits_by_cost(&self) -> bool {
        self.max_streams == 0
    }

    /// When the first audio is sent, in the engine's terms.
    pub fn first_audio(&self) -> FirstAudio {
        match self.first_audio {
            FirstAudioMode::Exact => FirstAudio::Exact,
            FirstAudioMode::Early => FirstAudio::Early { frames: self.early_frames },
        }
    }

    /// The frames that an early start waits for; 0 if the first audio is exact.
    pub fn early_start_frames(&self) -> usize {
        match self.first_audio {
            FirstAudioMode::Exact => 0,
            FirstAudioMode::Early => self.early_frames,
        }
    }

    pub(crate) fn check(&self, faults: &mut Faults) {
        faults.within("decoder.null_frame_ms", self.null_frame_ms, 0..=MAX_NULL_FRAME_MS);
        if self.null_frame_ms > 0 && self.kind != DecoderBackend::Null {
            faults.add_pair("decoder.null_frame_ms", "decoder.kind", "needs decoder.kind = \"null\"");
        }
        faults.within("decoder.threads", self.threads, 0..=MAX_THREADS);
        faults.within("decoder.max_batch", self.max_batch, 0..=MAX_BATCH);
        faults.within("decoder.hop_frames", self.hop_frames, 0..=MAX_HOP_FRAMES);
        faults.within("decoder.batch_wait_ms", self.batch_wait_ms, 0..=MAX_BATCH_WAIT_MS);
        if !EARLY_FRAMES.contains(&self.early_frames) {
            faults.add("decoder.early_frames", "must be 2 or 3");
        }
        if let Err(error) = Gain::from_db(self.gain_db) {
            faults.add("decoder.gain_db", error.to_string());
        }
    }

    /// How much louder all speech is.
    ///
    /// # Errors
    /// It is out of range.
    pub fn gain(&self) -> Result<Gain, ConfigError> {
        Gain::from_db(self.gain_db).map_err(|error| ConfigError::new(format!("decoder.gain_db {error}")))
    }
}
