//! Speaks an item, part by part.

use std::{sync::Arc, time::Duration};

use svara_audio::{Encoder, SampleRate};
use svara_engine::{PieceTiming, SpeechRequest};
use tracing::Instrument;

use super::{
    Jobs,
    cuts::cuts,
    item::ItemProgress,
    job::Turn,
    record::{ItemRecord, JobRecord, TimesRecord},
    shelf,
    unfinished::{ItemAudio, Partly, Tally},
};
use crate::{Caller, Delivery, Dialect, ESTIMATED, Order, ServiceError, Speaker, Times};

/// What a turn gave.
pub(super) enum Spoken {
    /// All of it.
    Whole(ItemAudio),
    /// Some parts: others wait for their turn.
    GivesWay(Box<Partly>),
    /// A part failed; what was spoken before it, and whether any of that was spoken in this turn.
    Failed(Box<Partly>, ServiceError, bool),
}

/// Speaks in a task of its own: a deletion can abort it, and its panic doesn't end the worker.
pub(super) async fn speak_beside(
    jobs: &Arc<Jobs>,
    speaker: &Arc<Speaker>,
    turn: &Turn,
    record: Arc<JobRecord>,
    partly: Box<Partly>,
) -> Result<Spoken, ServiceError> {
    let (of, speaker, turn) = (Arc::clone(jobs), Arc::clone(speaker), turn.clone());
    let name = (turn.job_id.clone(), turn.number);
    let speaking = async move { speak(&of, &speaker, &turn, &record, partly).await };
    let task = tokio::spawn(speaking.in_current_span());
    jobs.running().insert(name.clone(), task.abort_handle());
    if jobs.book().get(&name.0).is_none() {
        task.abort();
    }
    let spoken = task.await;
    jobs.running().remove(&name);
    spoken.unwrap_or_else(|error| Err(ServiceError::internal(error.to_string())))
}

async fn speak(
    jobs: &Jobs,
    speaker: &Speaker,
    turn: &Turn,
    record: &Arc<JobRecord>,
    mut partly: Box<Partly>,
) -> Result<Spoken, ServiceError> {
    let item = record.items.get(turn.number);
    let item = item.ok_or_else(|| ServiceError::internal("the job has no such item"))?;
    let (spec, max_bytes) = (item.spec()?, jobs.config.audio_bytes);
    let cuts = match partly.cuts.take() {
        Some(cuts) => cuts,
        None => cuts(Arc::clone(record), turn.number, Arc::clone(speaker.engine())).await?,
    };
    // For the next turn.
    partly.cuts = Some(Arc::clone(&cuts));
    if partly.parts == 0 {
        partly.times = item.timestamps.map(Times::new);
    }
    let begun = partly.parts;
    for (number, cut) in cuts.iter().enumerate().skip(begun) {
        if number > begun && jobs.book().should_give_way(&turn.owner) && jobs.stash().has_room(&partly) {
            return Ok(Spoken::GivesWay(partly));
        }
        let request_id = format!("{}-{}-{number}", turn.job_id, turn.number);
        let request = item.request(cut.of(item)?, request_id, &record.dictionaries)?;
        let spoken = speak_part(speaker, item, request, partly.tally, &turn.progress).await;
        let mut spoken = match spoken {
            Ok(spoken) => spoken,
            Err(error) => return Ok(Spoken::Failed(partly, error, number > begun)),
        };
        partly.tally = spoken.tally;
        spoken.pieces.iter_mut().for_each(|piece| piece.typed_start += cut.typed_before);
        if let Some(times) = &mut partly.times {
            times.add(&spoken.pieces, partly.samples, spoken.rate.hz());
        }
        partly.samples += spoken.samples.len() as u64;
        let ready = partly
            .encoder
            .take()
            .map_or_else(|| Encoder::for_file(spec, spoken.rate).map_err(ServiceError::internal), Ok)?;
        let (encoder, file) = encode(ready, spoken.samples, std::mem::take(&mut partly.file)).await?;
        (partly.encoder, partly.file) = (Some(encoder), file);
        partly.parts = number + 1;
        if partly.file.len() > max_bytes {
            let reason = format!(
                "becomes more than {max_bytes} bytes of audio (jobs.audio_bytes): shorten it, or choose another format"
            );
            return Err(ServiceError::invalid("text", reason));
        }
    }
    let Partly { encoder, mut file, times, tally, .. } = *partly;
    let encoder = encoder.ok_or_else(|| ServiceError::invalid("text", "must not be empty"))?;
    encoder.finish(&mut file).map_err(ServiceError::internal)?;
    let times = match times {
        Some(times) => Some(write(times).await?),
        None => None,
    };
    Ok(Spoken::Whole(ItemAudio { audio: file, times, audio_seconds: tally.audio.as_secs_f64() }))
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
    request: SpeechRequest,
    before: Tally,
    progress: &ItemProgress,
) -> Result<SpokenPart, ServiceError> {
    let order = Order {
        // The caller was charged when the job was submitted.
        caller: Caller::Anybody,
        dialect: Dialect::Svara,
        request,
        spec: item.spec()?,
        delivery: Delivery::Whole,
    };
    let mut speaking = speaker.begin_job(order).await?;
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

/// Writes the file of times, JSON on a thread that may block: the longest texts give dozens of megabytes.
async fn write(times: Times) -> Result<Vec<u8>, ServiceError> {
    if let Times::Subtitles(subtitles) = times {
        return Ok(subtitles.into_text().into_bytes());
    }
    let record = TimesRecord { times, kind: ESTIMATED };
    tokio::task::spawn_blocking(move || shelf::json(&record)).await.map_err(ServiceError::internal)
}
