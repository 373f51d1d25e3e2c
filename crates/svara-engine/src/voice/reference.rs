//! A voice that a recording gives.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use svara_snac::{Frame, TokenLayout};

use super::Voice;

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
    /// What this recording is called: `reference-` and 32 hex digits, the same for the same frames and transcript,
    /// whoever sends them and whatever its [`Self::voice`] is called.
    pub fn id(&self) -> String {
        Self::id_of(&self.frames, self.transcript.as_deref())
    }

    /// The [`Self::id`] of a recording of these frames, for naming the voice that it is to become.
    pub fn id_of(frames: &[Frame], transcript: Option<&str>) -> String {
        let mut digest = Sha256::new();
        for code in frames.iter().flat_map(|frame| frame.0) {
            digest.update(code.to_le_bytes());
        }
        digest.update(transcript.unwrap_or_default());
        let digest = digest.finalize();
        let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        format!("reference-{hex}")
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_that_of_frames_and_transcript() {
        let id = |code, transcript| ReferenceVoice::id_of(&[Frame([code; 7])], transcript);
        let one = id(1, Some("नमस्ते"));
        assert_eq!((one.len(), one.starts_with("reference-")), (42, true), "{one}");
        assert_eq!(id(1, None), id(1, Some("")), "an empty transcript is none");
        assert!(one != id(2, Some("नमस्ते")) && one != id(1, None));
    }
}
