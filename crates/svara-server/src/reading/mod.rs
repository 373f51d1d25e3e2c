//! What requests bring: bodies and recordings.

pub(crate) mod body;
mod known;
pub(crate) mod lenient;
pub(crate) mod schemas;
pub(crate) mod upload;
