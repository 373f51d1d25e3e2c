//! One step: the streams of one load, from the first request to the last answer.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use indicatif::ProgressBar;
use tokio::{
    sync::mpsc::{Receiver, Sender, channel},
    task::JoinSet,
    time::sleep_until,
};

use super::{
    arrival::{Arrival, poisson_times},
    dialect::Target,
    outcome::Outcome,
    process::Monitor,
    stream::{Ear, listen},
    summary::Summary,
};

/// What all steps of a run share.
#[derive(Debug)]
pub(crate) struct Setting {
    pub(crate) target: Target,
    pub(crate) ear: Ear,
    pub(crate) texts: Vec<String>,
    pub(crate) pid: Option<u32>,
    pub(crate) seed: u64,
}

/// The load of a step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) arrival: Arrival,
    /// Concurrent streams; with Poisson arrivals, the most that may be open.
    pub(crate) streams: usize,
    pub(crate) until: Until,
    /// The time over which the first requests of the streams are spread.
    pub(crate) spread: Duration,
}

/// When a step stops sending requests.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Until {
    Requests(u64),
    Elapsed(Duration),
}

/// Runs a step to its end, or until the run is interrupted. Returns what was measured, and whether it was interrupted.
pub(crate) async fn run(
    setting: &Arc<Setting>,
    load: Load,
    progress: &ProgressBar,
) -> anyhow::Result<(Summary, bool)> {
    let monitor = setting.pid.map(Monitor::start).transpose()?;
    let started = Instant::now();
    let (sender, outcomes) = channel(1024);
    let most_open = Arc::new(AtomicUsize::new(0));
    let step = Arc::new(Step {
        setting: Arc::clone(setting),
        load,
        started,
        sent: AtomicU64::new(0),
        open: AtomicUsize::new(0),
        most_open: Arc::clone(&most_open),
        outcomes: sender,
    });
    let mut streams = JoinSet::new();
    match load.arrival {
        Arrival::Closed => {
            for stream in 0..load.streams {
                streams.spawn(Arc::clone(&step).closed(stream));
            }
        }
        Arrival::Poisson { per_second } => {
            streams.spawn(Arc::clone(&step).open(per_second));
        }
    }
    // The streams hold the step and its channel: collecting ends with the last of them.
    drop(step);
    let mut summary = Summary::default();
    let interrupted = tokio::select! {
        () = collect(outcomes, &mut summary, progress) => false,
        stop = tokio::signal::ctrl_c() => stop.map(|()| true)?,
    };
    summary.wall = started.elapsed();
    summary.most_open = most_open.load(Ordering::Relaxed);
    summary.usage = monitor.and_then(Monitor::stop);
    streams.shutdown().await;
    Ok((summary, interrupted))
}

async fn collect(mut outcomes: Receiver<Outcome>, summary: &mut Summary, progress: &ProgressBar) {
    while let Some(outcome) = outcomes.recv().await {
        summary.add(&outcome);
        progress.inc(1);
        if summary.failed() > 0 {
            progress.set_message(format!("{} failed", summary.failed()));
        }
    }
}

struct Step {
    setting: Arc<Setting>,
    load: Load,
    started: Instant,
    sent: AtomicU64,
    open: AtomicUsize,
    most_open: Arc<AtomicUsize>,
    outcomes: Sender<Outcome>,
}

impl Step {
    /// The number of the next request; `None` once the step sends no more.
    fn next(&self) -> Option<u64> {
        let number = self.sent.fetch_add(1, Ordering::Relaxed);
        let more = match self.load.until {
            Until::Requests(requests) => number < requests,
            Until::Elapsed(duration) => self.started.elapsed() < duration,
        };
        more.then_some(number)
    }

    /// Sends one request after the other.
    async fn closed(self: Arc<Self>, stream: usize) {
        let share = stream as f64 / self.load.streams.max(1) as f64;
        sleep_until((self.started + self.load.spread.mul_f64(share)).into()).await;
        while let Some(number) = self.next() {
            let outcome = self.listen(number, Instant::now()).await;
            // Nothing collects any more: the run was interrupted.
            if self.outcomes.send(outcome).await.is_err() {
                return;
            }
        }
    }

    /// Sends requests when they are due.
    async fn open(self: Arc<Self>, per_second: f64) {
        let mut streams = JoinSet::new();
        for due in poisson_times(per_second, self.setting.seed) {
            let due = self.started + due;
            if matches!(self.load.until, Until::Elapsed(limit) if due >= self.started + limit) {
                break;
            }
            sleep_until(due.into()).await;
            let Some(number) = self.next() else { break };
            while streams.try_join_next().is_some() {}
            if streams.len() >= self.load.streams {
                if self.outcomes.send(Outcome::not_sent()).await.is_err() {
                    return;
                }
                continue;
            }
            let step = Arc::clone(&self);
            streams.spawn(async move {
                let outcome = step.listen(number, due).await;
                // An error means that the run was interrupted.
                let _ = step.outcomes.send(outcome).await;
            });
        }
        while streams.join_next().await.is_some() {}
    }

    async fn listen(&self, number: u64, due: Instant) -> Outcome {
        let open = Open::new(self);
        let texts = &self.setting.texts;
        let text = texts.get((number % texts.len().max(1) as u64) as usize).map_or("", String::as_str);
        let outcome = listen(&self.setting.target, self.setting.ear, text, due).await;
        drop(open);
        outcome
    }
}

/// Counts a stream as open until it is dropped.
struct Open<'a>(&'a Step);

impl<'a> Open<'a> {
    fn new(step: &'a Step) -> Self {
        let open = step.open.fetch_add(1, Ordering::Relaxed) + 1;
        step.most_open.fetch_max(open, Ordering::Relaxed);
        Self(step)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}
