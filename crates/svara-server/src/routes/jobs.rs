//! `POST /v1/jobs` and what becomes of them: speech that nobody waits for.

use std::sync::Arc;

use axum::{
    Extension, Json, Router,
    body::Body,
    extract::{Path, Request},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{
    HeaderValue, StatusCode,
    header::{CONTENT_DISPOSITION, CONTENT_TYPE, LOCATION},
};
use serde::Serialize;
use serde_json::json;
use svara_audio::Format;
use svara_engine::SpeechRequest;

use super::{
    read::{self, BodyType},
    svara,
};
use crate::{
    error::{ApiError, ErrorDialect},
    jobs::{FailureRecord, Item, ItemRecord, Job, Made, Overview},
    speaking,
    state::{AppState, Asked, RequestId},
};

pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/v1/jobs", get(list).post(create))
        .route("/v1/jobs/{id}", get(get_one).delete(delete))
        .route("/v1/jobs/{id}/audio", get(only_audio))
        .route("/v1/jobs/{id}/audio/{number}", get(audio))
        .route("/v1/jobs/{id}/timestamps", get(only_timestamps))
        .route("/v1/jobs/{id}/timestamps/{number}", get(timestamps))
}

/// A job, as answers show it.
#[derive(Serialize)]
struct JobView {
    id: String,
    #[serde(flatten)]
    overview: Overview,
    /// Where one job is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    items: Option<Vec<ItemView>>,
}

/// One of its texts.
#[derive(Serialize)]
struct ItemView {
    number: usize,
    /// `queued`, `running`, `done` or `failed`.
    status: &'static str,
    characters: usize,
    format: String,
    sample_rate: u32,
    /// Pieces of the text that are said, while it is running.
    #[serde(skip_serializing_if = "Option::is_none")]
    pieces_done: Option<u64>,
    audio_seconds: f64,
    /// Where its audio is, once it is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    audio: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audio_bytes: Option<u64>,
    /// Where its times are, once it is done, if they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamps: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<FailureRecord>,
}

#[derive(Serialize)]
struct List {
    jobs: Vec<JobView>,
}

async fn create(Asked(state): Asked, Extension(id): Extension<RequestId>, request: Request) -> Response {
    let answer = async {
        let items = read_items(&state, &id, request).await?;
        // A job's characters count when it is handed in; whatever becomes of it later is between it and the server.
        let characters = items.iter().map(|item| item.text.chars().count()).sum();
        let mut charged = state.caller.start_stream(characters)?;
        let (id, job) = state.jobs.create(&state.caller, items).await?;
        charged.spoken();
        let place = HeaderValue::try_from(format!("/v1/jobs/{id}"));
        let mut response = (StatusCode::ACCEPTED, Json(JobView::whole(&id, &job))).into_response();
        response.headers_mut().extend(place.ok().map(|place| (LOCATION, place)));
        Ok(response)
    };
    answer.await.unwrap_or_else(refused)
}

async fn list(Asked(state): Asked) -> Response {
    let answer = async {
        let jobs = state.jobs.list(&state.caller).await?.into_iter();
        let jobs = jobs.map(|(id, overview)| JobView { id, overview, items: None });
        Ok(Json(List { jobs: jobs.collect() }).into_response())
    };
    answer.await.unwrap_or_else(refused)
}

async fn get_one(Asked(state): Asked, Path(id): Path<String>) -> Response {
    let answer = async { Ok(Json(JobView::whole(&id, &find(&state, &id).await?)).into_response()) };
    answer.await.unwrap_or_else(refused)
}

async fn delete(Asked(state): Asked, Path(id): Path<String>) -> Response {
    let answer = async {
        if state.jobs.delete(&state.caller, &id).await? {
            Ok(Json(json!({"status": "ok"})).into_response())
        } else {
            Err(unknown())
        }
    };
    answer.await.unwrap_or_else(refused)
}

async fn only_audio(asked: Asked, Path(id): Path<String>) -> Response {
    download(asked, Made::Audio, &id, None).await
}

async fn audio(asked: Asked, Path((id, number)): Path<(String, String)>) -> Response {
    download(asked, Made::Audio, &id, Some(&number)).await
}

async fn only_timestamps(asked: Asked, Path(id): Path<String>) -> Response {
    download(asked, Made::Times, &id, None).await
}

async fn timestamps(asked: Asked, Path((id, number)): Path<(String, String)>) -> Response {
    download(asked, Made::Times, &id, Some(&number)).await
}

/// What was made of one of a job's texts; without a number, of its only one.
async fn download(Asked(state): Asked, made: Made, id: &str, number: Option<&str>) -> Response {
    let answer = async {
        let job = find(&state, id).await?;
        let number = number_of(&job, number)?;
        let (Some(item), Some(about)) = (job.items.get(number), job.summary.items.get(number)) else {
            return Err(unknown());
        };
        match item {
            Item::Over(end) if end.failure.is_none() => {}
            Item::Over(_) => {
                return Err(ApiError::not_found("number", "this text failed: there is no audio of it"));
            }
            Item::Queued | Item::Running(_) => return Err(ApiError::job_unfinished(item.status())),
        }
        let (content_type, name) = match made {
            Made::Audio => {
                let format: Format =
                    about.format.parse().map_err(|error| ApiError::unsupported("response_format", error))?;
                (format.content_type(), format!("{id}-{number}.{format}"))
            }
            Made::Times if about.timed => ("application/json", format!("{id}-{number}.json")),
            Made::Times => {
                return Err(ApiError::not_found("number", "timestamps were not asked for with this text"));
            }
        };
        let mut response = Response::new(Body::from(state.jobs.made(made, id, number).await?));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        let disposition = HeaderValue::try_from(format!("attachment; filename=\"{name}\""));
        headers.extend(disposition.ok().map(|disposition| (CONTENT_DISPOSITION, disposition)));
        Ok(response)
    };
    answer.await.unwrap_or_else(refused)
}

/// Which text of a job a path names.
fn number_of(job: &Job, named: Option<&str>) -> Result<usize, ApiError> {
    let count = job.items.len();
    let Some(named) = named else {
        return match count {
            1 => Ok(0),
            _ => {
                let reason =
                    format!("this job has {count} texts: ask for one of 0 to {}", count.saturating_sub(1));
                Err(ApiError::unsupported("number", reason))
            }
        };
    };
    let number = named.parse().ok().filter(|number| *number < count);
    number.ok_or_else(|| {
        ApiError::not_found("number", format!("this job has the texts 0 to {}", count.saturating_sub(1)))
    })
}

async fn find(state: &AppState, id: &str) -> Result<Job, ApiError> {
    state.jobs.get(&state.caller, id).await?.ok_or_else(unknown)
}

fn unknown() -> ApiError {
    ApiError::not_found("id", "there is no such job")
}

fn refused(error: ApiError) -> Response {
    error.into_response(ErrorDialect::Svara)
}

/// One text as a request's fields in JSON, or many as lines of such.
async fn read_items(state: &AppState, id: &RequestId, request: Request) -> Result<Vec<ItemRecord>, ApiError> {
    let limits = state.jobs.limits();
    let mut items = Vec::new();
    let mut characters = 0;
    let mut add = async |fields: svara::Fields| {
        if items.len() >= limits.max_items {
            let reason = format!("may have at most {} texts (jobs.max_items)", limits.max_items);
            return Err(ApiError::invalid("body", reason));
        }
        let timestamps = fields.timestamps();
        let (mut request, spec) = svara::speech_request(state, id.clone(), fields).await?;
        speaking::find_kept_voice(state, &mut request).await?;
        characters += request.text.chars().count();
        if characters > limits.job_characters {
            let reason = format!(
                "may have at most {} characters in a job (jobs.job_characters)",
                limits.job_characters
            );
            return Err(ApiError::invalid("text", reason));
        }
        let request = check(state, request).await?;
        items.push(ItemRecord::new(request, spec, timestamps));
        Ok(())
    };
    match read::body_type(&request) {
        BodyType::Json => add(read::json(request, state.body_bytes).await?).await?,
        BodyType::JsonLines => {
            for (number, fields) in read::json_lines(request, state.body_bytes, limits.max_items).await? {
                add(fields).await.map_err(|error| in_line(number, &error))?;
            }
        }
        _ => return Err(ApiError::unsupported_media_type("application/json or application/jsonl")),
    }
    if items.is_empty() {
        return Err(ApiError::bad_request("the body has no line with a text"));
    }
    Ok(items)
}

/// A long text takes a while to be looked through: not on a thread that serves others.
async fn check(state: &AppState, request: SpeechRequest) -> Result<SpeechRequest, ApiError> {
    if request.sampling.max_tokens.is_some()
        && request.text.chars().count() > state.engine.text_max_characters()
    {
        let most = state.engine.text_max_characters();
        return Err(ApiError::invalid("text", format!("may have at most {most} characters with max_tokens")));
    }
    let engine = Arc::clone(&state.engine);
    let checking = tokio::task::spawn_blocking(move || engine.check(&request).map(|()| request));
    Ok(checking.await.map_err(|error| ApiError::internal(error.to_string()))??)
}

fn in_line(number: usize, error: &ApiError) -> ApiError {
    ApiError { message: format!("line {number}: {}", error.message), ..*error }
}

impl JobView {
    fn whole(id: &str, job: &Job) -> Self {
        let items = job.items.iter().zip(&job.summary.items).enumerate();
        let items = items.map(|(number, (item, about))| {
            let end = match item {
                Item::Over(end) => Some(end),
                Item::Queued | Item::Running(_) => None,
            };
            let done = end.filter(|end| end.failure.is_none());
            ItemView {
                number,
                status: item.status(),
                characters: about.characters,
                format: about.format.clone(),
                sample_rate: about.sample_rate_hz,
                pieces_done: match item {
                    Item::Running(progress) => Some(progress.pieces_done()),
                    Item::Queued | Item::Over(_) => None,
                },
                audio_seconds: item.audio_seconds(),
                audio: done.map(|_| format!("/v1/jobs/{id}/audio/{number}")),
                audio_bytes: end.and_then(|end| end.audio_bytes),
                timestamps: done
                    .filter(|_| about.timed)
                    .map(|_| format!("/v1/jobs/{id}/timestamps/{number}")),
                error: end.and_then(|end| end.failure.clone()),
            }
        });
        Self { id: id.to_owned(), overview: job.overview(), items: Some(items.collect()) }
    }
}
