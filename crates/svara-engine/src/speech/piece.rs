//! One piece of a speech: tokens become frames, frames become samples.

use std::time::{Duration, Instant};

use futures::{StreamExt, stream};
use svara_snac::{AssemblerStats, DecodeStream, Due, Frame, FrameAssembler, TokenLayout};

use super::{
    audience::Audience,
    early_start::{EarlyStart, FADE_SAMPLES},
    loops::{Found, LoopWatch},
    pace::{DecodeProgress, Pace},
    playout::Playout,
};
use crate::{
    error::SpeakError,
    source::{FinishReason, SourceError, TokenEvent, TokenStream},
};

/// The tokens of one generation, and their decoding.
///
/// N whole frames become exactly N times the decoder's samples per frame, whatever the engine's chunks and the
/// decoder's load.
pub(crate) struct Piece {
    tokens: TokenStream,
    assembler: FrameAssembler,
    pace: Pace,
    frames: Vec<Frame>,
    arrivals: Arrivals,
    /// Frames pushed, calls that gave samples, and the cost of a call. [`Self::progress`] adds the rest.
    progress: DecodeProgress,
    /// The cross-fade to the exact samples, once the piece has started early.
    early_start: Option<EarlyStart>,
    finish: Option<FinishReason>,
    first_tokens_at: Option<Instant>,
    /// `None` where a loop is no fault, and once one was found.
    watch: Option<LoopWatch>,
    looped: Option<Found>,
    /// Whether the decoder was told that no frames will come.
    ended: bool,
}

/// The listener of a speech, as far as its timing is known.
pub(crate) struct Listener {
    start: Instant,
    playout: Playout,
    /// When the last samples were delivered. `None` while the listener waits for more.
    got_at: Option<Duration>,
    sample_rate_hz: u32,
    /// Whether anybody hears the speech before its end.
    heard: bool,
}

/// When the frames of a generation arrived.
#[derive(Default)]
struct Arrivals {
    /// When the first did, and for how long the listener's buffer had been full by then.
    first: Option<(Duration, Duration)>,
    /// From the first to the last, without the time in which the listener's buffer was full: nobody reads frames then.
    span: Duration,
    /// Frames after those that arrived first.
    later_frames: u32,
}

impl Listener {
    pub(crate) fn new(sample_rate_hz: u32, audience: Audience) -> Self {
        let playout = Playout::default();
        Self {
            start: Instant::now(),
            playout,
            got_at: None,
            sample_rate_hz,
            heard: audience == Audience::Live,
        }
    }

    /// Records that nobody hears the speech any more before its end.
    pub(crate) fn leaves(&mut self) {
        self.heard = false;
    }

    /// Records samples that were delivered.
    pub(crate) fn gets(&mut self, samples: usize) {
        let now = self.start.elapsed();
        let seconds = samples as f64 / f64::from(self.sample_rate_hz.max(1));
        self.playout.given(now, Duration::from_secs_f64(seconds));
        self.got_at = Some(now);
    }

    /// Records that the listener asks for more: until now, the buffer was full.
    pub(crate) fn asks(&mut self) {
        if let Some(got_at) = self.got_at.take() {
            self.playout.was_full(self.start.elapsed().saturating_sub(got_at));
        }
    }

    fn due(&self) -> Due {
        if self.heard {
            self.playout.runs_out_at().map_or(Due::FirstAudio, |at| Due::At(self.start + at))
        } else {
            Due::Whenever
        }
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

    /// The mean time between frames. Zero while it isn't known.
    fn period(&self) -> Duration {
        self.span.checked_div(self.later_frames).unwrap_or_default()
    }
}

impl Piece {
    /// A piece that ends where `watch` finds a loop.
    pub(crate) fn new(
        tokens: TokenStream,
        layout: TokenLayout,
        pace: Pace,
        watch: Option<LoopWatch>,
    ) -> Self {
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
            watch,
            looped: None,
            ended: false,
        }
    }

    /// Why the generation ended. `None` while it runs.
    pub(crate) fn finish(&self) -> Option<FinishReason> {
        self.finish
    }

    /// The loop that ended it, if one did.
    pub(crate) fn looped(&self) -> Option<Found> {
        self.looped
    }

    /// When the first tokens arrived.
    pub(crate) fn first_tokens_at(&self) -> Option<Instant> {
        self.first_tokens_at
    }

    /// Statistics of the tokens so far.
    pub(crate) fn stats(&self) -> AssemblerStats {
        self.assembler.stats()
    }

    /// Gathers frames and decodes them until there are samples. `None` at the end.
    pub(crate) async fn next(
        &mut self,
        decode: &mut DecodeStream,
        listener: &Listener,
    ) -> Result<Option<Vec<f32>>, SpeakError> {
        decode.needed(listener.due());
        while self.finish.is_none() && !self.has_looped() {
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
        if self.looped.is_some() {
            return self.end_before_loop(decode).await;
        }
        if !self.ended {
            self.ended = true;
            decode.end(&self.frames)?;
        }
        while let Some(samples) = decode.rest().await? {
            let samples = self.join(samples);
            if !samples.is_empty() {
                return Ok(Some(samples));
            }
        }
        Ok(None)
    }

    fn progress(&self, listener: &Listener) -> DecodeProgress {
        DecodeProgress {
            gathered: self.frames.len(),
            in_hand: listener.playout.in_hand(listener.start.elapsed()),
            frame_period: self.arrivals.period(),
            ..self.progress
        }
    }

    /// Decodes the first frame as if nothing came after the frames that are there.
    async fn start_early(&mut self, decode: &mut DecodeStream) -> Result<Vec<f32>, SpeakError> {
        let samples = decode.samples_per_frame();
        let early = decode.preview(&self.frames, samples + FADE_SAMPLES).await?;
        let (heard, early_start) = EarlyStart::new(early, samples);
        self.early_start = Some(early_start);
        if let Some(watch) = &mut self.watch {
            watch.sound(&heard);
        }
        Ok(heard)
    }

    fn join(&mut self, samples: Vec<f32>) -> Vec<f32> {
        let samples = match &mut self.early_start {
            Some(early_start) => early_start.join(samples),
            None => samples,
        };
        if let Some(watch) = &mut self.watch {
            watch.sound(&samples);
        }
        samples
    }

    /// Whether the piece fell into a loop. If so, that ends the generation.
    fn has_looped(&mut self) -> bool {
        if let Some(found) = self.watch.as_ref().and_then(LoopWatch::found) {
            self.watch = None;
            self.looped = Some(found);
            self.tokens = stream::empty().boxed();
            self.frames.truncate(found.start.saturating_sub(self.progress.pushed));
        }
        self.looped.is_some()
    }

    /// What wasn't heard yet of the sound before a loop, faded out. If the loop is heard, nothing more.
    async fn end_before_loop(&mut self, decode: &mut DecodeStream) -> Result<Option<Vec<f32>>, SpeakError> {
        if std::mem::replace(&mut self.ended, true) || self.frames.is_empty() {
            return Ok(None);
        }
        decode.end(&self.frames)?;
        let mut rest = Vec::new();
        while let Some(samples) = decode.rest().await? {
            rest.extend(self.join(samples));
        }
        let fade = rest.iter_mut().rev().take(FADE_SAMPLES).enumerate();
        fade.for_each(|(at, sample)| *sample *= at as f32 / FADE_SAMPLES as f32);
        Ok((!rest.is_empty()).then_some(rest))
    }

    /// Reads the next tokens or the end.
    async fn gather(&mut self, listener: &Listener) -> Result<(), SpeakError> {
        match self.tokens.next().await {
            Some(Ok(TokenEvent::Tokens(tokens))) => {
                self.first_tokens_at.get_or_insert_with(Instant::now);
                let before = self.frames.len();
                self.frames.extend(tokens.into_iter().filter_map(|token| self.assembler.push(token)));
                if let Some(watch) = &mut self.watch {
                    self.frames.iter().skip(before).for_each(|frame| watch.frame(*frame));
                }
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
