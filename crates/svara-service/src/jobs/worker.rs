//! Speaks the items of jobs, one after the other.

use std::{sync::Arc, time::Duration};

use svara_audio::{Encoder, SampleRate, settle_sizes};
use svara_engine::PieceTiming;
use tracing::Instrument;

use super::{
    Draining, Jobs,
    book::{ItemProgress, Turn},
    record::{EndRecord, ItemRecord, JobRecord, TimesRecord},
    retry,
    shelf::{self, Product},
};
use crate::{Caller, Delivery, Dialect, ESTIMATED, Order, ServiceError, Speaker, Times};

/// A long text is spoken in parts of whole sentences: a failure repeats one part only, and memory holds the samples of
/// one part only.
const PART_CHARACTERS: usize = 1000;

/// The files of an item.
struct ItemAudio {
    /// The audio file.
    audio: Vec<u8>,
    /// Times as JSON, if the request asked for them.
    times: Option<Vec<u8>>,
    audio_seconds: f64,
}

/// Speaks items until `draining` completes.
pub(super) async fn work(jobs: Arc<Jobs>, speaker: Arc<Speaker>, draining: Draining) {
    // Texts are read from the store once for each job, not once for each item.
    let mut last: Option<(String, Arc<JobRecord>)> = None;
    while let Some(turn) = jobs.turn(&draining).await {
        let record = match last.take().filter(|(id, _)| *id == turn.job_id) {
            Some((_, record)) => Ok(record),
            None => read(&jobs, &turn.job_id).await,
        };
        last = record.as_ref().ok().map(|record| (turn.job_id.clone(), Arc::clone(record)));
        let span = tracing::info_span!("job", id = turn.job_id, item = turn.number);
        take(&jobs, &speaker, &turn, record).instrument(span).await;
    }
}

async fn read(jobs: &Jobs, id: &str) -> Result<Arc<JobRecord>, ServiceError> {
    let shelf = jobs.ready().await?;
    let gone = || ServiceError::internal("the job is missing from the store");
    let mut retries = Retries::default();
    loop {
        match shelf.record(id).await {
            Ok(record) => return record.map(Arc::new).ok_or_else(gone),
            Err(error) => retries.wait(super::failed(error)).await?,
        }
    }
}

async fn take(
    jobs: &Jobs,
    speaker: &Arc<Speaker>,
    turn: &Turn,
    record: Result<Arc<JobRecord>, ServiceError>,
) {
    let spoken = match record {
        Ok(record) => speak_beside(jobs, speaker, turn, record).await,
        Err(error) => Err(error),
    };
    if jobs.book().get(&turn.job_id).is_none() {
        // The item ended because its job was deleted.
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
                kind = error.kind.name(),
                origin = error.origin.name(),
                reason = error.reason(),
                "job item failed"
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
            tracing::error!(
                reason = error.reason(),
                "a job item can't be stored: it is spoken again after a restart"
            );
            break EndRecord::failed(end.audio_seconds, error);
        }
    };
    jobs.metrics.over(outcome, end.audio_seconds);
    if jobs.end(turn, end) {
        return;
    }
    // The job was deleted while the item was being stored.
    if let Ok(shelf) = &jobs.shelf
        && let Err(error) = shelf.delete_item(&turn.job_id, turn.number).await
    {
        tracing::warn!(%error, "an item of a deleted job stays stored until the next start");
    }
}

async fn keep(
    jobs: &Jobs,
    turn: &Turn,
    spoken: Option<&ItemAudio>,
    end: &EndRecord,
) -> Result<(), ServiceError> {
    let shelf = jobs.ready().await?;
    let audio = spoken.map(|spoken| (Product::Audio, &spoken.audio));
    let times = spoken.and_then(|spoken| Some((Product::Times, spoken.times.as_ref()?)));
    for (product, bytes) in audio.into_iter().chain(times) {
        shelf.put(product, &turn.job_id, turn.number, bytes).await.map_err(super::failed)?;
    }
    shelf.put_end(&turn.job_id, turn.number, end).await.map_err(super::failed)
}

/// Speaks in a task of its own: a deletion can abort it, and its panic doesn't end the worker.
async fn speak_beside(
    jobs: &Jobs,
    speaker: &Arc<Speaker>,
    turn: &Turn,
    record: Arc<JobRecord>,
) -> Result<ItemAudio, ServiceError> {
    let (speaker, progress, number) = (Arc::clone(speaker), Arc::clone(&turn.progress), turn.number);
    let (request_id, max_bytes) = (format!("{}-{number}", turn.job_id), jobs.config.audio_bytes);
    let speaking = async move {
        let item =
            record.items.get(number).ok_or_else(|| ServiceError::internal("the job has no such item"))?;
        speak(&speaker, item, &request_id, &progress, max_bytes).await
    };
    let task = tokio::spawn(speaking.in_current_span());
    let name = (turn.job_id.clone(), number);
    jobs.running().insert(name.clone(), task.abort_handle());
    if jobs.book().get(&turn.job_id).is_none() {
        task.abort();
    }
    let spoken = task.await;
    jobs.running().remove(&name);
    spoken.unwrap_or_else(|error| Err(ServiceError::internal(error.to_string())))
}

async fn speak(
    speaker: &Speaker,
    item: &ItemRecord,
    request_id: &str,
    progress: &ItemProgress,
    max_bytes: usize,
) -> Result<ItemAudio, ServiceError> {
    let spec = item.spec()?;
    // A caller that sets max_tokens expects one generation that ends there.
    let parts = match item.max_tokens {
        Some(_) => vec![item.text.as_str()],
        None => svara_text::pack(&item.text, PART_CHARACTERS.min(speaker.engine().text_max_characters())),
    };
    let mut tally = Tally::default();
    let (mut encoder, mut file) = (None, Vec::new());
    let mut times = item.timestamps.map(Times::new);
    let mut spoken_samples = 0;
    for (number, part) in parts.iter().enumerate() {
        let mut retries = Retries::default();
        let mut spoken = loop {
            match speak_part(speaker, item, part, format!("{request_id}-{number}"), tally, progress).await {
                Ok(spoken) => break spoken,
                Err(error) => retries.wait(error).await?,
            }
        };
        tally = spoken.tally;
        // A part is a slice of the text.
        let at = part.as_ptr().addr().saturating_sub(item.text.as_ptr().addr());
        let before = item.text.get(..at).map_or(0, |before| before.chars().count());
        spoken.pieces.iter_mut().for_each(|piece| piece.typed_start += before);
        if let Some(times) = &mut times {
            times.add(&spoken.pieces, spoken_samples, spoken.rate.hz());
        }
        spoken_samples += spoken.samples.len() as u64;
        let ready = encoder
            .take()
            .map_or_else(|| Encoder::new(spec, spoken.rate).map_err(ServiceError::internal), Ok)?;
        (encoder, file) =
            encode(ready, spoken.samples, file).await.map(|(encoder, file)| (Some(encoder), file))?;
        if file.len() > max_bytes {
            let reason = format!(
                "becomes more than {max_bytes} bytes of audio (jobs.audio_bytes): shorten it, or choose another format"
            );
            return Err(ServiceError::invalid("text", reason));
        }
    }
    let encoder = encoder.ok_or_else(|| ServiceError::invalid("text", "must not be empty"))?;
    encoder.finish(&mut file).map_err(ServiceError::internal)?;
    settle_sizes(spec, &mut file);
    let times = match times {
        Some(times) => Some(write(TimesRecord { times, kind: ESTIMATED }).await?),
        None => None,
    };
    Ok(ItemAudio { audio: file, times, audio_seconds: tally.audio.as_secs_f64() })
}

/// The progress of an item so far.
#[derive(Clone, Copy, Default)]
struct Tally {
    pieces: usize,
    audio: Duration,
}

/// A part that is complete.
struct SpokenPart {
    samples: Vec<f32>,
    rate: SampleRate,
    /// When its pieces are spoken, in samples from the beginning of the part.
    pieces: Vec<PieceTiming>,
    /// The progress, this part included.
    tally: Tally,
}

async fn speak_part(
    speaker: &Speaker,
    item: &ItemRecord,
    part: &str,
    request_id: String,
    before: Tally,
    progress: &ItemProgress,
) -> Result<SpokenPart, ServiceError> {
    let order = Order {
        // The caller was charged when the job was submitted.
        caller: Caller::Anybody,
        dialect: Dialect::Svara,
        request: item.request(part, request_id),
        spec: item.spec()?,
        delivery: Delivery::Whole,
    };
    let mut speaking = speaker.begin(order).await?;
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
    Ok(SpokenPart { samples, rate, pieces, tally })
}

/// Appends a part to the file, on a thread that may block: it is about a minute of audio.
async fn encode(
    mut encoder: Encoder,
    samples: Vec<f32>,
    mut file: Vec<u8>,
) -> Result<(Encoder, Vec<u8>), ServiceError> {
    let encoding = tokio::task::spawn_blocking(move || {
        encoder.push(&samples, &mut file)?;
        Ok((encoder, file))
    });
    encoding
        .await
        .map_err(ServiceError::internal)?
        .map_err(|error: svara_audio::EncodeError| ServiceError::internal(error))
}

/// Writes times as JSON, on a thread that may block: the longest texts give dozens of megabytes.
async fn write(record: TimesRecord) -> Result<Vec<u8>, ServiceError> {
    tokio::task::spawn_blocking(move || shelf::json(&record)).await.map_err(ServiceError::internal)
}

/// Counts the retries of a failure that may be temporary.
#[derive(Default)]
struct Retries {
    failures: u32,
}

impl Retries {
    /// Waits before the next try.
    ///
    /// # Errors
    /// The failure itself, if another try makes no sense.
    async fn wait(&mut self, error: ServiceError) -> Result<(), ServiceError> {
        self.failures += 1;
        let Some(pause) = retry::pause_after(self.failures).filter(|_| error.retryable) else {
            return Err(error);
        };
        tracing::info!(
            kind = error.kind.name(),
            reason = error.reason(),
            pause_s = pause.as_secs(),
            "retrying"
        );
        // No event says when an engine or a store has recovered.
        tokio::time::sleep(pause).await;
        Ok(())
    }
}
