//! What callers keep and list: jobs, voices, models.

mod jobs;
mod kept_voices;
mod models;
mod voices;

use axum::Router;

#[cfg(test)]
pub(crate) use self::kept_voices::Fields as VoiceFields;
pub(crate) use self::voices::{CLONED, Entry};
use crate::state::AppState;

pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .merge(voices::router())
        .merge(kept_voices::router())
        .merge(models::router())
        .merge(jobs::router())
}
