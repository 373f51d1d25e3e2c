//! Bounds on log lines: those of a kind that come too fast are left out and counted, so that a flood doesn't wash out the
//! rest.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use prometheus_client::metrics::{counter::Counter, family::Family};
use tracing::{
    Event, Metadata, Subscriber,
    callsite::Identifier,
    field::{Field, Visit},
};
use tracing_subscriber::layer::{Context, Filter};

/// Lines of a kind that may come at once.
const BURST: u32 = 200;
/// How long until one more line of a kind may come after those.
const EVERY: Duration = Duration::from_millis(50);
/// The most kinds that are told apart.
const KINDS: usize = 512;
/// How often the log says what was left out.
const TELL_EVERY: Duration = Duration::from_secs(10);

/// Lines that were left out, by the kind of the line.
pub(crate) type LeftOut = Family<[(&'static str, String); 1], Counter>;

/// The lines that were left out since the start.
pub(crate) fn left_out() -> &'static LeftOut {
    static LEFT_OUT: OnceLock<LeftOut> = OnceLock::new();
    LEFT_OUT.get_or_init(|| {
        let left_out = LeftOut::default();
        // Exported as zero from the start: a family without values has no type.
        drop(left_out.get_or_create(&[("what", "audit:key_refused/unknown_key".to_owned())]));
        left_out
    })
}

/// A kind of line: where it is in the source, and its fields `kind` and `outcome`, whose values are words of ours.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Kind {
    line: Identifier,
    words: String,
}

/// Reads the words of a kind.
#[derive(Default)]
struct Words(String);

impl Visit for Words {
    fn record_str(&mut self, field: &Field, value: &str) {
        if matches!(field.name(), "kind" | "outcome") && self.0.len() < 64 {
            if !self.0.is_empty() {
                self.0.push('/');
            }
            self.0.extend(value.chars().take(32));
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

/// How many lines of a kind may come. Pure: time is a value.
#[derive(Clone, Copy, Debug, Default)]
struct Allowance {
    /// When all of the burst may come again.
    refilled: Duration,
    untold: u64,
}

impl Allowance {
    fn takes(&mut self, now: Duration) -> bool {
        let refilled = self.refilled.max(now) + EVERY;
        let fits = refilled - now <= EVERY * BURST;
        if fits {
            self.refilled = refilled;
        } else {
            self.untold += 1;
        }
        fits
    }
}

/// Lets the lines of each kind through as fast as they may come.
pub(super) struct Limit {
    kinds: Mutex<HashMap<Kind, (Allowance, String)>>,
    start: Instant,
    /// Whether what is left out counts in the metric.
    counts: bool,
}

impl Limit {
    /// The limit of one layer.
    pub(super) fn new(counts: bool) -> Self {
        Self { kinds: Mutex::default(), start: Instant::now(), counts }
    }

    fn kinds(&self) -> MutexGuard<'_, HashMap<Kind, (Allowance, String)>> {
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says every few seconds what was left out.
    pub(super) async fn tell(&'static self) {
        loop {
            // A schedule, not a wait for something.
            tokio::time::sleep(TELL_EVERY).await;
            let now = self.start.elapsed();
            let mut told = Vec::new();
            self.kinds().retain(|_, (allowance, name)| {
                let count = std::mem::take(&mut allowance.untold);
                if count > 0 {
                    told.push((name.clone(), count));
                }
                count > 0 || allowance.refilled > now
            });
            for (what, count) in told {
                tracing::warn!(what, count, "log lines left out: too many of a kind");
            }
        }
    }

    fn lets_through(&self, event: &Event<'_>) -> bool {
        let metadata = event.metadata();
        let mut words = Words::default();
        event.record(&mut words);
        let kind = Kind { line: metadata.callsite(), words: words.0 };
        let mut kinds = self.kinds();
        if kinds.len() >= KINDS && !kinds.contains_key(&kind) {
            // Words are ours, so this doesn't happen; if it did, the line is one of many.
            return false;
        }
        let (allowance, name) = kinds.entry(kind).or_insert_with_key(|kind| {
            let place = if kind.words.is_empty() {
                let module = metadata.module_path().unwrap_or_default();
                format!("{module}:{}", metadata.line().unwrap_or_default())
            } else {
                format!("{}:{}", metadata.target(), kind.words)
            };
            (Allowance::default(), place)
        });
        let fits = allowance.takes(self.start.elapsed());
        if !fits && self.counts {
            left_out().get_or_create(&[("what", name.clone())]).inc();
        }
        fits
    }
}

/// A filter that asks a limit.
pub(super) struct Limited(pub(super) &'static Limit);

impl<S: Subscriber> Filter<S> for Limited {
    fn enabled(&self, _: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        true
    }

    fn event_enabled(&self, event: &Event<'_>, _: &Context<'_, S>) -> bool {
        self.0.lets_through(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_comes_and_then_one_line_at_a_time() {
        let mut allowance = Allowance::default();
        let fit = (0..1000).filter(|_| allowance.takes(Duration::ZERO)).count();
        assert_eq!((fit, allowance.untold), (BURST as usize, 1000 - u64::from(BURST)));
        assert!(allowance.takes(EVERY) && !allowance.takes(EVERY));
        let later = EVERY * 2 * BURST;
        assert_eq!((0..1000).filter(|_| allowance.takes(later)).count(), BURST as usize);
    }
}
