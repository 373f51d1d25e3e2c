//! Audit lines: who did what to which object, from where, and how it ended. They have the target `audit`.

use std::net::IpAddr;

use svara_service::{ErrorKind, ServiceError};

use crate::door::asker::Asker;

/// The target of audit lines, which has limits and may have a file of its own.
pub const TARGET: &str = "audit";
/// The most characters of an object's id: callers choose it.
const MAX_OBJECT: usize = 64;

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// A voice was made.
    VoiceCreated,
    /// A voice was renamed, described or shared.
    VoiceChanged,
    /// A voice was deleted.
    VoiceDeleted,
    /// A pronunciation dictionary was made.
    DictionaryCreated,
    /// Its rules or its name were changed.
    DictionaryChanged,
    /// It was deleted.
    DictionaryDeleted,
    /// A job was posted.
    JobCreated,
    /// A job was deleted, or cancelled.
    JobDeleted,
}

impl Act {
    fn name(self) -> &'static str {
        match self {
            Self::VoiceCreated => "voice_created",
            Self::VoiceChanged => "voice_changed",
            Self::VoiceDeleted => "voice_deleted",
            Self::DictionaryCreated => "dictionary_created",
            Self::DictionaryChanged => "dictionary_changed",
            Self::DictionaryDeleted => "dictionary_deleted",
            Self::JobCreated => "job_created",
            Self::JobDeleted => "job_deleted",
        }
    }
}

/// Tells what a caller did, or tried to do. `outcome` is `ok`, or the kind of the failure.
pub fn note(asker: &Asker, act: Act, object: &str, outcome: &'static str) {
    let object: String = object.chars().take(MAX_OBJECT).collect();
    tracing::info!(
        target: TARGET,
        kind = act.name(),
        outcome,
        key = asker.caller.key_name(),
        client = asker.request.client.map(tracing::field::display),
        request = asker.request.id,
        object,
        "audit"
    );
}

/// Tells, once it has ended, of an act that may not find its object; it goes on though its client leaves.
pub fn when_ended(
    asker: &Asker,
    act: Act,
    object: &str,
) -> impl FnOnce(&Result<bool, ServiceError>) + Send + 'static + use<> {
    let (by, of) = (asker.clone(), object.to_owned());
    move |found| note(&by, act, &of, outcome(found.as_ref().copied()))
}

/// The same of an act that gives its object back.
pub fn when_found<T: 'static>(
    asker: &Asker,
    act: Act,
    object: &str,
) -> impl FnOnce(&Result<Option<T>, ServiceError>) + Send + 'static + use<T> {
    let (by, of) = (asker.clone(), object.to_owned());
    move |found| note(&by, act, &of, outcome(found.as_ref().map(Option::is_some)))
}

fn outcome(found: Result<bool, &ServiceError>) -> &'static str {
    match found {
        Ok(true) => "ok",
        Ok(false) => ErrorKind::NotFound.name(),
        Err(error) => error.kind.name(),
    }
}

/// Tells of a key that was refused.
pub fn key_refused(client: IpAddr, outcome: &'static str) {
    tracing::info!(target: TARGET, kind = "key_refused", outcome, client = %client, "audit");
}

/// Tells that the keys file was read again.
pub fn keys_reloaded(keys: Option<usize>) {
    let outcome = if keys.is_some() { "ok" } else { "failed" };
    tracing::info!(target: TARGET, kind = "keys_reloaded", outcome, keys, "audit");
}
