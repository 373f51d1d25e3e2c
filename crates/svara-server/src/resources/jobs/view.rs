//! Jobs, as answers show them.

use serde::Serialize;
use svara_api::{error::origin, reading::schemas};
use svara_service::jobs::{FailureRecord, Item, Job, Overview};
use utoipa::openapi::{Object, schema::Type};

/// A job.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Job)]
pub(super) struct JobView {
    id: String,
    #[schema(schema_with = status)]
    status: &'static str,
    created_unix_s: u64,
    item_count: usize,
    items_done: usize,
    items_failed: usize,
    /// The characters of all its texts.
    characters: usize,
    /// Audio made so far.
    #[schema(minimum = 0.0)]
    audio_seconds: f64,
    /// Its texts; only where one job is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    items: Option<Vec<ItemView>>,
}

/// A text of a job.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = JobItem)]
pub(super) struct ItemView {
    number: usize,
    #[schema(schema_with = status)]
    status: &'static str,
    characters: usize,
    format: String,
    sample_rate: u32,
    /// Pieces of the text that are spoken, while it is running.
    #[serde(skip_serializing_if = "Option::is_none")]
    pieces_done: Option<u64>,
    #[schema(minimum = 0.0)]
    audio_seconds: f64,
    /// The path of its audio, once it is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    audio: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audio_bytes: Option<u64>,
    /// The path of its times, once it is done, if they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamps: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Failure)]
    error: Option<Failure>,
}

/// Why a text failed.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Failure {
    /// The stable word for the failure.
    r#type: String,
    /// For people.
    message: String,
    /// The field of the request that is wrong.
    #[schema(required)]
    field: Option<String>,
    #[schema(schema_with = origin)]
    origin: String,
    /// Whether the same text may succeed later.
    retryable: bool,
}

impl From<FailureRecord> for Failure {
    fn from(failure: FailureRecord) -> Self {
        let FailureRecord { kind, message, field, origin, retryable } = failure;
        Self { r#type: kind, message, field, origin, retryable }
    }
}

#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = JobList)]
pub(super) struct List {
    pub(super) jobs: Vec<JobView>,
}

// The service writes the file.
/// The times of words or characters, in seconds of the whole audio.
#[derive(utoipa::ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only the document needs it")]
pub(super) enum Times {
    Words {
        #[schema(inline)]
        words: Vec<Word>,
        #[schema(schema_with = estimated)]
        times: String,
    },
    Characters {
        #[schema(inline)]
        characters: Vec<Character>,
        #[schema(schema_with = estimated)]
        times: String,
    },
}

/// A word and when it is spoken.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "only the document needs it")]
pub(super) struct Word {
    word: String,
    #[schema(minimum = 0.0)]
    start: f64,
    #[schema(minimum = 0.0)]
    end: f64,
}

/// A character and when it is spoken.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "only the document needs it")]
pub(super) struct Character {
    character: String,
    #[schema(minimum = 0.0)]
    start: f64,
    #[schema(minimum = 0.0)]
    end: f64,
}

fn status() -> Object {
    let states = ["queued", "running", "done", "failed"];
    Object::builder().schema_type(Type::String).enum_values(Some(states)).build()
}

fn estimated() -> Object {
    schemas::constant(Type::String, svara_service::ESTIMATED)
}

impl JobView {
    /// A job without its texts.
    pub(super) fn outline(id: String, overview: &Overview) -> Self {
        Self {
            id,
            status: overview.status,
            created_unix_s: overview.created_unix_s,
            item_count: overview.item_count,
            items_done: overview.items_done,
            items_failed: overview.items_failed,
            characters: overview.characters,
            audio_seconds: overview.audio_seconds,
            items: None,
        }
    }

    /// A job with its texts.
    pub(super) fn whole(id: &str, job: &Job) -> Self {
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
                    .filter(|_| about.timestamps.is_some())
                    .map(|_| format!("/v1/jobs/{id}/timestamps/{number}")),
                error: end.and_then(|end| end.failure.clone()).map(Failure::from),
            }
        });
        Self { items: Some(items.collect()), ..Self::outline(id.to_owned(), &job.overview()) }
    }
}
