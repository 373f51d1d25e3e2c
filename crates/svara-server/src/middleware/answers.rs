//! Counts the bytes of answers that wait for their clients to read them against the server's budget.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use svara_api::{
    budget::{Budget, Taken},
    error::{ApiError, Spelling},
};
use svara_service::Caller;

/// Answers of at most this many bytes aren't counted: those of probes, and refusals.
const TINY_BYTES: usize = 512;

/// Middleware: an answer that is there as a whole counts until it is sent or its client has left. Streamed ones are made only
/// as fast as they are read. Stands behind the guard, as each key has a share.
pub(crate) async fn meter_answer(
    State((budget, spelling)): State<(Budget, Spelling)>,
    request: Request,
    next: Next,
) -> Response {
    let dialect = spelling.of(&request);
    let key_name = request.extensions().get().and_then(Caller::key_name).map(str::to_owned);
    let response = next.run(request).await;
    let bytes = response.body().size_hint().exact().and_then(|bytes| usize::try_from(bytes).ok());
    let Some(bytes) = bytes.filter(|bytes| *bytes > TINY_BYTES) else { return response };
    match budget.reserve(key_name.as_deref(), bytes) {
        Ok(taken) => response.map(|body| Body::new(Held { body, _taken: taken })),
        Err(error) => ApiError::no_room_for_answer(error).into_response(dialect),
    }
}

/// A body with its part of the budget.
struct Held {
    body: Body,
    _taken: Taken,
}

impl http_body::Body for Held {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
