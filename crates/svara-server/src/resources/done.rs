//! The answer to requests that succeed and have nothing else to say.

use serde::Serialize;
use svara_api::reading::schemas;
use utoipa::openapi::{Object, schema::Type};

/// The request succeeded.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Ok)]
pub(super) struct Done {
    #[schema(schema_with = ok)]
    status: &'static str,
}

/// The answer.
pub(super) const DONE: Done = Done { status: "ok" };

fn ok() -> Object {
    schemas::constant(Type::String, DONE.status)
}
