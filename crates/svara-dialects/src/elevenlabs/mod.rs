//! ElevenLabs' dialect.

mod address;
mod alignment;
mod fields;
mod formats;
mod listing;
mod search;
mod speech;
pub(crate) mod ws;

use svara_api::{
    error::Spelling,
    routes::{Routes, Tag},
};
use svara_config::OpenGroup;
use svara_service::Dialect;
use utoipa_axum::{router::OpenApiRouter, routes};

const SPELLING: Spelling = Spelling::Fixed(Dialect::ElevenLabs);

pub(super) fn routes() -> Vec<Routes> {
    let speech = OpenApiRouter::new()
        .routes(routes!(speech::convert))
        .routes(routes!(speech::stream))
        .routes(routes!(speech::convert_with_timestamps))
        .routes(routes!(speech::stream_with_timestamps));
    let sockets =
        OpenApiRouter::new().routes(routes!(ws::stream_input)).routes(routes!(ws::multi_stream_input));
    let listing = OpenApiRouter::new()
        .routes(routes!(listing::voices_v2))
        .routes(routes!(listing::default_voice_settings))
        .routes(routes!(listing::voice_settings));
    vec![
        Routes::keyed(Tag::Speech, SPELLING, speech),
        Routes::key_in_message(Tag::Speech, SPELLING, sockets),
        Routes::open(Tag::Voices, OpenGroup::Voices, SPELLING, listing),
    ]
}
