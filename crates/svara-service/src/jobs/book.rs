//! All jobs and their progress. Pure: no clock, no storage, no tasks.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde::Serialize;

use super::record::{EndRecord, Summary};
use crate::Caller;

/// A job's place in the order: the time it was posted, then its id.
type Place = (u64, String);

/// All jobs, the oldest first.
#[derive(Default)]
pub(super) struct Book {
    jobs: BTreeMap<Place, Job>,
    places: BTreeMap<String, Place>,
    /// Jobs with queued items.
    waiting: BTreeSet<Place>,
    kept_bytes: u64,
    /// Jobs that are being stored.
    reserved: usize,
    queued: usize,
    running: usize,
}

/// Why there is no room for another job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// There are this many jobs.
    Jobs(usize),
    /// There is this much audio.
    Bytes(u64),
}

/// A job without its texts, and the state of each of its items.
#[derive(Clone)]
pub struct Job {
    /// What the job speaks.
    pub summary: Arc<Summary>,
    /// The state of each item, in order.
    pub items: Vec<Item>,
    /// The number of the first item that may be queued: none before it is.
    next: usize,
}

/// The state of an item.
#[derive(Clone)]
pub enum Item {
    /// Waits for its turn.
    Queued,
    /// In progress.
    Running(Arc<ItemProgress>),
    /// Done or failed.
    Over(EndRecord),
}

/// The progress of an item: its worker writes it, all others read it.
#[derive(Debug, Default)]
pub struct ItemProgress {
    pieces_done: AtomicU64,
    audio_ms: AtomicU64,
}

impl ItemProgress {
    /// Sets the progress so far.
    pub(super) fn set(&self, pieces_done: usize, audio: Duration) {
        self.pieces_done.store(pieces_done as u64, Ordering::Relaxed);
        self.audio_ms.store(u64::try_from(audio.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Pieces of the text that are generated.
    pub fn pieces_done(&self) -> u64 {
        self.pieces_done.load(Ordering::Relaxed)
    }

    /// Audio generated so far, in seconds.
    pub fn audio_seconds(&self) -> f64 {
        self.audio_ms.load(Ordering::Relaxed) as f64 / 1e3
    }
}

/// A job without its items, as responses show it.
#[derive(Clone, Debug, Serialize)]
pub struct Overview {
    /// `queued` until the first item starts, then `running`, at the end `done`, or `failed` if any item failed.
    pub status: &'static str,
    /// When it was created, in seconds since 1970.
    pub created_unix_s: u64,
    /// Number of its items.
    pub item_count: usize,
    /// Items that are done.
    pub items_done: usize,
    /// Items that failed.
    pub items_failed: usize,
    /// Characters of all texts.
    pub characters: usize,
    /// Audio generated so far.
    pub audio_seconds: f64,
}

/// An item for a worker to speak now.
#[derive(Clone)]
pub(super) struct Turn {
    pub(super) job_id: String,
    pub(super) number: usize,
    pub(super) progress: Arc<ItemProgress>,
}

impl Book {
    /// Reserves a place for a job that is about to be stored, until [`Self::release`].
    ///
    /// # Errors
    /// There are `max_jobs` already, or audio of `max_bytes`.
    pub(super) fn reserve(&mut self, max_jobs: usize, max_bytes: u64) -> Result<(), Full> {
        let count = self.jobs.len() + self.reserved;
        if count >= max_jobs {
            return Err(Full::Jobs(count));
        }
        if self.kept_bytes >= max_bytes {
            return Err(Full::Bytes(self.kept_bytes));
        }
        self.reserved += 1;
        Ok(())
    }

    /// Gives a reserved place back.
    pub(super) fn release(&mut self) {
        self.reserved = self.reserved.saturating_sub(1);
    }

    /// Adds a job. `ends` holds the ends of items that are over already; the others are queued.
    pub(super) fn add(
        &mut self,
        id: String,
        summary: Arc<Summary>,
        mut ends: BTreeMap<usize, EndRecord>,
    ) -> &Job {
        let item = |number| ends.remove(&number).map_or(Item::Queued, Item::Over);
        let items: Vec<Item> = (0..summary.items.len()).map(item).collect();
        self.kept_bytes += items.iter().map(Item::kept_bytes).sum::<u64>();
        let queued = items.iter().filter(|item| matches!(item, Item::Queued)).count();
        let place = (summary.created_unix_s, id.clone());
        self.queued += queued;
        if queued > 0 {
            self.waiting.insert(place.clone());
        }
        self.places.insert(id, place.clone());
        self.jobs.entry(place).or_insert(Job { summary, items, next: 0 })
    }

    /// Takes the next item to speak: the first queued item of the oldest job that has one.
    pub(super) fn take_turn(&mut self) -> Option<Turn> {
        while let Some(place) = self.waiting.first() {
            let turn = self.jobs.get_mut(place).and_then(|job| job.take_turn(&place.1));
            if let Some(turn) = turn {
                self.queued -= 1;
                self.running += 1;
                return Some(turn);
            }
            self.waiting.pop_first();
        }
        None
    }

    /// Ends an item; returns whether its job still exists.
    pub(super) fn end(&mut self, id: &str, number: usize, end: EndRecord) -> bool {
        let Some(item) = self.job_mut(id).and_then(|job| job.items.get_mut(number)) else { return false };
        let before = std::mem::replace(item, Item::Over(end));
        let after = item.kept_bytes();
        self.kept_bytes = self.kept_bytes.saturating_sub(before.kept_bytes()).saturating_add(after);
        self.uncount(&before);
        true
    }

    /// The job of an id.
    pub(super) fn get(&self, id: &str) -> Option<&Job> {
        self.jobs.get(self.places.get(id)?)
    }

    /// Removes a job.
    pub(super) fn remove(&mut self, id: &str) -> Option<Job> {
        let place = self.places.remove(id)?;
        self.waiting.remove(&place);
        let job = self.jobs.remove(&place)?;
        let bytes = job.items.iter().map(Item::kept_bytes).sum();
        self.kept_bytes = self.kept_bytes.saturating_sub(bytes);
        job.items.iter().for_each(|item| self.uncount(item));
        Some(job)
    }

    /// All jobs, the newest first.
    pub(super) fn newest_first(&self) -> impl Iterator<Item = (&str, &Job)> {
        self.jobs.iter().rev().map(|((_, id), job)| (id.as_str(), job))
    }

    /// The ids of the jobs that were posted before a time.
    pub(super) fn older_than(&self, unix_s: u64) -> Vec<String> {
        self.jobs.keys().take_while(|(created, _)| *created < unix_s).map(|(_, id)| id.clone()).collect()
    }

    /// The number of jobs.
    pub(super) fn count(&self) -> usize {
        self.jobs.len()
    }

    /// The numbers of queued and of running items.
    pub(super) fn queued_and_running(&self) -> (usize, usize) {
        (self.queued, self.running)
    }

    /// Uncounts the state that an item leaves.
    fn uncount(&mut self, before: &Item) {
        match before {
            Item::Queued => self.queued = self.queued.saturating_sub(1),
            Item::Running(_) => self.running = self.running.saturating_sub(1),
            Item::Over(_) => {}
        }
    }

    fn job_mut(&mut self, id: &str) -> Option<&mut Job> {
        self.jobs.get_mut(self.places.get(id)?)
    }
}

impl Item {
    /// The state's name in responses: `queued`, `running`, `done` or `failed`.
    pub fn status(&self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running(_) => "running",
            Self::Over(EndRecord { failure: None, .. }) => "done",
            Self::Over(_) => "failed",
        }
    }

    /// Audio of the item so far, in seconds.
    pub fn audio_seconds(&self) -> f64 {
        match self {
            Self::Queued => 0.0,
            Self::Running(progress) => progress.audio_seconds(),
            Self::Over(end) => end.audio_seconds,
        }
    }

    fn kept_bytes(&self) -> u64 {
        match self {
            Self::Over(end) => end.audio_bytes.unwrap_or(0).saturating_add(end.times_bytes),
            Self::Queued | Self::Running(_) => 0,
        }
    }
}

impl Job {
    /// Whether the caller may see the job.
    pub(super) fn belongs_to(&self, caller: &Caller) -> bool {
        caller.owns(self.summary.owner.as_deref())
    }

    /// Takes the job's first queued item, if any is left.
    fn take_turn(&mut self, id: &str) -> Option<Turn> {
        let mut rest = self.items.iter_mut().enumerate().skip(self.next);
        let (number, item) = rest.find(|(_, item)| matches!(item, Item::Queued))?;
        let progress = Arc::new(ItemProgress::default());
        *item = Item::Running(Arc::clone(&progress));
        self.next = number + 1;
        Some(Turn { job_id: id.to_owned(), number, progress })
    }

    /// The job without its items.
    pub fn overview(&self) -> Overview {
        let count = |status: &str| self.items.iter().filter(|item| item.status() == status).count();
        let (done, failed, running) = (count("done"), count("failed"), count("running"));
        let status = match (self.items.len() - done - failed, failed, done + failed + running) {
            (0, 0, _) => "done",
            (0, _, _) => "failed",
            (_, _, 0) => "queued",
            _ => "running",
        };
        Overview {
            status,
            created_unix_s: self.summary.created_unix_s,
            item_count: self.items.len(),
            items_done: done,
            items_failed: failed,
            characters: self.summary.items.iter().map(|item| item.characters).sum(),
            audio_seconds: self.items.iter().map(Item::audio_seconds).sum(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::jobs::record::ItemSummary;

    fn record(created_unix_s: u64, items: usize) -> Arc<Summary> {
        let item =
            ItemSummary { characters: 1, format: "wav".to_owned(), sample_rate_hz: 24_000, timed: false };
        Arc::new(Summary { created_unix_s, owner: None, items: vec![item; items] })
    }

    fn end(bytes: Option<u64>) -> EndRecord {
        let failure = bytes.is_none().then(|| crate::ServiceError::internal("no").into());
        EndRecord { audio_seconds: 1.0, audio_bytes: bytes, times_bytes: 0, failure }
    }

    #[test]
    fn the_oldest_job_goes_first() {
        let mut book = Book::default();
        book.add("b".into(), record(2, 1), BTreeMap::new());
        book.add("a".into(), record(1, 3), BTreeMap::from([(1, end(Some(7)))]));
        let mut turns = Vec::new();
        while let Some(turn) = book.take_turn() {
            turns.push((turn.job_id, turn.number));
        }
        assert_eq!(turns, [("a".into(), 0), ("a".into(), 2), ("b".into(), 0)]);
        assert_eq!(book.get("a").unwrap().overview().status, "running");
        assert!(book.end("a", 0, end(Some(1))));
        assert!(book.end("a", 2, end(None)));
        assert_eq!(book.get("a").unwrap().overview().status, "failed");
        assert!(book.end("b", 0, end(Some(5))));
        assert_eq!(book.get("b").unwrap().overview().status, "done");
        assert_eq!(book.newest_first().map(|(id, _)| id).collect::<Vec<_>>(), ["b", "a"]);
        assert_eq!(
            (book.older_than(1).len(), book.older_than(2), book.kept_bytes),
            (0, vec!["a".into()], 13)
        );
        assert!(book.remove("a").is_some());
        assert!(!book.end("a", 0, end(Some(100))), "its job is deleted");
        assert_eq!((book.count(), book.kept_bytes), (1, 5));
    }

    proptest! {
        /// After any sequence of events, the sums equal what is there.
        #[test]
        fn sums_are_those_of_what_is_there(acts in prop::collection::vec((0u8..4, 0usize..5, 0usize..3, 0u64..9), 0..60)) {
            let mut book = Book::default();
            for (act, job, number, bytes) in acts {
                let id = job.to_string();
                match act {
                    0 if book.get(&id).is_none() => {
                        book.add(id, record(bytes, 3), BTreeMap::new());
                    }
                    1 => drop(book.take_turn()),
                    2 => {
                        book.end(&id, number, end(bytes.checked_sub(1)));
                    }
                    3 => drop(book.remove(&id)),
                    _ => {}
                }
                let items = || book.jobs.values().flat_map(|job| &job.items);
                prop_assert_eq!(book.kept_bytes, items().map(Item::kept_bytes).sum::<u64>());
                prop_assert_eq!(book.places.len(), book.count());
                let (queued, running) = book.queued_and_running();
                let over = items().filter(|item| matches!(item, Item::Over(_))).count();
                let counted = |state: fn(&Item) -> bool| items().filter(|item| state(item)).count();
                prop_assert_eq!(queued, counted(|item| matches!(item, Item::Queued)));
                prop_assert_eq!(running, counted(|item| matches!(item, Item::Running(_))));
                prop_assert_eq!(queued + running + over, 3 * book.count());
            }
        }
    }
}
