//! OpenAI's dialect.

mod events;
mod listing;
mod speech;

#[cfg(test)]
pub(crate) use self::speech::Fields;

use axum::Router;

use crate::state::AppState;

pub(crate) fn router() -> Router<AppState> {
    Router::new().merge(speech::router()).merge(listing::router())
}
