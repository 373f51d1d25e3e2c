//! Why something isn't set up: what callers hear, beside what the log says.

use super::ServiceError;

/// Why a store or the encoder isn't there. Its parts are apart from the start, because no look at the operator's reason
/// can tell what of it may leave the server: hosts, users and buckets look like any other word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotSetUp {
    /// For callers: no place, and nothing but names of settings.
    pub told: &'static str,
    /// For the log.
    pub reason: String,
}

impl NotSetUp {
    /// A setting that says so itself: there is nothing to hide.
    pub fn by_setting(told: &'static str) -> Self {
        Self { told, reason: told.to_owned() }
    }
}

impl ServiceError {
    /// Something that the server isn't set up for: `{field}: {what} on this server: {why}`.
    pub(crate) fn not_set_up(field: &'static str, what: &str, why: &NotSetUp) -> Self {
        let error = Self::not_supported(field, format!("{what} on this server: {}", why.told));
        Self { cause: Some(why.reason.clone()), ..error }
    }
}
