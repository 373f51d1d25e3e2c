//! One utterance on its way through a decoder.

use std::{sync::Arc, time::Instant};

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::{
    due::Due,
    plan::{Call, Position},
    shared::{Backend, Shared},
    state::StreamState,
    worker::{Done, Job},
};
use crate::{DecodeError, Frame};

/// One utterance on its way through a decoder. Dropping it frees its slot; what it had queued isn't decoded.
pub struct DecodeStream {
    shared: Arc<Shared>,
    seed: u64,
    position: Position,
    /// Away while a call is under way; `None` for good after the end, an error or a call that was given up.
    state: Option<StreamState>,
    due: Due,
    _slot: OwnedSemaphorePermit,
}

impl DecodeStream {
    /// A stream at its beginning.
    pub(super) fn open(shared: Arc<Shared>, noise_seed: u64) -> Result<Self, DecodeError> {
        let slot = Arc::clone(&shared.slots).try_acquire_owned().map_err(|_| shared.full())?;
        let state = Some(shared.fresh_state().ok_or_else(|| shared.full())?);
        let (position, due) = (Position::start(), Due::default());
        Ok(Self { shared, seed: noise_seed, position, state, due, _slot: slot })
    }

    /// Decodes the next frames and gives the samples that became final: `samples_per_frame` for each frame in the
    /// long run, none for the first few frames.
    ///
    /// Giving this future up before it is done ends the stream.
    ///
    /// # Errors
    /// A code is out of range, the stream has ended, or decoding failed. All but the first end the stream.
    pub async fn push(&mut self, frames: &[Frame]) -> Result<Vec<f32>, DecodeError> {
        self.step(frames, false).await
    }

    /// Decodes the last `frames` (there may be none) and gives all samples that are left. Ends the stream: in all,
    /// exactly `samples_per_frame` samples have come out for each frame.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub async fn finish(&mut self, frames: &[Frame]) -> Result<Vec<f32>, DecodeError> {
        let samples = self.step(frames, true).await?;
        self.state = None;
        Ok(samples)
    }

    /// Samples that a frame becomes.
    pub fn samples_per_frame(&self) -> usize {
        self.shared.info.samples_per_frame
    }

    /// Says when the listener needs what the next calls give; until it is said again. Of all calls that wait, those for
    /// first audio come first, then those of the listener who is nearest to silence.
    pub fn needed(&mut self, due: Due) {
        self.due = due;
    }

    /// What the stream would begin with if it ended after these frames: at most `samples` samples from its start, which
    /// may be fewer, and none where some were given already. The stream stays where it is.
    ///
    /// Giving this future up before it is done ends the stream.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub async fn preview(&mut self, frames: &[Frame], samples: usize) -> Result<Vec<f32>, DecodeError> {
        self.check(frames)?;
        let state = self.state.take().ok_or(DecodeError::Ended)?;
        let calls = self.position.preview(&self.shared.model, frames, samples);
        let fork = state.fork(self.shared.rows.as_ref()).ok_or_else(|| self.shared.full())?;
        let (_, previewed) = self.make(calls, fork).await?;
        self.state = Some(state);
        Ok(previewed)
    }

    /// Begins another utterance in the same slot, whatever became of the one before.
    pub fn restart(&mut self, noise_seed: u64) {
        self.seed = noise_seed;
        self.position = Position::start();
        self.state = self.shared.fresh_state();
    }

    async fn step(&mut self, frames: &[Frame], last: bool) -> Result<Vec<f32>, DecodeError> {
        self.check(frames)?;
        let state = self.state.take().ok_or(DecodeError::Ended)?;
        let calls = self.position.plan(&self.shared.model, frames, last);
        let (state, samples) = self.make(calls, state).await?;
        self.state = Some(state);
        Ok(samples)
    }

    /// Makes calls, one after the other; gives the state after them and the samples.
    async fn make(
        &self,
        calls: Vec<Call>,
        mut state: StreamState,
    ) -> Result<(StreamState, Vec<f32>), DecodeError> {
        let mut samples = Vec::new();
        for call in calls {
            let queue = match &self.shared.backend {
                Backend::Onnx(queue) => queue,
                Backend::Null => {
                    samples.resize(samples.len() + call.keep.len(), 0.0);
                    continue;
                }
            };
            let (reply, done) = oneshot::channel();
            let queued_at = Instant::now();
            let job = Job { call, seed: self.seed, state, samples, reply, queued_at };
            queue.push(job, queued_at, self.due.place(queued_at)).map_err(|_| DecodeError::Stopped)?;
            let done: Done = done.await.map_err(|_| DecodeError::Stopped)??;
            (state, samples) = (done.state, done.samples);
        }
        Ok((state, samples))
    }

    /// Refuses codes that the model hasn't: ONNX Runtime would take some of them for others.
    fn check(&self, frames: &[Frame]) -> Result<(), DecodeError> {
        let codebook_size = self.shared.model.codebook_size;
        match frames.iter().flat_map(|frame| frame.0).find(|code| *code >= codebook_size) {
            Some(code) => Err(DecodeError::CodeOutOfRange { code, codebook_size }),
            None => Ok(()),
        }
    }
}
