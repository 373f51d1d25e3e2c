//! For whom a speech is made, and how urgent that makes it.

use crate::source::Urgency;

/// Who hears a speech while it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    /// A listener who runs out of audio if it is made too late.
    Live,
    /// Nobody: it is delivered at its end.
    Nobody(Wait),
}

/// Whether somebody waits for the end of a speech that nobody hears before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Somebody does.
    Somebody,
    /// Nobody does: it is a part of a job.
    Nobody,
}

impl Audience {
    /// How urgent the first piece is.
    pub(crate) fn urgency(self) -> Urgency {
        match self {
            Self::Live => Urgency::FirstAudio,
            Self::Nobody(Wait::Somebody) => Urgency::Whole,
            Self::Nobody(Wait::Nobody) => Urgency::Job,
        }
    }
}
