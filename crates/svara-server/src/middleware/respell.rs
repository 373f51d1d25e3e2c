//! One path has one shape of errors for a client, whoever refuses.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use svara_api::error::{Spelling, respelled};

/// Middleware: writes what a handler refuses in the dialect in which this request is refused on its way there.
pub(crate) async fn respell(State(spelling): State<Spelling>, request: Request, next: Next) -> Response {
    let dialect = spelling.of(&request);
    respelled(next.run(request).await, dialect)
}
