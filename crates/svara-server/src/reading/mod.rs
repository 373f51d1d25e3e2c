//! What requests bring: bodies, recordings, and the fields that give a voice by a recording.

pub(crate) mod body;
pub(crate) mod reference;
pub(crate) mod schemas;
pub(crate) mod upload;
