//! Decides which speeches start, and which waiting one is next. Pure: capacity and times are values.
//!
//! Live streams are let in while the decoder carries all of them in real time. What nobody hears before its end takes what
//! they leave, and gives way to them in the decoder, so it never keeps one out.
//!
//! A place goes to the key that holds the fewest; of several, to the one whose last turn is the longest ago; within a key, to
//! the request that waits the longest. So a key alone may use all that there is, and as soon as others wait, each gets as
//! much as the rest.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use super::held::Remaining;
use crate::fairness::Turns;

/// What a speech needs of the decoder; earlier ones go first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    /// Somebody hears it while it is made.
    Live,
    /// Somebody waits for its end.
    Whole,
    /// A part of a job.
    Job,
}

/// All classes, in the order of their rights.
pub(crate) const CLASSES: [Class; 3] = [Class::Live, Class::Whole, Class::Job];

/// How much may run at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Capacity {
    /// Streams that keep real time, all at once.
    pub(crate) live: f64,
    /// The most speeches of all classes, whatever they cost.
    pub(crate) bound: usize,
}

impl Capacity {
    /// Live streams that may run at once: never less than one.
    pub(crate) fn streams(self) -> usize {
        // Of a huge number, the cast gives the largest one.
        (self.live.max(0.0) as usize).min(self.bound).max(1)
    }
}

/// How many speeches run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Running {
    /// Heard while they are made.
    pub live: usize,
    /// Delivered at their end.
    pub whole: usize,
    /// Parts of jobs.
    pub jobs: usize,
}

impl Running {
    /// All of them.
    pub fn all(self) -> usize {
        self.live + self.whole + self.jobs
    }

    /// Whether a speech of this class may begin.
    ///
    /// A live stream may if all live ones keep real time with it. A whole answer may if there is room for it beside the
    /// live ones, or if it is the only one of its kind: it then takes the margin that they leave. The same holds for a
    /// job's part beside both. If nothing runs, anything may begin.
    fn admits(self, class: Class, capacity: Capacity) -> bool {
        let streams = capacity.streams();
        let room = |before: usize| streams.saturating_sub(before).max(1);
        self.all() < capacity.bound.max(1)
            && match class {
                Class::Live => self.live < streams,
                Class::Whole => self.whole < room(self.live),
                Class::Job => self.jobs < room(self.live + self.whole),
            }
    }

    fn of(&mut self, class: Class) -> &mut usize {
        match class {
            Class::Live => &mut self.live,
            Class::Whole => &mut self.whole,
            Class::Job => &mut self.jobs,
        }
    }
}

/// A speech that runs or waits.
pub(crate) type Ticket = u64;

/// The name of a key; none where no key is required, and for jobs.
pub(crate) type Name = Option<String>;

/// What asks for a place.
#[derive(Clone, Debug)]
pub(crate) struct Asks {
    pub(crate) class: Class,
    pub(crate) name: Name,
    /// How long it will hold its place, about.
    pub(crate) held: Duration,
}

/// How many may wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Places {
    pub(crate) all: usize,
    /// Of one key.
    pub(crate) per_key: usize,
}

/// Why a speech can't wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum QueueFull {
    /// All places are taken.
    Server,
    /// The key has this many requests in the queue, which is its share.
    Key(usize),
}

/// Those who run, and those who wait, in order of arrival.
#[derive(Debug, Default)]
pub(crate) struct Room {
    running: Running,
    seats: BTreeMap<Ticket, (Class, Remaining, Name)>,
    waiting: VecDeque<(Ticket, Asks)>,
    /// The places that each key holds.
    held: BTreeMap<Name, usize>,
    turns: Turns<Name>,
    tickets: Ticket,
}

/// The answer to a speech that asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It runs from now on.
    Runs(Ticket),
    /// It waits for its turn.
    Waits(Ticket),
    /// It can't wait either.
    Full(QueueFull),
}

impl Room {
    /// Lets a speech in, or has it wait if there are `places`. Parts of jobs always wait, for as long as it takes: their
    /// number is bounded, and they need no place in the queue.
    pub(crate) fn ask(&mut self, asks: Asks, now: Duration, capacity: Capacity, places: Places) -> Answer {
        let first = !self.waiting.iter().any(|(_, other)| other.class == asks.class);
        self.tickets += 1;
        let ticket = self.tickets;
        if first && self.running.admits(asks.class, capacity) {
            self.seat(ticket, asks, now);
            return Answer::Runs(ticket);
        }
        if asks.class != Class::Job {
            if self.waiting() >= places.all {
                return Answer::Full(QueueFull::Server);
            }
            let own = self.waiting.iter().filter(|(_, other)| other.name == asks.name).count();
            if asks.name.is_some() && own >= places.per_key {
                return Answer::Full(QueueFull::Key(own));
            }
        }
        self.waiting.push_back((ticket, asks));
        Answer::Waits(ticket)
    }

    /// Lets in the next of those who wait, if there is room for its class.
    pub(crate) fn next(&mut self, now: Duration, capacity: Capacity) -> Option<Ticket> {
        let index = CLASSES.iter().find_map(|class| {
            let index = self.next_of(*class)?;
            self.running.admits(*class, capacity).then_some(index)
        })?;
        let (ticket, asks) = self.waiting.remove(index)?;
        self.seat(ticket, asks, now);
        Some(ticket)
    }

    /// Whose turn it is in a class.
    fn next_of(&self, class: Class) -> Option<usize> {
        let mut names: BTreeMap<&Name, usize> = BTreeMap::new();
        for (index, (_, asks)) in self.waiting.iter().enumerate().filter(|(_, (_, asks))| asks.class == class)
        {
            names.entry(&asks.name).or_insert(index);
        }
        let held = |name: &Name| self.held.get(name).copied().unwrap_or_default();
        let name = self.turns.next(names.keys().map(|name| (*name, held(name))))?;
        names.get(name).copied()
    }

    /// A speech is over, or gave up waiting; returns how long it ran.
    pub(crate) fn leave(&mut self, ticket: Ticket, now: Duration) -> Option<Duration> {
        self.waiting.retain(|(waiting, _)| *waiting != ticket);
        let seat = self.seats.remove(&ticket);
        if let Some((class, _, name)) = &seat {
            let running = self.running.of(*class);
            *running = running.saturating_sub(1);
            if let Some(held) = self.held.get_mut(name) {
                *held = held.saturating_sub(1);
            }
            self.held.retain(|_, held| *held > 0);
        }
        let (waiting, held) = (&self.waiting, &self.held);
        self.turns.keep(|name| held.contains_key(name) || waiting.iter().any(|(_, asks)| asks.name == *name));
        seat.map(|(_, remaining, _)| remaining.ran(now))
    }

    /// When a speech of this class that is refused now would have got in if it had waited: counted from now.
    pub(crate) fn expected_wait(&self, class: Class, now: Duration, capacity: Capacity) -> Duration {
        let counts = |other: &Class| class != Class::Live || *other == Class::Live;
        let in_its_way = |(other, ..): &&(Class, Remaining, Name)| counts(other);
        // Where the bound is reached, the end of any speech makes room.
        let bound = self.running.all() >= capacity.bound;
        let of_all = bound || !self.seats.values().any(|seat| in_its_way(&seat));
        let mut ends: Vec<Duration> = (self.seats.values())
            .filter(|seat| of_all || in_its_way(seat))
            .map(|(_, remaining, _)| remaining.at(now))
            .collect();
        ends.sort_unstable();
        let ahead: Vec<Duration> = self
            .waiting
            .iter()
            .filter(|(_, other)| other.class <= class)
            .map(|(_, other)| other.held)
            .collect();
        let mean = ahead.iter().sum::<Duration>().checked_div(count(ahead.len())).unwrap_or_default();
        // Where the machine has become slower, more run than it carries.
        let too_many = self.running.live.saturating_sub(capacity.streams());
        let before = ahead.len() + too_many;
        let Some(rounds) = before.checked_div(ends.len()) else { return Duration::ZERO };
        let last = ends.get(before % ends.len()).copied().unwrap_or_default();
        last.saturating_add(mean.saturating_mul(count(rounds)))
    }

    /// How many run.
    pub(crate) fn running(&self) -> Running {
        self.running
    }

    /// How many wait, besides jobs.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.iter().filter(|(_, asks)| asks.class != Class::Job).count()
    }

    /// Whether a live stream that asks now would have to wait.
    pub(crate) fn is_full(&self, capacity: Capacity) -> bool {
        !self.running.admits(Class::Live, capacity)
    }

    fn seat(&mut self, ticket: Ticket, Asks { class, name, held }: Asks, now: Duration) {
        *self.running.of(class) += 1;
        self.turns.took(&name);
        *self.held.entry(name.clone()).or_default() += 1;
        self.seats.insert(ticket, (class, Remaining::new(now, held), name));
    }
}

/// A number, as a factor of durations.
fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
