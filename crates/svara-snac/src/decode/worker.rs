//! Decoder threads, each with a session.

use std::{
    sync::{
        Arc,
        mpsc::{SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use super::{
    batch::Row,
    cost::{Calibration, CallRows, Costs, Meter},
    device_states::{Route, Slots},
    failures::Failures,
    job::{Done, Job},
    observe::{DecodeCall, Observer},
    plan::Position,
    queue::{Batching, JobQueue},
    session::{DecodeSession, SessionSource},
    settings::{Backend, DecoderSettings},
    state::RowState,
};
use crate::{
    DecodeError, Frame, LoadError,
    onnx::{CodecModel, Device},
};

/// Default for streams sharing a call on a GPU.
const GPU_BATCH: usize = 64;
/// Default for streams sharing a call in native code, if each of their listeners has enough audio left for that. A call of
/// four takes some 36 ms; a listener's first sound lasts 58 ms, and at 200 tokens a second the next frame comes 35 ms later:
/// that one goes alone, or it is late.
const NATIVE_BATCH: usize = 4;

/// The states of the streams lie in the memory of one session, and a call on one thread breaks a recording on another.
const ONE_THREAD: &str = "on a GPU, decoder.threads must be 0 or 1";

/// Facts about the opened sessions.
pub(crate) struct Opened {
    pub(crate) model: CodecModel,
    pub(crate) device: Device,
    /// `None` if they decode nothing.
    pub(crate) backend: Option<Backend>,
    /// What runs them, in words.
    pub(crate) about: String,
    /// The rows for states on the device; `None` if they stay on the host.
    pub(crate) rows: Option<Arc<Slots>>,
    pub(crate) costs: Costs,
}

/// What the threads share.
#[derive(Clone)]
pub(crate) struct Pool {
    pub(crate) queue: Arc<JobQueue<Job>>,
    pub(crate) observer: Observer,
    pub(crate) meter: Arc<Meter>,
    pub(crate) failures: Arc<Failures>,
}

/// Starts the threads, each with its own warmed-up session, waits until all are ready, and measures what calls cost.
pub(crate) fn start(
    source: &SessionSource,
    settings: &DecoderSettings,
    pool: &Pool,
) -> Result<Opened, LoadError> {
    let opened = start_all(source, settings, pool);
    if opened.is_err() {
        pool.queue.close();
    }
    opened
}

fn start_all(source: &SessionSource, settings: &DecoderSettings, pool: &Pool) -> Result<Opened, LoadError> {
    if source.keeps_states() && settings.threads > 1 {
        return Err(LoadError::Device { device: source.device().to_string(), reason: ONE_THREAD.to_owned() });
    }
    let threads = match (settings.threads, source.device()) {
        (0, Device::Cuda(_)) => 1,
        (0, _) => thread::available_parallelism().map_or(1, usize::from),
        (threads, _) => threads,
    };
    let batching = batching(settings, source, threads);
    let (ready, opened) = sync_channel(threads);
    for number in 0..threads {
        let worker = Worker {
            settings: settings.clone(),
            source: source.clone(),
            batching,
            queue: CloseOnDrop { queue: Arc::clone(&pool.queue), failures: Arc::clone(&pool.failures) },
            observer: Arc::clone(&pool.observer),
            meter: Arc::clone(&pool.meter),
        };
        let ready = ready.clone();
        thread::Builder::new()
            .name(format!("snac-decode-{number}"))
            .spawn(move || worker.run(&ready))
            .map_err(LoadError::Thread)?;
    }
    drop(ready);
    let mut last = Err(stopped());
    for _ in 0..threads {
        last = Ok(opened.recv().map_err(|_| stopped())??);
    }
    let Ready { model, keeps_states } = last?;
    let rows = keeps_states.then(|| Slots::new(settings.state_rows()));
    let calibration = Calibration {
        queue: &pool.queue,
        meter: &pool.meter,
        model: &model,
        noise: settings.noise,
        rows: rows.as_ref(),
        threads,
        batching,
        max_streams: settings.max_streams,
        failed: &|error| source.failed(settings, &error.to_string()),
    };
    let costs = calibration.run()?;
    pool.meter.compare(costs);
    let (device, backend, about) = (source.device(), source.backend(), source.about());
    Ok(Opened { model, device, backend, about, rows, costs })
}

fn stopped() -> LoadError {
    LoadError::Stopped { when: "before it was ready" }
}

/// How calls are shared: by no more streams than there are.
fn batching(settings: &DecoderSettings, source: &SessionSource, threads: usize) -> Batching {
    let wished = wished_batching(settings, source, threads);
    Batching { max: wished.max.min(settings.max_streams).max(1), ..wished }
}

fn wished_batching(settings: &DecoderSettings, source: &SessionSource, threads: usize) -> Batching {
    let on_gpu = matches!(source.device(), Device::Cuda(_));
    match (settings.max_batch, source.backend()) {
        (0, _) if on_gpu => {
            Batching { max: GPU_BATCH, wait: settings.batch_wait, takers: 1, urgent_alone: false }
        }
        // A call of two rows takes a tenth less than two calls: worth it for those that wait anyway, and for nobody else.
        (0, Some(Backend::Native)) if source.gains_by_sharing() => {
            Batching { max: NATIVE_BATCH, wait: Duration::ZERO, takers: threads, urgent_alone: true }
        }
        (0, _) => Batching { max: 1, wait: Duration::ZERO, takers: 1, urgent_alone: false },
        (max, _) => Batching { max, wait: settings.batch_wait, takers: 1, urgent_alone: false },
    }
}

/// Closes the queue when dropped, so that no caller waits for a dead thread.
struct CloseOnDrop {
    queue: Arc<JobQueue<Job>>,
    failures: Arc<Failures>,
}

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        if thread::panicking() {
            self.failures.last();
        }
        self.queue.close();
    }
}

/// A decoder thread.
struct Worker {
    settings: DecoderSettings,
    source: SessionSource,
    batching: Batching,
    // Closed also on a panic: a decoder with a dead thread must refuse work, not hang.
    queue: CloseOnDrop,
    observer: Observer,
    meter: Arc<Meter>,
}

/// What a thread says of its session.
struct Ready {
    model: CodecModel,
    keeps_states: bool,
}

impl Worker {
    fn run(self, ready: &SyncSender<Result<Ready, LoadError>>) {
        let Self { settings, source, batching, queue, observer, meter } = self;
        let session = source.open(&settings, batching.max).and_then(|mut session| {
            warm_up(&mut session).map_err(|error| source.failed(&settings, &error.to_string()))?;
            Ok(session)
        });
        drop((settings, source));
        let mut session = match session {
            Ok(session) => session,
            Err(error) => {
                // Sending fails if another thread's error came first.
                let _ = ready.send(Err(error));
                return;
            }
        };
        let about = Ready { model: session.model().clone(), keeps_states: session.keeps_states() };
        if ready.send(Ok(about)).is_err() {
            return;
        }
        let alike = |a: &Job, b: &Job| a.call.frames.len() == b.call.frames.len();
        loop {
            let most_rows = |now| {
                // Read anew each time: what a row took before the wait says nothing of now.
                let row = meter.row();
                move |job: &Job, part: usize| job.most_rows(batching, row, now, part)
            };
            let Some(jobs) = queue.queue.take(batching, alike, most_rows) else { return };
            decode(&mut session, jobs, &observer, &meter, &queue.failures);
        }
    }
}

/// Makes one call of each shape that needs it. The first call allocates, and on a GPU picks algorithms; better now than for the first
/// listener.
fn warm_up(session: &mut DecodeSession) -> Result<(), DecodeError> {
    let model = session.model().clone();
    let (batches, stream_frames) = session.shapes();
    let lengths = match model.context_frames + 1 {
        _ if model.is_stream() => stream_frames,
        shortest => shortest..=shortest,
    };
    for frames in lengths {
        let calls = Position::start().plan(&model, &vec![Frame::default(); frames], false);
        for (call, batch) in calls.iter().flat_map(|call| batches.iter().map(move |batch| (call, *batch))) {
            // Dummy states: on a device they are read from the initial-state row and written to the discard row.
            let keeps_states = session.keeps_states();
            let mut outputs = vec![(vec![0.0; model.state_len], Vec::new()); batch];
            let rows = outputs.iter_mut().map(|(state, samples)| Row {
                call,
                draws: &[],
                state: if keeps_states { RowState::Device(Route::UNUSED) } else { RowState::Host(state) },
                samples,
            });
            session.run(&mut rows.collect::<Vec<_>>())?;
        }
    }
    Ok(())
}

fn decode(
    session: &mut DecodeSession,
    mut jobs: Vec<Job>,
    observer: &Observer,
    meter: &Meter,
    failures: &Failures,
) {
    // Skip streams that were dropped while they waited.
    jobs.retain(|job| !job.reply.is_closed());
    let new_frames = jobs.iter().map(|job| job.new_frames(session.model())).max().unwrap_or(0);
    let rows = jobs.iter_mut().map(|job| Row {
        call: &job.call,
        draws: &job.draws,
        state: job.state.row(),
        samples: &mut job.samples,
    });
    let mut rows: Vec<Row<'_>> = rows.collect();
    let timed = meter.begin();
    let result = session.run(&mut rows);
    let took = timed.start().elapsed();
    if !jobs.is_empty() {
        failures.note(result.is_ok());
    }
    if let Some(observer) = observer.get().filter(|_| !jobs.is_empty()) {
        let waited = jobs.iter().map(|job| timed.start().saturating_duration_since(job.queued_at)).max();
        observer.decoded(DecodeCall {
            streams: jobs.len(),
            frames: jobs.iter().map(|job| job.call.frames.len()).sum(),
            waited: waited.unwrap_or(Duration::ZERO),
            took,
        });
    }
    // After the observer: the calls that are measured at start are over for it, too, once they are measured.
    // Padding costs as much as streams.
    let padded = if jobs.is_empty() { 0 } else { session.rows(jobs.len()) };
    meter.end(&timed, CallRows { streams: jobs.len(), padded }, new_frames, took, &result);
    for job in jobs {
        let done = result.clone().map(|()| Done { state: job.state.after_call(), samples: job.samples });
        // The stream may have been dropped in the meantime.
        let _ = job.reply.send(done);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_call_has_more_rows_than_there_may_be_streams() {
        let source = SessionSource::Paced { frame: Duration::ZERO };
        for (max_batch, max_streams, expected) in
            [(1024, 8, 8), (4, 64, 4), (0, 64, 1), (1024, 1, 1), (1024, 0, 1)]
        {
            let settings = DecoderSettings { max_batch, max_streams, ..DecoderSettings::default() };
            assert_eq!(batching(&settings, &source, 2).max, expected);
        }
    }
}
