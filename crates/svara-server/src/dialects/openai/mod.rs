//! OpenAI's dialect.

mod events;
mod listing;
mod speech;
mod voice;

pub(super) use self::voice::choose as choose_voice;
use crate::routes::Routes;

pub(super) fn routes() -> Vec<Routes> {
    vec![speech::routes(), listing::voices(), listing::models()]
}
