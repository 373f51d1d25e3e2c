//! Speech on its way: its pieces, one after the other, without a gap.

pub(crate) mod ceiling;
mod declick;
mod early_start;
mod generation;
pub(crate) mod pace;
mod piece;
pub(crate) mod pieces;
mod playout;
pub(crate) mod retry;
pub(crate) mod script;

use std::time::Instant;

use svara_audio::TimeStretch;
use svara_snac::{AssemblerStats, DecodeError, DecodeStream};

use self::{
    declick::Declick,
    generation::Generated,
    pace::Pace,
    piece::{Listener, Piece},
    pieces::Pieces,
    retry::Planned,
};
use crate::{error::SpeakError, source::FinishReason, timing::PieceTiming};

/// Speech as it is being made: ask for [`Speech::next`] until there is no more. Dropping it ends the generation and
/// frees the decoder's slot.
///
/// A long text is said in pieces. The next ones are being generated while one is spoken, never more than so many ahead.
/// A piece that fails is done again unless something of it was given out.
pub struct Speech {
    pieces: Pieces,
    /// None between two pieces.
    current: Option<Current>,
    decode: DecodeStream,
    noise_seed: u64,
    pace: Pace,
    /// Whether samples are held back until their piece has been said to its end.
    holds_back: bool,
    declick: Declick,
    /// The first chunk, made before the caller got this.
    ready: Option<Vec<f32>>,
    report: SpeechReport,
    /// Of the pieces said to their end, until somebody takes them.
    timings: Vec<PieceTiming>,
    /// Samples made so far, and those of them that are of finished pieces.
    made_samples: u64,
    timed_samples: u64,
    /// Changes the pace; none at the model's own, and after the end.
    stretch: Option<TimeStretch>,
    sample_rate_hz: u32,
    listener: Listener,
    /// A call of [`Speech::next`] is under way, or was given up.
    under_way: bool,
    ended: bool,
}

/// The piece that is being spoken.
struct Current {
    planned: Planned,
    piece: Piece,
    /// Its samples, where they are held back.
    held: Vec<f32>,
    has_audio: bool,
    /// Something of it was given out.
    heard: bool,
}

/// What a speech is made of.
pub(crate) struct Start {
    pub(crate) pieces: Pieces,
    pub(crate) decode: DecodeStream,
    pub(crate) noise_seed: u64,
    pub(crate) pace: Pace,
    pub(crate) sample_rate_hz: u32,
    pub(crate) stretch: Option<TimeStretch>,
}

/// What became of a speech so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct SpeechReport {
    /// Why the last piece that was said to its end did end.
    pub finish: Option<FinishReason>,
    /// What the tokens of the pieces said to their end were.
    pub tokens: AssemblerStats,
    /// Pieces said to their end.
    pub pieces: usize,
    /// Generations that failed before anything of them was given out, and were done again.
    pub redone: usize,
    /// Samples given out.
    pub samples: u64,
    /// When the engine's first tokens came.
    pub first_tokens_at: Option<Instant>,
}

impl Speech {
    /// Waits for the first samples, so that what fails before them fails here.
    pub(crate) async fn start(start: Start) -> Result<Self, SpeakError> {
        let Start { pieces, decode, noise_seed, pace, sample_rate_hz, stretch } = start;
        let mut speech = Self {
            pieces,
            current: None,
            decode,
            noise_seed,
            pace,
            holds_back: false,
            declick: Declick::default(),
            ready: None,
            report: SpeechReport::default(),
            timings: Vec::new(),
            made_samples: 0,
            timed_samples: 0,
            stretch,
            sample_rate_hz,
            listener: Listener::new(sample_rate_hz),
            under_way: false,
            ended: false,
        };
        speech.ready = Some(speech.make().await?.ok_or(SpeakError::NoAudio)?);
        Ok(speech)
    }

    /// The next samples (mono, −1 to 1); none after the last. An error is the last item.
    ///
    /// Not cancel-safe: a call given up half-way ends the speech with an error.
    pub async fn next(&mut self) -> Option<Result<Vec<f32>, SpeakError>> {
        self.listener.asks();
        while !self.ended {
            let made = match self.ready.take() {
                Some(chunk) => Ok(Some(chunk)),
                None if self.under_way => Err(DecodeError::Ended.into()),
                None => {
                    self.under_way = true;
                    let made = self.make().await;
                    self.under_way = false;
                    made
                }
            };
            match made.map(|chunk| self.stretched(chunk)) {
                Ok(samples) if samples.is_empty() => {}
                Ok(samples) => {
                    self.report.samples += samples.len() as u64;
                    if !self.holds_back {
                        self.listener.gets(samples.len());
                    }
                    return Some(Ok(samples));
                }
                Err(error) => {
                    self.ended = true;
                    return Some(Err(error));
                }
            }
        }
        None
    }

    /// What comes out for the next chunk, or for the end, at the pace asked for; it may be nothing.
    fn stretched(&mut self, chunk: Option<Vec<f32>>) -> Vec<f32> {
        let mut stretched = Vec::new();
        match (chunk, &mut self.stretch) {
            (Some(samples), None) => return samples,
            (Some(samples), Some(stretch)) => stretch.push(&samples, &mut stretched),
            (None, stretch) => {
                self.ended = true;
                if let Some(stretch) = stretch.take() {
                    stretch.finish(&mut stretched);
                }
            }
        }
        stretched
    }

    /// Sample rate of the audio.
    pub fn sample_rate_hz(&self) -> u32 {
        self.sample_rate_hz
    }

    /// What became of it so far.
    pub fn report(&self) -> SpeechReport {
        SpeechReport { redone: self.pieces.redone(), ..self.report }
    }

    /// Holds the samples of a piece back until it has been said to its end, for those who send nothing before all is
    /// made: then every piece that fails can be done again.
    pub fn hold_back(&mut self) {
        self.holds_back = true;
        if let (Some(current), Some(samples)) = (&mut self.current, self.ready.take()) {
            // Made, but nobody has taken them yet: as if they had not been given.
            self.made_samples = 0;
            self.declick = Declick::default();
            (current.held, current.heard) = (samples, false);
        }
    }

    /// When the pieces that were said to their end since the last call were said, in order. A piece is there by the
    /// time [`Speech::next`] gives the first samples after it, or none.
    pub fn take_timings(&mut self) -> Vec<PieceTiming> {
        std::mem::take(&mut self.timings)
    }

    /// The next samples, of this piece or the next that has any; `None` at the end.
    async fn make(&mut self) -> Result<Option<Vec<f32>>, SpeakError> {
        loop {
            let Some(current) = &mut self.current else {
                let Some((planned, generated)) = self.pieces.next().await? else { return Ok(None) };
                self.begin(planned, generated);
                continue;
            };
            let samples = current.piece.next(&mut self.decode, &self.listener).await?;
            let first_tokens_at = current.piece.first_tokens_at();
            self.report.first_tokens_at = self.report.first_tokens_at.or(first_tokens_at);
            if let Some(samples) = samples {
                self.pieces.look_ahead();
                let is_first = !std::mem::replace(&mut current.has_audio, true);
                if !self.holds_back {
                    current.heard = true;
                    return Ok(Some(self.give(samples, is_first)));
                }
                // As one who has it in hand: what nobody waits for must not go before what somebody does.
                self.listener.gets(samples.len());
                current.held.extend(samples);
            } else if let Some(samples) = self.end()? {
                return Ok(Some(self.give(samples, true)));
            }
        }
    }
}

impl Speech {
    /// Goes over to the next piece.
    fn begin(&mut self, planned: Planned, generated: Generated) {
        let piece = Piece::new(generated.into_tokens(), self.pieces.layout(), self.pace.clone());
        self.decode.restart(self.noise_seed.wrapping_add(self.report.pieces as u64));
        self.current = Some(Current { planned, piece, held: Vec::new(), has_audio: false, heard: false });
    }

    /// The piece is over: gives what was held back of it. Where something is wrong with it and nobody has heard any of
    /// it, it is done again.
    fn end(&mut self) -> Result<Option<Vec<f32>>, SpeakError> {
        let Some(Current { planned, piece, held, has_audio, heard }) = self.current.take() else {
            return Ok(None);
        };
        if let Some(fault) = self.pieces.fault(&planned, piece.finish(), has_audio) {
            if heard {
                self.report.add(&piece);
                return Err(self.pieces.error(&planned, fault));
            }
            self.pieces.again(&planned, fault)?;
            return Ok(None);
        }
        self.report.add(&piece);
        let samples = self.made_samples + held.len() as u64;
        self.time_piece(planned.words, samples);
        Ok((!held.is_empty()).then_some(held))
    }

    /// Samples on their way out. The first ones of a piece follow those of the piece before without a click.
    fn give(&mut self, mut samples: Vec<f32>, first_of_piece: bool) -> Vec<f32> {
        if first_of_piece {
            self.declick.smooth(&mut samples);
        }
        self.declick.pass(&samples);
        self.made_samples += samples.len() as u64;
        samples
    }

    /// Notes when a piece was said that ends with the first `end_samples` of what is made.
    fn time_piece(&mut self, text: String, end_samples: u64) {
        let stretched = |samples| self.stretch.as_ref().map_or(samples, |stretch| stretch.length(samples));
        let timing = PieceTiming {
            text,
            start_samples: stretched(self.timed_samples),
            end_samples: stretched(end_samples),
        };
        self.timed_samples = end_samples;
        self.timings.push(timing);
    }
}

impl SpeechReport {
    fn add(&mut self, piece: &Piece) {
        let tokens = piece.stats();
        self.finish = piece.finish();
        self.tokens.frames += tokens.frames;
        self.tokens.misaligned_tokens += tokens.misaligned_tokens;
        self.tokens.foreign_tokens += tokens.foreign_tokens;
        self.pieces += 1;
    }
}
