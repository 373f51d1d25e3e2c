//! When words or characters are spoken, as responses and jobs show it.

use serde::{Deserialize, Serialize};
use svara_engine::PieceTiming;

/// The method: times are estimated from the lengths of pieces and the weights of letters, not from the audio.
pub const ESTIMATED: &str = "estimated";

/// The unit of times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Timestamps {
    /// Words.
    Word,
    /// Characters.
    Character,
}

impl Timestamps {
    /// The unit with this name in requests: `word` or `character`.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "word" => Some(Self::Word),
            "character" => Some(Self::Character),
            _ => None,
        }
    }
}

/// The times of words or of characters.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Times {
    /// Times of words.
    Words(Vec<Word>),
    /// Times of characters.
    Characters(Vec<Character>),
}

/// A word and when it is spoken, in seconds of the whole audio.
#[derive(Serialize)]
pub struct Word {
    word: String,
    start: f64,
    end: f64,
    /// The characters (Unicode scalar values) of the request's text that it stands for.
    typed_start: usize,
    typed_end: usize,
}

/// A character and when it is spoken, in seconds of the whole audio.
#[derive(Serialize)]
pub struct Character {
    character: String,
    start: f64,
    end: f64,
}

impl Times {
    /// An empty list of this unit's times.
    pub fn new(unit: Timestamps) -> Self {
        match unit {
            Timestamps::Word => Self::Words(Vec::new()),
            Timestamps::Character => Self::Characters(Vec::new()),
        }
    }

    /// Adds the pieces of a speech that begins at `after_samples` of the whole audio, at `rate_hz`.
    pub fn add(&mut self, pieces: &[PieceTiming], after_samples: u64, rate_hz: u32) {
        let seconds = |samples: u64| {
            let ms = ((after_samples + samples) as f64 * 1_000.0 / f64::from(rate_hz.max(1))).round();
            ms / 1_000.0
        };
        match self {
            Self::Words(words) => {
                for piece in pieces {
                    let mut at = 0;
                    words.extend(piece.words().into_iter().map(|timed| {
                        let word = timed.text.trim();
                        let start = at + timed.text.len() - timed.text.trim_start().len();
                        at += timed.text.len();
                        let typed = piece.typed_range(&(start..start + word.len()));
                        Word {
                            word: word.to_owned(),
                            start: seconds(timed.start_samples),
                            end: seconds(timed.end_samples),
                            typed_start: typed.start,
                            typed_end: typed.end,
                        }
                    }));
                }
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
