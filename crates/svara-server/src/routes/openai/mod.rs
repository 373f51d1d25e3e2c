//! OpenAI's dialect.

mod events;
mod listing;
mod speech;

use axum::Router;

use crate::state::AppState;

pub(crate) fn router() -> Router<AppState> {
    Router::new().merge(speech::router()).merge(listing::router())
}
