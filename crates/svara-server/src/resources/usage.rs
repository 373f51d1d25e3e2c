//! `GET /v1/usage`: what the caller's key may do, and has done.

use axum::{Json, extract::State};
use serde::Serialize;
use svara_api::{
    door::asker::Asker,
    error::Spelling,
    routes::{Routes, Tag},
    state::AppState,
};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Stands for no limit, as in the headers of speech.
const UNBOUNDED: i64 = -1;

pub(super) fn routes() -> Routes {
    Routes::keyed(Tag::Operations, Spelling::SVARA, OpenApiRouter::new().routes(routes!(usage)))
}

/// What a caller may use, and has used. −1: there is no limit.
#[derive(Serialize, utoipa::ToSchema)]
struct Usage {
    #[schema(inline)]
    plan: Plan,
    #[schema(inline)]
    month: Month,
    #[schema(inline)]
    balance: Balance,
    /// Nothing is sold here: always null.
    #[schema(required)]
    subscription: Option<String>,
}

/// The limits.
#[derive(Serialize, utoipa::ToSchema)]
struct Plan {
    /// The name of the key; `open` if no key is required.
    id: String,
    /// Streams at once: the key's limit, or the server's.
    max_concurrent_streams: i64,
    requests_per_minute: i64,
}

/// This month, which begins at midnight UTC.
#[derive(Serialize, utoipa::ToSchema)]
struct Month {
    /// Characters spoken since the server started.
    characters_used: u64,
}

/// What is left.
#[derive(Serialize, utoipa::ToSchema)]
struct Balance {
    /// Characters that may be spoken today.
    characters_remaining: i64,
}

/// What was used, and what is left
#[utoipa::path(
    get,
    path = "/v1/usage",
    responses((status = 200, description = "The limits of the caller's key, and what it has used.", body = Usage))
)]
async fn usage(State(state): State<AppState>, asker: Asker) -> Json<Usage> {
    let caller = &asker.caller;
    let key = caller.key_usage();
    let streams = key
        .and_then(|key| key.concurrent_streams)
        .map_or_else(|| i64::try_from(state.service.max_streams()).unwrap_or(i64::MAX), i64::from);
    let plan = Plan {
        id: caller.key_name().unwrap_or("open").to_owned(),
        max_concurrent_streams: streams,
        requests_per_minute: key.and_then(|key| key.requests_per_minute).map_or(UNBOUNDED, i64::from),
    };
    let characters_used =
        key.map_or_else(|| state.service.keyless_characters(), |key| key.characters_this_month);
    let left = caller.remaining().characters;
    let characters_remaining = left.map_or(UNBOUNDED, |left| i64::try_from(left).unwrap_or(i64::MAX));
    let (month, balance) = (Month { characters_used }, Balance { characters_remaining });
    Json(Usage { plan, month, balance, subscription: None })
}
