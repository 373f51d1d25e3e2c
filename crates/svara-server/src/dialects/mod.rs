//! The APIs that clients speak: each turns its requests into an order, and the speech into its own answers.

pub(crate) mod elevenlabs;
mod hosted;
mod omni;
mod openai;
mod socket;
pub(crate) mod spoken;
pub(crate) mod svara;
mod vapi;

use crate::routes::Routes;

pub(crate) fn routes() -> Vec<Routes> {
    let mut routes = vec![svara::routes(), vapi::routes()];
    routes.extend(openai::routes());
    routes.extend(elevenlabs::routes());
    routes.extend(hosted::routes());
    routes.push(omni::routes());
    routes
}
