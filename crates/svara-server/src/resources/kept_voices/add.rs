//! `POST /v1/voices/add`: a saved voice, as ElevenLabs' clients ask for one (instant voice cloning).

use axum::{
    Json,
    extract::{Request, State},
    response::Response,
};
use serde::Serialize;
use serde_json::{Map, Value};
use svara_api::{
    door::asker::Asker,
    error::{ApiError, ElevenLabs, Refused, Spelling},
    reading::{
        body::{self, BodyType},
        encoded, form,
        ignored::{Handling, Ignored},
    },
    routes::{Routes, Tag},
    state::AppState,
};
use svara_engine::Gender;
use svara_service::Dialect;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{create_voice, fields::Fields};

pub(in crate::resources) fn routes() -> Routes {
    let router = OpenApiRouter::new().routes(routes!(add));
    Routes::keyed(Tag::Voices, Spelling::Fixed(Dialect::ElevenLabs), router)
}

/// The fields of the form, in the document.
#[derive(utoipa::ToSchema)]
#[schema(as = AddVoice)]
#[expect(dead_code, reason = "the document shows them; a form is read field by field")]
struct AddFields {
    #[schema(min_length = 1)]
    name: String,
    /// The recording: one file.
    #[schema(value_type = Vec<String>, min_items = 1, max_items = 1)]
    files: Vec<Vec<u8>>,
    description: Option<String>,
    /// A JSON object; its `language` and `gender` are read.
    labels: Option<String>,
    /// Whether the speaker agreed: must be true. The server's own field.
    consent: bool,
    /// The server's own: whether all keys may use the voice.
    shared: Option<bool>,
}

/// The new voice.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = AddedVoice)]
struct Added {
    voice_id: String,
    /// Nothing is verified here: always false.
    requires_verification: bool,
}

/// Save the voice of a recording (ElevenLabs)
///
/// `consent` must be added to ElevenLabs' fields.
#[utoipa::path(
    post,
    path = "/v1/voices/add",
    operation_id = "add_voice",
    request_body(content((AddFields = "multipart/form-data"))),
    responses(
        (status = 200, description = "The voice.", body = Added),
        (status = 408), (status = 409), (status = 413), (status = 415), (status = 422), (status = 501),
    )
)]
async fn add(
    State(state): State<AppState>,
    asker: Asker,
    request: Request,
) -> Result<Response, Refused<ElevenLabs>> {
    if body::body_type(&request) != BodyType::Multipart {
        return Err(ApiError::unsupported_media_type(&request, "multipart/form-data").into());
    }
    let handling = Handling::of(request.headers());
    let (fields, ignored) = read(form::form(request, state.body_bytes).await?)?;
    let ignored = ignored.unless_strict(handling)?;
    let voice =
        create_voice(&state, &asker, fields).await.map_err(|error| error.renamed("audio", "files"))?;
    let voice_id = voice.reference.voice.voice_id.clone();
    Ok(ignored.told(Json(Added { voice_id, requires_verification: false })))
}

fn read(form: form::Form) -> Result<(Fields, Ignored), ApiError> {
    // Clients that write lists with brackets may write them behind other names, too.
    let form: form::Form = form.into_iter().map(|(name, value)| (encoded::bare(name), value)).collect();
    form::once(&form, &["name", "description", "consent", "shared", "labels", "remove_background_noise"])?;
    let (mut fields, mut unknown, mut files) = (Fields::default(), Vec::new(), 0);
    for (name, value) in form {
        match &*name {
            "files" | "file" => {
                files += 1;
                if files > 1 {
                    return Err(ApiError::invalid(
                        "files",
                        "must be one recording: several are not joined here",
                    ));
                }
                fields.set("audio", value)?;
            }
            "name" | "description" | "consent" | "shared" => fields.set(&name, value)?,
            "labels" => label(&mut fields, &value.into_text(&name)?, &mut unknown)?,
            // ElevenLabs' default; there is nothing here that could remove noise.
            "remove_background_noise"
                if !form::flag("remove_background_noise", &value.into_text(&name)?)? => {}
            _ => unknown.push(name),
        }
    }
    Ok((fields, Ignored::of_names(unknown)))
}

/// Takes from the labels what has a meaning here. They are anybody's words, so others are no error.
fn label(fields: &mut Fields, labels: &str, unknown: &mut Vec<String>) -> Result<(), ApiError> {
    let labels: Option<Map<String, Value>> = match labels.trim() {
        "" => None,
        labels => serde_json::from_str(labels)
            .map_err(|_| ApiError::invalid("labels", "must be a JSON object of texts"))?,
    };
    for (name, value) in labels.unwrap_or_default() {
        match (&*name, value.as_str()) {
            ("language", Some(language)) => fields.language = Some(language.to_owned()),
            ("gender", Some(gender)) => {
                fields.gender = Gender::named(&gender.trim().to_ascii_lowercase());
                if fields.gender.is_none() {
                    unknown.push("labels.gender".to_owned());
                }
            }
            _ => unknown.push(format!("labels.{name}")),
        }
    }
    if fields.language_code().is_err() {
        fields.language = None;
        unknown.push("labels.language".to_owned());
    }
    Ok(())
}
