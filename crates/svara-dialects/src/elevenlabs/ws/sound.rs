//! The sound of a context: one encoder for all that is said until a flush, and times with the sound they belong to.

use svara_api::error::ApiError;
use svara_audio::{EncoderSpec, SampleRate};
use svara_engine::PieceTiming;

use super::super::alignment::ChunkAlignment;
use crate::socket::Encoding;

/// How much is held back, so that the times of a piece, which are known once it is over, travel with sound: there are
/// clients to which a message without sound is an error.
const HELD_PER_SECOND: u32 = 100;

/// Sound to be sent, and the times of the pieces that end with it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Part {
    pub(super) bytes: Vec<u8>,
    pub(super) alignment: Option<Alignments>,
}

/// The times of characters, as they were typed and as they are said.
#[derive(Debug, PartialEq)]
pub(super) struct Alignments {
    pub(super) typed: ChunkAlignment,
    pub(super) said: ChunkAlignment,
}

/// Makes bytes of a context's samples.
pub(super) struct Sound {
    /// A flush ends its file.
    encoding: Encoding,
    held: Vec<f32>,
    /// Times whose sound is still in the encoder.
    pending: Option<Alignments>,
    clock: Clock,
}

/// Counts samples, so that silence between pieces and between speeches is in the times of what comes behind it.
#[derive(Debug, Default)]
struct Clock {
    /// Samples of the speech so far, and where its last piece with times ended.
    heard: u64,
    timed: u64,
    /// Samples of earlier speeches behind their last pieces.
    untimed: u64,
}

impl Sound {
    pub(super) fn new(spec: EncoderSpec) -> Self {
        Self { encoding: Encoding::new(spec), held: Vec::new(), pending: None, clock: Clock::default() }
    }

    /// More samples; `timings` are those of the pieces that ended before them.
    ///
    /// # Errors
    /// The encoder failed.
    pub(super) fn push(
        &mut self,
        mut samples: Vec<f32>,
        timings: &[PieceTiming],
        rate: SampleRate,
    ) -> Result<Vec<Part>, ApiError> {
        let mut parts = Vec::new();
        self.clock.heard += samples.len() as u64;
        if timings.is_empty() {
            samples.splice(0..0, std::mem::take(&mut self.held));
        } else {
            parts.extend(self.piece_over(timings, rate)?);
        }
        let held = usize::try_from(rate.hz() / HELD_PER_SECOND).unwrap_or(0);
        self.held = samples.split_off(samples.len().saturating_sub(held));
        let bytes = self.encoding.push(&samples, rate)?;
        parts.extend(self.part(bytes));
        Ok(parts)
    }

    /// A speech is over.
    ///
    /// # Errors
    /// The encoder failed.
    pub(super) fn said(&mut self, timings: &[PieceTiming], rate: SampleRate) -> Result<Vec<Part>, ApiError> {
        let parts = self.piece_over(timings, rate);
        let Clock { heard, timed, untimed } = self.clock;
        self.clock = Clock { untimed: untimed + heard.saturating_sub(timed), ..Clock::default() };
        parts
    }

    /// All is said: what the encoder still holds. The next sound starts a file of its own.
    ///
    /// # Errors
    /// The encoder failed.
    pub(super) fn finish(&mut self) -> Result<Option<Part>, ApiError> {
        let bytes = self.encoding.finish()?;
        Ok(self.part(bytes).or_else(|| {
            let alignment = self.pending.take()?;
            Some(Part { bytes: Vec::new(), alignment: Some(alignment) })
        }))
    }

    /// Pieces have ended: what was held back belongs to the last of them.
    fn piece_over(&mut self, timings: &[PieceTiming], rate: SampleRate) -> Result<Vec<Part>, ApiError> {
        let mut parts = Vec::new();
        let held = std::mem::take(&mut self.held);
        let bytes = self.encoding.push(&held, rate)?;
        if let Some(last) = timings.last() {
            // Times that wait for sound can't be mixed with others: each count from a start of their own.
            if let Some(alignment) = self.pending.take() {
                parts.push(Part { bytes: Vec::new(), alignment: Some(alignment) });
            }
            let Clock { timed, untimed, .. } = self.clock;
            let since = |samples: u64| samples.saturating_sub(timed) + untimed;
            let pieces: Vec<_> = timings.iter().map(PieceTiming::aligned).collect();
            self.pending = Some(Alignments {
                typed: ChunkAlignment::typed(&pieces, since, rate.hz()),
                said: ChunkAlignment::of(&pieces, since, rate.hz()),
            });
            (self.clock.timed, self.clock.untimed) = (last.end_samples, 0);
        }
        parts.extend(self.part(bytes));
        Ok(parts)
    }

    fn part(&mut self, bytes: Vec<u8>) -> Option<Part> {
        (!bytes.is_empty()).then(|| Part { bytes, alignment: self.pending.take() })
    }
}

#[cfg(test)]
mod tests {
    use svara_audio::Format;

    use super::*;

    fn sound(format: Format) -> Sound {
        Sound::new(EncoderSpec::new(format).unwrap())
    }

    fn piece(text: &str, start_samples: u64, end_samples: u64) -> PieceTiming {
        PieceTiming::untouched(text, start_samples, end_samples)
    }

    #[test]
    fn no_sample_is_lost_and_times_travel_with_the_end_of_their_sound() {
        let (mut sound, rate) = (sound(Format::Pcm), SampleRate::SNAC);
        let mut parts = sound.push(vec![0.1; 2400], &[], rate).unwrap();
        assert_eq!(parts[0].bytes.len(), 2 * (2400 - 240), "the end is held back");
        parts.extend(sound.push(vec![0.2; 2400], &[piece("a", 0, 2400)], rate).unwrap());
        assert_eq!((parts[1].bytes.len(), parts[1].alignment.is_some()), (2 * 240, true));
        parts.extend(sound.said(&[piece("b", 2400, 4800)], rate).unwrap());
        assert!(parts.last().unwrap().alignment.is_some());
        assert_eq!(sound.finish().unwrap(), None);
        assert_eq!(parts.iter().map(|part| part.bytes.len()).sum::<usize>(), 2 * 4800);
        assert_eq!(parts.iter().filter(|part| part.alignment.is_some()).count(), 2);
    }

    #[test]
    fn a_flush_gives_what_the_encoder_holds() {
        let (mut sound, rate) = (sound(Format::Mp3), SampleRate::SNAC);
        let mut bytes = 0;
        let mut parts = sound.push(vec![0.1; 1000], &[], rate).unwrap();
        parts.extend(sound.said(&[piece("a", 0, 1000)], rate).unwrap());
        bytes += parts.iter().map(|part| part.bytes.len()).sum::<usize>();
        let last = sound.finish().unwrap().unwrap();
        assert!(!last.bytes.is_empty() && bytes + last.bytes.len() > 300);
        assert!(last.alignment.is_some() || parts.iter().any(|part| part.alignment.is_some()));
        assert_eq!(sound.finish().unwrap(), None);
    }
}
