//! What callers keep and list: jobs, voices, models.

mod jobs;
mod kept_voices;
mod models;
mod voices;

use serde::Serialize;
use utoipa::openapi::{Object, schema::Type};

pub(crate) use self::voices::{CLONED, Entry};
use crate::{reading::schemas, routes::Routes};

pub(crate) fn routes() -> Vec<Routes> {
    vec![voices::routes(), kept_voices::open(), kept_voices::keyed(), models::routes(), jobs::routes()]
}

/// The answer to what has nothing else to say.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Ok)]
struct Done {
    #[schema(schema_with = ok)]
    status: &'static str,
}

/// It is done.
const DONE: Done = Done { status: "ok" };

fn ok() -> Object {
    schemas::constant(Type::String, DONE.status)
}
