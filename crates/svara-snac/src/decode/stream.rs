//! One utterance on its way through a decoder.

use std::{collections::VecDeque, sync::Arc, time::Instant};

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::{
    device_graph,
    due::{Due, Urgency},
    job::{Done, Job, Sharing},
    plan::{Call, Position},
    queue::JobQueue,
    seniority::Senior,
    shared::{Calls, Shared},
    state::StreamState,
};
use crate::{DecodeError, Frame, noise};

/// One utterance on its way through a decoder. Dropping it frees its slot and cancels its queued call.
pub struct DecodeStream {
    shared: Arc<Shared>,
    seed: u64,
    repeatable: bool,
    position: Position,
    /// Taken while a call is in progress; stays `None` after the end, an error or a cancelled call.
    state: Option<StreamState>,
    due: Due,
    senior: Senior,
    phase: Phase,
    /// The calls of the end that are still to be made.
    rest: VecDeque<Call>,
    _permit: OwnedSemaphorePermit,
}

/// How far an utterance is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Frames may come.
    Open,
    /// All frames are there; the calls of the end are being made.
    Ending,
    /// All samples are there.
    Over,
}

/// A job in the queue, which is taken back when this is dropped before it is done: nobody waits for it any more.
struct Queued<'a> {
    queue: &'a JobQueue<Job>,
    /// `None` once it is done.
    number: Option<u64>,
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        drop(self.number.and_then(|number| self.queue.remove(number)));
    }
}

impl DecodeStream {
    /// Opens a stream for a new utterance.
    pub(super) fn open(shared: Arc<Shared>, noise_seed: u64, repeatable: bool) -> Result<Self, DecodeError> {
        let permit = Arc::clone(&shared.permits).try_acquire_owned().map_err(|_| shared.full())?;
        let state = Some(shared.fresh_state().ok_or_else(|| shared.full())?);
        let (position, due) = (shared.start(repeatable), Due::default());
        let senior = shared.seniority.join();
        Ok(Self {
            shared,
            seed: noise_seed,
            repeatable,
            position,
            state,
            due,
            senior,
            phase: Phase::Open,
            rest: VecDeque::new(),
            _permit: permit,
        })
    }

    /// Decodes the next frames and returns the samples that became final: `samples_per_frame` per frame in the long
    /// run, none for the first few frames.
    ///
    /// Dropping this future before it completes ends the stream.
    ///
    /// # Errors
    /// A code is out of range, the stream has ended, or decoding failed. All but the first end the stream.
    pub async fn push(&mut self, frames: &[Frame]) -> Result<Vec<f32>, DecodeError> {
        self.step(frames).await
    }

    /// Decodes the last `frames` (possibly none), returns all remaining samples and ends the stream. In total, exactly
    /// `samples_per_frame` samples have come out for each frame.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub async fn finish(&mut self, frames: &[Frame]) -> Result<Vec<f32>, DecodeError> {
        self.end(frames)?;
        let mut samples = Vec::new();
        while let Some(more) = self.rest().await? {
            samples.extend(more);
        }
        Ok(samples)
    }

    /// As [`Self::finish`], but decodes nothing yet: [`Self::rest`] gives the remaining samples bit by bit. A listener has
    /// the first of them sooner, and the other streams' calls may come between.
    ///
    /// # Errors
    /// A code is out of range, or the stream has ended. The first doesn't end the stream.
    pub fn end(&mut self, frames: &[Frame]) -> Result<(), DecodeError> {
        self.check(frames)?;
        if self.state.is_none() || self.phase != Phase::Open {
            return Err(DecodeError::Ended);
        }
        self.phase = Phase::Ending;
        let calls = self.position.plan(&self.shared.model, frames, true);
        // One frame at a time, but for windows.
        let most = if self.shared.model.is_stream() { 1 } else { usize::MAX };
        self.rest = calls.into_iter().flat_map(|call| call.cut(&self.shared.model, most)).collect();
        Ok(())
    }

    /// The next samples of the end, never none; `None` after the last, which ends the stream.
    ///
    /// Dropping this future before it completes ends the stream.
    ///
    /// # Errors
    /// As [`Self::push`], but for the codes.
    pub async fn rest(&mut self) -> Result<Option<Vec<f32>>, DecodeError> {
        if self.phase == Phase::Over {
            return Ok(None);
        }
        // Gone for good if a call fails or is cancelled, also the last one, whose samples are missing then.
        let mut state = self.state.take().ok_or(DecodeError::Ended)?;
        while let Some(call) = self.rest.pop_front() {
            let samples;
            (state, samples) = self.make(vec![call], state).await?;
            if !samples.is_empty() {
                self.state = Some(state);
                return Ok(Some(samples));
            }
        }
        self.phase = Phase::Over;
        Ok(None)
    }

    /// Samples per frame.
    pub fn samples_per_frame(&self) -> usize {
        self.shared.info.samples_per_frame
    }

    /// Sets when the listener needs the audio of the calls from now on. Among waiting calls, those of listeners in danger of
    /// a gap go first, the eldest stream before the others; then those for first audio; then those whose listener will run
    /// out of audio soonest; then those that nobody waits for.
    pub fn needed(&mut self, due: Due) {
        self.due = due;
    }

    /// The start of the audio if the stream ended after these frames: at most `samples` samples, and none if the stream
    /// has already returned some. The stream's position doesn't change.
    ///
    /// Dropping this future before it completes ends the stream.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub async fn preview(&mut self, frames: &[Frame], samples: usize) -> Result<Vec<f32>, DecodeError> {
        self.check(frames)?;
        let state = self.take_open()?;
        let calls = self.position.preview(&self.shared.model, frames, samples);
        if calls.is_empty() {
            self.state = Some(state);
            return Ok(Vec::new());
        }
        let fork = state.fork(self.shared.rows.as_ref()).ok_or_else(|| self.shared.full())?;
        let (_, previewed) = self.make(calls, fork).await?;
        self.state = Some(state);
        Ok(previewed)
    }

    /// Starts another utterance in the same slot, whatever happened to the previous one.
    ///
    /// # Errors
    /// On a GPU, calls that were cancelled may still hold the memory for its state: [`DecodeError::Full`].
    pub fn restart(&mut self, noise_seed: u64) -> Result<(), DecodeError> {
        self.seed = noise_seed;
        self.position = self.shared.start(self.repeatable);
        self.phase = Phase::Open;
        self.rest.clear();
        // The old one first: it may hold the last free row.
        self.state = None;
        self.state = Some(self.shared.fresh_state().ok_or_else(|| self.shared.full())?);
        Ok(())
    }

    /// The state, for calls ahead of the end.
    fn take_open(&mut self) -> Result<StreamState, DecodeError> {
        if self.phase == Phase::Open {
            self.state.take().ok_or(DecodeError::Ended)
        } else {
            Err(DecodeError::Ended)
        }
    }

    async fn step(&mut self, frames: &[Frame]) -> Result<Vec<f32>, DecodeError> {
        self.check(frames)?;
        let state = self.take_open()?;
        let calls = self.position.plan(&self.shared.model, frames, false);
        let (state, samples) = self.make(calls, state).await?;
        self.state = Some(state);
        Ok(samples)
    }

    /// Makes the calls in order; returns the state after them and the samples.
    async fn make(
        &self,
        calls: Vec<Call>,
        mut state: StreamState,
    ) -> Result<(StreamState, Vec<f32>), DecodeError> {
        let mut samples = Vec::new();
        // Where states stay on a device, calls have one length.
        let calls = if self.shared.rows.is_some() {
            let cut = calls.into_iter().map(|call| call.cut(&self.shared.model, device_graph::FRAMES));
            cut.flatten().collect()
        } else {
            calls
        };
        for call in calls {
            let queue = match &self.shared.calls {
                Calls::Queued(queue) => queue,
                Calls::Null => {
                    samples.resize(samples.len() + call.keep.len(), 0.0);
                    continue;
                }
            };
            let (reply, done) = oneshot::channel();
            let draws = self.draws(&call);
            let sharing = match self.due {
                Due::FirstAudio | Due::Whenever => Sharing::IfCheap,
                Due::At(runs_out) => Sharing::InTime(runs_out),
            };
            let queued_at = Instant::now();
            let urgency = Urgency { due: self.due, rank: self.senior.rank() };
            let job = Job { call, draws, state, samples, reply, queued_at, sharing };
            let number = queue.push(job, queued_at, urgency).map_err(|_| DecodeError::Stopped)?;
            let mut queued = Queued { queue, number: Some(number) };
            let reply = done.await;
            queued.number = None;
            let done: Done = reply.map_err(|_| DecodeError::Stopped)??;
            (state, samples) = (done.state, done.samples);
        }
        Ok((state, samples))
    }

    /// The draws of a call, made here: the decoder's threads have other work, and a GPU would wait for each of them.
    fn draws(&self, call: &Call) -> Vec<f32> {
        if self.shared.noise {
            noise::draws(self.seed, &self.shared.model, call.first_latent, call.frames.len())
        } else {
            Vec::new()
        }
    }

    /// Rejects codes that the model doesn't have: ONNX Runtime would mistake some of them for others.
    fn check(&self, frames: &[Frame]) -> Result<(), DecodeError> {
        let codebook_size = self.shared.model.codebook_size;
        match frames.iter().flat_map(|frame| frame.0).find(|code| *code >= codebook_size) {
            Some(code) => Err(DecodeError::CodeOutOfRange { code, codebook_size }),
            None => Ok(()),
        }
    }
}
