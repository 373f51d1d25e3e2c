//! `POST /v1/jobs` and what becomes of them: speech that nobody waits for.

mod view;

use axum::{
    Json,
    extract::{Path, Request, State},
    response::{IntoResponse, Response},
};
use http::{
    HeaderValue, StatusCode,
    header::{CONTENT_DISPOSITION, LOCATION},
};
use svara_api::{
    audit::{self, Act},
    door::asker::Asker,
    error::{ApiError, Refused, Spelling, Svara},
    file::{File, Wanted},
    reading::{
        body::{self, BodyType},
        ignored::{Handling, Ignored},
    },
    respond::Audio,
    routes::{Routes, Tag},
    state::AppState,
};
use svara_audio::Format;
use svara_dialects::svara;
use svara_service::{
    ServiceError, Timestamps,
    jobs::{Draft, Item, Job, Product},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use self::view::{JobView, List, Times};
use super::done::{DONE, Done};

pub(super) fn routes() -> Routes {
    let router = OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get_one, delete))
        .routes(routes!(only_audio))
        .routes(routes!(audio))
        .routes(routes!(only_timestamps))
        .routes(routes!(timestamps));
    Routes::keyed(Tag::Jobs, Spelling::SVARA, router)
}

/// Speak later
///
/// One text, or a line of JSON for each of several.
#[utoipa::path(
    post,
    path = "/v1/jobs",
    operation_id = "create_job",
    request_body(content((svara::Fields = "application/json"), (String = "application/jsonl"))),
    responses(
        (
            status = 202,
            description = "The job; its texts are spoken in the background.",
            body = JobView,
            headers(("Location" = String, description = "The path of the job.")),
        ),
        (status = 404), (status = 408), (status = 409), (status = 413), (status = 415), (status = 422), (status = 501),
    )
)]
async fn create(
    State(state): State<AppState>,
    asker: Asker,
    request: Request,
) -> Result<Response, Refused<Svara>> {
    let (uri, handling) = (request.uri().clone(), Handling::of(request.headers()));
    let (draft, ignored) = read_draft(&state, &asker, request).await?;
    let ignored = ignored.with_query(&uri, &[]).unless_strict(handling)?;
    let told = move |created: &Result<(String, Job), ServiceError>| {
        let (id, outcome) = match created {
            Ok((id, _)) => (id.as_str(), "ok"),
            Err(error) => ("", error.kind.name()),
        };
        audit::note(&asker, Act::JobCreated, id, outcome);
    };
    let (id, job) = state.service.jobs().create(draft, told).await?;
    let place = HeaderValue::try_from(format!("/v1/jobs/{id}"));
    let mut response = (StatusCode::ACCEPTED, Json(JobView::whole(&id, &job))).into_response();
    response.headers_mut().extend(place.ok().map(|place| (LOCATION, place)));
    ignored.tell(&mut response);
    Ok(response)
}

/// List the jobs
#[utoipa::path(
    get,
    path = "/v1/jobs",
    operation_id = "list_jobs",
    responses(
        (status = 200, description = "The jobs, the newest first, without their texts.", body = List),
        (status = 501),
    )
)]
async fn list(State(state): State<AppState>, asker: Asker) -> Result<Json<List>, Refused<Svara>> {
    let jobs = state.service.jobs().list(&asker.caller).await?.into_iter();
    let jobs = jobs.map(|(id, overview)| JobView::outline(id, &overview));
    Ok(Json(List { jobs: jobs.collect() }))
}

/// A job and its progress
#[utoipa::path(
    get,
    path = "/v1/jobs/{id}",
    operation_id = "get_job",
    params(("id" = String, Path, description = "The id of the job.")),
    responses((status = 200, description = "The job.", body = JobView), (status = 404), (status = 501))
)]
async fn get_one(
    State(state): State<AppState>,
    asker: Asker,
    Path(id): Path<String>,
) -> Result<Json<JobView>, Refused<Svara>> {
    let job = find(&state, &asker, &id).await?;
    Ok(Json(JobView::whole(&id, &job)))
}

/// Cancel and delete a job
#[utoipa::path(
    delete,
    path = "/v1/jobs/{id}",
    operation_id = "delete_job",
    params(("id" = String, Path, description = "The id of the job.")),
    responses((status = 200, description = "The job and its audio are deleted.", body = Done), (status = 404), (status = 501))
)]
async fn delete(
    State(state): State<AppState>,
    asker: Asker,
    Path(id): Path<String>,
) -> Result<Json<Done>, Refused<Svara>> {
    let told = audit::when_ended(&asker, Act::JobDeleted, &id);
    let deleted = state.service.jobs().delete(&asker.caller, &id, told).await;
    if deleted? { Ok(Json(DONE)) } else { Err(unknown().into()) }
}

type Download = Result<Response, Refused<Svara>>;

/// The audio of a job with one text
#[utoipa::path(
    get,
    path = "/v1/jobs/{id}/audio",
    operation_id = "get_only_job_audio",
    params(
        ("id" = String, Path, description = "The id of the job."),
    ),
    responses(
        (status = 200, description = "The file.", body = inline(Audio), content_type = "audio/*"),
        (status = 206, description = "The part that Range asks for.", body = inline(Audio), content_type = "audio/*"),
        (status = 304, description = "If-None-Match names this file."),
        (status = 404), (status = 409), (status = 416), (status = 501),
    )
)]
async fn only_audio(
    State(state): State<AppState>,
    asker: Asker,
    Path(id): Path<String>,
    wanted: Wanted,
) -> Download {
    Ok(download(&state, &asker, Product::Audio, (&id, None), wanted).await?)
}

/// The audio of a text
#[utoipa::path(
    get,
    path = "/v1/jobs/{id}/audio/{number}",
    operation_id = "get_job_audio",
    params(
        ("id" = String, Path, description = "The id of the job."),
        ("number" = String, Path, description = "The number of the text, from 0."),
    ),
    responses(
        (status = 200, description = "The file.", body = inline(Audio), content_type = "audio/*"),
        (status = 206, description = "The part that Range asks for.", body = inline(Audio), content_type = "audio/*"),
        (status = 304, description = "If-None-Match names this file."),
        (status = 404), (status = 409), (status = 416), (status = 501),
    )
)]
async fn audio(
    State(state): State<AppState>,
    asker: Asker,
    Path((id, number)): Path<(String, String)>,
    wanted: Wanted,
) -> Download {
    Ok(download(&state, &asker, Product::Audio, (&id, Some(&number)), wanted).await?)
}

/// The times of a job with one text
#[utoipa::path(
    get,
    path = "/v1/jobs/{id}/timestamps",
    operation_id = "get_only_job_times",
    params(
        ("id" = String, Path, description = "The id of the job."),
    ),
    responses(
        (
            status = 200,
            description = "Estimated times of words or characters, or subtitles, if they were asked for.",
            content((Times = "application/json"), (String = "application/x-subrip"), (String = "text/vtt"))
        ),
        (
            status = 206,
            description = "The part that Range asks for.",
            content((String = "application/json"), (String = "application/x-subrip"), (String = "text/vtt"))
        ),
        (status = 304, description = "If-None-Match names this file."),
        (status = 404), (status = 409), (status = 416), (status = 501),
    )
)]
async fn only_timestamps(
    State(state): State<AppState>,
    asker: Asker,
    Path(id): Path<String>,
    wanted: Wanted,
) -> Download {
    Ok(download(&state, &asker, Product::Times, (&id, None), wanted).await?)
}

/// The times of a text
#[utoipa::path(
    get,
    path = "/v1/jobs/{id}/timestamps/{number}",
    operation_id = "get_job_times",
    params(
        ("id" = String, Path, description = "The id of the job."),
        ("number" = String, Path, description = "The number of the text, from 0."),
    ),
    responses(
        (
            status = 200,
            description = "Estimated times of words or characters, or subtitles, if they were asked for.",
            content((Times = "application/json"), (String = "application/x-subrip"), (String = "text/vtt"))
        ),
        (
            status = 206,
            description = "The part that Range asks for.",
            content((String = "application/json"), (String = "application/x-subrip"), (String = "text/vtt"))
        ),
        (status = 304, description = "If-None-Match names this file."),
        (status = 404), (status = 409), (status = 416), (status = 501),
    )
)]
async fn timestamps(
    State(state): State<AppState>,
    asker: Asker,
    Path((id, number)): Path<(String, String)>,
    wanted: Wanted,
) -> Download {
    Ok(download(&state, &asker, Product::Times, (&id, Some(&number)), wanted).await?)
}

/// What was made of one of a job's texts; without a number, of its only one.
async fn download(
    state: &AppState,
    asker: &Asker,
    product: Product,
    (id, number): (&str, Option<&str>),
    wanted: Wanted,
) -> Result<Response, ApiError> {
    let job = find(state, asker, id).await?;
    let number = number_of(&job, number)?;
    let (Some(item), Some(about)) = (job.items.get(number), job.summary.items.get(number)) else {
        return Err(unknown());
    };
    let bytes = match item {
        Item::Over(end) if end.failure.is_none() => match product {
            Product::Audio => end.audio_bytes.unwrap_or_default(),
            Product::Times => end.times_bytes,
        },
        Item::Over(_) => {
            return Err(ApiError::not_found("number", "this text failed: there is no audio of it"));
        }
        Item::Queued | Item::Running(_) => return Err(ServiceError::job_unfinished(item.status()).into()),
    };
    // Before it is read, as many may ask at once. As an answer, it counts itself.
    let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
    let reserved = state.answer_budget.reserve(asker.caller.key_name(), bytes);
    let _reserved = reserved.map_err(ApiError::no_room_for_answer)?;
    let (content_type, name) = match product {
        Product::Audio => {
            let format: Format =
                about.format.parse().map_err(|error| ApiError::unsupported("response_format", error))?;
            (format.content_type(), format!("{id}-{number}.{format}"))
        }
        Product::Times => {
            let (ending, content_type) = about.timestamps.map(Timestamps::file).ok_or_else(|| {
                ApiError::not_found("number", "timestamps were not asked for with this text")
            })?;
            (content_type, format!("{id}-{number}.{ending}"))
        }
    };
    let bytes = state.service.jobs().product(product, id, number).await?;
    // What a job has made stays as it is, and no other job gets its id.
    let mut response = wanted.of(File { content_type, tag: format!("{id}-{number}"), bytes })?;
    let disposition = HeaderValue::try_from(format!("attachment; filename=\"{name}\""));
    response.headers_mut().extend(disposition.ok().map(|value| (CONTENT_DISPOSITION, value)));
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
async fn read_draft<'a>(
    state: &'a AppState,
    asker: &Asker,
    request: Request,
) -> Result<(Draft<'a>, Ignored), ApiError> {
    let mut draft = state.service.draft_job(&asker.caller);
    let ignored = match body::body_type(&request) {
        BodyType::Json => {
            let (fields, ignored): (svara::Fields, _) =
                body::json(request, state.body_bytes).await.map_err(of_several)?;
            let ignored = name_in_vain(state, &fields, ignored);
            let added = add(&mut draft, state, asker, fields).await;
            added.map_err(|error| svara::in_other_words(&ignored, error))?;
            ignored
        }
        BodyType::JsonLines => {
            let max_items = state.service.jobs().limits().max_items;
            let (lines, mut ignored): (Vec<(usize, svara::Fields)>, _) =
                body::json_lines(request, state.body_bytes, max_items).await?;
            if lines.is_empty() {
                return Err(ApiError::bad_request("the body has no line with a text"));
            }
            for (number, fields) in lines {
                ignored = name_in_vain(state, &fields, ignored);
                let added = add(&mut draft, state, asker, fields).await;
                added.map_err(|error| in_line(number, &svara::in_other_words(&ignored, error)))?;
            }
            ignored
        }
        _ => {
            let allowed = "application/json or application/jsonl";
            return Err(ApiError::unsupported_media_type(&request, allowed));
        }
    };
    Ok((draft, ignored))
}

/// With the names of fields that have no effect in a job. Nothing of it is streamed.
fn name_in_vain(state: &AppState, fields: &svara::Fields, ignored: Ignored) -> Ignored {
    let ignored = fields.name_overruled(state.service.engine().voices(), ignored);
    if fields.is_about_streaming() { ignored.and("stream") } else { ignored }
}

async fn add(
    draft: &mut Draft<'_>,
    state: &AppState,
    asker: &Asker,
    fields: svara::Fields,
) -> Result<(), ApiError> {
    let timestamps = fields.timestamps()?;
    let (request, spec) = svara::speech_request(state, asker, fields).await?;
    Ok(draft.add(request, spec, timestamps).await?)
}

/// Several texts in one body, sent as if it were one.
fn of_several(error: ApiError) -> ApiError {
    let several = ["more text follows the object", "not a list"];
    if !several.iter().any(|end| error.message.ends_with(end)) {
        return error;
    }
    let hint = "several texts: one a line, with content-type: application/jsonl";
    ApiError { message: format!("{}; {hint}", error.message), ..error }
}

fn in_line(number: usize, error: &ApiError) -> ApiError {
    ApiError { message: format!("line {number}: {}", error.message), ..error.clone() }
}
