//! Speaks the items of jobs, one after the other.

use std::{sync::Arc, time::Duration};

use svara_audio::{Encoder, SampleRate, settle_sizes};
use svara_engine::PieceTiming;
use tracing::Instrument;

use super::{
    Jobs,
    book::{Progress, Turn},
    record::{EndRecord, ItemRecord, JobRecord, TimesRecord},
    retry,
    shelf::{self, Made},
};
use crate::{
    error::{ApiError, ErrorDialect},
    speaking::Speaking,
    state::AppState,
    times::{ESTIMATED, Times},
};

/// A long text is spoken a part at a time, each of whole sentences: what fails is tried again from its part's
/// beginning, and no more samples than those of a part are in memory.
const PART_CHARACTERS: usize = 1000;

/// What is made of an item.
struct Spoken {
    audio: Vec<u8>,
    /// As JSON, where they were asked for.
    times: Option<Vec<u8>>,
    audio_seconds: f64,
}

/// Takes turns until the server drains.
pub(super) async fn work(jobs: Arc<Jobs>, state: AppState) {
    // Texts are read from the store: once for each job, not for each of its items.
    let mut last: Option<(String, Arc<JobRecord>)> = None;
    while let Some(turn) = jobs.turn(&state.life).await {
        let record = match last.take().filter(|(id, _)| *id == turn.job_id) {
            Some((_, record)) => Ok(record),
            None => read(&jobs, &turn.job_id).await,
        };
        last = record.as_ref().ok().map(|record| (turn.job_id.clone(), Arc::clone(record)));
        let span = tracing::info_span!("job", id = turn.job_id, item = turn.number);
        take(&jobs, &state, &turn, record).instrument(span).await;
    }
}

async fn read(jobs: &Jobs, id: &str) -> Result<Arc<JobRecord>, ApiError> {
    let shelf = jobs.ready().await?;
    let gone = || ApiError::internal("the job is gone from its store");
    let mut retries = Retries::default();
    loop {
        match shelf.record(id).await {
            Ok(record) => return record.map(Arc::new).ok_or_else(gone),
            Err(error) => retries.wait(error.into()).await?,
        }
    }
}

async fn take(jobs: &Jobs, state: &AppState, turn: &Turn, record: Result<Arc<JobRecord>, ApiError>) {
    let spoken = match record {
        Ok(record) => speak_beside(jobs, state, turn, record).await,
        Err(error) => Err(error),
    };
    if jobs.book().get(&turn.job_id).is_none() {
        // It was deleted: that is why it ended.
        return;
    }
    let (spoken, end) = match spoken {
        Ok(spoken) => {
            let end = EndRecord {
                audio_seconds: spoken.audio_seconds,
                audio_bytes: Some(spoken.audio.len() as u64),
                times_bytes: spoken.times.as_ref().map_or(0, |times| times.len() as u64),
                failure: None,
            };
            (Some(spoken), end)
        }
        Err(error) => {
            tracing::warn!(
                kind = error.kind,
                origin = error.origin,
                reason = error.message,
                "an item failed"
            );
            let audio_seconds = turn.progress.audio_seconds();
            (None, EndRecord::failed(audio_seconds, error))
        }
    };
    let outcome = if end.failure.is_none() { "done" } else { "failed" };
    let mut retries = Retries::default();
    let end = loop {
        let failed = match keep(jobs, turn, spoken.as_ref(), &end).await {
            Ok(()) => break end,
            Err(error) => retries.wait(error).await,
        };
        if let Err(error) = failed {
            tracing::error!(reason = error.message, "an item can't be kept: a restart speaks it again");
            break EndRecord::failed(end.audio_seconds, error);
        }
    };
    jobs.metrics.over(outcome, end.audio_seconds);
    if jobs.end(turn, end) {
        return;
    }
    // It was deleted while it was being kept.
    if let Ok(shelf) = &jobs.shelf
        && let Err(error) = shelf.delete_item(&turn.job_id, turn.number).await
    {
        tracing::warn!(%error, "an item that nobody wants stays until the next start");
    }
}

async fn keep(jobs: &Jobs, turn: &Turn, spoken: Option<&Spoken>, end: &EndRecord) -> Result<(), ApiError> {
    let shelf = jobs.ready().await?;
    let audio = spoken.map(|spoken| (Made::Audio, &spoken.audio));
    let times = spoken.and_then(|spoken| Some((Made::Times, spoken.times.as_ref()?)));
    for (made, bytes) in audio.into_iter().chain(times) {
        shelf.put(made, &turn.job_id, turn.number, bytes).await?;
    }
    Ok(shelf.put_end(&turn.job_id, turn.number, end).await?)
}

/// Speaks in a task of its own, which a deletion can end and whose panic isn't the worker's.
async fn speak_beside(
    jobs: &Jobs,
    state: &AppState,
    turn: &Turn,
    record: Arc<JobRecord>,
) -> Result<Spoken, ApiError> {
    let (state, progress, number) = (state.clone(), Arc::clone(&turn.progress), turn.number);
    let (request_id, max_bytes) = (format!("{}-{number}", turn.job_id), jobs.config.audio_bytes);
    let speaking = async move {
        let item = record.items.get(number).ok_or_else(|| ApiError::internal("the job has no such item"))?;
        speak(&state, item, &request_id, &progress, max_bytes).await
    };
    let task = tokio::spawn(speaking.in_current_span());
    let name = (turn.job_id.clone(), number);
    jobs.running().insert(name.clone(), task.abort_handle());
    if jobs.book().get(&turn.job_id).is_none() {
        task.abort();
    }
    let spoken = task.await;
    jobs.running().remove(&name);
    spoken.unwrap_or_else(|error| Err(ApiError::internal(error.to_string())))
}

async fn speak(
    state: &AppState,
    item: &ItemRecord,
    request_id: &str,
    progress: &Progress,
    max_bytes: usize,
) -> Result<Spoken, ApiError> {
    let spec = item.spec()?;
    // Who sets max_tokens counts on one generation that ends there.
    let parts = match item.max_tokens {
        Some(_) => vec![item.text.as_str()],
        None => svara_text::pack(&item.text, PART_CHARACTERS.min(state.engine.text_max_characters())),
    };
    let mut tally = Tally::default();
    let (mut encoder, mut file) = (None, Vec::new());
    let mut times = item.timestamps.map(Times::new);
    let mut said_samples = 0;
    for (number, part) in parts.iter().enumerate() {
        let mut retries = Retries::default();
        let said = loop {
            match say(state, item, part, format!("{request_id}-{number}"), tally, progress).await {
                Ok(said) => break said,
                Err(error) => retries.wait(error).await?,
            }
        };
        tally = said.tally;
        if let Some(times) = &mut times {
            times.add(&said.pieces, said_samples, said.rate.hz());
        }
        said_samples += said.samples.len() as u64;
        let made = encoder.take().map_or_else(|| Encoder::new(spec, said.rate).map_err(internal), Ok)?;
        (encoder, file) =
            encode(made, said.samples, file).await.map(|(encoder, file)| (Some(encoder), file))?;
        if file.len() > max_bytes {
            let reason = format!(
                "becomes more than {max_bytes} bytes of audio (jobs.audio_bytes): cut it, or take another format"
            );
            return Err(ApiError::invalid("text", reason));
        }
    }
    let encoder = encoder.ok_or_else(|| ApiError::invalid("text", "must not be empty"))?;
    encoder.finish(&mut file).map_err(internal)?;
    settle_sizes(spec, &mut file);
    let times = match times {
        Some(times) => Some(write(TimesRecord { times, kind: ESTIMATED }).await?),
        None => None,
    };
    Ok(Spoken { audio: file, times, audio_seconds: tally.audio.as_secs_f64() })
}

/// What is said of an item so far.
#[derive(Clone, Copy, Default)]
struct Tally {
    pieces: usize,
    audio: Duration,
}

/// A part that is said to its end.
struct Said {
    samples: Vec<f32>,
    rate: SampleRate,
    /// When they are said, in samples of the part.
    pieces: Vec<PieceTiming>,
    /// With this part.
    tally: Tally,
}

async fn say(
    state: &AppState,
    item: &ItemRecord,
    part: &str,
    request_id: String,
    before: Tally,
    progress: &Progress,
) -> Result<Said, ApiError> {
    let request = item.request(part, request_id);
    let mut speaking = Speaking::start(state, ErrorDialect::Svara, request, item.spec()?).await?;
    speaking.nobody_listens();
    let rate = speaking.rate();
    let (mut samples, mut pieces, mut tally) = (Vec::new(), Vec::new(), before);
    while let Some(chunk) = speaking.next().await {
        samples.extend(chunk?);
        pieces.extend(speaking.take_timings());
        let audio = Duration::from_secs_f64(samples.len() as f64 / f64::from(rate.hz()));
        tally = Tally { pieces: before.pieces + speaking.report().pieces, audio: before.audio + audio };
        progress.set(tally.pieces, tally.audio);
    }
    tally.pieces = before.pieces + speaking.report().pieces;
    progress.set(tally.pieces, tally.audio);
    pieces.extend(speaking.take_timings());
    Ok(Said { samples, rate, pieces, tally })
}

/// Encodes a part behind those before it. A minute of sound in one go: too long for a thread that serves others.
async fn encode(
    mut encoder: Encoder,
    samples: Vec<f32>,
    mut file: Vec<u8>,
) -> Result<(Encoder, Vec<u8>), ApiError> {
    let encoding = tokio::task::spawn_blocking(move || {
        encoder.push(&samples, &mut file)?;
        Ok((encoder, file))
    });
    encoding.await.map_err(internal)?.map_err(|error: svara_audio::EncodeError| internal(error))
}

/// Writes times as JSON: dozens of megabytes for the characters of the longest texts.
async fn write(record: TimesRecord) -> Result<Vec<u8>, ApiError> {
    tokio::task::spawn_blocking(move || shelf::json(&record)).await.map_err(internal)
}

/// Tries again what may succeed a little later.
#[derive(Default)]
struct Retries {
    failures: u32,
}

impl Retries {
    /// Waits before the next try.
    ///
    /// # Errors
    /// The failure itself, where there is to be no other try.
    async fn wait(&mut self, error: ApiError) -> Result<(), ApiError> {
        self.failures += 1;
        let Some(pause) = retry::pause_after(self.failures).filter(|_| error.retryable) else {
            return Err(error);
        };
        tracing::info!(kind = error.kind, reason = error.message, pause_s = pause.as_secs(), "trying again");
        // Nothing tells when an engine or a store is well again.
        tokio::time::sleep(pause).await;
        Ok(())
    }
}

fn internal(error: impl std::error::Error) -> ApiError {
    ApiError::internal(error.to_string())
}
