//! The APIs that clients speak: each turns its requests into an order, and the speech into its own answers.

mod elevenlabs;
mod openai;
pub(crate) mod svara;
mod vapi;

use axum::Router;

pub(crate) use self::elevenlabs::OUTPUT_FORMATS;
#[cfg(test)]
pub(crate) use self::{
    elevenlabs::{Fields as ElevenLabsFields, VoiceSettings as ElevenLabsSettings},
    openai::Fields as OpenAiFields,
};
use crate::state::AppState;

pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .merge(svara::router())
        .merge(openai::router())
        .merge(elevenlabs::router())
        .merge(vapi::router())
}
