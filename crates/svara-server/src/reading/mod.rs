//! What requests bring: bodies and recordings.

pub(crate) mod body;
pub(crate) mod budget;
mod known;
pub(crate) mod lenient;
pub(crate) mod loudness;
pub(crate) mod schemas;
pub(crate) mod upload;
