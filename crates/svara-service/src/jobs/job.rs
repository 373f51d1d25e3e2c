//! A job and its items. Pure, as [`super::book`].

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::Serialize;

use super::{
    item::{Item, ItemProgress},
    record::{EndRecord, Summary},
    retry::Tries,
};
use crate::Caller;

/// A job without its texts, and the state of each of its items.
#[derive(Clone)]
pub struct Job {
    /// What the job speaks.
    pub summary: Arc<Summary>,
    /// The state of each item, in order.
    pub items: Vec<Item>,
    /// The number of the first item that may be queued: none before it is.
    next: usize,
    /// Items that were begun and wait, with what their failures say.
    paused: BTreeMap<usize, Tries>,
    /// Those of them that may go on.
    ready: BTreeSet<usize>,
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
    /// The name of the key that posted the job.
    pub(super) owner: Option<String>,
    pub(super) number: usize,
    pub(super) progress: Arc<ItemProgress>,
    /// How often it failed.
    pub(super) tries: Tries,
}

impl Job {
    /// A job whose items are over as `ends` say; the others are queued.
    pub(super) fn new(summary: Arc<Summary>, mut ends: BTreeMap<usize, EndRecord>) -> Self {
        let item = |number| ends.remove(&number).map_or(Item::Queued, Item::Over);
        let items = (0..summary.items.len()).map(item).collect();
        Self { summary, items, next: 0, paused: BTreeMap::new(), ready: BTreeSet::new() }
    }

    /// The name of the key that posted it.
    pub(super) fn owner(&self) -> &Option<String> {
        &self.summary.owner
    }

    /// Whether the caller may see the job.
    pub(super) fn belongs_to(&self, caller: &Caller) -> bool {
        caller.owns(self.summary.owner.as_deref())
    }

    /// Whether an item may have a turn now.
    pub(super) fn has_turn(&self) -> bool {
        !self.ready.is_empty() || self.items.iter().skip(self.next).any(|item| matches!(item, Item::Queued))
    }

    /// Takes the next item: one that was begun goes before those that weren't.
    pub(super) fn take_turn(&mut self, id: &str) -> Option<Turn> {
        let turn = |number, progress, tries| Turn {
            job_id: id.to_owned(),
            owner: self.summary.owner.clone(),
            number,
            progress,
            tries,
        };
        while let Some(number) = self.ready.pop_first() {
            let tries = self.paused.remove(&number).unwrap_or_default();
            if let Some(Item::Running(progress)) = self.items.get(number) {
                return Some(turn(number, Arc::clone(progress), tries));
            }
        }
        let mut rest = self.items.iter_mut().enumerate().skip(self.next);
        let (number, item) = rest.find(|(_, item)| matches!(item, Item::Queued))?;
        let progress = Arc::new(ItemProgress::default());
        *item = Item::Running(Arc::clone(&progress));
        let turn = turn(number, progress, Tries::default());
        self.next = number + 1;
        Some(turn)
    }

    /// Notes that a running item waits for [`Self::resume`]; returns whether it was running.
    pub(super) fn pause(&mut self, number: usize, tries: Tries) -> bool {
        let running =
            matches!(self.items.get(number), Some(Item::Running(_))) && !self.paused.contains_key(&number);
        if running {
            self.paused.insert(number, tries);
        }
        running
    }

    /// Lets a paused item have a turn again; returns whether it was paused.
    pub(super) fn resume(&mut self, number: usize) -> bool {
        self.paused.contains_key(&number) && self.ready.insert(number)
    }

    /// Ends an item; returns its state before, and whether it was in a worker's hands.
    pub(super) fn end(&mut self, number: usize, end: EndRecord) -> Option<(Item, bool)> {
        let item = self.items.get_mut(number)?;
        let before = std::mem::replace(item, Item::Over(end));
        self.ready.remove(&number);
        let paused = self.paused.remove(&number).is_some();
        let in_hand = matches!(before, Item::Running(_)) && !paused;
        Some((before, in_hand))
    }

    /// Items that wait, begun or not, and items in the hands of workers.
    pub(super) fn waiting_and_running(&self) -> (usize, usize) {
        let count = |of: fn(&Item) -> bool| self.items.iter().filter(|item| of(item)).count();
        let queued = count(|item| matches!(item, Item::Queued));
        let begun = count(|item| matches!(item, Item::Running(_)));
        (queued + self.paused.len(), begun.saturating_sub(self.paused.len()))
    }

    /// Bytes of audio and times.
    pub(super) fn kept_bytes(&self) -> u64 {
        self.items.iter().map(Item::kept_bytes).sum()
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
