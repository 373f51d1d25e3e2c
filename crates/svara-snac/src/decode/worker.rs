//! Decoder threads, each with a session.

use std::{
    ops::Range,
    sync::{
        Arc,
        mpsc::{SyncSender, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use tokio::sync::oneshot;

use super::{
    batch::Row,
    device_states::Route,
    graph::DecoderGraph,
    observe::{DecodeCall, Observer},
    plan::{Call, MAX_STREAM_FRAMES, Position},
    queue::{Batching, JobQueue},
    settings::DecoderSettings,
    state::{RowState, StreamState},
};
use crate::{
    DecodeError, Frame, LoadError,
    onnx::{CodecModel, Device, Runtime, SessionSettings, SharedWeights},
};

/// Default for streams sharing a call on a GPU.
const GPU_BATCH: usize = 16;

/// One call for one stream.
pub(crate) struct Job {
    pub(crate) call: Call,
    pub(crate) seed: u64,
    pub(crate) state: StreamState,
    /// The call's samples are appended to these.
    pub(crate) samples: Vec<f32>,
    pub(crate) reply: oneshot::Sender<Result<Done, DecodeError>>,
    pub(crate) queued_at: Instant,
}

/// The result of a job: the state after the call, and all samples so far.
pub(crate) struct Done {
    pub(crate) state: StreamState,
    pub(crate) samples: Vec<f32>,
}

/// Facts about the opened sessions.
pub(crate) struct Opened {
    pub(crate) model: CodecModel,
    pub(crate) device: Device,
    /// Whether the streams' states stay on the device.
    pub(crate) keeps_states: bool,
}

/// Starts the threads, each with its own warmed-up session, and waits until all are ready.
pub(crate) fn start(
    runtime: &Runtime,
    settings: &DecoderSettings,
    queue: &Arc<JobQueue<Job>>,
    observer: &Observer,
) -> Result<Opened, LoadError> {
    let opened = start_all(runtime, settings, queue, observer);
    if opened.is_err() {
        queue.close();
    }
    opened
}

fn start_all(
    runtime: &Runtime,
    settings: &DecoderSettings,
    queue: &Arc<JobQueue<Job>>,
    observer: &Observer,
) -> Result<Opened, LoadError> {
    let (ready, opened) = sync_channel(1);
    let weights = match settings.device {
        Device::Cpu | Device::Auto => Some(SharedWeights::read(runtime, &settings.model)?),
        Device::Cuda(_) => None,
    };
    let session = SessionSettings { device: settings.device, weights, gpu: settings.gpu };
    let start = |numbers: Range<usize>| {
        for number in numbers.clone() {
            let (runtime, settings, session) = (runtime.clone(), settings.clone(), session.clone());
            let (queue, observer, ready) = (Arc::clone(queue), Arc::clone(observer), ready.clone());
            thread::Builder::new()
                .name(format!("snac-decode-{number}"))
                .spawn(move || run(&runtime, &settings, session, queue, &observer, &ready))
                .map_err(LoadError::Thread)?;
        }
        let mut last = Err(stopped());
        for _ in numbers {
            last = Ok(opened.recv().map_err(|_| stopped())??);
        }
        last
    };
    let first = start(0..settings.threads.max(1))?;
    if settings.threads == 0 && first.device == Device::Cpu {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        if cores > 1 {
            return start(1..cores);
        }
    }
    Ok(first)
}

fn stopped() -> LoadError {
    LoadError::Thread(std::io::Error::other("a decoder thread stopped before it was ready"))
}

/// Closes the queue when dropped, so that no caller waits for a dead thread.
struct CloseOnDrop(Arc<JobQueue<Job>>);

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// The main function of a decoder thread.
fn run(
    runtime: &Runtime,
    settings: &DecoderSettings,
    session: SessionSettings,
    queue: Arc<JobQueue<Job>>,
    observer: &Observer,
    ready: &SyncSender<Result<Opened, LoadError>>,
) {
    // Also on a panic: a decoder with a dead thread must refuse work, not hang.
    let queue = CloseOnDrop(queue);
    let gpu_batch = if settings.max_batch == 0 { GPU_BATCH } else { settings.max_batch };
    let graph =
        DecoderGraph::open(runtime, &settings.model, &session, settings.noise, gpu_batch, settings.slots())
            .and_then(|mut graph| {
                warm_up(&mut graph).map_err(|error| LoadError::Model {
                    path: settings.model.clone(),
                    reason: error.to_string(),
                })?;
                Ok(graph)
            });
    drop(session);
    let mut graph = match graph {
        Ok(graph) => graph,
        Err(error) => {
            // Sending fails if another thread's error came first.
            let _ = ready.send(Err(error));
            return;
        }
    };
    if ready
        .send(Ok(Opened {
            model: graph.model().clone(),
            device: graph.device(),
            keeps_states: graph.keeps_states(),
        }))
        .is_err()
    {
        return;
    }
    let cpu_batch = settings.max_batch.max(1);
    let max = if matches!(graph.device(), Device::Cuda(_)) { gpu_batch } else { cpu_batch };
    let batching = Batching { max, wait: settings.batch_wait };
    while let Some(jobs) = queue.0.take(batching, |a, b| a.call.frames.len() == b.call.frames.len()) {
        decode(&mut graph, jobs, observer);
    }
}

/// Makes one call of each shape. The first call allocates, and on a GPU picks algorithms; better now than for the first
/// listener.
fn warm_up(graph: &mut DecoderGraph) -> Result<(), DecodeError> {
    let (model, batches) = (graph.model().clone(), graph.batches());
    let lengths = match model.context_frames + 1 {
        _ if model.is_stream() => 1..=MAX_STREAM_FRAMES,
        shortest => shortest..=shortest,
    };
    for frames in lengths {
        let calls = Position::start().plan(&model, &vec![Frame::default(); frames], false);
        for (call, batch) in calls.iter().flat_map(|call| batches.iter().map(move |batch| (call, *batch))) {
            // Dummy states: on a device they are read from the initial-state row and written to the discard row.
            let keeps_states = graph.keeps_states();
            let mut outputs = vec![(vec![0.0; model.state_len], Vec::new()); batch];
            let rows = outputs.iter_mut().map(|(state, samples)| Row {
                call,
                seed: 0,
                state: if keeps_states { RowState::Device(Route::UNUSED) } else { RowState::Host(state) },
                samples,
            });
            graph.run(&mut rows.collect::<Vec<_>>())?;
        }
    }
    Ok(())
}

fn decode(graph: &mut DecoderGraph, mut jobs: Vec<Job>, observer: &Observer) {
    // Skip streams that were dropped while they waited.
    jobs.retain(|job| !job.reply.is_closed());
    let rows = jobs.iter_mut().map(|job| Row {
        call: &job.call,
        seed: job.seed,
        state: job.state.row(),
        samples: &mut job.samples,
    });
    let mut rows: Vec<Row<'_>> = rows.collect();
    let start = Instant::now();
    let result = graph.run(&mut rows);
    if let Some(observer) = observer.get().filter(|_| !jobs.is_empty()) {
        let waited = jobs.iter().map(|job| start.saturating_duration_since(job.queued_at)).max();
        observer.decoded(DecodeCall {
            streams: jobs.len(),
            frames: jobs.iter().map(|job| job.call.frames.len()).sum(),
            waited: waited.unwrap_or(Duration::ZERO),
            took: start.elapsed(),
        });
    }
    for job in jobs {
        let done = result.clone().map(|()| Done { state: job.state.after_call(), samples: job.samples });
        // The stream may have been dropped in the meantime.
        let _ = job.reply.send(done);
    }
}
