//! The commands of the program besides serving, one file each.

pub(crate) mod check_config;
pub(crate) mod cli;
mod failure;
mod figures;
pub(crate) mod hash_key;
mod numbers;
mod out;
mod player;
pub(crate) mod say;
pub(crate) mod text;
pub(crate) mod voices;
pub(crate) mod words;

pub use self::failure::Failure;
