//! When each character is said, as ElevenLabs tells it.

use serde::Serialize;
use svara_engine::{Aligned, PieceTiming};

/// Characters and their times, in seconds of the whole audio. White space between two pieces of the text is one space.
#[derive(Debug, Default, PartialEq, Serialize, utoipa::ToSchema)]
pub(super) struct Alignment {
    characters: Vec<String>,
    character_start_times_seconds: Vec<f64>,
    character_end_times_seconds: Vec<f64>,
}

impl Alignment {
    /// The alignments of what was typed for these pieces, and of what is said. `first`: nothing stood before them.
    pub(super) fn both(timings: &[PieceTiming], first: bool, sample_rate_hz: u32) -> (Self, Self) {
        let pieces: Vec<_> = timings.iter().map(PieceTiming::aligned).collect();
        (Self::typed(&pieces, sample_rate_hz), Self::of(&pieces, first, sample_rate_hz))
    }

    /// The alignment of these pieces, of which `first` says whether nothing stood before them.
    fn of(pieces: &[Aligned<'_>], first: bool, sample_rate_hz: u32) -> Self {
        let seconds = |samples: u64| samples as f64 / f64::from(sample_rate_hz.max(1));
        let mut alignment = Self::default();
        for (index, aligned) in pieces.iter().enumerate() {
            if !(first && index == 0) {
                let start = seconds(aligned.piece.start_samples);
                alignment.push(" ", start, start);
            }
            for timed in aligned.characters() {
                alignment.push(timed.text, seconds(timed.start_samples), seconds(timed.end_samples));
            }
        }
        alignment
    }

    /// The alignment of what was typed for these pieces. Those of all pieces, joined, are the text of the request.
    fn typed(pieces: &[Aligned<'_>], sample_rate_hz: u32) -> Self {
        let seconds = |samples: u64| samples as f64 / f64::from(sample_rate_hz.max(1));
        let mut alignment = Self::default();
        for timed in pieces.iter().flat_map(Aligned::typed_characters) {
            alignment.push(timed.text, seconds(timed.start_samples), seconds(timed.end_samples));
        }
        alignment
    }

    pub(super) fn is_empty(&self) -> bool {
        self.characters.is_empty()
    }

    fn push(&mut self, character: &str, start: f64, end: f64) {
        self.characters.push(character.to_owned());
        self.character_start_times_seconds.push(start);
        self.character_end_times_seconds.push(end);
    }
}

/// The same as WebSockets tell it: in milliseconds of the sound since the last message with times.
#[derive(Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChunkAlignment {
    chars: Vec<String>,
    char_start_times_ms: Vec<u64>,
    char_durations_ms: Vec<u64>,
}

impl ChunkAlignment {
    /// The alignment of these pieces. `since` says how many samples of the message's time lie before one of the speech.
    pub(super) fn of(pieces: &[Aligned<'_>], since: impl Fn(u64) -> u64, sample_rate_hz: u32) -> Self {
        let ms = |samples: u64| since(samples).saturating_mul(1000) / u64::from(sample_rate_hz.max(1));
        let mut alignment = Self::default();
        for aligned in pieces {
            for timed in aligned.characters() {
                let (start, end) = (ms(timed.start_samples), ms(timed.end_samples));
                alignment.push(timed.text, start, end);
            }
            // The space that parts it from what comes: clients make words of the characters.
            let end = ms(aligned.piece.end_samples);
            alignment.push(" ", end, end);
        }
        alignment
    }

    /// The alignment of what was typed for these pieces; times as in [`Self::of`].
    pub(super) fn typed(pieces: &[Aligned<'_>], since: impl Fn(u64) -> u64, sample_rate_hz: u32) -> Self {
        let ms = |samples: u64| since(samples).saturating_mul(1000) / u64::from(sample_rate_hz.max(1));
        let mut alignment = Self::default();
        for aligned in pieces {
            for timed in aligned.typed_characters() {
                alignment.push(timed.text, ms(timed.start_samples), ms(timed.end_samples));
            }
            // What is typed behind it mostly begins with a space, but what comes in the next message may not.
            if !aligned.piece.typed.ends_with(char::is_whitespace) {
                let end = ms(aligned.piece.end_samples);
                alignment.push(" ", end, end);
            }
        }
        alignment
    }

    fn push(&mut self, character: &str, start_ms: u64, end_ms: u64) {
        self.chars.push(character.to_owned());
        self.char_start_times_ms.push(start_ms);
        self.char_durations_ms.push(end_ms.saturating_sub(start_ms));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces() -> [PieceTiming; 2] {
        [PieceTiming::untouched("हाँ।", 24_000, 48_000), PieceTiming::untouched("a", 48_000, 72_000)]
    }

    #[test]
    fn every_character_has_a_time_and_pieces_are_parted() {
        let pieces = pieces();
        let pieces = [pieces[0].aligned(), pieces[1].aligned()];
        let alignment = Alignment::of(&pieces, true, 24_000);
        assert_eq!(alignment.characters.concat(), "हाँ। a");
        assert_eq!(alignment.character_start_times_seconds.len(), alignment.characters.len());
        assert_eq!(alignment.character_start_times_seconds.first(), Some(&1.0));
        assert_eq!(alignment.character_end_times_seconds.last(), Some(&3.0));
        assert!(alignment.character_end_times_seconds.is_sorted());
        let later = Alignment::of(&pieces[1..], false, 24_000);
        assert_eq!(later.characters.concat(), " a");
    }

    #[test]
    fn chunks_count_from_their_own_start() {
        let [_, piece] = pieces();
        let alignment = ChunkAlignment::of(&[piece.aligned()], |samples| samples - 48_000, 24_000);
        assert_eq!(alignment.chars, ["a", " "]);
        assert_eq!(
            (alignment.char_start_times_ms, alignment.char_durations_ms),
            (vec![0, 1000], vec![1000, 0])
        );
    }
}
