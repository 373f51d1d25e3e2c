//! OpenAI's dialect.

mod events;
mod listing;
mod speech;
pub(super) mod voice;
mod voice_field;

use svara_api::routes::Routes;

pub(super) fn routes() -> Vec<Routes> {
    vec![speech::routes(), listing::voices(), listing::models()]
}
