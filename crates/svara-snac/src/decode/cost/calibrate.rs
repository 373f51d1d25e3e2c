//! Measures at start what calls cost, with calls of the same threads and the same queue as later.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::oneshot;

use super::{CallShape, Costs, Measured, Meter, median};
use crate::{
    DecodeError, Frame, LoadError,
    decode::{
        device_states::Slots,
        due::{Due, Rank, Urgency},
        job::{Done, Job, LATE_ROWS, Sharing},
        plan::{Call, Position},
        queue::{Batching, JobQueue},
        state::StreamState,
    },
    noise,
    onnx::CodecModel,
};

/// Calls that are made one after the other, and the time after which no further one is made.
const ALONE_CALLS: usize = 3;
const ALONE: Duration = Duration::from_millis(150);
/// Rounds of calls on all threads, and the time for which they should last.
const MOST_ROUNDS: usize = 4;
const TOGETHER_S: f64 = 0.1;
/// Rounds of full calls.
const FULL_ROUNDS: usize = 1;
/// If the calls of a step take longer than this, a thread has died.
const LONGEST: Duration = Duration::from_secs(60);
/// New frames of a plain decoder's call: the fewest that it makes, each of which repeats the whole context.
const PLAIN_FRAMES: usize = 2;

/// What is measured.
pub(crate) struct Calibration<'a> {
    pub(crate) queue: &'a JobQueue<Job>,
    pub(crate) meter: &'a Meter,
    pub(crate) model: &'a CodecModel,
    pub(crate) noise: bool,
    pub(crate) rows: Option<&'a Arc<Slots>>,
    pub(crate) threads: usize,
    pub(crate) batching: Batching,
}

/// The replies of jobs; a job without one isn't decoded.
type Replies = Vec<oneshot::Receiver<Result<Done, DecodeError>>>;

impl Calibration<'_> {
    /// Makes the calls, blocking the calling thread.
    pub(crate) fn run(&self) -> Result<Costs, LoadError> {
        let begun = Instant::now();
        let mut alone = Vec::new();
        while alone.is_empty() || alone.len() < ALONE_CALLS && begun.elapsed() < ALONE {
            alone.extend(self.calls(1, Sharing::Never)?);
        }
        let alone_s = cost(&alone).ok_or_else(stopped)?;
        let together_s = if self.threads > 1 {
            let rounds = (TOGETHER_S / alone_s.max(1e-6)).clamp(1.0, MOST_ROUNDS as f64) as usize;
            let mut calls = self.calls(rounds * self.threads, Sharing::Never)?;
            // The first and the last ones were alone.
            let busiest = calls.iter().map(|(call, _)| call.busy).max();
            calls.retain(|(call, _)| Some(call.busy) == busiest);
            cost(&calls).ok_or_else(stopped)?.max(alone_s)
        } else {
            alone_s
        };
        let (full_s, rows) = if self.batching.max > 1 {
            let mut calls = self.calls(FULL_ROUNDS * self.threads * self.batching.max, Sharing::Freely)?;
            let rows = calls.iter().map(|(call, _)| call.rows).max().unwrap_or(1);
            calls.retain(|(call, _)| call.rows == rows);
            (cost(&calls).ok_or_else(stopped)?, rows)
        } else {
            (together_s, 1)
        };
        let measured = Measured { alone_s, together_s, full_s, rows };
        let certain_rows = if self.batching.urgent_alone { LATE_ROWS } else { rows };
        Ok(Costs::new(measured, self.threads, certain_rows))
    }

    /// Decodes `rows` rows, fewer where there is no room for their states.
    fn calls(&self, rows: usize, sharing: Sharing) -> Result<Vec<(CallShape, f64)>, LoadError> {
        let mut replies = Replies::new();
        let now = Instant::now();
        let urgency = Urgency { due: Due::Whenever, rank: Rank { elders: 0, streams: 1 } };
        for _ in 0..rows {
            let Some(state) = StreamState::start(self.model.state_len, self.rows) else { break };
            let call = steady_call(self.model).ok_or_else(stopped)?;
            let draws = if self.noise {
                noise::draws(0, self.model, call.first_latent, call.frames.len())
            } else {
                Vec::new()
            };
            let (reply, done) = oneshot::channel();
            replies.push(done);
            let job = Job { call, draws, state, samples: Vec::new(), reply, queued_at: now, sharing };
            self.queue.push(job, now, urgency).map_err(|_| stopped())?;
        }
        Ok(self.meter.measured(replies.len(), LONGEST))
    }
}

/// The median of seconds for each new frame of a row; `None` without calls.
fn cost(calls: &[(CallShape, f64)]) -> Option<f64> {
    median(calls.iter().map(|(call, took_s)| took_s / call.frames.max(1) as f64).collect())
}

/// A call in the midst of a stream.
fn steady_call(model: &CodecModel) -> Option<Call> {
    let new = if model.is_stream() { 1 } else { PLAIN_FRAMES };
    let mut position = Position::start();
    let before = if model.is_stream() { 0 } else { 2 * model.context_frames + PLAIN_FRAMES };
    position.plan(model, &vec![Frame::default(); before], false);
    position.plan(model, &vec![Frame::default(); new], false).pop()
}

fn stopped() -> LoadError {
    LoadError::Thread(std::io::Error::other("a decoder thread stopped while its speed was measured"))
}
