//! A voice that a recording gives.

use std::sync::Arc;

use svara_snac::{Frame, TokenLayout};

use crate::Voice;

/// A recording of somebody, in the model's own terms: what a prompt shows the model so that it goes on in that voice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReferenceVoice {
    /// What it is called, and in which language it speaks; no language: text is said as typed.
    pub voice: Arc<Voice>,
    /// The recording as the codec's frames, 85 ms each; at least one.
    pub frames: Arc<[Frame]>,
    /// What is said in the recording. With it, clones are better.
    pub transcript: Option<Arc<str>>,
}

impl ReferenceVoice {
    /// The recording as audio tokens; none where a code is beyond the model's codebooks.
    pub fn tokens(&self, layout: &TokenLayout) -> Option<Vec<u32>> {
        let slots = self.frames.iter().flat_map(|frame| frame.0.into_iter().enumerate());
        slots.map(|(slot, code)| layout.token(slot, code)).collect()
    }
}

/// Why nothing can be said in the voice of a recording here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("speaking in the voice of a recording is not possible here: {reason}")]
pub struct CloningUnavailable {
    /// What is missing.
    pub reason: String,
}

impl CloningUnavailable {
    /// Names what is missing.
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
    }
}
