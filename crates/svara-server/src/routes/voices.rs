//! `GET /v1/voices`.

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use svara_engine::Voice;

use crate::{
    error::{ApiError, ErrorDialect},
    state::AppState,
};

#[derive(Deserialize)]
pub(crate) struct Filter {
    model_id: Option<String>,
}

#[derive(Serialize)]
struct List<'a> {
    voices: Vec<Entry<'a>>,
}

/// A voice as the Python stack lists it.
#[derive(Serialize)]
struct Entry<'a> {
    #[serde(flatten)]
    voice: &'a Voice,
    language_code: &'a str,
}

pub(crate) async fn voices(
    State(state): State<AppState>,
    filter: Result<Query<Filter>, QueryRejection>,
) -> Response {
    let filter = match filter {
        Ok(Query(filter)) => filter,
        Err(error) => return ApiError::bad_request(error.body_text()).into_response(ErrorDialect::Svara),
    };
    let wanted = |voice: &&Voice| filter.model_id.as_ref().is_none_or(|model_id| *model_id == voice.model_id);
    let entry = |voice| Entry { voice, language_code: Voice::language(voice) };
    Json(List { voices: state.engine.voices().iter().filter(wanted).map(entry).collect() }).into_response()
}
