//! Why the service refuses or fails, as data: the kind of failure, its origin, and whether a retry makes sense.

mod not_set_up;
mod speaking;

use std::{fmt::Display, time::Duration};

use svara_engine::Origin;

pub use self::not_set_up::NotSetUp;
use crate::{callers::OverQuota, store::StoreError};

/// The kinds of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// A field is missing, has the wrong type or is out of range.
    InvalidField,
    /// A field's value is well formed but isn't one that is offered.
    UnsupportedValue,
    /// Nothing has this name.
    NotFound,
    /// The server doesn't support it as configured.
    NotSupported,
    /// The text is longer than a request's may be. To callers, a field with a wrong value.
    TextTooLong,
    /// No voice has that name.
    UnknownVoice,
    /// An API key is required and none was given.
    MissingKey,
    /// The API key is unknown.
    InvalidKey,
    /// The key's requests of this minute are used up.
    RateLimited,
    /// The key has the most streams open that it may have.
    TooManyStreams,
    /// The key's characters of this day are used up.
    QuotaExceeded,
    /// Every stream is taken and the queue is full, or the wait was too long.
    ServerFull,
    /// Recordings can't be decoded at the moment.
    CloningUnavailable,
    /// The most saved voices are stored, or the key has made the most that it may have.
    VoicesFull,
    /// The most dictionaries are stored, or the key has made the most that it may have.
    DictionariesFull,
    /// A dictionary has this name already.
    DictionaryExists,
    /// It belongs to another key, which lets this one use it.
    NotYours,
    /// The most jobs, or the most audio of jobs, are stored.
    JobsFull,
    /// The item of a job is not done yet.
    JobUnfinished,
    /// The engine can't be reached.
    EngineUnreachable,
    /// The engine refuses more work.
    EngineBusy,
    /// The engine didn't answer in time.
    EngineTimeout,
    /// The engine failed.
    EngineError,
    /// The engine ended without audio. To callers, an engine's failure as others.
    NoAudio,
    /// The model generated more audio than the text can take, or repeated itself.
    Runaway,
    /// The decoder failed.
    DecoderError,
    /// A store doesn't answer.
    StoreUnavailable,
    /// A saved voice can't be read.
    VoiceDamaged,
    /// A dictionary can't be read.
    DictionaryDamaged,
    /// A job, or its audio or times, can't be read.
    JobDamaged,
    /// The client takes the audio too slowly.
    SlowReader,
    /// A fault of the service itself.
    Internal,
}

impl ErrorKind {
    /// Whether it refuses one caller at one moment, and not what is asked for.
    pub(crate) fn is_of_caller(self) -> bool {
        matches!(self, Self::RateLimited | Self::TooManyStreams | Self::QuotaExceeded | Self::ServerFull)
    }

    /// The stable name in responses, logs and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::InvalidField | Self::TextTooLong => "invalid_field",
            Self::UnsupportedValue => "unsupported_value",
            Self::NotFound => "not_found",
            Self::NotSupported => "not_supported",
            Self::UnknownVoice => "unknown_voice",
            Self::MissingKey => "missing_api_key",
            Self::InvalidKey => "invalid_api_key",
            Self::RateLimited => "rate_limit_exceeded",
            Self::TooManyStreams => "too_many_concurrent_requests",
            Self::QuotaExceeded => "quota_exceeded",
            Self::ServerFull => "server_full",
            Self::CloningUnavailable => "cloning_unavailable",
            Self::VoicesFull => "voices_full",
            Self::DictionariesFull => "dictionaries_full",
            Self::DictionaryExists => "dictionary_exists",
            Self::NotYours => "not_yours",
            Self::JobsFull => "jobs_full",
            Self::JobUnfinished => "job_unfinished",
            Self::EngineUnreachable => "engine_unreachable",
            Self::EngineBusy => "engine_busy",
            Self::EngineTimeout => "engine_timeout",
            Self::EngineError | Self::NoAudio => "engine_error",
            Self::Runaway => "runaway",
            Self::DecoderError => "decoder_error",
            Self::StoreUnavailable => "store_unavailable",
            Self::VoiceDamaged => "voice_damaged",
            Self::DictionaryDamaged => "dictionary_damaged",
            Self::JobDamaged => "job_damaged",
            Self::SlowReader => "slow_reader",
            Self::Internal => "internal_error",
        }
    }
}

/// Why there is no speech, voice or job.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ServiceError {
    /// The kind of failure.
    pub kind: ErrorKind,
    /// For people: names the field, and what is allowed.
    pub message: String,
    /// The field of the request that is wrong.
    pub field: Option<&'static str>,
    /// Which side caused it.
    pub origin: Origin,
    /// Whether the same request may succeed a little later.
    pub retryable: bool,
    /// How much later, if that is known.
    pub retry_after: Option<Duration>,
    /// What lies behind it, for the log only: it may name addresses and paths.
    pub cause: Option<String>,
}

impl ServiceError {
    /// What the log says of it: the cause, or the message where there is no other.
    pub fn reason(&self) -> &str {
        self.cause.as_deref().unwrap_or(&self.message)
    }

    /// A field that is missing or has a wrong value: `{field} {reason}`.
    pub fn invalid(field: &'static str, reason: impl Display) -> Self {
        Self::client(ErrorKind::InvalidField, Some(field), format!("{field} {reason}"))
    }

    /// A field whose value isn't one that is offered: `{field}: {message}`.
    pub fn unsupported(field: &'static str, message: impl Display) -> Self {
        Self::client(ErrorKind::UnsupportedValue, Some(field), format!("{field}: {message}"))
    }

    /// A name that doesn't exist: `{field}: {message}`.
    pub fn not_found(field: &'static str, message: impl Display) -> Self {
        Self::client(ErrorKind::NotFound, Some(field), format!("{field}: {message}"))
    }

    /// Something that the server doesn't support as configured: `{field}: {reason}`.
    pub fn not_supported(field: &'static str, reason: impl Display) -> Self {
        let error = Self::client(ErrorKind::NotSupported, Some(field), format!("{field}: {reason}"));
        Self { origin: Origin::Server, ..error }
    }

    /// The audio of a job's item that is still `status`.
    pub fn job_unfinished(status: &str) -> Self {
        let message = format!("this audio is not ready: the item is {status}");
        Self { retryable: true, ..Self::client(ErrorKind::JobUnfinished, None, message) }
    }

    /// A fault of the service itself, which no caller can fix.
    pub fn internal(reason: impl Display) -> Self {
        let message = "the server failed; its log says why, under the id of the request";
        let error = Self::client(ErrorKind::Internal, None, message);
        Self { origin: Origin::Server, cause: Some(reason.to_string()), ..error }
    }

    /// A recording that can't be used.
    pub(crate) fn unusable_recording(reason: impl Display) -> Self {
        let message = format!("reference_audio: {reason}");
        Self::client(ErrorKind::InvalidField, Some("reference_audio"), message)
    }

    /// The most recordings are being processed.
    pub(crate) fn cloning_busy() -> Self {
        let message = "too many recordings are being processed; try again";
        Self { retryable: true, origin: Origin::Server, ..Self::client(ErrorKind::ServerFull, None, message) }
    }

    /// Recordings can't be decoded at the moment.
    pub(crate) fn cloning_unavailable() -> Self {
        let message = "recordings can't be decoded at the moment; try again";
        let error = Self::client(ErrorKind::CloningUnavailable, None, message);
        Self { retryable: true, origin: Origin::Server, ..error }
    }

    /// Every stream is taken, and so is every place in the queue.
    pub(crate) fn server_full(retry_after: Duration) -> Self {
        let message = "all streams are in use; try again";
        let error = Self::client(ErrorKind::ServerFull, None, message);
        Self { origin: Origin::Server, retryable: true, retry_after: Some(retry_after), ..error }
    }

    /// The key has its share of the requests that wait.
    pub(crate) fn queue_of_key_full(count: usize) -> Self {
        let message = format!(
            "this key has {count} requests waiting for a stream, which is its share of the queue (limits.queue_per_key)"
        );
        Self { retryable: true, ..Self::client(ErrorKind::TooManyStreams, None, message) }
    }

    /// No more voices may be kept.
    pub(crate) fn voices_full(max_kept: usize) -> Self {
        let message = format!("{max_kept} voices are saved, which is the limit; delete some");
        Self::client(ErrorKind::VoicesFull, None, message)
    }

    /// A client that takes its audio too slowly.
    pub(crate) fn slow_reader() -> Self {
        let message = "the client takes the audio too slowly (limits.min_read_speed)";
        Self::client(ErrorKind::SlowReader, None, message)
    }

    /// The key may keep no more voices.
    pub(crate) fn voices_of_key_full(max_kept: usize) -> Self {
        let message = format!(
            "this key has saved {max_kept} voices, which is its limit (voices.max_kept_per_key); delete some"
        );
        Self::client(ErrorKind::VoicesFull, None, message)
    }

    /// A shared voice, which only its owner may change.
    pub(crate) fn voice_of_another() -> Self {
        let message = "voice_id: this voice is shared with this key; only the key that made it, or an admin key, may \
                       change or delete it";
        Self::client(ErrorKind::NotYours, Some("voice_id"), message)
    }

    /// No more dictionaries may be kept.
    pub(crate) fn dictionaries_full(reason: impl Display) -> Self {
        Self::client(ErrorKind::DictionariesFull, None, format!("{reason}; delete some"))
    }

    /// A name that another dictionary has.
    pub(crate) fn dictionary_exists() -> Self {
        let message = "name: a dictionary of this name exists already";
        Self::client(ErrorKind::DictionaryExists, Some("name"), message)
    }

    /// A shared dictionary, which only its owner may change.
    pub(crate) fn dictionary_of_another() -> Self {
        let message = "pronunciation_dictionary_id: this dictionary is shared with this key; only the key that made \
                       it, or an admin key, may change or delete it";
        Self::client(ErrorKind::NotYours, Some("pronunciation_dictionary_id"), message)
    }

    /// No more jobs may be kept.
    pub(crate) fn jobs_full(reason: impl Display) -> Self {
        Self::client(ErrorKind::JobsFull, None, format!("{reason}; delete some"))
    }

    /// A request without an API key.
    pub fn key_missing() -> Self {
        let message = "an API key is required: in the header Authorization (Bearer …) or xi-api-key";
        Self::client(ErrorKind::MissingKey, None, message)
    }

    /// A request with an unknown key.
    pub fn key_unknown() -> Self {
        Self::client(ErrorKind::InvalidKey, None, "the API key is not valid")
    }

    /// A store's failure; `damaged` is the kind of a value that can't be read.
    pub(crate) fn store(error: &StoreError, damaged: ErrorKind) -> Self {
        let internal = Self::internal(error);
        match error {
            StoreError::Unavailable { .. } => Self {
                kind: ErrorKind::StoreUnavailable,
                message: "the server's store can't be used; try again".to_owned(),
                retryable: true,
                ..internal
            },
            StoreError::Full { .. } => Self {
                kind: ErrorKind::StoreUnavailable,
                message: "the server's store is full; try again later".to_owned(),
                retryable: true,
                ..internal
            },
            StoreError::Damaged { .. } => Self {
                kind: damaged,
                message: "what is stored under this name can't be read".to_owned(),
                ..internal
            },
            StoreError::Open { .. }
            | StoreError::InUse { .. }
            | StoreError::Exists { .. }
            | StoreError::TooLarge { .. } => internal,
        }
    }

    fn client(kind: ErrorKind, field: Option<&'static str>, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            kind,
            message,
            field,
            origin: Origin::Client,
            retryable: false,
            retry_after: None,
            cause: None,
        }
    }
}

impl From<OverQuota> for ServiceError {
    fn from(error: OverQuota) -> Self {
        let (kind, retryable, retry_after) = match error {
            OverQuota::Requests { retry_after, .. } => (ErrorKind::RateLimited, true, Some(retry_after)),
            OverQuota::Streams { .. } => (ErrorKind::TooManyStreams, true, None),
            OverQuota::Characters { retry_after, .. } | OverQuota::Audio { retry_after, .. } => {
                (ErrorKind::QuotaExceeded, retry_after.is_some(), retry_after)
            }
        };
        Self { retryable, retry_after, ..Self::client(kind, None, error.to_string()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_value_is_named_after_what_it_was() {
        let damaged = StoreError::Damaged { key: "jobs/audio/x".to_owned(), reason: "it is cut off" };
        let error = ServiceError::store(&damaged, ErrorKind::JobDamaged);
        assert_eq!((error.kind.name(), error.retryable), ("job_damaged", false));
        let gone = StoreError::Unavailable { reason: "no answer".to_owned() };
        let ServiceError { kind, origin, retryable, .. } = ServiceError::store(&gone, ErrorKind::JobDamaged);
        assert_eq!((kind, origin, retryable), (ErrorKind::StoreUnavailable, Origin::Server, true));
    }
}
