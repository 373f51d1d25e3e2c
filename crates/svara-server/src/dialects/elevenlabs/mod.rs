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
    RequestPartsExt, Router,
    extract::{FromRequestParts, Path},
};
use http::request::Parts;

use crate::{
    error::{ApiError, ElevenLabs, Refused},
    state::{AppState, Asker},
};

pub(crate) fn router() -> Router<AppState> {
    Router::new().merge(speech::router()).merge(ws::router()).merge(listing::router())
}

/// Extracted by every speech route: the caller and the voice in the path.
struct Addressed {
    asker: Asker,
    voice: String,
}

impl<S: Sync> FromRequestParts<S> for Addressed {
    type Rejection = Refused<ElevenLabs>;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused<ElevenLabs>> {
        let asker = Asker::of(parts)?;
        let voice = parts.extract::<Path<String>>().await;
        let Path(voice) = voice.map_err(|error| ApiError::bad_request(error.body_text()))?;
        Ok(Self { asker, voice })
    }
}
