//! Sends requests and listens to the answers.

mod arrival;
mod dialect;
mod distribution;
mod fail_on;
mod outcome;
mod process;
pub mod sound;
pub(crate) mod step;
mod stream;
mod summary;

pub use self::{
    arrival::Arrival, dialect::Dialect, distribution::Distribution, fail_on::FailOn, process::Usage,
    sound::Format, summary::Summary,
};
pub(crate) use self::{dialect::Target, stream::Ear};
