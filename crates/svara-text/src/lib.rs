//! The text front end of a speech synthesizer for Indian languages: from what a caller typed to what a model should
//! say, in nineteen languages.
//!
//! Everything here is pure: text in, text out, no I/O and no clock.
//!
//! The usual order is [`StyleTags::take`] (typed tags out of the text), [`strip_markdown`] and [`strip_emoji`] where
//! the caller asked for them, [`normalize`], and [`pack`] into pieces that the model can say in one go:
//!
//! ```
//! use svara_text::{Language, StyleTags, normalize, pack, strip_emoji};
//!
//! let known = ["happy".to_owned(), "sad".to_owned()];
//! let (plain, style) = StyleTags::new(&known).take("कीमत ₹150 है 🙏। कल 7:30 बजे आना। <happy>");
//! let bare = strip_emoji(&plain);
//! let said = normalize(&bare, "hi-IN".parse::<Language>()?);
//!
//! assert_eq!(style, Some("happy"));
//! assert_eq!(pack(&said, 30), ["कीमत एक सौ पचास रुपये है ।", "कल साढ़े सात बजे आना।"]);
//! # Ok::<(), svara_text::UnknownLanguage>(())
//! ```

mod incoming;
mod language;
mod languages;
mod normalize;
mod number;
mod pack;
mod sentence;
mod strip;
mod style;
mod tag;
mod writing;

pub use incoming::{IncomingText, Trigger};
pub use language::{Language, UnknownLanguage};
pub use normalize::{
    AcronymReading, Acronyms, Normalized, Replacement, normalize, normalize_mapped, normalize_with,
};
pub use number::spell;
pub use pack::pack;
pub use sentence::sentences;
pub use strip::{strip_emoji, strip_markdown};
pub use style::{StyleTags, UnknownStyle};
pub use writing::WritingSystem;
