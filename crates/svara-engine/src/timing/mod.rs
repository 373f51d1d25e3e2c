//! When each word and character of a piece is spoken.

mod align;
mod broken;
mod letters;
mod sound;
mod times;

use std::ops::Range;

use svara_text::Edits;

pub use self::sound::Sound;
use self::times::{CharacterTime, character_times};
pub(crate) use self::{broken::Tempo, sound::Listening};

/// A completed piece of a speech, and where it lies in the audio.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PieceTiming {
    /// The words that the model was asked to say: normalized, without style tags. White space between two pieces
    /// belongs to neither.
    pub text: String,
    /// Where the piece starts, in samples of the speech.
    pub start_samples: u64,
    /// Where it ends, in samples of the speech.
    pub end_samples: u64,
    /// What was typed for it, with the markup and white space around it: those of all pieces, joined, are the text of the
    /// request.
    pub typed: String,
    /// How many characters of the request's text are before that.
    pub typed_start: usize,
    /// The map from `typed` to `text`.
    pub edits: Edits,
    /// What is heard of it.
    pub sound: Sound,
}

/// A part of a piece's text, and when it is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimedText<'a> {
    /// The text, a slice of the piece's.
    pub text: &'a str,
    /// Where it starts, in samples of the speech.
    pub start_samples: u64,
    /// Where it ends, in samples of the speech. Never less than the start.
    pub end_samples: u64,
}

impl PieceTiming {
    /// A piece that is said as it was typed, at the start of its text.
    pub fn untouched(text: &str, start_samples: u64, end_samples: u64) -> Self {
        let (typed, edits) = (text.to_owned(), Edits::default());
        Self {
            text: text.to_owned(),
            start_samples,
            end_samples,
            typed,
            typed_start: 0,
            edits,
            sound: Sound::default(),
        }
    }

    /// The words, each with the white space behind it: their texts joined are the piece's text. The times are in order and
    /// don't overlap. Silence between words belongs to none of them.
    ///
    /// They are found in what is heard of the piece; if nothing is, they are estimates, based on how long each letter
    /// usually sounds.
    pub fn words(&self) -> Vec<TimedText<'_>> {
        let mut words: Vec<TimedText<'_>> = Vec::new();
        let mut rest = self.text.as_str();
        let mut times = self.times().into_iter();
        while !rest.is_empty() {
            let (word, after) = rest.split_at(word_len(rest));
            let times: Vec<CharacterTime> = times.by_ref().take(word.chars().count()).collect();
            let spoken = || times.iter().filter(|time| !time.pause);
            let start = spoken().next().or_else(|| times.first());
            let end = spoken().next_back().or_else(|| times.last());
            words.push(TimedText {
                text: word,
                start_samples: start.map_or(self.start_samples, |time| time.start_samples),
                end_samples: end.map_or(self.start_samples, |time| time.end_samples),
            });
            rest = after;
        }
        words
    }

    /// The piece with the times of its characters, which take some milliseconds to find.
    pub fn aligned(&self) -> Aligned<'_> {
        Aligned { piece: self, times: self.times() }
    }

    fn times(&self) -> Vec<CharacterTime> {
        character_times(&self.text, &self.sound, self.start_samples..self.end_samples)
    }

    /// The characters of the request's text that a part of this piece's text, in bytes, stands for.
    pub fn typed_range(&self, said: &Range<usize>) -> Range<usize> {
        let typed = self.edits.typed(said);
        let characters = |end: usize| {
            let before = self.typed.get(..self.typed.floor_char_boundary(end)).unwrap_or_default();
            self.typed_start + before.chars().count()
        };
        characters(typed.start)..characters(typed.end)
    }
}

/// A piece, and when its characters are spoken.
#[derive(Debug)]
pub struct Aligned<'a> {
    /// The piece.
    pub piece: &'a PieceTiming,
    times: Vec<CharacterTime>,
}

impl<'a> Aligned<'a> {
    /// The characters (Unicode scalar values), including white space and marks, to which the pauses belong. Their times
    /// have no gaps, and the last one ends with the piece; silence before the first belongs to none.
    pub fn characters(&self) -> Vec<TimedText<'a>> {
        let PieceTiming { text, end_samples, .. } = self.piece;
        let characters = text.char_indices().zip(&self.times);
        let timed = characters.map(|((at, c), CharacterTime { start_samples, end_samples, .. })| TimedText {
            text: text.get(at..at + c.len_utf8()).unwrap_or_default(),
            start_samples: *start_samples,
            end_samples: *end_samples,
        });
        let mut timed: Vec<_> = timed.collect();
        if let Some(last) = timed.last_mut() {
            last.end_samples = *end_samples;
        }
        timed
    }

    /// The characters of the text as typed, with times. What was replaced by words shares their time evenly, and what isn't
    /// said takes none.
    pub fn typed_characters(&self) -> Vec<TimedText<'a>> {
        let Self { piece, times } = self;
        let starts: Vec<(usize, u64)> = piece
            .text
            .char_indices()
            .map(|(at, _)| at)
            .zip(times.iter().map(|time| time.start_samples))
            .chain([(piece.text.len(), piece.end_samples)])
            .collect();
        // The time at which the character begins that stands at a byte of the text.
        let time = |at: usize| {
            let behind = starts.partition_point(|(start, _)| *start < at);
            starts.get(behind).map_or(piece.end_samples, |(_, time)| *time)
        };
        let mut edits = piece.edits.replacements().iter().peekable();
        // How far the typed text lies ahead of what is said.
        let mut last = (0, 0);
        let mut in_edit = 0_u64;
        let mut timed = Vec::new();
        let mut from = time(0);
        for (at, c) in piece.typed.char_indices() {
            while let Some(edit) = edits.next_if(|edit| edit.typed.end <= at) {
                last = (edit.typed.end, edit.said.end);
                in_edit = 0;
            }
            let end = match edits.peek().filter(|edit| edit.typed.start <= at) {
                Some(edit) => {
                    let of_edit =
                        piece.typed.get(edit.typed.clone()).unwrap_or_default().chars().count() as u64;
                    let (start, end) = (time(edit.said.start), time(edit.said.end));
                    in_edit += 1;
                    start + end.saturating_sub(start) * in_edit / of_edit.max(1)
                }
                None => time(last.1 + (at + c.len_utf8()).saturating_sub(last.0)),
            };
            let end = end.max(from);
            let text = piece.typed.get(at..at + c.len_utf8()).unwrap_or_default();
            timed.push(TimedText { text, start_samples: from, end_samples: end });
            from = end;
        }
        timed
    }
}

/// The length in bytes of the first word of a text, including the white space after it and, at the start of a piece,
/// before it.
fn word_len(text: &str) -> usize {
    let leading = text.len() - text.trim_start().len();
    let mut in_word = false;
    for (at, c) in text.char_indices().skip_while(|(at, _)| *at < leading) {
        if c.is_whitespace() {
            in_word = true;
        } else if in_word {
            return at;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn piece(text: &str, start_samples: u64, samples: u64) -> PieceTiming {
        PieceTiming::untouched(text, start_samples, start_samples + samples)
    }

    #[test]
    fn words_keep_the_space_behind_them() {
        let piece = piece("नमस्ते दुनिया।  ठीक", 0, 24_000);
        let words: Vec<&str> = piece.words().iter().map(|word| word.text).collect();
        assert_eq!(words, ["नमस्ते ", "दुनिया।  ", "ठीक"]);
    }

    #[test]
    fn longer_words_take_longer_and_sentences_end_in_a_pause() {
        for text in ["मैं अस्पताल", "আমি হাসপাতালে", "நான் மருத்துவமனையில்", "I hospitals"]
        {
            let piece = piece(text, 1_000, 24_000);
            let lengths: Vec<u64> =
                piece.words().iter().map(|word| word.end_samples - word.start_samples).collect();
            assert!(lengths[1] > lengths[0] * 3 / 2, "{text}: {lengths:?}");
        }
        let piece = piece("राम। राम", 0, 24_000);
        let words = piece.words();
        assert!(words[1].start_samples - words[0].end_samples > 7_000, "{words:?}");
    }

    #[test]
    fn a_text_without_letters_is_shared_out_evenly() {
        let piece = piece("\u{200d}\u{200d}", 10, 100);
        let ends: Vec<u64> =
            piece.aligned().characters().iter().map(|character| character.end_samples).collect();
        assert_eq!(ends, [60, 110]);
    }

    /// Buzzing and hissing, each for so many hundredths of a second; 0 is silence.
    fn sound(parts: &[(f32, usize)]) -> Sound {
        let mut listening = Listening::new(24_000);
        for (step, moments) in parts {
            let samples: Vec<f32> = (0..moments * 240).map(|n| 0.5 * (n as f32 * step).sin()).collect();
            listening.hear(&samples);
        }
        listening.end()
    }

    #[test]
    fn words_are_found_between_pauses() {
        let (vowel, hiss, silence) = (0.1, 2.0, 0.0);
        let sound = sound(&[
            (silence, 30),
            (hiss, 10),
            (vowel, 20),
            (silence, 70),
            (hiss, 12),
            (vowel, 15),
            (hiss, 12),
            (silence, 20),
        ]);
        let heard = PieceTiming { sound, ..piece("so, sis", 24_000, 189 * 240) };
        let times: Vec<_> = heard
            .words()
            .iter()
            .map(|word| ((word.start_samples - 24_000) / 240, (word.end_samples - 24_000) / 240))
            .collect();
        assert_eq!(times, [(30, 60), (130, 169)]);
        // Twice as fast, in the same sound.
        let faster = PieceTiming { end_samples: 24_000 + 189 * 120, ..heard };
        assert_eq!(faster.words()[1].start_samples, 24_000 + 130 * 120);
    }

    fn check(piece: &PieceTiming) -> Result<(), TestCaseError> {
        let within = piece.start_samples..=piece.end_samples;
        for timed in [piece.words(), piece.aligned().characters(), piece.aligned().typed_characters()] {
            prop_assert_eq!(timed.iter().map(|part| part.text).collect::<String>(), piece.text.as_str());
            let mut at = piece.start_samples;
            for part in &timed {
                prop_assert!(part.start_samples >= at && part.end_samples >= part.start_samples);
                prop_assert!(within.contains(&part.end_samples));
                at = part.end_samples;
            }
        }
        let characters = piece.aligned().characters();
        prop_assert_eq!(characters.len(), piece.text.chars().count());
        prop_assert!(characters.last().is_none_or(|last| last.end_samples == piece.end_samples));
        prop_assert_eq!(piece.aligned().typed_characters(), piece.aligned().characters());
        Ok(())
    }

    proptest! {
        #[test]
        fn estimates_cover_the_piece_in_order(
            text in "(\\PC|[क-हा-्। \n,.]){0,80}",
            start in 0u64..1 << 40,
            samples in 0u64..1 << 32,
        ) {
            let piece = piece(&text, start, samples);
            check(&piece)?;
            let characters = piece.aligned().characters();
            prop_assert!(characters.first().is_none_or(|first| first.start_samples == start));
        }

        /// Whatever is heard: speech, noise, silence, far too much or too little for the text.
        #[test]
        fn times_are_in_order_whatever_is_heard(
            text in "([क-हा-्। \n,.a-z0-9]|\\PC){0,60}",
            start in 0u64..1 << 40,
            parts in prop::collection::vec((prop::sample::select(vec![0.0f32, 0.1, 2.0, f32::NAN]), 0usize..60), 0..6),
            speed in 0.25f64..4.0,
        ) {
            let sound = sound(&parts);
            let samples = (sound.samples as f64 / speed) as u64;
            check(&PieceTiming { sound, ..piece(&text, start, samples) })?;
        }
    }
}
