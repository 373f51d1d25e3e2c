//! All jobs and their progress. Pure: no clock, no storage, no tasks.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    item::Item,
    job::{Job, Turn},
    record::{EndRecord, Summary},
    retry::Tries,
};
use crate::fairness::Turns;

/// A job's place in the order: the time it was posted, then its id.
type Place = (u64, String);
/// The name of the key that posted a job; none if no key was required.
type Owner = Option<String>;

/// All jobs, the oldest first. Keys take turns; of a key's jobs, the oldest goes first.
#[derive(Default)]
pub(super) struct Book {
    jobs: BTreeMap<Place, Job>,
    places: BTreeMap<String, Place>,
    /// Jobs with items that may have a turn.
    waiting: BTreeMap<Owner, BTreeSet<Place>>,
    turns: Turns<Owner>,
    /// Items in the hands of workers.
    running_of: BTreeMap<Owner, usize>,
    kept_bytes: u64,
    /// Jobs that are being stored.
    reserved: BTreeMap<Owner, usize>,
    queued: usize,
    running: usize,
}

/// How much there may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    pub(super) jobs: usize,
    /// Bytes of audio.
    pub(super) bytes: u64,
    /// Of one key.
    pub(super) jobs_of_key: usize,
    /// Of one key.
    pub(super) bytes_of_key: u64,
}

/// Why there is no room for another job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// There are this many jobs.
    Jobs(usize),
    /// There is this much audio.
    Bytes(u64),
    /// The key has this many jobs.
    JobsOfKey(usize),
    /// The key's jobs have this much audio.
    BytesOfKey(u64),
}

impl Book {
    /// Reserves a place for a job that is about to be stored, until [`Self::release`].
    ///
    /// # Errors
    /// There is no room for it.
    pub(super) fn reserve(&mut self, owner: &Owner, room: Room) -> Result<(), Full> {
        let count = self.jobs.len() + self.reserved.values().sum::<usize>();
        if count >= room.jobs {
            return Err(Full::Jobs(count));
        }
        if self.kept_bytes >= room.bytes {
            return Err(Full::Bytes(self.kept_bytes));
        }
        if owner.is_some() {
            let own = || self.jobs.values().filter(|job| job.owner() == owner);
            let reserved = self.reserved.get(owner).copied().unwrap_or_default();
            let count = own().count() + reserved;
            if count >= room.jobs_of_key {
                return Err(Full::JobsOfKey(count));
            }
            let bytes = own().map(Job::kept_bytes).sum();
            if bytes >= room.bytes_of_key {
                return Err(Full::BytesOfKey(bytes));
            }
        }
        *self.reserved.entry(owner.clone()).or_default() += 1;
        Ok(())
    }

    /// Gives a reserved place back.
    pub(super) fn release(&mut self, owner: &Owner) {
        take_one(&mut self.reserved, owner);
    }

    /// Adds a job. `ends` holds the ends of items that are over already; the others are queued.
    pub(super) fn add(
        &mut self,
        id: String,
        summary: Arc<Summary>,
        ends: BTreeMap<usize, EndRecord>,
    ) -> &Job {
        let place = (summary.created_unix_s, id.clone());
        let job = Job::new(summary, ends);
        self.kept_bytes += job.kept_bytes();
        self.queued += job.waiting_and_running().0;
        if job.has_turn() {
            self.waiting.entry(job.owner().clone()).or_default().insert(place.clone());
        }
        self.places.insert(id, place.clone());
        self.jobs.entry(place).or_insert(job)
    }

    /// Takes the next item to speak: of the key whose turn it is, one of the oldest job that has one.
    pub(super) fn take_turn(&mut self) -> Option<Turn> {
        loop {
            let held = |owner: &Owner| self.running_of.get(owner).copied().unwrap_or_default();
            let waiting = self.waiting.keys().map(|owner| (owner, held(owner)));
            let owner = self.turns.next(waiting)?.clone();
            let place = self.waiting.get(&owner)?.first()?.clone();
            let job = self.jobs.get_mut(&place);
            let (turn, more) = job.map_or((None, false), |job| (job.take_turn(&place.1), job.has_turn()));
            if !more {
                self.stops_waiting(&owner, &place);
            }
            if let Some(turn) = turn {
                self.turns.took(&owner);
                *self.running_of.entry(owner).or_default() += 1;
                self.queued = self.queued.saturating_sub(1);
                self.running += 1;
                return Some(turn);
            }
        }
    }

    /// Whether another key waits whose items have fewer workers than this one's.
    pub(super) fn should_give_way(&self, owner: &Owner) -> bool {
        let held = |owner: &Owner| self.running_of.get(owner).copied().unwrap_or_default();
        let own = held(owner);
        self.waiting.keys().any(|other| other != owner && held(other) < own)
    }

    /// Takes an item out of its worker's hands until [`Self::resume`]; returns whether its job still exists.
    pub(super) fn pause(&mut self, id: &str, number: usize, tries: Tries) -> bool {
        let Some(job) = self.places.get(id).and_then(|place| self.jobs.get_mut(place)) else { return false };
        let owner = job.owner().clone();
        if !job.pause(number, tries) {
            return false;
        }
        self.running = self.running.saturating_sub(1);
        self.queued += 1;
        take_one(&mut self.running_of, &owner);
        true
    }

    /// Lets a paused item have a turn again; returns whether there is one.
    pub(super) fn resume(&mut self, id: &str, number: usize) -> bool {
        let Some(place) = self.places.get(id) else { return false };
        let Some(job) = self.jobs.get_mut(place) else { return false };
        let resumed = job.resume(number);
        if resumed {
            self.waiting.entry(job.owner().clone()).or_default().insert(place.clone());
        }
        resumed
    }

    /// Ends an item; returns whether its job still exists.
    pub(super) fn end(&mut self, id: &str, number: usize, end: EndRecord) -> bool {
        let Some(job) = self.places.get(id).and_then(|place| self.jobs.get_mut(place)) else { return false };
        let (owner, after) = (job.owner().clone(), end.kept_bytes());
        let Some((before, in_hand)) = job.end(number, end) else { return false };
        self.kept_bytes = self.kept_bytes.saturating_sub(before.kept_bytes()).saturating_add(after);
        if in_hand {
            self.running = self.running.saturating_sub(1);
            take_one(&mut self.running_of, &owner);
        } else if !matches!(before, Item::Over(_)) {
            self.queued = self.queued.saturating_sub(1);
        }
        true
    }

    /// The job of an id.
    pub(super) fn get(&self, id: &str) -> Option<&Job> {
        self.jobs.get(self.places.get(id)?)
    }

    /// Removes a job.
    pub(super) fn remove(&mut self, id: &str) -> Option<Job> {
        let place = self.places.remove(id)?;
        let job = self.jobs.remove(&place)?;
        self.stops_waiting(job.owner(), &place);
        self.kept_bytes = self.kept_bytes.saturating_sub(job.kept_bytes());
        let (waiting, running) = job.waiting_and_running();
        self.queued = self.queued.saturating_sub(waiting);
        self.running = self.running.saturating_sub(running);
        for _ in 0..running {
            take_one(&mut self.running_of, job.owner());
        }
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

    /// The numbers of items that wait and of those in the hands of workers.
    pub(super) fn queued_and_running(&self) -> (usize, usize) {
        (self.queued, self.running)
    }

    fn stops_waiting(&mut self, owner: &Owner, place: &Place) {
        let Some(places) = self.waiting.get_mut(owner) else { return };
        places.remove(place);
        if places.is_empty() {
            self.waiting.remove(owner);
            let (waiting, running) = (&self.waiting, &self.running_of);
            self.turns
                .keep(|other| other == owner || waiting.contains_key(other) || running.contains_key(other));
        }
    }
}

/// Counts one less, and forgets a count of none.
fn take_one(counts: &mut BTreeMap<Owner, usize>, owner: &Owner) {
    if let Some(count) = counts.get_mut(owner) {
        *count = count.saturating_sub(1);
        if *count == 0 {
            counts.remove(owner);
        }
    }
}

#[cfg(test)]
mod tests;
