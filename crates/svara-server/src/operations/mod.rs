//! For operators: probes and metrics.

mod health;
mod metrics;

use axum::Router;

use crate::state::AppState;

pub(crate) fn router() -> Router<AppState> {
    Router::new().merge(health::router()).merge(metrics::router())
}
