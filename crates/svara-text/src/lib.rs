//! The text front end of a speech synthesizer for Indian languages: from what a caller typed to what a model should
//! say, in nineteen languages.
//!
//! Everything here is pure: text in, text out, no I/O and no clock.
//!
//! The usual order is [`clean`] (what is nothing to say), [`StyleTags::take`] (typed tags out of the text),
//! [`normalize`], and [`pack`] into pieces that the model can say in one go:
//!
//! ```
//! use svara_text::{Language, Strip, StyleTags, clean, normalize, pack};
//!
//! let known = ["happy".to_owned(), "sad".to_owned()];
//! let strip = Strip { markdown: true, emoji: true };
//! let cleaned = clean("**कीमत** ₹150 है 🙏। कल 7:30 बजे आना। <happy>", strip, |name| name == "happy");
//! let (plain, style) = StyleTags::new(&known).take(&cleaned.text);
//! let said = normalize(&plain, "hi-IN".parse::<Language>()?);
//!
//! assert_eq!(style, Some("happy"));
//! assert_eq!(pack(&said, 30), ["कीमत एक सौ पचास रुपये है ।", "कल साढ़े सात बजे आना।"]);
//! # Ok::<(), svara_text::UnknownLanguage>(())
//! ```

mod clean;
mod dictionary;
mod eager;
mod edits;
mod hidden;
mod incoming;
mod language;
mod languages;
mod named;
mod normalize;
mod number;
mod pack;
mod parts;
mod pls;
mod quoted;
mod read;
mod sentence;
mod style;
mod tag;
mod writing;

pub use clean::{Cleaned, DateOrder, MAX_PAUSE_MS, Pause, SayAs, Strip, clean, spelled};
pub use dictionary::{Dictionary, DictionaryError, Pronunciation, Rule};
pub use eager::{EagerChunk, EagerRules, EagerText};
pub use edits::Edits;
pub use incoming::{IncomingText, Trigger};
pub use language::{Language, UnknownLanguage};
pub use normalize::{
    Acronyms, NoAcronym, Normalized, Replacement, normalize, normalize_mapped, normalize_with,
};
pub use number::spell;
pub use pack::pack;
pub use parts::parts;
pub use pls::{PlsError, read_pls, write_pls};
pub use quoted::quoted;
pub use read::{Reading, Said};
pub use sentence::sentences;
pub use style::{StyleTags, TagPlace, UnknownStyle};
pub use writing::WritingSystem;
