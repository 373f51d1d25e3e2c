//! `[decoder]`: the SNAC decoder.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use svara_snac::onnx::Device;

use crate::config::{ConfigError, DecoderBackend, values};

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
    /// Threads inside one call.
    pub intra_threads: usize,
    /// Streams that may be open at once; more are refused.
    pub max_streams: usize,
    /// Streams that may share one call.
    pub max_batch: usize,
    /// Whether noise blocks draw noise.
    pub noise: bool,
    /// Frames for each call. 0: few at first, then more.
    pub hop_frames: usize,
}

impl Default for DecoderConfig {
    fn default() -> Self {
        Self {
            kind: DecoderBackend::Onnx,
            model: "models/snac/decoder_stream.onnx".into(),
            library: PathBuf::new(),
            device: Device::Auto,
            threads: 0,
            intra_threads: 1,
            max_streams: 64,
            max_batch: 1,
            noise: true,
            hop_frames: 0,
        }
    }
}

impl DecoderConfig {
    pub(in crate::config) fn check(&self) -> Result<(), ConfigError> {
        if self.max_streams == 0 || self.intra_threads == 0 || self.max_batch == 0 {
            let reason =
                "decoder.max_streams, decoder.intra_threads and decoder.max_batch must be at least 1";
            return Err(ConfigError::new(reason));
        }
        Ok(())
    }
}
