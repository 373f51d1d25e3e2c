//! OpenAI's dialect.

mod events;
mod fields;
mod listing;
mod speech;
mod voice_field;

use svara_api::routes::Routes;

pub(super) fn routes() -> Vec<Routes> {
    vec![speech::routes(), listing::voices(), listing::models()]
}
