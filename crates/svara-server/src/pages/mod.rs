//! What a browser shows: the playground and the API's document.

mod docs;
mod openapi;
mod playground;

use axum::Router;

use crate::state::AppState;

pub(crate) fn router() -> Router<AppState> {
    Router::new().merge(playground::router()).merge(docs::router())
}
