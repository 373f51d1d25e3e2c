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

/// Turns in which each kind of call is made, and the time after which no further one begins. In turns, what else the machine
/// does for a moment falls on all kinds alike, and the medians leave it out.
const TURNS: usize = 3;
const TURNS_LAST: Duration = Duration::from_millis(200);
/// A further row's least part of the first one's time in native code: 0.53 to 0.9 were measured.
const LEAST_FOR_FURTHER: f64 = 0.5;
/// If the calls of a step take longer than this, a thread has died, or a call hangs.
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
    pub(crate) max_streams: usize,
    /// The error of a start with a call that failed.
    pub(crate) failed: &'a dyn Fn(&DecodeError) -> LoadError,
}

/// Calls, with the seconds that each took.
type Timings = Vec<(CallShape, f64)>;

/// The replies of jobs; a job without one isn't decoded.
type Replies = Vec<oneshot::Receiver<Result<Done, DecodeError>>>;

impl Calibration<'_> {
    /// Makes the calls, blocking the calling thread.
    pub(crate) fn run(&self) -> Result<Costs, LoadError> {
        let begun = Instant::now();
        let (mut alone, mut together, mut full) = (Timings::new(), Timings::new(), Timings::new());
        for turn in 0..TURNS {
            if turn > 0 && begun.elapsed() > TURNS_LAST {
                break;
            }
            alone.extend(self.calls(1, Sharing::Never)?);
            if self.threads > 1 {
                together.extend(self.calls(self.threads, Sharing::Never)?);
            }
            if self.batching.max > 1 {
                full.extend(self.calls(self.full_rows(), Sharing::Freely)?);
            }
        }
        let alone_s = cost(&alone).ok_or_else(stopped)?;
        let together_s = if self.threads > 1 {
            // The first and the last ones may have been alone.
            let busiest = together.iter().map(|(call, _)| call.busy).max();
            together.retain(|(call, _)| Some(call.busy) == busiest);
            cost(&together).ok_or_else(stopped)?.max(alone_s)
        } else {
            alone_s
        };
        let (full_s, rows) = if self.batching.max > 1 {
            let rows = full.iter().map(|(call, _)| call.rows).max().unwrap_or(1);
            full.retain(|(call, _)| call.rows == rows);
            (cost(&full).ok_or_else(stopped)?, rows)
        } else {
            (together_s, 1)
        };
        let measured = Measured { alone_s, together_s, full_s, rows };
        let (measured, certain_rows) = if self.batching.urgent_alone {
            (measured.with_least_for_further(LEAST_FOR_FURTHER), LATE_ROWS)
        } else {
            (measured, rows)
        };
        Ok(Costs::new(measured, self.threads, certain_rows))
    }

    /// The rows of full calls on all threads: no more than there can be.
    fn full_rows(&self) -> usize {
        self.threads.saturating_mul(self.batching.max).min(self.max_streams).max(1)
    }

    /// Decodes `rows` rows, fewer where there is no room for their states, but not none.
    fn calls(&self, rows: usize, sharing: Sharing) -> Result<Timings, LoadError> {
        let (mut jobs, mut replies) = (Vec::new(), Replies::new());
        let now = Instant::now();
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
            jobs.push(Job { call, draws, state, samples: Vec::new(), reply, queued_at: now, sharing });
        }
        let urgency = Urgency { due: Due::Whenever, rank: Rank { elders: 0, streams: 1 } };
        self.queue.push_all(jobs, now, urgency).map_err(|_| stopped())?;
        let timings = self.meter.measured(replies.len(), LONGEST).map_err(|error| (self.failed)(&error))?;
        if timings.is_empty() { Err(stopped()) } else { Ok(timings) }
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
    LoadError::Stopped { when: "while its speed was measured" }
}

#[cfg(test)]
mod tests {
    use svara_testkit::models;

    use super::*;
    use crate::{
        Decoder, DecoderSettings,
        onnx::{Device, ElementType, GraphEdit, LibrarySearch, Runtime},
    };

    fn runtime() -> Runtime {
        Runtime::load(&LibrarySearch { models_lib: models::onnxruntime_dir(), ..LibrarySearch::default() })
            .unwrap()
    }

    /// A plain decoder with fixed axes decodes windows of four frames, as warming up makes one, but none of eight.
    #[test]
    fn a_decoder_that_cant_decode_doesnt_start() {
        let whole = std::fs::read(models::snac_small_quiet("decoder_plain.onnx")).unwrap();
        let mut edit = GraphEdit::default();
        for codebook in 0..3 {
            let name = format!("audio_codes.{codebook}");
            edit.remove_input(&name);
            edit.input(&name, ElementType::Int64, &[None, Some(4 << codebook)]);
        }
        let directory = tempfile::tempdir().unwrap();
        let model = directory.path().join("fixed.onnx");
        std::fs::write(&model, edit.apply(&whole).unwrap()).unwrap();
        for threads in [1, 2] {
            let settings = DecoderSettings {
                model: model.clone(),
                device: Device::Cpu,
                threads,
                ..DecoderSettings::default()
            };
            let error = Decoder::load(&runtime(), &settings).err().unwrap();
            assert!(matches!(error, LoadError::Model { .. }), "{error:?}");
            assert!(error.to_string().contains("fixed.onnx: decoding failed"), "{error}");
        }
    }

    fn calibration<'a>(
        queue: &'a JobQueue<Job>,
        meter: &'a Meter,
        model: &'a CodecModel,
        rows: Option<&'a Arc<Slots>>,
    ) -> Calibration<'a> {
        Calibration {
            queue,
            meter,
            model,
            noise: false,
            rows,
            threads: 16,
            batching: Batching { max: 8, wait: Duration::ZERO, takers: 1, urgent_alone: false },
            max_streams: 8,
            failed: &|error| panic!("no call can fail: {error}"),
        }
    }

    #[test]
    fn a_start_without_room_for_a_state_ends() {
        let (queue, meter, rows) = (JobQueue::new(), Meter::new(), Slots::new(0));
        let model = CodecModel::snac_24khz_stream();
        let error = calibration(&queue, &meter, &model, Some(&rows)).run().unwrap_err();
        assert!(error.to_string().contains("while its speed was measured"), "{error}");
    }

    #[test]
    fn full_calls_are_for_no_more_streams_than_there_may_be() {
        let (queue, meter) = (JobQueue::new(), Meter::new());
        let model = CodecModel::snac_24khz_stream();
        let calibration = calibration(&queue, &meter, &model, None);
        assert_eq!(calibration.full_rows(), 8);
        assert_eq!(Calibration { max_streams: 1000, ..calibration }.full_rows(), 16 * 8);
    }
}
