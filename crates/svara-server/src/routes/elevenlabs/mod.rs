//! ElevenLabs' dialect.

mod alignment;
mod fields;
mod formats;
mod listing;
mod speech;
mod ws;

#[cfg(test)]
pub(crate) use self::fields::{Fields, VoiceSettings};
pub(crate) use self::formats::OUTPUT_FORMATS;

use axum::{
    Extension, RequestPartsExt, Router,
    extract::{FromRequestParts, Path},
    response::{IntoResponse, Response},
};
use http::request::Parts;

use crate::{
    error::{ApiError, ErrorDialect},
    state::{AppState, Asked, RequestId},
};

pub(crate) fn router() -> Router<AppState> {
    Router::new().merge(speech::router()).merge(ws::router()).merge(listing::router())
}

/// What all that speak here have before their own: who asks, and the voice of the address.
struct Addressed {
    state: AppState,
    id: RequestId,
    voice: String,
}

impl FromRequestParts<AppState> for Addressed {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Refused> {
        let Ok(Asked(state)) = Asked::from_request_parts(parts, state).await;
        let id = parts.extract::<Extension<RequestId>>().await;
        let Extension(id) = id.map_err(|error| ApiError::internal(error.body_text()))?;
        let voice = parts.extract::<Path<String>>().await;
        let Path(voice) = voice.map_err(|error| ApiError::bad_request(error.body_text()))?;
        Ok(Self { state, id, voice })
    }
}

/// A failure, in this dialect's words.
struct Refused(ApiError);

impl From<ApiError> for Refused {
    fn from(error: ApiError) -> Self {
        Self(error)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        self.0.into_response(ErrorDialect::ElevenLabs)
    }
}
