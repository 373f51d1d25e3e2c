//! `[cloning]`: speech in the voice of a recording.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Faults, Seconds};

/// Speech in the voice of a recording.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct CloningConfig {
    /// The SNAC encoder, an ONNX file. If it is missing, recordings are refused.
    pub encoder: PathBuf,
    /// The largest recording, in bytes of its file.
    pub max_bytes: usize,
    /// The longest recording.
    pub max_seconds: Seconds,
}

impl Default for CloningConfig {
    fn default() -> Self {
        Self {
            encoder: "models/snac/encoder.onnx".into(),
            max_bytes: 10_000_000,
            max_seconds: Seconds::new(30),
        }
    }
}

impl CloningConfig {
    /// Checks the ranges of values, and values that depend on each other.
    pub fn check(&self, faults: &mut Faults) {
        if self.max_bytes == 0 {
            faults.add("cloning.max_bytes", "must be at least 1");
        }
        if self.max_seconds.duration() < svara_audio::MIN_REFERENCE {
            let least = svara_audio::MIN_REFERENCE.as_secs_f64();
            faults.add("cloning.max_seconds", format!("must be at least {least:.1}"));
        }
    }
}
