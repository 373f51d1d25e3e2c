//! The APIs that clients speak: each turns its requests into an order, and the speech into its own answers.

mod elevenlabs;
mod hosted;
mod omni;
mod openai;
mod socket;
mod spoken;
pub mod svara;
mod vapi;
mod voice;
mod wyoming;

use svara_api::routes::Routes;

#[doc(hidden)]
pub use self::elevenlabs::ws::try_message;
pub use self::{spoken::codes as language_codes, wyoming::Wyoming};

/// The routes of all dialects over HTTP and WebSockets.
pub fn routes() -> Vec<Routes> {
    let mut routes = vec![svara::routes(), vapi::routes()];
    routes.extend(openai::routes());
    routes.extend(elevenlabs::routes());
    routes.extend(hosted::routes());
    routes.push(omni::routes());
    routes
}
