//! Voices cloned from a recording.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use svara_snac::{Frame, TokenLayout};

use super::Voice;

/// A recording as the model's own frames. A prompt shows it to the model, which goes on in the same voice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReferenceVoice {
    /// Its name and language. Without a language, texts are spoken as typed.
    pub voice: Arc<Voice>,
    /// The recording as frames of the codec, 85 ms each. At least one.
    pub frames: Arc<[Frame]>,
    /// The words of the recording, which make the clone better.
    pub transcript: Option<Arc<str>>,
}

impl ReferenceVoice {
    /// Identifies the recording by its contents: `reference-` and 32 hex digits of a digest. The same frames with the
    /// same transcript have the same id, whatever the name of [`Self::voice`].
    pub fn id(&self) -> String {
        Self::id_of(&self.frames, self.transcript.as_deref())
    }

    /// The [`Self::id`] of a recording that isn't a `ReferenceVoice` yet, to name its [`Self::voice`].
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

    /// The recording as audio tokens. `None` if a code is beyond the model's codebooks.
    pub fn tokens(&self, layout: &TokenLayout) -> Option<Vec<u32>> {
        let slots = self.frames.iter().flat_map(|frame| frame.0.into_iter().enumerate());
        slots.map(|(slot, code)| layout.token(slot, code)).collect()
    }
}

/// Voices can't be cloned here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("speaking in the voice of a recording is not available here: {reason}")]
pub struct CloningUnavailable {
    /// What is missing.
    pub reason: String,
}

impl CloningUnavailable {
    /// Reports what is missing.
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_and_transcript_make_the_id() {
        let id = |code, transcript| ReferenceVoice::id_of(&[Frame([code; 7])], transcript);
        let one = id(1, Some("नमस्ते"));
        assert_eq!((one.len(), one.starts_with("reference-")), (42, true), "{one}");
        assert_eq!(id(1, None), id(1, Some("")), "an empty transcript is none");
        assert!(one != id(2, Some("नमस्ते")) && one != id(1, None));
    }
}
