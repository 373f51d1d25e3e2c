//! ElevenLabs' dialect.

mod alignment;
mod fields;
mod formats;
mod listing;
mod speech;
mod ws;

#[cfg(test)]
pub(crate) use self::fields::{Fields, VoiceSettings};
pub(crate) use self::formats::OUTPUT_FORMATS;

use axum::Router;

use crate::state::AppState;

pub(crate) fn router() -> Router<AppState> {
    Router::new().merge(speech::router()).merge(ws::router()).merge(listing::router())
}
