//! `[demo]`: the demo voice.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The demo voice.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct DemoConfig {
    /// The espeak-ng program.
    pub espeak: PathBuf,
    /// The codec's encoder.
    pub encoder: PathBuf,
    /// The codec's decoder, which replaces `decoder.model`.
    pub decoder: PathBuf,
}

impl Default for DemoConfig {
    fn default() -> Self {
        Self {
            espeak: "espeak-ng".into(),
            encoder: "models/demo/encoder.onnx".into(),
            decoder: "models/demo/decoder.onnx".into(),
        }
    }
}
