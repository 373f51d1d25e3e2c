//! Speech on its way: its pieces, one after the other, without a gap.

use std::{sync::Arc, vec::IntoIter};

use svara_snac::{AssemblerStats, DecodeStream, TokenLayout};
use tokio::task::JoinHandle;

use crate::{
    HopPlan, SpeakError,
    piece::Piece,
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
    upcoming: Option<Upcoming>,
    decode: DecodeStream,
    /// The first chunk, made before the caller got this.
    ready: Option<Vec<f32>>,
    report: SpeechReport,
    sample_rate_hz: u32,
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
    /// Whether the caller chose `max_tokens`, and so asked to be cut there.
    pub(crate) may_be_cut: bool,
    pub(crate) noise_seed: u64,
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
}

impl Speech {
    /// Waits for the first samples, so that what fails before them fails here.
    pub(crate) async fn start(
        mut pieces: Pieces,
        decode: DecodeStream,
        sample_rate_hz: u32,
    ) -> Result<Self, SpeakError> {
        let first = pieces.next_utterance().ok_or(SpeakError::NoAudio)?;
        let tokens = pieces.source.open(first).await?;
        let piece = Piece::new(tokens, pieces.layout, pieces.hops.clone());
        let mut speech = Self {
            pieces,
            piece,
            upcoming: None,
            decode,
            ready: None,
            report: SpeechReport::default(),
            sample_rate_hz,
            piece_is_new: true,
            ended: false,
        };
        speech.ready = Some(speech.make().await?.ok_or(SpeakError::NoAudio)?);
        Ok(speech)
    }

    /// The next samples (mono, −1 to 1); none after the last. An error is the last item.
    ///
    /// Not cancel-safe: a call given up half-way ends the speech with an error.
    pub async fn next(&mut self) -> Option<Result<Vec<f32>, SpeakError>> {
        if self.ended {
            return None;
        }
        let chunk = match self.ready.take() {
            Some(chunk) => Ok(Some(chunk)),
            None => self.make().await,
        };
        match &chunk {
            Ok(Some(samples)) => self.report.samples += samples.len() as u64,
            Ok(None) | Err(_) => self.ended = true,
        }
        chunk.transpose()
    }

    /// Sample rate of the audio.
    pub fn sample_rate_hz(&self) -> u32 {
        self.sample_rate_hz
    }

    /// What became of it so far.
    pub fn report(&self) -> SpeechReport {
        self.report
    }

    /// The next samples, of this piece or the next that has any; `None` at the end.
    async fn make(&mut self) -> Result<Option<Vec<f32>>, SpeakError> {
        loop {
            if let Some(samples) = self.piece.next(&mut self.decode).await? {
                if std::mem::take(&mut self.piece_is_new) && self.upcoming.is_none() {
                    self.upcoming = self.pieces.open_next();
                }
                return Ok(Some(samples));
            }
            self.report.add(&self.piece);
            if self.piece.finish() == Some(FinishReason::Length) && !self.pieces.may_be_cut {
                return Err(SpeakError::CutOff { max_tokens: self.pieces.utterance.sampling.max_tokens });
            }
            let Some(upcoming) = self.upcoming.take().or_else(|| self.pieces.open_next()) else {
                return Ok(None);
            };
            let tokens = upcoming.tokens().await?;
            self.piece = Piece::new(tokens, self.pieces.layout, self.pieces.hops.clone());
            self.piece_is_new = true;
            self.decode.restart(self.pieces.noise_seed.wrapping_add(self.report.pieces as u64));
        }
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
    fn next_utterance(&mut self) -> Option<Utterance> {
        let text = self.texts.next()?;
        self.opened += 1;
        // Engines want a name of its own for each of the generations in flight.
        let request_id = match self.opened {
            1 => self.utterance.request_id.clone(),
            number => format!("{}-{number}", self.utterance.request_id),
        };
        Some(Utterance { text, request_id, ..self.utterance.clone() })
    }

    fn open_next(&mut self) -> Option<Upcoming> {
        let utterance = self.next_utterance()?;
        let source = Arc::clone(&self.source);
        Some(Upcoming(tokio::spawn(async move { source.open(utterance).await })))
    }
}

/// A token stream that is being opened beside the speech. Dropping it ends the generation.
///
/// Nobody reads it yet: what the engine sends meanwhile waits in the connection's buffers, which are bounded.
struct Upcoming(JoinHandle<Result<TokenStream, SourceError>>);

impl Upcoming {
    async fn tokens(mut self) -> Result<TokenStream, SourceError> {
        let opened = (&mut self.0).await;
        opened.unwrap_or_else(|error| Err(SourceError::BrokeOff { reason: error.to_string() }))
    }
}

impl Drop for Upcoming {
    fn drop(&mut self) {
        self.0.abort();
    }
}
