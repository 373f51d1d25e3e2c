//! OpenAI's dialect.

mod events;
mod listing;
mod speech;
mod voice;

use crate::routes::Routes;

pub(super) fn routes() -> Vec<Routes> {
    vec![speech::routes(), listing::voices(), listing::models()]
}
