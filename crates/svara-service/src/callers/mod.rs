//! Callers: API keys, what each may use, and what they are charged.
//!
//! Keys arrive through a [`watch::Receiver`]; where they come from is the server's concern. Without keys, every client
//! is served.

mod keys;
mod month;
mod quota;
#[cfg(test)]
mod tests;

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use tokio::sync::watch;

pub(crate) use self::month::Month;
pub(crate) use self::quota::Cost;
use self::quota::{Moment, Quota, Usage};
pub use self::{
    keys::{KeyEntry, KeyError, KeyHash, check_name, random_key},
    quota::{OverQuota, Remaining},
};
use crate::{ServiceError, clock::unix_now, lock::lock};

/// A key in force.
#[derive(Debug)]
struct Key {
    entry: KeyEntry,
    quota: Quota,
    /// Survives a reload.
    usage: Arc<Mutex<Usage>>,
    start: Instant,
}

/// The keys in force.
#[derive(Debug)]
pub struct KeyRing(Vec<Arc<Key>>);

impl KeyRing {
    /// The number of keys.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    fn find(&self, given: &str) -> Option<Arc<Key>> {
        let given = KeyHash::of(given);
        // Every key is compared, so that the time taken doesn't reveal which one matched.
        let mut found = None;
        for key in &self.0 {
            if key.entry.sha256.is(&given) {
                found = Some(Arc::clone(key));
            }
        }
        found
    }
}

/// Makes a [`KeyRing`] at each load. Usage belongs to the name of a key and carries over from one ring to the next.
#[derive(Debug)]
pub struct KeyRings {
    start: Instant,
    usages: Mutex<HashMap<String, Arc<Mutex<Usage>>>>,
}

impl Default for KeyRings {
    fn default() -> Self {
        Self { start: Instant::now(), usages: Mutex::default() }
    }
}

impl KeyRings {
    /// The ring of these entries.
    ///
    /// # Errors
    /// There is no entry, an entry is wrong, or two share a name or a key.
    pub fn ring(&self, entries: Vec<KeyEntry>) -> Result<KeyRing, KeyError> {
        keys::check(&entries)?;
        let mut usages = lock(&self.usages);
        let names: HashSet<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
        usages.retain(|name, _| names.contains(name.as_str()));
        let key = |entry: KeyEntry| {
            let usage = Arc::clone(usages.entry(entry.name.clone()).or_default());
            Arc::new(Key { quota: entry.quota(), entry, usage, start: self.start })
        };
        Ok(KeyRing(entries.into_iter().map(key).collect()))
    }
}

/// Identifies callers by their keys.
#[derive(Clone, Debug)]
pub struct Callers {
    /// `None`: no key is required.
    keys: Option<watch::Receiver<Arc<KeyRing>>>,
}

impl Callers {
    /// Callers that hold one of these keys; `None`: no key is required.
    pub fn new(keys: Option<watch::Receiver<Arc<KeyRing>>>) -> Self {
        Self { keys }
    }

    /// Identifies the holder of a key and charges one request. If no key is required, any key will do, or none.
    ///
    /// # Errors
    /// The key is missing or unknown, or its requests of this minute are used up.
    pub fn identify(&self, given: Option<&str>) -> Result<Caller, ServiceError> {
        let caller = self.recognize(given)?;
        caller.charge_request()?;
        Ok(caller)
    }

    /// The holder of a key. Charges nothing.
    ///
    /// # Errors
    /// The key is missing or unknown.
    pub fn recognize(&self, given: Option<&str>) -> Result<Caller, ServiceError> {
        let Some(keys) = &self.keys else { return Ok(Caller::Anybody) };
        let given = given.ok_or_else(ServiceError::key_missing)?;
        let holder = keys.borrow().find(given).ok_or_else(ServiceError::key_unknown)?;
        Ok(Caller::Known(KeyHolder(holder)))
    }

    /// Whether a key is required.
    pub fn asks_for_keys(&self) -> bool {
        self.keys.is_some()
    }

    /// The name of a key, if it is one of those in force. Charges nothing.
    pub fn name_of(&self, given: &str) -> Option<String> {
        let found = self.keys.as_ref()?.borrow().find(given);
        found.map(|key| key.entry.name.clone())
    }

    /// Whether a caller may still use the server: a key that was taken out of the file may not, for all that is open.
    pub fn still_knows(&self, caller: &Caller) -> bool {
        let (Some(keys), Caller::Known(holder)) = (&self.keys, caller) else { return true };
        let entry = &holder.0.entry;
        keys.borrow().0.iter().any(|key| key.entry.name == entry.name && key.entry.sha256.is(&entry.sha256))
    }

    /// The caller of a request whose key has not arrived yet.
    pub fn nobody_yet(&self) -> Caller {
        if self.keys.is_some() { Caller::Unknown } else { Caller::Anybody }
    }
}

/// The sender of a request.
#[derive(Clone, Debug)]
pub enum Caller {
    /// Any client, if no key is required; or the server itself, for jobs and samples of voices.
    Anybody,
    /// The holder of a key.
    Known(KeyHolder),
    /// A client whose key is required and has not arrived. Its speech is refused.
    Unknown,
}

/// What a key may do, and has done since the server started. `None`: no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyUsage {
    /// Requests per minute.
    pub requests_per_minute: Option<u32>,
    /// Concurrent streams.
    pub concurrent_streams: Option<u32>,
    /// Characters spoken, or taken for jobs, in this month (UTC).
    pub characters_this_month: u64,
}

/// A client with a key.
#[derive(Clone, Debug)]
pub struct KeyHolder(Arc<Key>);

impl Caller {
    /// The name of the key, under which jobs are stored; none if no key was required.
    pub fn key_name(&self) -> Option<&str> {
        match self {
            Self::Known(holder) => Some(&holder.0.entry.name),
            Self::Anybody | Self::Unknown => None,
        }
    }

    /// What is left of the limits of the caller's key.
    pub fn remaining(&self) -> Remaining {
        let Self::Known(holder) = self else { return Remaining::default() };
        lock(&holder.0.usage).remaining(&holder.0.quota, holder.now())
    }

    /// Charges one request.
    ///
    /// # Errors
    /// The requests of this minute are used up.
    pub fn charge_request(&self) -> Result<(), ServiceError> {
        let Self::Known(holder) = self else { return Ok(()) };
        Ok(holder.used(|usage, quota, now| usage.request(quota, now))?)
    }

    /// What the caller's key may do, and has done; `None` if no key was required.
    pub fn key_usage(&self) -> Option<KeyUsage> {
        let Self::Known(holder) = self else { return None };
        let quota = holder.0.quota;
        Some(KeyUsage {
            requests_per_minute: quota.requests_per_minute,
            concurrent_streams: quota.concurrent_streams,
            characters_this_month: lock(&holder.0.usage).of_month(holder.now()),
        })
    }

    /// Whether the caller owns what was stored under this name. If no key is required, everything belongs to everyone; to
    /// an admin key, too.
    pub(crate) fn owns(&self, key_name: Option<&str>) -> bool {
        match self {
            Self::Anybody => true,
            Self::Known(holder) => holder.0.entry.admin || self.key_name() == key_name,
            Self::Unknown => false,
        }
    }

    /// Takes one of the key's streams, and the characters to speak.
    ///
    /// # Errors
    /// The key has none left, or has not arrived yet.
    pub(crate) fn start_stream(&self, characters: usize) -> Result<KeyStream, ServiceError> {
        let cost = Cost::of_live(characters as u64);
        let start = |usage: &mut Usage, quota: &Quota, now| usage.start(quota, cost.characters, now);
        Ok(KeyStream(self.take(cost, start)?))
    }

    /// Takes what something costs of the key's day, without a stream.
    ///
    /// # Errors
    /// The key has none left, or has not arrived yet.
    pub(crate) fn charge(&self, cost: Cost) -> Result<Charge, ServiceError> {
        self.take(cost, |usage, quota, now| usage.charge(quota, cost, now))
    }

    fn take(
        &self,
        unspent: Cost,
        take: impl FnOnce(&mut Usage, &Quota, Moment) -> Result<(), OverQuota>,
    ) -> Result<Charge, ServiceError> {
        let holder = match self {
            Self::Anybody => None,
            Self::Known(holder) => Some(holder),
            Self::Unknown => return Err(ServiceError::key_missing()),
        };
        let holder = match holder {
            Some(holder) => {
                let mut usage = lock(&holder.0.usage);
                let now = holder.now();
                take(&mut usage, &holder.0.quota, now)?;
                Some((holder.clone(), now))
            }
            None => None,
        };
        Ok(Charge { holder, unspent })
    }
}

impl KeyHolder {
    fn used(
        &self,
        change: impl FnOnce(&mut Usage, &Quota, Moment) -> Result<(), OverQuota>,
    ) -> Result<(), OverQuota> {
        change(&mut lock(&self.0.usage), &self.0.quota, self.now())
    }

    fn now(&self) -> Moment {
        Moment { steady: self.0.start.elapsed(), unix: unix_now() }
    }
}

/// What was taken of a key's day; refunded on drop unless spent.
#[derive(Debug)]
pub(crate) struct Charge {
    /// Who is charged, and when it was taken.
    holder: Option<(KeyHolder, Moment)>,
    unspent: Cost,
}

impl Charge {
    /// Spends it: it isn't refunded any more.
    pub(crate) fn spend(mut self) {
        self.unspent = Cost::default();
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        if let Some((holder, taken)) = self.holder.as_ref().filter(|_| self.unspent != Cost::default()) {
            lock(&holder.0.usage).refund(self.unspent, *taken);
        }
    }
}

/// One of a key's streams; returned on drop.
#[derive(Debug)]
pub(crate) struct KeyStream(Charge);

impl KeyStream {
    /// The key's name, for logs; none if no key was required.
    pub(crate) fn key_name(&self) -> Option<&str> {
        self.0.holder.as_ref().map(|(holder, _)| holder.0.entry.name.as_str())
    }

    /// Spends the characters: there is audio.
    pub(crate) fn spoken(&mut self) {
        self.0.unspent = Cost::default();
    }

    /// Charges sound that was made.
    pub(crate) fn heard(&self, audio: Duration) {
        if let Some((holder, _)) = &self.0.holder {
            lock(&holder.0.usage).heard(audio, holder.now());
        }
    }
}

impl Drop for KeyStream {
    fn drop(&mut self) {
        if let Some((holder, _)) = &self.0.holder {
            lock(&holder.0.usage).end();
        }
    }
}
