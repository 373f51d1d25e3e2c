//! When words or characters are spoken, as responses and jobs show it.

use serde::{Deserialize, Serialize};
use svara_engine::PieceTiming;

use crate::subtitles::{SubtitleFormat, Subtitles};

/// The method: letters are looked for in what is heard, by their usual sound and length.
pub const ESTIMATED: &str = "estimated";

/// How responses describe the times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Timestamps {
    /// Words.
    Word,
    /// Characters.
    Character,
    /// Subtitles as SRT.
    Srt,
    /// Subtitles as WebVTT.
    Vtt,
}

impl Timestamps {
    /// The name ending and media type of a file of these times.
    pub const fn file(self) -> (&'static str, &'static str) {
        match self {
            Self::Word | Self::Character => ("json", "application/json"),
            Self::Srt => ("srt", "application/x-subrip; charset=utf-8"),
            Self::Vtt => ("vtt", "text/vtt; charset=utf-8"),
        }
    }
}

/// The times of words or of characters, or subtitles.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Times {
    /// Times of words.
    Words(Vec<Word>),
    /// Times of characters.
    Characters(Vec<Character>),
    /// Subtitles.
    Subtitles(Subtitles),
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
    /// No times yet.
    pub fn new(unit: Timestamps) -> Self {
        match unit {
            Timestamps::Word => Self::Words(Vec::new()),
            Timestamps::Character => Self::Characters(Vec::new()),
            Timestamps::Srt => Self::Subtitles(Subtitles::new(SubtitleFormat::Srt)),
            Timestamps::Vtt => Self::Subtitles(Subtitles::new(SubtitleFormat::Vtt)),
        }
    }

    /// Takes what was added; what comes continues it.
    pub fn take(&mut self) -> Self {
        match self {
            Self::Words(words) => Self::Words(std::mem::take(words)),
            Self::Characters(characters) => Self::Characters(std::mem::take(characters)),
            Self::Subtitles(subtitles) => Self::Subtitles(subtitles.take()),
        }
    }

    /// Nothing is added any more.
    pub fn finish(&mut self) {
        if let Self::Subtitles(subtitles) = self {
            subtitles.finish();
        }
    }

    /// Adds the pieces of a speech that begins at `after_samples` of the whole audio, at `rate_hz`.
    pub fn add(&mut self, pieces: &[PieceTiming], after_samples: u64, rate_hz: u32) {
        let ms =
            |samples: u64| ((after_samples + samples) as f64 * 1_000.0 / f64::from(rate_hz.max(1))).round();
        let seconds = |samples: u64| ms(samples) / 1_000.0;
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
                let timed = pieces.iter().flat_map(|piece| piece.aligned().characters());
                characters.extend(timed.map(|timed| Character {
                    character: timed.text.to_owned(),
                    start: seconds(timed.start_samples),
                    end: seconds(timed.end_samples),
                }));
            }
            // A cast saturates.
            Self::Subtitles(subtitles) => {
                pieces.iter().for_each(|piece| subtitles.add(piece, |samples| ms(samples) as u64));
            }
        }
    }
}
