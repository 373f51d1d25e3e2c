//! Speech on its way: its pieces, one after the other, without a gap.

use std::{sync::Arc, time::Instant, vec::IntoIter};

use svara_audio::TimeStretch;
use svara_snac::{AssemblerStats, DecodeStream, TokenLayout};
use tokio::task::JoinHandle;

use crate::{
    AudioCeiling, HopPlan, PieceTiming, SpeakError,
    piece::{Listener, Piece},
    script::Script,
    source::{FinishReason, SourceError, TokenSource, TokenStream, Utterance},
};

/// Speech as it is being made: ask for [`Speech::next`] until there is no more. Dropping it ends the generation and
/// frees the decoder's slot.
///
/// A long text is said in pieces. The next piece is being generated while the one before it is spoken, never more than
/// that one ahead.
pub struct Speech {
    pieces: Pieces,
    piece: Piece,
    /// What the piece says.
    words: String,
    upcoming: Option<Upcoming>,
    decode: DecodeStream,
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
    /// The next chunk is the first of its piece.
    piece_is_new: bool,
    ended: bool,
}

/// What is to be said, and how.
pub(crate) struct Pieces {
    pub(crate) source: Arc<dyn TokenSource>,
    /// The utterance of every piece, but for its text.
    pub(crate) utterance: Utterance,
    pub(crate) texts: IntoIter<String>,
    pub(crate) style: Option<String>,
    /// Whether the caller chose `max_tokens`, and so asked to be cut there.
    pub(crate) may_be_cut: bool,
    pub(crate) noise_seed: u64,
    /// The most audio that a piece may become, unless it may be cut.
    pub(crate) ceiling: AudioCeiling,
    pub(crate) layout: TokenLayout,
    pub(crate) hops: HopPlan,
    pub(crate) opened: usize,
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
    /// Samples given out.
    pub samples: u64,
    /// When the engine's first tokens came.
    pub first_tokens_at: Option<Instant>,
}

impl Speech {
    /// Waits for the first samples, so that what fails before them fails here.
    pub(crate) async fn start(
        mut pieces: Pieces,
        decode: DecodeStream,
        sample_rate_hz: u32,
        stretch: Option<TimeStretch>,
    ) -> Result<Self, SpeakError> {
        let (words, first) = pieces.next_utterance().ok_or(SpeakError::NoAudio)?;
        let tokens = pieces.source.open(first).await?;
        let piece = Piece::new(tokens, pieces.layout, pieces.hops.clone());
        let mut speech = Self {
            pieces,
            piece,
            words,
            upcoming: None,
            decode,
            ready: None,
            report: SpeechReport::default(),
            timings: Vec::new(),
            made_samples: 0,
            timed_samples: 0,
            stretch,
            sample_rate_hz,
            listener: Listener::new(sample_rate_hz),
            piece_is_new: true,
            ended: false,
        };
        speech.ready = Some(speech.make().await?.ok_or(SpeakError::NoAudio)?);
        speech.report.first_tokens_at = speech.piece.first_tokens_at();
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
                None => self.make().await,
            };
            match made.map(|chunk| self.paced(chunk)) {
                Ok(samples) if samples.is_empty() => {}
                Ok(samples) => {
                    self.report.samples += samples.len() as u64;
                    self.listener.gets(samples.len());
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
    fn paced(&mut self, chunk: Option<Vec<f32>>) -> Vec<f32> {
        let mut paced = Vec::new();
        match (chunk, &mut self.stretch) {
            (Some(samples), None) => return samples,
            (Some(samples), Some(stretch)) => stretch.push(&samples, &mut paced),
            (None, stretch) => {
                self.ended = true;
                if let Some(stretch) = stretch.take() {
                    stretch.finish(&mut paced);
                }
            }
        }
        paced
    }

    /// Sample rate of the audio.
    pub fn sample_rate_hz(&self) -> u32 {
        self.sample_rate_hz
    }

    /// What became of it so far.
    pub fn report(&self) -> SpeechReport {
        self.report
    }

    /// When the pieces that were said to their end since the last call were said, in order. A piece is there by the
    /// time [`Speech::next`] gives the first samples after it, or none.
    pub fn take_timings(&mut self) -> Vec<PieceTiming> {
        std::mem::take(&mut self.timings)
    }

    /// The next samples, of this piece or the next that has any; `None` at the end.
    async fn make(&mut self) -> Result<Option<Vec<f32>>, SpeakError> {
        loop {
            if let Some(samples) = self.piece.next(&mut self.decode, &self.listener).await? {
                if std::mem::take(&mut self.piece_is_new) && self.upcoming.is_none() {
                    self.upcoming = self.pieces.open_next();
                }
                self.made_samples += samples.len() as u64;
                return Ok(Some(samples));
            }
            self.report.add(&self.piece);
            if self.piece.finish() == Some(FinishReason::Length) && !self.pieces.may_be_cut {
                return Err(self.pieces.cut_off(&self.words));
            }
            self.time_piece();
            let Some(upcoming) = self.upcoming.take().or_else(|| self.pieces.open_next()) else {
                return Ok(None);
            };
            let (words, tokens) = upcoming.tokens().await?;
            self.words = words;
            self.piece = Piece::new(tokens, self.pieces.layout, self.pieces.hops.clone());
            self.piece_is_new = true;
            self.decode.restart(self.pieces.noise_seed.wrapping_add(self.report.pieces as u64));
        }
    }
}

impl Speech {
    /// Notes when the piece was said, which is over.
    fn time_piece(&mut self) {
        let paced = |samples| self.stretch.as_ref().map_or(samples, |stretch| stretch.length(samples));
        let (start_samples, end_samples) = (paced(self.timed_samples), paced(self.made_samples));
        self.timed_samples = self.made_samples;
        let text = std::mem::take(&mut self.words);
        self.timings.push(PieceTiming { text, start_samples, end_samples });
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

impl Pieces {
    /// The words of the next piece, and how the source is asked for them.
    fn next_utterance(&mut self) -> Option<(String, Utterance)> {
        let words = self.texts.next()?;
        self.opened += 1;
        // Engines want a name of its own for each of the generations in flight.
        let request_id = match self.opened {
            1 => self.utterance.request_id.clone(),
            number => format!("{}-{number}", self.utterance.request_id),
        };
        let text = Script::prompt(&words, self.style.as_deref());
        let mut utterance = Utterance { text, request_id, ..self.utterance.clone() };
        utterance.sampling.max_tokens = self.max_tokens(&words);
        Some((words, utterance))
    }

    /// The tokens that a piece may take: those the caller chose; else the engine itself stops a model that runs away.
    fn max_tokens(&self, words: &str) -> u32 {
        let max_tokens = self.utterance.sampling.max_tokens;
        if self.may_be_cut { max_tokens } else { max_tokens.min(self.ceiling.tokens(words)) }
    }

    /// Why a piece that ended at its limit is a failure.
    fn cut_off(&self, words: &str) -> SpeakError {
        let (max_tokens, tokens) = (self.utterance.sampling.max_tokens, self.max_tokens(words));
        if tokens == max_tokens {
            return SpeakError::CutOff { max_tokens };
        }
        SpeakError::Runaway { tokens, characters: words.chars().count() }
    }

    fn open_next(&mut self) -> Option<Upcoming> {
        let (words, utterance) = self.next_utterance()?;
        let source = Arc::clone(&self.source);
        let opening = tokio::spawn(async move { source.open(utterance).await });
        Some(Upcoming { words, opening })
    }
}

/// A token stream that is being opened beside the speech. Dropping it ends the generation.
///
/// Nobody reads it yet: what the engine sends meanwhile waits in the connection's buffers, which are bounded.
struct Upcoming {
    words: String,
    opening: JoinHandle<Result<TokenStream, SourceError>>,
}

impl Upcoming {
    /// What the piece says, and its tokens.
    async fn tokens(mut self) -> Result<(String, TokenStream), SourceError> {
        let opened = (&mut self.opening).await;
        let tokens =
            opened.unwrap_or_else(|error| Err(SourceError::BrokeOff { reason: error.to_string() }))?;
        Ok((std::mem::take(&mut self.words), tokens))
    }
}

impl Drop for Upcoming {
    fn drop(&mut self) {
        self.opening.abort();
    }
}
