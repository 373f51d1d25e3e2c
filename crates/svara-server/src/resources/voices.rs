//! `GET /v1/voices`.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::Uri;
use serde::Serialize;
use svara_api::{
    door::asker::Asker,
    error::{Refused, Spelling, Svara},
    links::Links,
    reading::encoded,
    routes::{Routes, Tag},
    state::AppState,
    voice::Entry,
};
use svara_config::OpenGroup;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> Routes {
    let router = OpenApiRouter::new().routes(routes!(voices));
    Routes::open(Tag::Voices, OpenGroup::Voices, Spelling::SVARA, router)
}

/// Which voices are wanted.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the document shows it")]
struct Filter {
    /// Only voices of this model.
    model_id: Option<String>,
}

#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = VoiceList)]
struct List<'a> {
    voices: Vec<Entry<'a>>,
}

/// List the voices
#[utoipa::path(
    get,
    path = "/v1/voices",
    params(Filter),
    responses(
        (status = 200, description = "The model's own voices, then those that callers made.", body = List),
        (status = 422), (status = 501),
    )
)]
async fn voices(
    State(state): State<AppState>,
    asker: Asker,
    links: Links,
    uri: Uri,
) -> Result<Response, Refused<Svara>> {
    let model_id = encoded::parameter(&uri, "model_id")?;
    let kept = state.service.voices().list(&asker.caller).await?;
    let wanted = |entry: &Entry| model_id.as_ref().is_none_or(|model_id| *model_id == entry.voice().model_id);
    let presets = state.service.engine().voices().iter().map(Entry::preset);
    let kept = kept.iter().map(|voice| Entry::kept(voice));
    Ok(Json(List { voices: presets.chain(kept).filter(wanted).map(|entry| entry.linked(&links)).collect() })
        .into_response())
}
