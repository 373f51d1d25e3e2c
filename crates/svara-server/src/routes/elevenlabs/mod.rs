//! ElevenLabs' dialect.

mod alignment;
mod fields;
mod formats;
mod listing;
mod speech;
mod ws;

use axum::Router;

use crate::state::AppState;

pub(crate) fn router() -> Router<AppState> {
    Router::new().merge(speech::router()).merge(ws::router()).merge(listing::router())
}
