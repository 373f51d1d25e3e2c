//! What a failure to speak is to the service and its callers.

use svara_engine::{SpeakError, source::SourceError};

use super::{ErrorKind, ServiceError};

impl From<SpeakError> for ServiceError {
    fn from(error: SpeakError) -> Self {
        let (kind, field) = match &error {
            SpeakError::Invalid { field, .. } => (ErrorKind::InvalidField, Some(*field)),
            SpeakError::TooLong { .. } => (ErrorKind::TextTooLong, Some("text")),
            SpeakError::UnknownStyle(_) => (ErrorKind::UnsupportedValue, Some("style")),
            SpeakError::UnknownVoice(_) => (ErrorKind::UnknownVoice, Some("voice")),
            SpeakError::Cloning(_) => (ErrorKind::NotSupported, Some("reference_audio")),
            SpeakError::Source(SourceError::Rejected { field: Some(field), .. }) => {
                (ErrorKind::InvalidField, Some(*field))
            }
            SpeakError::Source(SourceError::Unreachable { .. }) => (ErrorKind::EngineUnreachable, None),
            SpeakError::Source(error) if error.is_busy() => (ErrorKind::EngineBusy, None),
            SpeakError::Source(SourceError::Timeout { .. }) => (ErrorKind::EngineTimeout, None),
            SpeakError::Runaway { .. } | SpeakError::Looped { .. } => (ErrorKind::Runaway, None),
            SpeakError::NoAudio => (ErrorKind::NoAudio, None),
            SpeakError::Source(SourceError::NoPrompt { .. }) => (ErrorKind::Internal, None),
            SpeakError::Source(_) | SpeakError::CutOff { .. } => (ErrorKind::EngineError, None),
            SpeakError::Decode(svara_snac::DecodeError::Full { .. }) => (ErrorKind::ServerFull, None),
            SpeakError::Decode(_) => (ErrorKind::DecoderError, None),
        };
        let (origin, retryable) = (error.origin(), error.is_retryable());
        let retry_after = match &error {
            SpeakError::Source(error) => error.retry_after(),
            _ => None,
        };
        let (message, cause) = match told(&error) {
            Some(message) => (message, Some(error.to_string())),
            None => (error.to_string(), None),
        };
        Self { kind, message, field, origin, retryable, retry_after, cause }
    }
}

/// The message for callers, if the failure's own text may name hosts, paths or other internals.
fn told(error: &SpeakError) -> Option<String> {
    let message = match error {
        SpeakError::Source(error) => match error {
            SourceError::Unreachable { .. } => "the speech engine can't be reached; try again",
            SourceError::NoPrompt { .. } => "the model can't be asked to speak in this voice",
            SourceError::Rejected { field: Some(field), .. } => {
                return Some(format!("{field} is more than the speech engine takes"));
            }
            SourceError::Rejected { .. } if error.is_busy() => "the speech engine is busy; try again",
            SourceError::Rejected { status: 408 | 425 | 500.., .. } if error.is_retryable() => {
                "the speech engine failed; try again"
            }
            SourceError::Rejected { .. } => "the speech engine refused the request",
            SourceError::NoModel { .. } => "the speech engine doesn't have the model",
            SourceError::ModelList { .. } => "the speech engine's list of models can't be read",
            SourceError::Timeout { .. } => "the speech engine didn't answer in time; try again",
            SourceError::BrokeOff { .. } => "the speech engine broke off; try again",
            SourceError::Nonsense { .. } => "the speech engine's answer can't be read",
            SourceError::Silent { .. } => "the speech engine ended the speech without any audio; try again",
            SourceError::Failing { .. } => "the speech engine fails whatever text it is asked for",
            SourceError::NoneHealthy { .. } => "no speech engine is healthy; try again",
            SourceError::Demo { .. } => "the demo voice failed",
        },
        SpeakError::Decode(error) if !matches!(error, svara_snac::DecodeError::Full { .. }) => {
            "the decoder failed"
        }
        _ => return None,
    };
    Some(message.to_owned())
}
