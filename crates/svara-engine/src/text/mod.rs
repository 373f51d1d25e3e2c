//! The text front end: from what a caller typed to what the model should say.
//!
//! Everything here is pure: text in, text out, no I/O and no clock.
//!
//! The usual order is [`style::StyleTags`] (take the typed tags out), [`strip_markdown`] and [`strip_emoji`] where
//! the caller asked for them, [`normalize`], and [`pack`] into pieces the model can say in one go.

// mod data;
mod language;
// mod normalize;
// mod number;
mod pack;
mod script;
mod sentence;
mod strip;
pub mod style;
mod tag;

pub use language::{Language, UnknownLanguage};
// pub use normalize::normalize;
// pub use number::{MAX_SPELLED, spell, spell_digits};
pub use pack::{pack, pack_by};
pub use script::Script;
pub use sentence::sentences;
pub use strip::{strip_emoji, strip_markdown};
