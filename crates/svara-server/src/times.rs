//! When words or characters are said, as answers tell it and jobs keep it.

use serde::{Deserialize, Serialize};
use svara_engine::PieceTiming;

/// How times are found: nothing has listened to the sound, they follow from the lengths of pieces and the weights of
/// letters.
pub(crate) const ESTIMATED: &str = "estimated";

/// What is timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Timestamps {
    Word,
    Character,
}

impl Timestamps {
    /// By its name in requests.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "word" => Some(Self::Word),
            "character" => Some(Self::Character),
            _ => None,
        }
    }
}

/// The times of words, or those of characters.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Times {
    Words(Vec<Word>),
    Characters(Vec<Character>),
}

/// A word and when it is said, in seconds of the whole sound.
#[derive(Serialize)]
pub(crate) struct Word {
    word: String,
    start: f64,
    end: f64,
}

/// A character and when it is said, in seconds of the whole sound.
#[derive(Serialize)]
pub(crate) struct Character {
    character: String,
    start: f64,
    end: f64,
}

impl Times {
    /// None yet.
    pub(crate) fn new(unit: Timestamps) -> Self {
        match unit {
            Timestamps::Word => Self::Words(Vec::new()),
            Timestamps::Character => Self::Characters(Vec::new()),
        }
    }

    /// Adds what is said in the pieces of a speech that begins after so many samples of the whole sound.
    pub(crate) fn add(&mut self, pieces: &[PieceTiming], after_samples: u64, rate_hz: u32) {
        let seconds = |samples: u64| {
            let ms = ((after_samples + samples) as f64 * 1_000.0 / f64::from(rate_hz.max(1))).round();
            ms / 1_000.0
        };
        match self {
            Self::Words(words) => {
                words.extend(pieces.iter().flat_map(PieceTiming::words).map(|timed| Word {
                    word: timed.text.trim().to_owned(),
                    start: seconds(timed.start_samples),
                    end: seconds(timed.end_samples),
                }));
            }
            Self::Characters(characters) => {
                characters.extend(pieces.iter().flat_map(PieceTiming::characters).map(|timed| Character {
                    character: timed.text.to_owned(),
                    start: seconds(timed.start_samples),
                    end: seconds(timed.end_samples),
                }));
            }
        }
    }
}
