//! Several engines as one source: chooses the engine of each request, and another one for a retry.
//!
//! This isn't a router, but a list of a few engines for setups without a vllm-router. A single engine, the normal case,
//! goes through here, too, for its counts and its retry.

mod attempt;
mod beginning;
mod failing;
mod flaws;
mod health;
mod observe;
mod policy;
mod trial;

use std::{
    collections::hash_map::DefaultHasher,
    hash::{Hash, Hasher},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use futures::{FutureExt, future::BoxFuture};
use svara_snac::TokenLayout;
use tokio::{
    sync::{Notify, watch},
    task::JoinSet,
};

use self::{
    attempt::{Attempt, Unheard},
    failing::Failing,
    health::{LastProbe, LastRefusal},
    policy::{Condition, Policy, Verdict},
};
pub use self::{
    flaws::Flaw,
    observe::{EngineObserver, EngineStatus},
    policy::EjectionRule,
    trial::Trial,
};
use super::{SourceError, SourceInfo, TokenSource, TokenStream, Utterance};
use crate::voice::reference::CloningUnavailable;

/// The pause before a retry on the same engine.
const RETRY_PAUSE: Duration = Duration::from_millis(100);

/// A [`TokenSource`] that spreads requests over engines.
pub struct EnginePool {
    shared: Arc<Shared>,
    /// Probes and trials. They end with the pool.
    _tasks: JoinSet<()>,
}

struct Shared {
    members: Vec<Member>,
    policy: Mutex<Policy>,
    /// Says which tokens are audio.
    layout: TokenLayout,
    start: Instant,
    observer: OnceLock<Box<dyn EngineObserver>>,
}

struct Member {
    name: String,
    source: Arc<dyn TokenSource>,
    /// How often it was ejected. Requests that wait for it watch this.
    ejections: watch::Sender<u64>,
    last_probe: LastProbe,
    last_refusal: LastRefusal,
    last_failure: Mutex<Option<String>>,
    failing: Mutex<Failing>,
    /// Wakes its trials.
    found_failing: Notify,
}

/// A pool needs at least one engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no engine is configured")]
pub struct NoEngine;

impl EnginePool {
    /// Creates a pool of these engines, each with its name. `layout` says which tokens are audio. On a Tokio
    /// runtime, engines are probed from now on, and those that fail whatever they are asked are tried with `trial`.
    ///
    /// # Errors
    /// The list is empty.
    pub fn new(
        engines: Vec<(String, Arc<dyn TokenSource>)>,
        rule: EjectionRule,
        layout: TokenLayout,
        trial: &Trial,
    ) -> Result<Self, NoEngine> {
        if engines.is_empty() {
            return Err(NoEngine);
        }
        let policy = Mutex::new(Policy::new(rule, engines.len()));
        let members = engines.into_iter().map(|(name, source)| Member {
            name,
            source,
            ejections: watch::Sender::new(0),
            last_probe: LastProbe::default(),
            last_refusal: LastRefusal::default(),
            last_failure: Mutex::default(),
            failing: Mutex::default(),
            found_failing: Notify::new(),
        });
        let members = members.collect();
        let shared =
            Arc::new(Shared { members, policy, layout, start: Instant::now(), observer: OnceLock::new() });
        let mut tasks = JoinSet::new();
        if tokio::runtime::Handle::try_current().is_ok() {
            if shared.members.len() == 1 {
                tasks.spawn(health::keep_warm(Arc::clone(&shared)));
            } else {
                tasks.spawn(health::probe_forever(Arc::clone(&shared)));
            }
            for index in 0..shared.members.len() {
                tasks.spawn(trial::try_forever(Arc::clone(&shared), index, trial.clone()));
            }
        }
        Ok(Self { shared, _tasks: tasks })
    }

    /// Asks one engine, and retries once if it fails before its first audio.
    async fn speak(&self, utterance: Utterance) -> Result<TokenStream, SourceError> {
        let session = utterance.session_id();
        let failed_by = utterance.failed_by.engine();
        let avoid = failed_by.filter(|engine| self.shared.policy().another_serves(*engine));
        let first = self.shared.take(avoid, &session);
        let first = first.expect("a pool has an engine, and avoids one only where another serves");
        let Unheard { error, mut attempt } =
            match Attempt::new(&self.shared, first, &utterance).start(utterance.clone()).await {
                Ok(tokens) => return Ok(tokens),
                Err(unheard) => unheard,
            };
        let several = self.shared.members.len() > 1;
        // Another engine may do what this one can't. The same engine is retried only after failures that may pass, and
        // not after a timeout, which would double the wait. Silence is for callers to retry: the same words with the
        // same seed would be silent again.
        let worth_it = if several { !error.is_no_engines_fault() } else { error.may_pass_at_once() };
        if !worth_it {
            return Err(error);
        }
        self.shared.report_retry(first, &utterance, &error);
        // Silence may be the text's fault: it is held against the engine only once another engine speaks that text. Nothing
        // of it is in flight until then.
        let is_silent = matches!(error, SourceError::Silent { .. });
        if is_silent {
            attempt.acquit();
        }
        drop(attempt);
        if !several {
            // No event says that the engine has recovered.
            tokio::time::sleep(RETRY_PAUSE).await;
        }
        let Some(second) = self.shared.take(several.then_some(first), &session) else { return Err(error) };
        let request_id = format!("{}-retry", utterance.request_id);
        let attempt = Attempt::new(&self.shared, second, &utterance);
        match attempt.start(Utterance { request_id, ..utterance }).await {
            Ok(tokens) => {
                if is_silent {
                    self.shared.judge(first, Verdict::of(&error));
                }
                Ok(tokens)
            }
            Err(mut second) => {
                if matches!(second.error, SourceError::Silent { .. }) {
                    second.attempt.acquit();
                }
                Err(second.error)
            }
        }
    }
}

impl TokenSource for EnginePool {
    fn open(&self, utterance: Utterance) -> BoxFuture<'_, Result<TokenStream, SourceError>> {
        self.speak(utterance).boxed()
    }

    fn cloning(&self) -> Result<(), CloningUnavailable> {
        self.shared.members.iter().try_for_each(|member| member.source.cloning())
    }

    /// One healthy engine is enough.
    fn health(&self) -> BoxFuture<'_, Result<(), SourceError>> {
        async {
            let mut results = self.shared.check_all().await;
            for (result, member) in results.iter_mut().zip(&self.shared.members) {
                // An engine may answer probes and refuse every request.
                if let (Ok(()), Some(error)) = (&result, member.fault()) {
                    *result = Err(error);
                }
            }
            if results.iter().any(Result::is_ok) {
                return Ok(());
            }
            let mut errors: Vec<SourceError> = results.into_iter().filter_map(Result::err).collect();
            if errors.len() <= 1 {
                return errors.pop().map_or(Ok(()), Err);
            }
            let named = self.shared.members.iter().zip(&errors);
            let reasons: Vec<String> =
                named.map(|(member, error)| format!("{}: {error}", member.name)).collect();
            Err(SourceError::NoneHealthy { reasons: reasons.join("; ") })
        }
        .boxed()
    }

    fn about(&self) -> SourceInfo {
        let mut abouts = self.shared.members.iter().map(|member| member.source.about());
        let Some(first) = abouts.next() else {
            return SourceInfo { kind: "none", model: String::new(), url: None, notice: None };
        };
        let url = abouts
            .filter_map(|about| about.url)
            .fold(first.url, |all, url| Some(all.map_or_else(|| url.clone(), |all| format!("{all},{url}"))));
        SourceInfo { url, ..first }
    }

    fn engines(&self) -> Vec<EngineStatus> {
        self.shared.status()
    }

    fn observe(&self, observer: Box<dyn EngineObserver>) -> Result<(), Box<dyn EngineObserver>> {
        self.shared.observer.set(observer)
    }
}

impl Shared {
    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn policy(&self) -> MutexGuard<'_, Policy> {
        self.policy.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Chooses the engine for the next request of a session. Among equally busy engines, a session stays with the same
    /// one.
    fn take(&self, avoid: Option<usize>, session: &str) -> Option<usize> {
        let affinity = |index: usize| {
            let mut hasher = DefaultHasher::new();
            (session, self.members.get(index).map(|member| &member.name)).hash(&mut hasher);
            hasher.finish()
        };
        self.policy().take(avoid, affinity)
    }

    /// Records the end of a request.
    fn finish(&self, index: usize, verdict: Verdict, tokens: u64) {
        let now = self.now();
        let ejected = self.policy().finish(index, verdict, now);
        self.report_ejection(index, ejected);
        let Some(member) = self.members.get(index) else { return };
        if verdict == Verdict::Success {
            member.forget_failures();
        }
        if let Some(observer) = self.observer.get() {
            observer.finished(&member.name, tokens);
        }
    }

    /// Records what a request that is over says about its engine.
    fn judge(&self, index: usize, verdict: Verdict) {
        let now = self.now();
        let ejected = self.policy().judge(index, verdict, now);
        self.report_ejection(index, ejected);
    }

    /// Records that a text failed, whosever fault that is. `text` is its hash.
    fn note_failed_text(&self, index: usize, text: u64) {
        let Some(member) = self.members.get(index) else { return };
        if member.failing().failed(text) {
            let reason = lock(&member.last_failure).clone();
            tracing::error!(
                engine = member.name,
                reason,
                "the engine fails whatever it is asked; health says so until it speaks"
            );
            member.found_failing.notify_one();
        }
    }

    /// Records that the engine spoke: there was audio, and it ended as it should.
    fn spoke(&self, index: usize) {
        let Some(member) = self.members.get(index) else { return };
        if member.failing().spoke() {
            tracing::info!(engine = member.name, "the engine speaks again");
        }
    }

    /// Records that a request failed.
    fn note_failure(&self, index: usize, error: &SourceError) {
        let Some(member) = self.members.get(index).filter(|_| !error.is_no_engines_fault()) else { return };
        if Verdict::of(error) == Verdict::Gone {
            member.last_probe.contradict(error);
        }
        member.last_refusal.note(error);
        self.tell_failure(member, error);
    }

    fn tell_failure(&self, member: &Member, error: &SourceError) {
        *lock(&member.last_failure) = Some(error.to_string());
        if let Some(observer) = self.observer.get() {
            observer.failed(&member.name, error.kind());
        }
    }

    /// Reports that an engine is ejected, if it is.
    fn report_ejection(&self, index: usize, ejected: bool) {
        let Some(member) = self.members.get(index).filter(|_| ejected) else { return };
        let reason = lock(&member.last_failure).clone();
        tracing::warn!(engine = member.name, reason, "engine ejected for a while");
        member.ejections.send_modify(|count| *count += 1);
        if let Some(observer) = self.observer.get() {
            observer.ejected(&member.name);
        }
    }

    fn report_retry(&self, index: usize, utterance: &Utterance, error: &SourceError) {
        let Some(member) = self.members.get(index) else { return };
        let (engine, request_id) = (&member.name, &utterance.request_id);
        tracing::warn!(engine, request_id, reason = %error, "failed before the first audio; retrying once");
        if let Some(observer) = self.observer.get() {
            observer.retried(&member.name);
        }
    }

    fn status(&self) -> Vec<EngineStatus> {
        let standings = self.policy().engines().to_vec();
        let members = self.members.iter().zip(standings);
        members
            .map(|(member, standing)| EngineStatus {
                name: member.name.clone(),
                state: match standing.condition {
                    Condition::Serving => "serving",
                    Condition::Ejected { .. } => "ejected",
                    Condition::Returning { .. } => "returning",
                },
                in_flight: standing.in_flight,
                last_failure: lock(&member.last_failure).clone(),
                failed_texts: member.failing().texts(),
            })
            .collect()
    }
}

impl Member {
    fn failing(&self) -> MutexGuard<'_, Failing> {
        lock(&self.failing)
    }

    /// Its failures are over: it has spoken since.
    fn forget_failures(&self) {
        *lock(&self.last_failure) = None;
        self.last_refusal.forget();
    }

    /// Why its next request would fail, although it answers probes.
    fn fault(&self) -> Option<SourceError> {
        let texts = Some(self.failing()).filter(|failing| failing.fails()).map(|failing| failing.texts());
        let last = || lock(&self.last_failure).clone().unwrap_or_default();
        let failing = texts.map(|texts| SourceError::Failing { texts, last: last() });
        self.last_refusal.lately().or(failing)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
