//! The pieces of a speech that are still to be spoken. Some are generated ahead of their turn. Those that fail before
//! they are heard are generated again.

use std::{collections::VecDeque, sync::Arc};

use svara_snac::{DecoderInfo, DecoderKind, FRAME_CODES, TokenLayout};

use super::{
    generation::{Failed, Generated, Generation},
    loops::LoopWatch,
    piece::Piece,
    retry::{Fault, Planned, RetryCounts},
    script::Script,
};
use crate::{
    ceiling::Ceiling,
    error::SpeakError,
    source::{FinishReason, SourceError, TokenSource, Urgency, Utterance},
};

/// How the pieces of a speech are generated.
pub(crate) struct Plan {
    pub(crate) source: Arc<dyn TokenSource>,
    /// The utterance of every piece, without its text.
    pub(crate) utterance: Utterance,
    pub(crate) style: Option<String>,
    /// Whether the caller set `max_tokens`, and so expects a cut there.
    pub(crate) may_be_cut: bool,
    /// Whether a piece ends where the model falls into a loop.
    pub(crate) end_loops: bool,
    /// The most audio of a piece, unless it may be cut.
    pub(crate) ceiling: Ceiling,
    /// Says how long a frame of tokens sounds.
    pub(crate) decoder: DecoderInfo,
    pub(crate) layout: TokenLayout,
    /// The most pieces that are generated while another is spoken.
    pub(crate) ahead: usize,
    pub(crate) counts: Arc<RetryCounts>,
}

/// The pieces after the one that is being spoken, in order.
pub(crate) struct Pieces {
    plan: Plan,
    waiting: VecDeque<Waiting>,
    begun: Begun,
    redone: usize,
}

/// What was begun.
#[derive(Default)]
struct Begun {
    /// Generations.
    generations: usize,
    /// Whether there were samples: from then on, nobody waits for the first ones.
    has_audio: bool,
}

struct Waiting {
    planned: Planned,
    state: State,
}

enum State {
    NotBegun,
    Running(Generation),
    Over(Result<Generated, Failed>),
}

impl Pieces {
    /// Queues these pieces. None is started yet.
    pub(crate) fn new(plan: Plan, pieces: Vec<Planned>) -> Self {
        let waiting = pieces.into_iter().map(Waiting::new).collect();
        Self { plan, waiting, begun: Begun::default(), redone: 0 }
    }

    /// Maps tokens to codes.
    pub(crate) fn layout(&self) -> TokenLayout {
        self.plan.layout
    }

    /// Whether no piece is left.
    pub(crate) fn are_over(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Takes the silence before the next piece, and how fast it is said. `None` after the last.
    pub(crate) fn take_break(&mut self) -> Option<(u32, f32)> {
        let planned = &mut self.waiting.front_mut()?.planned;
        Some((std::mem::take(&mut planned.pause_ms), planned.rate))
    }

    /// The number of generations that failed and were done again.
    pub(crate) fn redone(&self) -> usize {
        self.redone
    }

    /// Starts as many generations ahead as allowed, and queues those again that have failed. Called once there are samples.
    pub(crate) fn look_ahead(&mut self) {
        self.begun.has_audio = true;
        let mut at = 0;
        while at < self.plan.ahead {
            let Some(piece) = self.waiting.get_mut(at) else { return };
            if let State::Running(generation) = &mut piece.state
                && let Some(read) = generation.over()
            {
                piece.state = State::Over(read);
            }
            match &piece.state {
                State::NotBegun => {
                    piece.state = State::Running(self.plan.generate(&piece.planned, &mut self.begun));
                }
                State::Over(read) => {
                    let fault = self.plan.fault_of_read(&piece.planned, read);
                    if let Some((fault, parts)) =
                        fault.and_then(|fault| Some((fault, piece.planned.after(fault)?)))
                    {
                        self.replace(at, fault, parts);
                        continue;
                    }
                    // If it can't be retried, report the failure when its turn comes: earlier pieces still play.
                }
                State::Running(_) => {}
            }
            at += 1;
        }
    }

    /// Takes the next piece and its tokens so far. `None` after the last. Not cancel-safe: dropping the call loses a
    /// piece.
    ///
    /// # Errors
    /// The engine failed, or the piece has failed too often.
    pub(crate) async fn next(&mut self) -> Result<Option<(Planned, Generated)>, SpeakError> {
        while let Some(Waiting { planned, state }) = self.waiting.pop_front() {
            let read = match state {
                State::NotBegun => self.plan.generate(&planned, &mut self.begun).take().await,
                State::Running(generation) => generation.take().await,
                State::Over(read) => read,
            };
            match self.plan.fault_of_read(&planned, &read) {
                Some(fault) if planned.after(fault).is_some() => self.again(&planned, fault)?,
                Some(fault) if fault != Fault::Engine => return Err(self.plan.error(&planned, fault)),
                _ => return Ok(Some((planned, read.map_err(|failed| failed.error)?))),
            }
        }
        Ok(None)
    }

    /// What ends a piece that falls into a loop. `None` where the configuration says so, where the caller set the end, where
    /// the source can't loop, and where nothing is decoded: load tests repeat what they like.
    pub(crate) fn watch(&self) -> Option<LoopWatch> {
        let Plan { end_loops, may_be_cut, source, decoder, .. } = &self.plan;
        let loops =
            *end_loops && !may_be_cut && !source.ends_with_the_text() && decoder.kind != DecoderKind::Null;
        loops.then(|| LoopWatch::new(decoder.samples_per_frame))
    }

    /// What went wrong with a piece that is over, if anything.
    pub(crate) fn fault(&self, planned: &Planned, piece: &Piece, has_audio: bool) -> Option<Fault> {
        if let Some(found) = piece.looped() {
            self.plan.counts.loops.add(found.kind);
            return Some(Fault::Loop(found.kind));
        }
        self.plan.fault(planned, piece.finish(), has_audio)
    }

    /// Whether a piece of which nothing was heard may be done again after this failure in its middle.
    pub(crate) fn survive(&self, planned: &Planned, error: &SpeakError) -> bool {
        let SpeakError::Source(error) = error else { return false };
        self.plan.may_pass(error) && planned.after(Fault::Engine).is_some()
    }

    /// Queues a piece again, in front of the others. Nothing of it may have been heard.
    ///
    /// # Errors
    /// The piece has failed too often.
    pub(crate) fn again(&mut self, planned: &Planned, fault: Fault) -> Result<(), SpeakError> {
        let parts = planned.after(fault).ok_or_else(|| self.plan.error(planned, fault))?;
        self.waiting.push_front(Waiting::new(planned.clone()));
        self.replace(0, fault, parts);
        Ok(())
    }

    /// Queues what is left to say of a piece that was heard and fell into a loop, in front of the others.
    pub(crate) fn go_on(&mut self, rest: Planned, fault: Fault) {
        self.redone += 1;
        self.plan.counts.add(fault);
        tracing::warn!(
            ?fault,
            characters = rest.words.chars().count(),
            "a piece of speech failed while it was heard; generating the rest of it"
        );
        self.waiting.push_front(Waiting::new(rest));
    }

    /// Samples of a frame.
    pub(crate) fn samples_per_frame(&self) -> usize {
        self.plan.decoder.samples_per_frame
    }

    /// The error for a piece that can't be generated again.
    pub(crate) fn error(&self, planned: &Planned, fault: Fault) -> SpeakError {
        self.plan.error(planned, fault)
    }

    fn replace(&mut self, at: usize, fault: Fault, parts: Vec<Planned>) {
        self.waiting.remove(at);
        self.redone += 1;
        self.plan.counts.add(fault);
        tracing::warn!(
            ?fault,
            parts = parts.len(),
            "a piece of speech failed before it was heard; generating it again"
        );
        for part in parts.into_iter().rev() {
            self.waiting.insert(at, Waiting::new(part));
        }
    }
}

impl Waiting {
    fn new(planned: Planned) -> Self {
        Self { planned, state: State::NotBegun }
    }
}

impl Plan {
    fn generate(&self, planned: &Planned, begun: &mut Begun) -> Generation {
        begun.generations += 1;
        let request_id = match begun.generations {
            1 => self.utterance.request_id.clone(),
            number => format!("{}-{number}", self.utterance.request_id),
        };
        let text = Script::prompt(&planned.words, self.style.as_deref());
        // The same seed would fail the same way. A seed derived from it keeps the speech repeatable.
        let seed = self.utterance.seed.map(|seed| seed.wrapping_add(planned.tries.into()));
        let failed_by = planned.failed_by.clone();
        let urgency = match self.utterance.urgency {
            Urgency::FirstAudio if begun.has_audio => Urgency::Next,
            urgency => urgency,
        };
        let least_frames = self.ceiling.least_frames(&planned.words, &self.decoder);
        let mut utterance =
            Utterance { text, request_id, seed, failed_by, urgency, least_frames, ..self.utterance.clone() };
        utterance.sampling.max_tokens = self.max_tokens(&planned.words);
        Generation::start(Arc::clone(&self.source), utterance)
    }

    /// The most tokens of a piece: what the caller set, otherwise at most the ceiling, so that the engine itself stops
    /// a runaway model. A source that can't run away has no bound.
    fn max_tokens(&self, words: &str) -> u32 {
        let max_tokens = self.utterance.sampling.max_tokens;
        if self.may_be_cut {
            max_tokens
        } else if self.source.ends_with_the_text() {
            u32::MAX
        } else {
            max_tokens.min(self.ceiling.tokens(words, &self.decoder))
        }
    }

    fn fault_of_read(&self, planned: &Planned, read: &Result<Generated, Failed>) -> Option<Fault> {
        match read {
            Ok(read) => self.fault(planned, read.finish(), read.has_tokens()),
            Err(Failed { error: SourceError::Silent { .. }, .. }) => Some(Fault::Silent),
            // Before there was a stream, the source has asked again itself. More would be more waits for silent engines, and
            // more load on full ones.
            Err(Failed { error, had_begun }) => (*had_begun && self.may_pass(error)).then_some(Fault::Engine),
        }
    }

    /// Whether a generation that failed in its middle is worth another. A wait for the same engine isn't doubled.
    fn may_pass(&self, error: &SourceError) -> bool {
        let waits = matches!(error, SourceError::Timeout { .. }) && self.source.engines().len() < 2;
        error.is_worth_another_try() && !waits
    }

    fn fault(&self, planned: &Planned, finish: Option<FinishReason>, has_audio: bool) -> Option<Fault> {
        match finish {
            Some(FinishReason::Length) if !self.may_be_cut => {
                let held_by_ceiling = self.max_tokens(&planned.words) < self.utterance.sampling.max_tokens;
                Some(if held_by_ceiling { Fault::Runaway } else { Fault::Length })
            }
            Some(FinishReason::Length) if !has_audio => Some(Fault::NoRoom),
            Some(_) if !has_audio => Some(Fault::Silent),
            _ => None,
        }
    }

    fn error(&self, planned: &Planned, fault: Fault) -> SpeakError {
        match fault {
            Fault::Runaway => SpeakError::Runaway {
                tokens: self.max_tokens(&planned.words),
                characters: planned.words.chars().count(),
            },
            Fault::Loop(kind) => SpeakError::Looped { what: kind.name() },
            Fault::Length => SpeakError::CutOff { max_tokens: self.utterance.sampling.max_tokens },
            Fault::NoRoom => SpeakError::invalid(
                "max_tokens",
                format!(
                    "({}) ended the speech before its first frame: a frame is {FRAME_CODES} tokens, and models may emit \
                     others before it",
                    self.utterance.sampling.max_tokens
                ),
            ),
            // For a failure of the engine, callers return its own error, which says more.
            Fault::Silent | Fault::Engine => SpeakError::NoAudio,
        }
    }
}
