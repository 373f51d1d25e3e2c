//! What the program does at a shell, without serving: each command in a file of its own.

mod failure;
mod figures;
pub(crate) mod hash_key;
pub(crate) mod say;
pub(crate) mod voices;

pub use self::failure::Failure;
