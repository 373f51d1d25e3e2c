//! What a browser shows: the playground and the API's document.

mod docs;
mod document;
mod files;
mod playground;

use svara_api::{
    error::Spelling,
    routes::{Routes, Tag},
};
use svara_config::OpenGroup;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) use self::document::document;

pub(crate) fn routes() -> Vec<Routes> {
    let router = OpenApiRouter::new()
        .routes(routes!(playground::page))
        .routes(routes!(playground::home))
        .routes(routes!(playground::settings))
        .routes(routes!(playground::asset))
        .routes(routes!(docs::openapi))
        .routes(routes!(docs::home))
        .routes(routes!(docs::page))
        .routes(routes!(docs::asset));
    vec![Routes::open(Tag::Pages, OpenGroup::Pages, Spelling::SVARA, router)]
}
