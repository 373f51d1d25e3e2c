//! The commands of the program besides serving, one file each.

mod failure;
mod figures;
pub(crate) mod hash_key;
pub(crate) mod say;
pub(crate) mod text;
pub(crate) mod voices;

pub use self::failure::Failure;
