//! Counts every HTTP answer.

use std::sync::Arc;

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};

use super::{Metrics, labels::HttpLabels};
use crate::error::Refusal;

/// Middleware: counts the answer by its route and status, and the failure that it tells of.
pub(crate) async fn observe(State(metrics): State<Arc<Metrics>>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let response = next.run(request).await;
    let route = route.unwrap_or_else(|| "none".to_owned());
    metrics.answers.get_or_create(&HttpLabels { route, status: response.status().as_u16() }).inc();
    if let Some(Refusal { kind, origin }) = response.extensions().get() {
        metrics.failed(kind, origin, "answer");
    }
    response
}
