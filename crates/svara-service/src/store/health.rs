//! Whether a store does what it is asked. The log says once that it doesn't, and once that it does again; a metric counts.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};

use super::StoreError;

/// What stores are asked. A full disk, for example, can be read and deleted from.
#[derive(Clone, Copy)]
pub(super) enum Asked {
    Write,
    Read,
    Delete,
}

/// The failures of stores by name, as a metric. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct StoreFailures(Family<StoreLabels, Counter>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StoreLabels {
    store: &'static str,
}

impl StoreFailures {
    /// Adds the metric, with zeros from the start, so that the first failure shows as an increase.
    pub fn register(&self, registry: &mut Registry) {
        for store in ["jobs", "voices"] {
            drop(self.0.get_or_create(&StoreLabels { store }));
        }
        registry.register("store_failures", "Failures of stores: jobs, voices", self.0.clone());
    }
}

/// The health of one store.
#[derive(Debug)]
pub(super) struct Health {
    /// What the log and the metric call it.
    name: &'static str,
    failures: Counter,
    /// For each of [`Asked`], the failures since it worked last.
    since: [AtomicU64; 3],
}

impl Health {
    pub(super) fn new(name: &'static str, failures: &StoreFailures) -> Arc<Self> {
        let failures = failures.0.get_or_create(&StoreLabels { store: name }).clone();
        Arc::new(Self { name, failures, since: Default::default() })
    }

    /// Notes how an operation ended.
    pub(super) fn note<T>(&self, asked: Asked, result: &Result<T, StoreError>) {
        let [write, read, delete] = &self.since;
        let (since, what) = match asked {
            Asked::Write => (write, "writing"),
            Asked::Read => (read, "reading"),
            Asked::Delete => (delete, "deleting"),
        };
        let store = self.name;
        match result {
            Ok(_) => {
                let failures = since.swap(0, Ordering::Relaxed);
                if failures > 0 {
                    tracing::info!(store, what, failures, "the store works again");
                }
            }
            Err(error @ (StoreError::Unavailable { .. } | StoreError::Full { .. })) => {
                self.failures.inc();
                if since.fetch_add(1, Ordering::Relaxed) == 0 {
                    let reason = error.to_string();
                    tracing::warn!(
                        store,
                        what,
                        reason,
                        "the store fails: requests that need it are refused, and jobs wait"
                    );
                }
            }
            // The store works; the value is at fault.
            Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_counted_until_it_works() {
        let failures = StoreFailures::default();
        let health = Health::new("jobs", &failures);
        let full = || Err::<(), _>(StoreError::Full { reason: "no space".to_owned() });
        for _ in 0..3 {
            health.note(Asked::Write, &full());
            // It can still be read.
            health.note(Asked::Read, &Ok(()));
        }
        assert_eq!((health.failures.get(), health.since[0].load(Ordering::Relaxed)), (3, 3));
        health.note(Asked::Write, &Err::<(), _>(StoreError::Exists { key: "a".to_owned() }));
        assert_eq!((health.failures.get(), health.since[0].load(Ordering::Relaxed)), (3, 3));
        health.note(Asked::Write, &Ok(()));
        assert_eq!((health.failures.get(), health.since[0].load(Ordering::Relaxed)), (3, 0));
    }
}
