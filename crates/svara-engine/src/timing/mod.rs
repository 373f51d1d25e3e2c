//! When each word and character of a piece is spoken.

mod weights;

use std::ops::Range;

use svara_text::Edits;

use self::weights::character_ends;

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
        Self { text: text.to_owned(), start_samples, end_samples, typed, typed_start: 0, edits }
    }

    /// The words, each with the white space behind it: their texts joined are the piece's text, and their times have no
    /// gaps. The pause after a sentence belongs to its last word.
    ///
    /// The times are estimates, based on how long each letter usually sounds.
    pub fn words(&self) -> Vec<TimedText<'_>> {
        let mut words: Vec<TimedText<'_>> = Vec::new();
        let mut rest = self.text.as_str();
        let mut characters = self.characters().into_iter();
        let mut start_samples = self.start_samples;
        while !rest.is_empty() {
            let (word, after) = rest.split_at(word_len(rest));
            let last = characters.by_ref().take(word.chars().count()).last();
            let end_samples = last.map_or(start_samples, |last| last.end_samples);
            words.push(TimedText { text: word, start_samples, end_samples });
            (rest, start_samples) = (after, end_samples);
        }
        words
    }

    /// The characters (Unicode scalar values), including white space, with times as in [`PieceTiming::words`].
    pub fn characters(&self) -> Vec<TimedText<'_>> {
        let mut start_samples = self.start_samples;
        let timed = self
            .text
            .char_indices()
            .zip(character_ends(&self.text, self.start_samples, self.end_samples))
            .map(|((at, c), end_samples)| {
                let text = self.text.get(at..at + c.len_utf8()).unwrap_or_default();
                let timed = TimedText { text, start_samples, end_samples };
                start_samples = end_samples;
                timed
            });
        timed.collect()
    }

    /// The characters of the text as typed, with times. What was replaced by words shares their time evenly, and what isn't
    /// said takes none.
    pub fn typed_characters(&self) -> Vec<TimedText<'_>> {
        let starts: Vec<(usize, u64)> = self
            .text
            .char_indices()
            .map(|(at, _)| at)
            .zip(self.characters().into_iter().map(|timed| timed.start_samples))
            .chain([(self.text.len(), self.end_samples)])
            .collect();
        // The time at which the character begins that stands at a byte of the text.
        let time = |at: usize| {
            let behind = starts.partition_point(|(start, _)| *start < at);
            starts.get(behind).map_or(self.end_samples, |(_, time)| *time)
        };
        let mut edits = self.edits.replacements().iter().peekable();
        // How far the typed text lies ahead of what is said.
        let mut last = (0, 0);
        let mut in_edit = 0_u64;
        let mut timed = Vec::new();
        let mut from = self.start_samples;
        for (at, c) in self.typed.char_indices() {
            while let Some(edit) = edits.next_if(|edit| edit.typed.end <= at) {
                last = (edit.typed.end, edit.said.end);
                in_edit = 0;
            }
            let end = match edits.peek().filter(|edit| edit.typed.start <= at) {
                Some(edit) => {
                    let of_edit =
                        self.typed.get(edit.typed.clone()).unwrap_or_default().chars().count() as u64;
                    let (start, end) = (time(edit.said.start), time(edit.said.end));
                    in_edit += 1;
                    start + end.saturating_sub(start) * in_edit / of_edit.max(1)
                }
                None => time(last.1 + (at + c.len_utf8()).saturating_sub(last.0)),
            };
            let end = end.max(from);
            let text = self.typed.get(at..at + c.len_utf8()).unwrap_or_default();
            timed.push(TimedText { text, start_samples: from, end_samples: end });
            from = end;
        }
        timed
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
        assert!(words[0].end_samples > 14_000, "{words:?}");
    }

    #[test]
    fn a_text_without_letters_is_shared_out_evenly() {
        let piece = piece("\u{200d}\u{200d}", 10, 100);
        let ends: Vec<u64> = piece.characters().iter().map(|character| character.end_samples).collect();
        assert_eq!(ends, [60, 110]);
    }

    proptest! {
        #[test]
        fn times_cover_the_piece_in_order(
            text in "(\\PC|[क-हा-्। \n,.]){0,80}",
            start in 0u64..1 << 40,
            samples in 0u64..1 << 32,
        ) {
            let piece = piece(&text, start, samples);
            for timed in [piece.words(), piece.characters()] {
                prop_assert_eq!(timed.iter().map(|part| part.text).collect::<String>(), text.as_str());
                let mut at = start;
                for part in &timed {
                    prop_assert_eq!(part.start_samples, at);
                    prop_assert!(part.end_samples >= at);
                    at = part.end_samples;
                }
                prop_assert!(timed.is_empty() || at == piece.end_samples);
            }
            prop_assert_eq!(piece.characters().len(), text.chars().count());
            prop_assert_eq!(piece.typed_characters(), piece.characters());
        }
    }
}
