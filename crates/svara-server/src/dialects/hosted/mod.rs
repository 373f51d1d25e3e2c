//! The dialect of the hosted Svara API, as far as it isn't OpenAI's or ElevenLabs'.

mod wanted;
mod ws;

pub(crate) use self::wanted::{check_speed, spec, tell_dictionary};
use crate::routes::Routes;

pub(super) fn routes() -> Vec<Routes> {
    vec![ws::routes()]
}
