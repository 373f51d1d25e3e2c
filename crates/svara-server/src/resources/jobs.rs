//! `POST /v1/jobs` and what becomes of them: speech that nobody waits for.

use axum::{
    Json, Router,
    body::Body,
    extract::{Path, Request, State},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{
    HeaderValue, StatusCode,
    header::{CONTENT_DISPOSITION, CONTENT_TYPE, LOCATION},
};
use serde::Serialize;
use serde_json::{Value, json};
use svara_audio::Format;
use svara_service::{
    ServiceError,
    jobs::{Draft, FailureRecord, Item, Job, Overview, Product},
};

use crate::{
    dialects::svara,
    error::{ApiError, Refused, Svara},
    reading::body::{self, BodyType},
    state::{AppState, Asker},
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

async fn create(
    State(state): State<AppState>,
    asker: Asker,
    request: Request,
) -> Result<Response, Refused<Svara>> {
    let draft = read_draft(&state, &asker, request).await?;
    let (id, job) = state.service.jobs().create(&asker.caller, draft).await?;
    let place = HeaderValue::try_from(format!("/v1/jobs/{id}"));
    let mut response = (StatusCode::ACCEPTED, Json(JobView::whole(&id, &job))).into_response();
    response.headers_mut().extend(place.ok().map(|place| (LOCATION, place)));
    Ok(response)
}

async fn list(State(state): State<AppState>, asker: Asker) -> Result<Json<List>, Refused<Svara>> {
    let jobs = state.service.jobs().list(&asker.caller).await?.into_iter();
    let jobs = jobs.map(|(id, overview)| JobView { id, overview, items: None });
    Ok(Json(List { jobs: jobs.collect() }))
}

async fn get_one(
    State(state): State<AppState>,
    asker: Asker,
    Path(id): Path<String>,
) -> Result<Json<JobView>, Refused<Svara>> {
    let job = find(&state, &asker, &id).await?;
    Ok(Json(JobView::whole(&id, &job)))
}

async fn delete(
    State(state): State<AppState>,
    asker: Asker,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refused<Svara>> {
    if state.service.jobs().delete(&asker.caller, &id).await? {
        Ok(Json(json!({"status": "ok"})))
    } else {
        Err(unknown().into())
    }
}

type Download = Result<Response, Refused<Svara>>;

async fn only_audio(State(state): State<AppState>, asker: Asker, Path(id): Path<String>) -> Download {
    Ok(download(&state, &asker, Product::Audio, &id, None).await?)
}

async fn audio(
    State(state): State<AppState>,
    asker: Asker,
    Path((id, number)): Path<(String, String)>,
) -> Download {
    Ok(download(&state, &asker, Product::Audio, &id, Some(&number)).await?)
}

async fn only_timestamps(State(state): State<AppState>, asker: Asker, Path(id): Path<String>) -> Download {
    Ok(download(&state, &asker, Product::Times, &id, None).await?)
}

async fn timestamps(
    State(state): State<AppState>,
    asker: Asker,
    Path((id, number)): Path<(String, String)>,
) -> Download {
    Ok(download(&state, &asker, Product::Times, &id, Some(&number)).await?)
}

/// What was made of one of a job's texts; without a number, of its only one.
async fn download(
    state: &AppState,
    asker: &Asker,
    product: Product,
    id: &str,
    number: Option<&str>,
) -> Result<Response, ApiError> {
    let job = find(state, asker, id).await?;
    let number = number_of(&job, number)?;
    let (Some(item), Some(about)) = (job.items.get(number), job.summary.items.get(number)) else {
        return Err(unknown());
    };
    match item {
        Item::Over(end) if end.failure.is_none() => {}
        Item::Over(_) => {
            return Err(ApiError::not_found("number", "this text failed: there is no audio of it"));
        }
        Item::Queued | Item::Running(_) => return Err(ServiceError::job_unfinished(item.status()).into()),
    }
    let (content_type, name) = match product {
        Product::Audio => {
            let format: Format =
                about.format.parse().map_err(|error| ApiError::unsupported("response_format", error))?;
            (format.content_type(), format!("{id}-{number}.{format}"))
        }
        Product::Times if about.timed => ("application/json", format!("{id}-{number}.json")),
        Product::Times => {
            return Err(ApiError::not_found("number", "timestamps were not asked for with this text"));
        }
    };
    let mut response = Response::new(Body::from(state.service.jobs().product(product, id, number).await?));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    let disposition = HeaderValue::try_from(format!("attachment; filename=\"{name}\""));
    headers.extend(disposition.ok().map(|disposition| (CONTENT_DISPOSITION, disposition)));
    Ok(response)
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

async fn find(state: &AppState, asker: &Asker, id: &str) -> Result<Job, ApiError> {
    state.service.jobs().get(&asker.caller, id).await?.ok_or_else(unknown)
}

fn unknown() -> ApiError {
    ApiError::not_found("id", "there is no such job")
}

/// One text as a request's fields in JSON, or many as lines of such.
async fn read_draft<'a>(state: &'a AppState, asker: &Asker, request: Request) -> Result<Draft<'a>, ApiError> {
    let mut draft = state.service.draft_job();
    match body::body_type(&request) {
        BodyType::Json => {
            let fields = body::json(request, state.body_bytes).await?;
            add(&mut draft, state, asker, fields).await?;
        }
        BodyType::JsonLines => {
            let max_items = state.service.jobs().limits().max_items;
            let lines = body::json_lines(request, state.body_bytes, max_items).await?;
            if lines.is_empty() {
                return Err(ApiError::bad_request("the body has no line with a text"));
            }
            for (number, fields) in lines {
                add(&mut draft, state, asker, fields).await.map_err(|error| in_line(number, &error))?;
            }
        }
        _ => return Err(ApiError::unsupported_media_type("application/json or application/jsonl")),
    }
    Ok(draft)
}

async fn add(
    draft: &mut Draft<'_>,
    state: &AppState,
    asker: &Asker,
    fields: svara::Fields,
) -> Result<(), ApiError> {
    let timestamps = fields.timestamps();
    let (request, spec) = svara::speech_request(state, asker, fields).await?;
    Ok(draft.add(request, spec, timestamps).await?)
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
