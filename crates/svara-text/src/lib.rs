//! The text front end of a speech synthesizer for Indian languages: from what a caller typed to what a model should
//! say, in nineteen languages.
//!
//! Everything here is pure: text in, text out, no I/O and no clock.
//!
//! [`Reading::read`] is the way of a text: nothing to say is removed, typed tags are taken out, dictionaries and
//! [`normalize`] put words in place of the rest, and pauses and changes of speed are noted. [`pack`] cuts what is said into
//! pieces that the model can say in one go. The steps are public, too, for whoever needs one alone: [`clean`],
//! [`StyleTags::take`], [`normalize`].
//!
//! ```
//! use svara_text::{Acronyms, Language, Reading, Strip, StyleTags, pack};
//!
//! let known = ["happy".to_owned(), "sad".to_owned()];
//! let reading = Reading {
//!     language: Some("hi-IN".parse::<Language>()?),
//!     normalizes: true,
//!     strip: Strip { markdown: true, emoji: true },
//!     styles: StyleTags::new(&known),
//!     dictionaries: &[],
//!     acronyms: &Acronyms::default(),
//! };
//! let said = reading.read("**कीमत** ₹150 है 🙏। कल 7:30 बजे आना। <happy>");
//!
//! assert_eq!(said.style.as_deref(), Some("happy"));
//! assert_eq!(pack(&said.text, 30), ["कीमत एक सौ पचास रुपये है ।", "कल साढ़े सात बजे आना।"]);
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
