//! The HTTP router: the routes and their middleware.

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware::{from_fn, from_fn_with_state},
};

use crate::{
    config::ServerConfig,
    middleware::{self, Guard, HttpMetrics},
    routes,
    state::{App, AppState},
};

/// The routes behind their middleware.
pub(crate) fn router(app: App, http: HttpMetrics, config: &ServerConfig) -> Router {
    let guard = Guard { callers: app.callers.clone(), open: config.open.clone().into() };
    let counted = (http, Arc::clone(app.service.metrics()));
    let (life, body_bytes) = (app.life.clone(), app.body_bytes);
    // The layer added last is the outermost.
    routes::all()
        .route_layer(from_fn_with_state(guard, middleware::guard))
        .layer(DefaultBodyLimit::max(body_bytes))
        .layer(from_fn(middleware::not_modified))
        .layer(middleware::cors(&config.cors_origins))
        .layer(from_fn_with_state(life, middleware::refuse_when_draining))
        .layer(from_fn_with_state(counted, middleware::count))
        .layer(from_fn(middleware::identify))
        .with_state(AppState(Arc::new(app)))
}
