//! Maps failures to HTTP responses; no other module does.

mod answer;
mod dialect;
mod failure;
mod kind;

#[cfg(test)]
pub(crate) use self::kind::Kind;
pub(crate) use self::{
    answer::{ElevenLabs, OpenAi, Refusal, Refused, Svara},
    dialect::{dialect_by_key, dialect_of},
    failure::ApiError,
};
