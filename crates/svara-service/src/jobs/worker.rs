//! Gives the items of jobs their turns.

use std::sync::Arc;

use tokio::time::sleep;
use tracing::Instrument;

use super::{
    Draining, Jobs,
    job::Turn,
    record::{EndRecord, JobRecord},
    retry::Tries,
    shelf::Product,
    speech::{Spoken, speak_beside},
    unfinished::{ItemAudio, Unfinished},
};
use crate::{ErrorKind, ServiceError, Speaker};

/// How a turn ends.
enum Taken {
    /// The item is over, or its job is deleted.
    Over,
    /// Others wait: the item goes on in its next turn.
    GivesWay(Unfinished),
    /// It failed, and is tried again after a while.
    Failed { unfinished: Unfinished, error: ServiceError, progressed: bool },
}

/// Takes one turn after the other until `draining` completes. Between two tries of an item, others have their turns.
pub(super) async fn work(jobs: Arc<Jobs>, speaker: Arc<Speaker>, draining: Draining) {
    // Texts are read from the store once for each job, not once for each item.
    let mut last: Option<(String, Arc<JobRecord>)> = None;
    while let Some(mut turn) = jobs.turn(&draining).await {
        let span = tracing::info_span!("job", id = turn.job_id, item = turn.number);
        let before = speaker.spoken();
        let taken = take(&jobs, &speaker, &turn, &mut last).instrument(span.clone()).await;
        let (id, number) = (turn.job_id.as_str(), turn.number);
        match taken {
            Taken::Over => {}
            Taken::GivesWay(unfinished) => {
                turn.tries = Tries::default();
                if jobs.put_off(&turn, Some(unfinished)) {
                    jobs.resume(id, number);
                }
            }
            Taken::Failed { unfinished, error, progressed } => {
                if progressed {
                    turn.tries = Tries::default();
                }
                let spoken = speaker.spoken();
                let pause = turn.tries.failed(error.kind, (before, spoken)).filter(|_| error.retryable);
                let Some(pause) = pause else {
                    end(&jobs, &turn, unfinished, error).instrument(span).await;
                    continue;
                };
                let (kind, reason, pause_s) = (error.kind.name(), error.reason(), pause.as_secs());
                let told = error.kind == ErrorKind::StoreUnavailable;
                span.in_scope(|| {
                    // A store that fails has its own line, once.
                    if told {
                        tracing::debug!(kind, reason, pause_s, "job item waits for the store");
                    } else {
                        tracing::warn!(kind, reason, pause_s, "job item failed; it is tried again");
                    }
                });
                let of_all = jobs.outage().failed(id, number, spoken);
                if jobs.put_off(&turn, Some(unfinished)) {
                    // No event says when an engine or a store has recovered.
                    jobs.resume_after(pause, id, number);
                }
                if let Some(of_all) = of_all {
                    tokio::select! {
                        () = sleep(of_all) => {}
                        () = draining.clone() => {}
                    }
                }
            }
        }
    }
}

async fn take(
    jobs: &Arc<Jobs>,
    speaker: &Arc<Speaker>,
    turn: &Turn,
    last: &mut Option<(String, Arc<JobRecord>)>,
) -> Taken {
    let unfinished = jobs.stash().take(&turn.job_id, turn.number);
    let partly = match unfinished {
        Some(Unfinished::Ended(audio, end)) => return keep(jobs, turn, audio, end).await,
        Some(Unfinished::Partly(partly)) => partly,
        None => Box::default(),
    };
    let record = match last.take().filter(|(id, _)| *id == turn.job_id) {
        Some((_, record)) => Ok(record),
        None => read(jobs, &turn.job_id).await,
    };
    *last = record.as_ref().ok().map(|record| (turn.job_id.clone(), Arc::clone(record)));
    let spoken = match record {
        Ok(record) => speak_beside(jobs, speaker, turn, record, partly).await,
        Err(error) => Ok(Spoken::Failed(partly, error, false)),
    };
    if jobs.book().get(&turn.job_id).is_none() {
        // The item ended because its job was deleted.
        return Taken::Over;
    }
    match spoken {
        Ok(Spoken::Whole(audio)) => {
            let end = EndRecord {
                audio_seconds: audio.audio_seconds,
                audio_bytes: Some(audio.audio.len() as u64),
                times_bytes: audio.times.as_ref().map_or(0, |times| times.len() as u64),
                failure: None,
            };
            keep(jobs, turn, Some(audio), end).await
        }
        Ok(Spoken::GivesWay(partly)) => Taken::GivesWay(Unfinished::Partly(partly)),
        Ok(Spoken::Failed(partly, error, progressed)) => {
            Taken::Failed { unfinished: Unfinished::Partly(partly), error, progressed }
        }
        // A fault of the item, whatever is tried.
        Err(error) => {
            let none = Unfinished::Partly(Box::default());
            let error = ServiceError { retryable: false, ..error };
            Taken::Failed { unfinished: none, error, progressed: false }
        }
    }
}

async fn read(jobs: &Jobs, id: &str) -> Result<Arc<JobRecord>, ServiceError> {
    let record = jobs.ready().await?.record(id).await.map_err(super::failed)?;
    let mut record = record.ok_or_else(|| ServiceError::internal("the job is missing from the store"))?;
    record.dictionaries.make_ready().await?;
    Ok(Arc::new(record))
}

/// Ends an item that failed too often.
async fn end(jobs: &Arc<Jobs>, turn: &Turn, unfinished: Unfinished, error: ServiceError) {
    let (kind, origin, reason) = (error.kind.name(), error.origin.name(), error.reason().to_owned());
    if let Unfinished::Ended(_, end) = unfinished {
        tracing::error!(kind, reason, "a job item can't be stored: it is spoken again after a restart");
        over(jobs, turn, EndRecord::failed(end.audio_seconds, error)).await;
        return;
    }
    tracing::warn!(kind, origin, reason, "job item failed");
    let end = EndRecord::failed(turn.progress.audio_seconds(), error);
    if let Taken::Failed { unfinished, error, .. } = keep(jobs, turn, None, end).await {
        let (kind, reason) = (error.kind.name(), error.reason().to_owned());
        tracing::warn!(kind, reason, "the end of a job item isn't stored; it is tried again");
        let mut tries = turn.tries;
        let pause = tries.failed(error.kind, (0, 0)).unwrap_or(super::SWEEP_EVERY);
        if jobs.put_off(&Turn { tries, ..turn.clone() }, Some(unfinished)) {
            jobs.resume_after(pause, &turn.job_id, turn.number);
        }
    }
}

/// Stores an item's end, after its files.
async fn keep(jobs: &Arc<Jobs>, turn: &Turn, audio: Option<ItemAudio>, end: EndRecord) -> Taken {
    match put(jobs, turn, audio.as_ref(), &end).await {
        Ok(()) => {
            over(jobs, turn, end).await;
            Taken::Over
        }
        Err(error) => Taken::Failed { unfinished: Unfinished::Ended(audio, end), error, progressed: false },
    }
}

async fn put(
    jobs: &Jobs,
    turn: &Turn,
    audio: Option<&ItemAudio>,
    end: &EndRecord,
) -> Result<(), ServiceError> {
    let shelf = jobs.ready().await?;
    let times = audio.and_then(|audio| Some((Product::Times, audio.times.as_ref()?)));
    let audio = audio.map(|audio| (Product::Audio, &audio.audio));
    for (product, bytes) in audio.into_iter().chain(times) {
        shelf.put(product, &turn.job_id, turn.number, bytes).await.map_err(super::failed)?;
    }
    shelf.put_end(&turn.job_id, turn.number, end).await.map_err(super::failed)
}

/// Enters an item's end.
async fn over(jobs: &Arc<Jobs>, turn: &Turn, end: EndRecord) {
    let outcome = if end.failure.is_none() { "done" } else { "failed" };
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
