//! Maps failures to HTTP responses; no other module does.

mod answer;
mod body;
mod closing;
mod dialect;
mod failure;
mod kind;
mod meant;
mod respelled;

pub use self::{
    answer::{ElevenLabs, Hosted, OpenAi, Refusal, Refused, Svara},
    body::{ElevenLabsError, OpenAiError, SvaraError, origin},
    closing::close_of,
    dialect::{Spelling, dialect_by_key, is_openais},
    failure::{ApiError, Place},
    kind::Kind,
    respelled::respelled,
};
