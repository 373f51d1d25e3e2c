//! A program's lifecycle, as a pure state machine.

mod machine;
mod state;
#[cfg(test)]
mod tests;

pub use machine::{Action, Machine, Step};
pub use state::{Cause, Observation, State, Stopping, Then};
