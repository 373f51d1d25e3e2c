//! The fields of a speech request that give a voice by a recording.

use std::sync::Arc;

use svara_engine::{ReferenceVoice, SpeakError, Voice};
use svara_service::Service;
use svara_snac::{FRAME_CODES, Frame, TokenLayout};

use super::upload::Upload;
use crate::error::ApiError;

/// With the names of the Python stack and its older fork. Where several are given, tokens come before the id, and the id
/// before the recording.
pub(crate) struct ReferenceFields {
    /// `reference_audio`.
    pub(crate) audio: Option<Upload>,
    /// `reference_transcript`.
    pub(crate) transcript: Option<String>,
    /// `voice_clone_id`.
    pub(crate) kept_id: Option<String>,
    /// `voice_clone_tokens`.
    pub(crate) tokens: Option<Vec<u32>>,
    /// In which language the recording's voice is to speak.
    pub(crate) language: Option<String>,
}

/// Longest transcript, in characters.
const MAX_TRANSCRIPT: usize = 2000;

impl ReferenceFields {
    /// The voice, if the fields give one.
    ///
    /// # Errors
    /// No voice can be had from recordings here, or not from this one: says why.
    pub(crate) async fn resolve(self, service: &Service) -> Result<Option<Arc<ReferenceVoice>>, ApiError> {
        let transcript = self.transcript.filter(|text| !text.trim().is_empty());
        if transcript.as_ref().is_some_and(|text| text.chars().count() > MAX_TRANSCRIPT) {
            let reason = format!("may have at most {MAX_TRANSCRIPT} characters");
            return Err(ApiError::invalid("reference_transcript", reason));
        }
        let can_clone = || service.engine().source().cloning().map_err(SpeakError::from);
        let frames = if let Some(tokens) = self.tokens.filter(|tokens| !tokens.is_empty()) {
            can_clone()?;
            frames_of(&tokens, service.engine().profile().layout, max_frames(service))?
        } else if let Some(id) = self.kept_id.filter(|id| !id.is_empty()) {
            can_clone()?;
            let kept = service.voices().get(&id).await?;
            let kept =
                kept.ok_or_else(|| ApiError::not_found("voice_clone_id", "no such voice is kept here"))?;
            let Some(transcript) = transcript else { return Ok(Some(Arc::clone(&kept.reference))) };
            let reference = (*kept.reference).clone();
            return Ok(Some(Arc::new(ReferenceVoice { transcript: Some(transcript.into()), ..reference })));
        } else if let Some(audio) = self.audio.filter(|audio| !audio.is_empty()) {
            can_clone()?;
            service.cloning().frames(|max_bytes| audio.into_bytes(max_bytes)).await?
        } else {
            return Ok(None);
        };
        let voice = Voice {
            voice_id: ReferenceVoice::id_of(&frames, transcript.as_deref()),
            name: "reference".to_owned(),
            model_id: service.engine().profile().id.clone(),
            gender: None,
            languages: self.language.iter().map(|tag| primary_language(tag)).collect(),
            aliases: Vec::new(),
            description: None,
            speaker_id: None,
        };
        let transcript = transcript.map(Into::into);
        Ok(Some(Arc::new(ReferenceVoice { voice: Arc::new(voice), frames, transcript })))
    }
}

/// Longest recording, in frames.
fn max_frames(service: &Service) -> usize {
    let decoder = service.engine().decoder().info();
    service.cloning().max_frames(decoder.sample_rate_hz, decoder.samples_per_frame)
}

/// `hi` of `hi-IN`.
pub(crate) fn primary_language(tag: &str) -> String {
    tag.split(['-', '_']).next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Whole frames of audio tokens, slots in order.
fn frames_of(tokens: &[u32], layout: TokenLayout, max_frames: usize) -> Result<Arc<[Frame]>, ApiError> {
    let refused = |reason: String| ApiError::invalid("voice_clone_tokens", reason);
    let (frames, rest) = tokens.as_chunks::<FRAME_CODES>();
    if frames.len() > max_frames {
        return Err(refused(format!("may be at most {} tokens", max_frames * FRAME_CODES)));
    }
    let code = |(slot, token): (usize, u32)| match layout.slot_and_code(token) {
        Some((at, code)) if at == slot => Ok(code),
        _ => Err(()),
    };
    let frame = |tokens: &[u32; FRAME_CODES]| {
        let mut codes = [0; FRAME_CODES];
        for (place, token) in codes.iter_mut().zip(tokens.iter().copied().enumerate()) {
            *place = code(token)?;
        }
        Ok(Frame(codes))
    };
    let frames: Result<Arc<[Frame]>, ()> = frames.iter().map(frame).collect();
    match frames {
        Ok(frames) if rest.is_empty() => Ok(frames),
        _ => Err(refused(
            "must be whole frames of seven audio tokens, as POST /v1/voice-clone gives them".to_owned(),
        )),
    }
}
