//! What callers keep and list: jobs, voices, models; and what would be said for a text.

mod dictionaries;
mod done;
mod jobs;
mod kept_voices;
mod languages;
mod models;
mod preview;
mod samples;
mod usage;
mod voices;

use svara_api::routes::Routes;

pub(crate) use self::preview::Previewed;

pub(crate) fn routes() -> Vec<Routes> {
    vec![
        voices::routes(),
        kept_voices::open(),
        kept_voices::keyed(),
        kept_voices::elevenlabs(),
        models::routes(),
        dictionaries::routes(),
        jobs::routes(),
        preview::routes(),
        samples::routes(),
        languages::routes(),
        usage::routes(),
    ]
}
