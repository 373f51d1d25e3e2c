//! A voice that a request gives by a recording, in one of its forms.

use std::sync::Arc;

use bytes::Bytes;
use svara_engine::{ReferenceVoice, SpeakError, Voice};
use svara_snac::{FRAME_CODES, Frame, TokenLayout};
use svara_text::Language;

use crate::{Caller, Service, ServiceError};

/// What a request says of the recording whose voice it wants. Of several forms, tokens come before the id, and the id
/// before the recording. `R` reads the recording's file, as [`crate::Cloning::frames`] takes it.
///
/// Errors name the fields as the Python stack does.
pub struct ReferenceRequest<R> {
    /// `reference_audio`: the recording.
    pub recording: Option<R>,
    /// `reference_transcript`: what the recording says.
    pub transcript: Option<String>,
    /// `voice_clone_id`: the id of a saved voice.
    pub saved_id: Option<String>,
    /// `voice_clone_tokens`: the recording as audio tokens, whole frames.
    pub tokens: Option<Vec<u32>>,
    /// The language tag that the voice is to speak.
    pub language: Option<String>,
}

/// Longest transcript, in characters.
const MAX_TRANSCRIPT: usize = 2000;

impl<R: FnOnce(usize) -> Result<Bytes, String> + Send + 'static> ReferenceRequest<R> {
    /// The voice, if the caller's request gives one.
    ///
    /// # Errors
    /// This server can't speak in the voice of a recording, or not of this one: says why.
    pub async fn resolve(
        self,
        service: &Service,
        caller: &Caller,
    ) -> Result<Option<Arc<ReferenceVoice>>, ServiceError> {
        let transcript = self.transcript.filter(|text| !text.trim().is_empty());
        if transcript.as_ref().is_some_and(|text| text.chars().count() > MAX_TRANSCRIPT) {
            let reason = format!("may have at most {MAX_TRANSCRIPT} characters");
            return Err(ServiceError::invalid("reference_transcript", reason));
        }
        let can_clone = || service.engine().source().cloning().map_err(SpeakError::from);
        let frames = if let Some(tokens) = self.tokens.filter(|tokens| !tokens.is_empty()) {
            can_clone()?;
            frames_of(&tokens, service.engine().profile().layout, max_frames(service))?
        } else if let Some(id) = self.saved_id.filter(|id| !id.is_empty()) {
            can_clone()?;
            let kept = service.voices().get(caller, &id).await?;
            let kept =
                kept.ok_or_else(|| ServiceError::not_found("voice_clone_id", "no such voice is kept here"))?;
            let Some(transcript) = transcript else { return Ok(Some(Arc::clone(&kept.reference))) };
            let reference = (*kept.reference).clone();
            return Ok(Some(Arc::new(ReferenceVoice { transcript: Some(transcript.into()), ..reference })));
        } else if let Some(read) = self.recording {
            can_clone()?;
            service.cloning().frames(caller, read).await?
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

/// The code of a language by any of its names: `hi` of `hi-IN`, `hin` or `Hindi`; of another, the first part of its tag.
pub fn primary_language(tag: &str) -> String {
    if let Some(language) = Language::named(tag) {
        return language.code().to_owned();
    }
    tag.split(['-', '_']).next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Whole frames of audio tokens, slots in order.
fn frames_of(tokens: &[u32], layout: TokenLayout, max_frames: usize) -> Result<Arc<[Frame]>, ServiceError> {
    let refused = |reason: String| ServiceError::invalid("voice_clone_tokens", reason);
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
