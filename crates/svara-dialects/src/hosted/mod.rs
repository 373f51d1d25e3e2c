//! The dialect of the hosted Svara API, as far as it isn't OpenAI's or ElevenLabs'.

mod wanted;
mod ws;

use svara_api::routes::Routes;

pub(crate) use self::wanted::{Dictionaries, check_speed, spec, tell_dictionary};

pub(super) fn routes() -> Vec<Routes> {
    vec![ws::routes()]
}
