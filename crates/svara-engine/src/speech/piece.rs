//! One piece of speech on its way: tokens to frames to samples.

use std::time::{Duration, Instant};

use futures::StreamExt;
use svara_snac::{AssemblerStats, DecodeStream, Due, Frame, FrameAssembler, TokenLayout};

use super::{
    early_start::{EarlyStart, FADE_SAMPLES},
    pace::{DecodeProgress, Pace},
    playout::Playout,
};
use crate::{
    error::SpeakError,
    source::{FinishReason, SourceError, TokenEvent, TokenStream},
};

/// The tokens of one generation, and how far they have been decoded.
///
/// N whole frames of tokens become exactly N · 2048 samples, whatever the engine's chunks and the decoder's load.
pub(crate) struct Piece {
    tokens: TokenStream,
    assembler: FrameAssembler,
    pace: Pace,
    frames: Vec<Frame>,
    arrivals: Arrivals,
    /// Frames pushed, calls that gave samples, and what a call takes.
    progress: DecodeProgress,
    /// Where an early start goes over into the exact samples.
    early_start: Option<EarlyStart>,
    finish: Option<FinishReason>,
    first_tokens_at: Option<Instant>,
    /// The last samples were made.
    ended: bool,
}

/// Who the pieces of a speech are made for.
pub(crate) struct Listener {
    start: Instant,
    playout: Playout,
    /// When he got the last samples, until he asks for more.
    got_at: Option<Duration>,
    sample_rate_hz: u32,
}

/// When the frames of a generation came.
#[derive(Default)]
struct Arrivals {
    /// When the first did, and how long the listener had had no room by then.
    first: Option<(Duration, Duration)>,
    /// From the first to the last, without the time in which the listener had no room and nobody looked.
    span: Duration,
    /// Frames that came after those that came first.
    later_frames: u32,
}

impl Listener {
    pub(crate) fn new(sample_rate_hz: u32) -> Self {
        Self { start: Instant::now(), playout: Playout::default(), got_at: None, sample_rate_hz }
    }

    /// He got samples.
    pub(crate) fn gets(&mut self, samples: usize) {
        let now = self.start.elapsed();
        let seconds = samples as f64 / f64::from(self.sample_rate_hz.max(1));
        self.playout.given(now, Duration::from_secs_f64(seconds));
        self.got_at = Some(now);
    }

    /// He asks for more. Samples are asked for when there is room for them.
    pub(crate) fn asks(&mut self) {
        if let Some(got_at) = self.got_at.take() {
            self.playout.was_full(self.start.elapsed().saturating_sub(got_at));
        }
    }

    fn due(&self) -> Due {
        self.playout.runs_out_at().map_or(Due::FirstAudio, |at| Due::At(self.start + at))
    }
}

impl Arrivals {
    fn add(&mut self, frames: usize, listener: &Listener) {
        let (now, full) = (listener.start.elapsed(), listener.playout.full());
        match self.first {
            Some((first, full_before)) => {
                self.span = now.saturating_sub(first).saturating_sub(full.saturating_sub(full_before));
                self.later_frames =
                    self.later_frames.saturating_add(u32::try_from(frames).unwrap_or(u32::MAX));
            }
            None => self.first = Some((now, full)),
        }
    }

    /// How far apart they come; zero while that isn't known.
    fn period(&self) -> Duration {
        self.span.checked_div(self.later_frames).unwrap_or_default()
    }
}

impl Piece {
    pub(crate) fn new(tokens: TokenStream, layout: TokenLayout, pace: Pace) -> Self {
        Self {
            tokens,
            assembler: FrameAssembler::new(layout),
            pace,
            frames: Vec::new(),
            arrivals: Arrivals::default(),
            progress: DecodeProgress::default(),
            early_start: None,
            finish: None,
            first_tokens_at: None,
            ended: false,
        }
    }

    /// Why the generation ended; none while it hasn't.
    pub(crate) fn finish(&self) -> Option<FinishReason> {
        self.finish
    }

    /// When the first tokens came.
    pub(crate) fn first_tokens_at(&self) -> Option<Instant> {
        self.first_tokens_at
    }

    /// What the tokens were so far.
    pub(crate) fn stats(&self) -> AssemblerStats {
        self.assembler.stats()
    }

    /// Gathers frames and decodes them until there are samples; `None` at the end.
    pub(crate) async fn next(
        &mut self,
        decode: &mut DecodeStream,
        listener: &Listener,
    ) -> Result<Option<Vec<f32>>, SpeakError> {
        decode.needed(listener.due());
        while self.finish.is_none() {
            let progress = self.progress(listener);
            if self.early_start.is_none() && self.pace.starts_early(&progress) {
                return Ok(Some(self.start_early(decode).await?));
            }
            let hop = self.pace.frames(&progress);
            if self.frames.len() < hop {
                self.gather(listener).await?;
                continue;
            }
            let called_at = Instant::now();
            let samples = decode.push(self.frames.get(..hop).unwrap_or_default()).await?;
            self.frames.drain(..hop);
            self.progress.pushed += hop;
            self.progress.frame_cost = called_at.elapsed() / u32::try_from(hop.max(1)).unwrap_or(u32::MAX);
            self.progress.sounding_calls += usize::from(!samples.is_empty());
            let samples = self.join(samples);
            if !samples.is_empty() {
                return Ok(Some(samples));
            }
        }
        if self.ended {
            return Ok(None);
        }
        self.ended = true;
        let samples = decode.finish(&self.frames).await?;
        let samples = self.join(samples);
        Ok((!samples.is_empty()).then_some(samples))
    }

    fn progress(&self, listener: &Listener) -> DecodeProgress {
        DecodeProgress {
            gathered: self.frames.len(),
            in_hand: listener.playout.in_hand(listener.start.elapsed()),
            frame_period: self.arrivals.period(),
            ..self.progress
        }
    }

    /// The first frame, as it would sound if nothing came after the frames that are there.
    async fn start_early(&mut self, decode: &mut DecodeStream) -> Result<Vec<f32>, SpeakError> {
        let samples = decode.samples_per_frame();
        let early = decode.preview(&self.frames, samples + FADE_SAMPLES).await?;
        let (heard, early_start) = EarlyStart::new(early, samples);
        self.early_start = Some(early_start);
        Ok(heard)
    }

    fn join(&mut self, samples: Vec<f32>) -> Vec<f32> {
        match &mut self.early_start {
            Some(early_start) => early_start.join(samples),
            None => samples,
        }
    }

    /// Takes the next tokens, or learns that there are no more.
    async fn gather(&mut self, listener: &Listener) -> Result<(), SpeakError> {
        match self.tokens.next().await {
            Some(Ok(TokenEvent::Tokens(tokens))) => {
                self.first_tokens_at.get_or_insert_with(Instant::now);
                let before = self.frames.len();
                self.frames.extend(tokens.into_iter().filter_map(|token| self.assembler.push(token)));
                if self.frames.len() > before {
                    self.arrivals.add(self.frames.len() - before, listener);
                }
            }
            Some(Ok(TokenEvent::End(reason))) => self.finish = Some(reason),
            Some(Err(error)) => return Err(error.into()),
            None => {
                return Err(SourceError::just_stopped().into());
            }
        }
        Ok(())
    }
}
