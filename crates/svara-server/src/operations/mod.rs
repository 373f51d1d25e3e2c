//! For operators: probes and metrics.

mod health;
mod metrics;

use svara_api::{
    error::Spelling,
    routes::{Routes, Tag},
};
use svara_config::OpenGroup;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) fn routes() -> Vec<Routes> {
    let probes = OpenApiRouter::new()
        .routes(routes!(health::health))
        .routes(routes!(health::live))
        .routes(routes!(health::ready));
    let test = OpenApiRouter::new().routes(routes!(health::test));
    let metrics = OpenApiRouter::new().routes(routes!(metrics::metrics));
    let timing = OpenApiRouter::new().routes(routes!(metrics::timing)).routes(routes!(metrics::reset_timing));
    let (tag, spelling) = (Tag::Operations, Spelling::SVARA);
    vec![
        Routes::open(tag, OpenGroup::Health, spelling.clone(), probes).while_draining(),
        Routes::open(tag, OpenGroup::Health, spelling.clone(), test),
        Routes::open(tag, OpenGroup::Metrics, spelling.clone(), metrics).while_draining(),
        Routes::keyed(tag, spelling, timing),
    ]
}
