//! The caller and the id of each request.

use std::net::IpAddr;

use axum::extract::FromRequestParts;
use http::request::Parts;
use svara_engine::{SpeechRequest, TraceContext};
use svara_service::Caller;

use crate::error::{ApiError, Refused, Svara};

/// The id of a request: the client's `x-request-id` if it is usable, otherwise a generated one. It is sent to the
/// engine, logged, and returned to the client.
#[derive(Clone, Debug)]
pub struct RequestId {
    /// At most 128 characters; unique unless clients choose the same one.
    pub id: String,
    /// The trace that the client's headers name.
    pub trace: Option<TraceContext>,
    /// The client's address, which a trusted proxy may have named.
    pub client: Option<IpAddr>,
}

/// The authenticated caller and the request's id. Extracted by every route that speaks or that serves what belongs to a
/// caller.
#[derive(Clone, Debug)]
pub struct Asker {
    /// The holder of the key, or anybody where none is required.
    pub caller: Caller,
    /// The id, the trace and the address of the request.
    pub request: RequestId,
}

impl Asker {
    /// An empty speech request with this id and trace.
    pub fn speech_request(&self) -> SpeechRequest {
        let RequestId { id, trace, client: _ } = self.request.clone();
        SpeechRequest { request_id: id, trace, ..SpeechRequest::default() }
    }

    /// The caller and the id that the middleware has set.
    ///
    /// # Errors
    /// The route isn't behind the middleware.
    pub fn of(parts: &Parts) -> Result<Self, ApiError> {
        let (caller, request) = (parts.extensions.get::<Caller>(), parts.extensions.get::<RequestId>());
        let missing = || ApiError::internal("the route is not behind the middleware");
        let (caller, request) = caller.zip(request).ok_or_else(missing)?;
        Ok(Self { caller: caller.clone(), request: request.clone() })
    }
}

impl<S: Sync> FromRequestParts<S> for Asker {
    type Rejection = Refused<Svara>;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused<Svara>> {
        Ok(Self::of(parts)?)
    }
}
