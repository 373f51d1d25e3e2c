//! Pronunciation dictionaries: `/v1/pronunciation-dictionaries`, as in ElevenLabs' API and the hosted one.

mod fields;
mod rules;
mod view;

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, Uri, header};
use serde::de::DeserializeOwned;
use svara_api::{
    audit::{self, Act},
    door::asker::Asker,
    error::{ApiError, ElevenLabs, Refused, Spelling},
    reading::{
        body::{self, BodyType},
        form,
        ignored::{Handling, Ignored},
        locators::DICTIONARY_ID,
    },
    routes::{Routes, Tag},
    state::AppState,
};
use svara_engine::Rule;
use svara_service::{
    Dialect, ServiceError,
    dictionaries::{DictionaryChange, KeptDictionary, Locator, NewDictionary, RuleEdit},
};
use svara_text::write_pls;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use self::{
    fields::{Changes, FileFields, NewFields, RemoveBody, RulesBody, check_texts},
    rules::{PHONEME, has_phonemes},
    view::{Entry, Page, Search, SearchParameters},
};
use super::done::{DONE, Done};

/// The largest body, unless `limits.body_bytes` is less: more than the rules of a dictionary can take.
const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;

pub(super) fn routes() -> Routes {
    let router = OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(add_from_rules))
        .routes(routes!(add_from_file))
        .routes(routes!(get_one, change, delete))
        .routes(routes!(add_rules))
        .routes(routes!(set_rules))
        .routes(routes!(remove_rules))
        .routes(routes!(download));
    Routes::keyed(Tag::Dictionaries, Spelling::Fixed(Dialect::ElevenLabs), router)
}

/// List the pronunciation dictionaries
#[utoipa::path(
    get,
    path = "/v1/pronunciation-dictionaries",
    operation_id = "pronunciation_dictionaries",
    params(SearchParameters),
    responses((status = 200, description = "A page of dictionaries.", body = Page), (status = 422))
)]
async fn list(
    State(state): State<AppState>,
    asker: Asker,
    uri: Uri,
) -> Result<Response, Refused<ElevenLabs>> {
    let search = Search::read(&uri)?;
    let all = state.service.dictionaries().list(&asker.caller).await?;
    let page = search.page(all.iter().map(|kept| &**kept).collect(), &asker.caller);
    Ok(Json(page).into_response())
}

/// Make a pronunciation dictionary of rules
///
/// Either all rules are taken, or there is no new dictionary. Rules with phonemes are kept, but the models take none.
#[utoipa::path(
    post,
    path = "/v1/pronunciation-dictionaries/add-from-rules",
    request_body(content((NewFields = "application/json", example = json!({"name": "acronyms", "rules": [{"type": "alias", "string_to_replace": "SQL", "alias": "sequel"}]})))),
    responses(
        (status = 200, description = "The dictionary.", body = Entry),
        (status = 408), (status = 409), (status = 413), (status = 415), (status = 422), (status = 501),
    )
)]
async fn add_from_rules(
    State(state): State<AppState>,
    asker: Asker,
    request: Request,
) -> Result<Response, Refused<ElevenLabs>> {
    let (handling, (mut fields, ignored)) =
        (Handling::of(request.headers()), json::<NewFields>(request, &state).await?);
    let list = fields.rules.take().ok_or_else(|| ApiError::invalid("rules", "is required"))?;
    // The hosted API refuses a name that there is.
    let rules::Read { rules, hosted, in_vain } = rules::rules(list)?;
    let ignored = with_names(ignored, &in_vain).unless_strict(handling)?;
    Ok(ignored.told(create(&state, &asker, fields.into_new(rules, hosted)?).await?))
}

/// Make a pronunciation dictionary of a PLS file
#[utoipa::path(
    post,
    path = "/v1/pronunciation-dictionaries/add-from-file",
    request_body(content((FileFields = "multipart/form-data"))),
    responses(
        (status = 200, description = "The dictionary.", body = Entry),
        (status = 408), (status = 413), (status = 415), (status = 422), (status = 501),
    )
)]
async fn add_from_file(
    State(state): State<AppState>,
    asker: Asker,
    request: Request,
) -> Result<Response, Refused<ElevenLabs>> {
    if body::body_type(&request) != BodyType::Multipart {
        return Err(ApiError::unsupported_media_type(&request, "multipart/form-data").into());
    }
    let handling = Handling::of(request.headers());
    let form = form::form(request, MAX_BODY_BYTES.min(state.body_bytes)).await?;
    form::once(&form, &["file", "name", "description", "workspace_access", "shared"])?;
    let (mut fields, mut shared, mut file) = (NewFields::default(), None, None);
    let mut unknown = Vec::new();
    for (name, value) in form {
        if name == "file" {
            file = Some(value.into_bytes());
            continue;
        }
        let field = match &*name {
            "name" => &mut fields.name,
            "description" => &mut fields.description,
            "workspace_access" => &mut fields.workspace_access,
            "shared" => &mut shared,
            _ => {
                unknown.push(name);
                continue;
            }
        };
        *field = Some(value.into_text(&name)?).filter(|text| !text.is_empty());
    }
    fields.shared = shared.map(|value| form::flag("shared", &value)).transpose()?;
    let max_rules = state.service.dictionaries().max_rules();
    // ElevenLabs takes a dictionary without a file: it has no rules yet.
    let rules = match file {
        Some(file) => rules::rules_of_file(file, max_rules).await?,
        None => Vec::new(),
    };
    let phonemes = has_phonemes(&rules).then(|| PHONEME.to_owned());
    let ignored = with_names(Ignored::of_names(unknown), phonemes.as_slice()).unless_strict(handling)?;
    Ok(ignored.told(create(&state, &asker, fields.into_new(rules, false)?).await?))
}

async fn create(
    state: &AppState,
    asker: &Asker,
    new: NewDictionary,
) -> Result<Response, Refused<ElevenLabs>> {
    let by = asker.clone();
    let told = move |made: &Result<Arc<KeptDictionary>, ServiceError>| {
        let id = made.as_ref().map_or("", |made| made.id.as_str());
        let outcome = made.as_ref().map_or_else(|error| error.kind.name(), |_| "ok");
        audit::note(&by, Act::DictionaryCreated, id, outcome);
    };
    let made = state.service.dictionaries().create(&asker.caller, new, told).await;
    Ok(Json(Entry::new(&*made?, &asker.caller)).into_response())
}

/// A pronunciation dictionary with its rules
#[utoipa::path(
    get,
    path = "/v1/pronunciation-dictionaries/{id}",
    operation_id = "pronunciation_dictionary",
    params(("id" = String, Path, description = "The id of the dictionary.")),
    responses((status = 200, description = "The dictionary.", body = Entry), (status = 404), (status = 422))
)]
async fn get_one(
    State(state): State<AppState>,
    asker: Asker,
    Path(id): Path<String>,
) -> Result<Response, Refused<ElevenLabs>> {
    let locator = Locator { id, version: None };
    let found = state.service.dictionaries().rules(&asker.caller, &locator).await?;
    let (kept, version) = found.ok_or_else(|| unknown(&locator.id))?;
    Ok(Json(Entry::new(&kept, &asker.caller).with_rules(&version)).into_response())
}

/// Rename, share or put away a pronunciation dictionary
#[utoipa::path(
    patch,
    path = "/v1/pronunciation-dictionaries/{id}",
    operation_id = "change_pronunciation_dictionary",
    params(("id" = String, Path, description = "The id of the dictionary.")),
    request_body(content((Changes = "application/json"))),
    responses(
        (status = 200, description = "The dictionary.", body = Entry),
        (status = 404), (status = 408), (status = 413), (status = 415), (status = 422), (status = 501),
    )
)]
async fn change(
    State(state): State<AppState>,
    asker: Asker,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Refused<ElevenLabs>> {
    let (Changes { name, description, archived, shared }, ignored) = json(request, &state).await?;
    check_texts(name.as_deref(), description.as_deref())?;
    let name = name.map(|name| name.trim().to_owned());
    let change = DictionaryChange { name, description, shared, archived };
    let told = audit::when_found(&asker, Act::DictionaryChanged, &id);
    let changed = state.service.dictionaries().change(&asker.caller, &id, change, told).await;
    let changed = changed?.ok_or_else(|| unknown(&id))?;
    Ok(ignored.told(Json(Entry::new(&changed, &asker.caller))))
}

/// Delete a pronunciation dictionary with all its versions
#[utoipa::path(
    delete,
    path = "/v1/pronunciation-dictionaries/{id}",
    operation_id = "delete_pronunciation_dictionary",
    params(("id" = String, Path, description = "The id of the dictionary.")),
    responses(
        (status = 200, description = "The dictionary is deleted.", body = Done),
        (status = 404), (status = 501),
    )
)]
async fn delete(
    State(state): State<AppState>,
    asker: Asker,
    Path(id): Path<String>,
) -> Result<Json<Done>, Refused<ElevenLabs>> {
    let told = audit::when_ended(&asker, Act::DictionaryDeleted, &id);
    let deleted = state.service.dictionaries().delete(&asker.caller, &id, told).await;
    if deleted? { Ok(Json(DONE)) } else { Err(unknown(&id).into()) }
}

/// Add rules to a pronunciation dictionary
///
/// A rule takes the place of an earlier one for the same word. What changes the rules makes a new version.
#[utoipa::path(
    post,
    path = "/v1/pronunciation-dictionaries/{id}/add-rules",
    params(("id" = String, Path, description = "The id of the dictionary.")),
    request_body(content((RulesBody = "application/json"))),
    responses(
        (status = 200, description = "The dictionary.", body = Entry),
        (status = 404), (status = 408), (status = 413), (status = 415), (status = 422), (status = 501),
    )
)]
async fn add_rules(
    State(state): State<AppState>,
    asker: Asker,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Refused<ElevenLabs>> {
    let (added, ignored) = rules_of(request, &state).await?;
    Ok(ignored.told(edit(&state, &asker, &id, RuleEdit::Add(added)).await?))
}

/// Replace all rules of a pronunciation dictionary
#[utoipa::path(
    post,
    path = "/v1/pronunciation-dictionaries/{id}/set-rules",
    params(("id" = String, Path, description = "The id of the dictionary.")),
    request_body(content((RulesBody = "application/json"))),
    responses(
        (status = 200, description = "The dictionary.", body = Entry),
        (status = 404), (status = 408), (status = 413), (status = 415), (status = 422), (status = 501),
    )
)]
async fn set_rules(
    State(state): State<AppState>,
    asker: Asker,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Refused<ElevenLabs>> {
    let (all, ignored) = rules_of(request, &state).await?;
    Ok(ignored.told(edit(&state, &asker, &id, RuleEdit::Set(all)).await?))
}

/// Take rules out of a pronunciation dictionary
#[utoipa::path(
    post,
    path = "/v1/pronunciation-dictionaries/{id}/remove-rules",
    params(("id" = String, Path, description = "The id of the dictionary.")),
    request_body(content((RemoveBody = "application/json"))),
    responses(
        (status = 200, description = "The dictionary.", body = Entry),
        (status = 404), (status = 408), (status = 413), (status = 415), (status = 422), (status = 501),
    )
)]
async fn remove_rules(
    State(state): State<AppState>,
    asker: Asker,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Refused<ElevenLabs>> {
    let (RemoveBody { rule_strings }, ignored) = json(request, &state).await?;
    let texts = rule_strings.ok_or_else(|| ApiError::invalid("rule_strings", "is required"))?;
    Ok(ignored.told(edit(&state, &asker, &id, RuleEdit::Remove(texts.into_vec())).await?))
}

/// A version of a pronunciation dictionary, as a PLS file
#[utoipa::path(
    get,
    path = "/v1/pronunciation-dictionaries/{id}/{version_id}/download",
    params(
        ("id" = String, Path, description = "The id of the dictionary."),
        ("version_id" = String, Path, description = "The id of the version."),
    ),
    responses(
        (status = 200, description = "The lexicon.", body = String, content_type = "application/pls+xml"),
        (status = 404),
    )
)]
async fn download(
    State(state): State<AppState>,
    asker: Asker,
    Path((id, version)): Path<(String, String)>,
) -> Result<Response, Refused<ElevenLabs>> {
    let locator = Locator { id, version: Some(version) };
    let found = state.service.dictionaries().rules(&asker.caller, &locator).await?;
    let (_, version) = found.ok_or_else(|| {
        ApiError::not_found("version_id", "no dictionary with this id has a version with this one")
    })?;
    let lexicon = write_pls(&version.rules);
    let kind = HeaderValue::from_static("application/pls+xml; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, kind)], lexicon).into_response())
}

async fn edit(
    state: &AppState,
    asker: &Asker,
    id: &str,
    edit: RuleEdit,
) -> Result<Response, Refused<ElevenLabs>> {
    let told = audit::when_found(asker, Act::DictionaryChanged, id);
    let edited = state.service.dictionaries().edit(&asker.caller, id, edit, told).await;
    let edited = edited?.ok_or_else(|| unknown(id))?;
    Ok(Json(Entry::new(&edited, &asker.caller)).into_response())
}

/// With what rules have in vain.
fn with_names(ignored: Ignored, names: &[String]) -> Ignored {
    names.iter().fold(ignored, |ignored, name| ignored.and(name))
}

fn unknown(id: &str) -> ApiError {
    let id: String = id.chars().take(64).collect();
    ApiError::not_found(DICTIONARY_ID, format!("no dictionary {id:?} here"))
}

async fn rules_of(request: Request, state: &AppState) -> Result<(Vec<Rule>, Ignored), ApiError> {
    let handling = Handling::of(request.headers());
    let (RulesBody { rules }, ignored) = json(request, state).await?;
    let list = rules.ok_or_else(|| ApiError::invalid("rules", "is required"))?;
    let rules::Read { rules, in_vain, .. } = rules::rules(list)?;
    Ok((rules, with_names(ignored, &in_vain).unless_strict(handling)?))
}

async fn json<T: DeserializeOwned + ToSchema + Send + 'static>(
    request: Request,
    state: &AppState,
) -> Result<(T, Ignored), ApiError> {
    if body::body_type(&request) != BodyType::Json {
        return Err(ApiError::unsupported_media_type(&request, "application/json"));
    }
    let handling = Handling::of(request.headers());
    let (fields, ignored) = body::json(request, MAX_BODY_BYTES.min(state.body_bytes)).await?;
    Ok((fields, ignored.unless_strict(handling)?))
}
