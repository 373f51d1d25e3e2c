//! Watches one process from its start: the shell around [`Threshold`] and [`HangDetector`].

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::{Duration, Instant},
};

use tokio::{
    sync::mpsc,
    task::JoinHandle,
    time::{sleep, timeout},
};

use super::{
    CanarySpec, Check, HangDetector, HangSpec, HttpError, ProbeSpec, Sample, Threshold, check, get,
    post_json, sum_of,
};
use crate::{
    config::ProgramSpec,
    logs::AwaitedLine,
    process::Children,
    program::{Cause, Observation},
};

/// What a watch found about a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Name of the program.
    pub program: String,
    /// The generation of its process.
    pub generation: u64,
    /// The finding.
    pub what: Found,
}

/// The content of a [`Finding`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A verdict, for the state machine.
    Verdict(Observation),
    /// The latest probe result in words, for the status.
    Note(String),
    /// Hang detection can't see, for this reason, or sees again.
    Blind(Option<String>),
    /// The command that stops the program has failed.
    StopFailed(String),
}

/// The probes of one process.
#[derive(Debug)]
pub struct Watch {
    /// The program.
    pub spec: ProgramSpec,
    /// The generation of its process.
    pub generation: u64,
    /// Runs probes that are commands.
    pub children: Children,
    /// Receives the findings.
    pub findings: mpsc::Sender<Finding>,
    /// The line that the startup probe waits for.
    pub started_line: Option<Rc<AwaitedLine>>,
    /// The line that the readiness probe waits for.
    pub ready_line: Option<Rc<AwaitedLine>>,
    /// When readiness was last seen, for a liveness probe that asks the same.
    pub answered: Cell<Option<Instant>>,
    /// The latest note: one that says the same wakes nobody.
    pub noted: RefCell<String>,
}

impl Watch {
    /// Probes until the process is found unhealthy or hung, or this future is dropped. Counters start at zero.
    pub async fn run(self) {
        if let Some(startup) = &self.spec.startup
            && let Err(reason) = self.await_startup(startup).await
        {
            return self.verdict(Observation::Unhealthy(Cause::Startup(reason))).await;
        }
        if self.spec.startup.is_none() && self.spec.readiness.is_none() {
            sleep(self.spec.ready_after).await;
        }
        self.verdict(Observation::Started).await;
        let cause = tokio::select! {
            never = self.follow_readiness() => match never {},
            cause = self.follow_liveness() => cause,
            cause = self.follow_progress() => cause,
        };
        self.verdict(Observation::Unhealthy(cause)).await;
    }

    /// For `before_start`: its time is over.
    pub async fn give_up_after(self, limit: Duration) {
        sleep(limit).await;
        let words = format!("before_start: not finished within {}", humantime::format_duration(limit));
        self.verdict(Observation::Unhealthy(Cause::Startup(words))).await;
    }

    async fn await_startup(&self, probe: &ProbeSpec) -> Result<(), String> {
        let mut last = "none yet".to_owned();
        let mut threshold = Threshold::new(1, probe.successes, false);
        let passes = async {
            if let (Check::Log(text), Some(line)) = (&probe.check, &self.started_line) {
                last = format!("no line with `{text}`");
                self.note(format!("startup: {last}")).await;
                return line.seen().await;
            }
            loop {
                let answer = check(&probe.check, probe.timeout, &self.spec, &self.children).await;
                if threshold.record(answer.is_ok()).is_some() {
                    return;
                }
                if let Err(reason) = answer {
                    self.note(format!("startup: {reason}")).await;
                    last = reason;
                }
                sleep(probe.period).await;
            }
        };
        let in_time = timeout(probe.deadline, passes).await;
        let deadline = humantime::format_duration(probe.deadline);
        in_time.map_err(|_| format!("not started within {deadline}, last answer: {last}"))
    }

    async fn follow_readiness(&self) -> std::convert::Infallible {
        let Some(probe) = &self.spec.readiness else {
            self.verdict(Observation::Ready).await;
            self.note("no readiness probe".to_owned()).await;
            return std::future::pending().await;
        };
        if let (Check::Log(text), Some(line)) = (&probe.check, &self.ready_line) {
            self.note(format!("readiness: no line with `{text}`")).await;
            line.seen().await;
            self.verdict(Observation::Ready).await;
            self.note("readiness: the line has come".to_owned()).await;
            return std::future::pending().await;
        }
        let mut threshold = Threshold::new(probe.failures, probe.successes, false);
        loop {
            let answer = check(&probe.check, probe.timeout, &self.spec, &self.children).await;
            self.answered.set(answer.is_ok().then(Instant::now).or(self.answered.get()));
            let verdict = threshold.record(answer.is_ok());
            match &answer {
                Ok(()) => self.note("readiness: ok".to_owned()).await,
                Err(reason) => self.note(format!("readiness: {reason}")).await,
            }
            match (verdict, answer) {
                (Some(true), _) => self.verdict(Observation::Ready).await,
                (Some(false), Err(reason)) => self.verdict(Observation::Unready(reason)).await,
                _ => {}
            }
            sleep(probe.period).await;
        }
    }

    async fn follow_liveness(&self) -> Cause {
        let Some(probe) = &self.spec.liveness else { return std::future::pending().await };
        let mut threshold = Threshold::new(probe.failures, probe.successes, true);
        loop {
            sleep(probe.period).await;
            if self.has_just_answered(&probe.check) {
                threshold.record(true);
            } else if let Err(reason) = check(&probe.check, probe.timeout, &self.spec, &self.children).await {
                if threshold.record(false) == Some(false) {
                    return Cause::Liveness(reason);
                }
                self.note(format!("liveness {}/{}: {reason}", threshold.streak(), probe.failures)).await;
            } else {
                threshold.record(true);
            }
        }
    }

    /// Whether the readiness probe asks the same, and was answered a moment ago.
    fn has_just_answered(&self, question: &Check) -> bool {
        let readiness = self.spec.readiness.as_ref().filter(|probe| probe.check == *question);
        let since = self.answered.get().map(|answered| answered.elapsed());
        readiness.zip(since).is_some_and(|(probe, since)| since < probe.period)
    }

    async fn follow_progress(&self) -> Cause {
        let Some(hang) = &self.spec.hang else { return std::future::pending().await };
        let mut detector = HangDetector::new(hang.stall);
        let mut canary = Canary::default();
        let (mut unread, mut blind) = (0_u32, None);
        loop {
            sleep(hang.period).await;
            let (sample, failure) = match look(hang).await {
                Ok(sample) => (Some(sample), None),
                Err(reason) => {
                    self.note(format!("hang detection: {reason}")).await;
                    (None, Some(reason))
                }
            };
            unread = if sample.is_some() { 0 } else { unread.saturating_add(1) };
            let why = match (&sample, unread >= BLIND_AFTER) {
                (None, true) => Some(failure.unwrap_or_default()),
                (None, false) => blind.clone(),
                (Some(_), _) => canary.refused().await,
            };
            if why != blind {
                blind.clone_from(&why);
                self.send(Found::Blind(why)).await;
            }
            canary.send_when_idle(hang, sample);
            if let Some(stalled) = detector.observe(Instant::now(), sample, canary.is_out()) {
                let stalled = humantime::format_duration(Duration::from_secs(stalled.as_secs()));
                return Cause::Hung(format!(
                    "work pending, but no progress of {} for {stalled}",
                    hang.progress
                ));
            }
        }
    }

    async fn verdict(&self, observation: Observation) {
        self.send(Found::Verdict(observation)).await;
    }

    async fn note(&self, text: String) {
        if *self.noted.borrow() != text {
            self.noted.replace(text.clone());
            self.send(Found::Note(text)).await;
        }
    }

    async fn send(&self, what: Found) {
        let finding = Finding { program: self.spec.name.clone(), generation: self.generation, what };
        // Fails only if the supervisor is about to exit.
        let _ = self.findings.send(finding).await;
    }
}

/// Readings that fail in a row before hang detection counts as blind.
const BLIND_AFTER: u32 = 3;

async fn look(hang: &HangSpec) -> Result<Sample, String> {
    // A metrics page slower than this is useless for hang detection.
    let limit = hang.period.max(Duration::from_secs(2));
    let (status, body) = get(&hang.metrics, limit).await.map_err(|error| error.to_string())?;
    if !status.is_success() {
        return Err(format!("status {}", status.as_u16()));
    }
    let text = String::from_utf8_lossy(&body);
    let value = |name: &str| sum_of(&text, name).ok_or_else(|| format!("no metric `{name}`"));
    Ok(Sample { running: value(&hang.running)?, progress: value(&hang.progress)? })
}

/// Our own request, at most one at a time.
#[derive(Default)]
struct Canary {
    task: Option<JoinHandle<Result<http::StatusCode, HttpError>>>,
    sent: Option<Instant>,
    /// How the engine refused the last one that it answered.
    refused: Option<String>,
}

impl Canary {
    fn is_out(&self) -> bool {
        self.task.as_ref().is_some_and(|task| !task.is_finished())
    }

    /// Why canaries prove nothing: the engine refuses them.
    async fn refused(&mut self) -> Option<String> {
        if let Some(task) = self.task.take_if(|task| task.is_finished()) {
            match task.await {
                Ok(Ok(status)) if status.is_success() => self.refused = None,
                Ok(Ok(status)) => {
                    self.refused = Some(format!("the canary was answered with status {}", status.as_u16()));
                }
                // Unanswered, it counts as work without progress.
                Ok(Err(HttpError::Timeout(_))) | Err(_) => {}
                Ok(Err(error)) => self.refused = Some(format!("the canary failed: {error}")),
            }
        }
        self.refused.clone()
    }

    fn send_when_idle(&mut self, hang: &HangSpec, sample: Option<Sample>) {
        let Some(spec) = &hang.canary else { return };
        let idle = sample.is_some_and(|sample| sample.running == 0.0);
        let due = self.sent.is_none_or(|sent| sent.elapsed() >= spec.every);
        if !idle || !due || self.is_out() {
            return;
        }
        let CanarySpec { url, headers, body, .. } = spec.clone();
        // Longer than it takes to detect a hang, so that it is still unanswered by then.
        let limit = hang.stall + hang.period * 4;
        let send = async move { post_json(&url, &headers, body, limit).await };
        self.task = Some(tokio::task::spawn_local(send));
        self.sent = Some(Instant::now());
    }
}

impl Drop for Canary {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}
