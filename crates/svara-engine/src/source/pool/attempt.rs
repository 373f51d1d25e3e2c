//! One attempt: a request to one engine, from the first byte sent to the last token read.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use futures::{Stream, StreamExt};

use super::{Shared, beginning::Beginning, flaws::Watch, policy::Verdict};
use crate::{
    source::{FailedBy, FinishReason, SourceError, TokenEvent, TokenStream, Utterance},
    voice::Voice,
};

/// The voice of all recordings, for observers: there may be any number of them.
const CLONED: &str = "cloned";

/// Counts a request as in flight while it lives, and reports how it ended. If it is dropped before the end, it reports
/// [`Verdict::Nothing`].
pub(super) struct Attempt {
    shared: Arc<Shared>,
    engine: usize,
    sent: Instant,
    /// The hash of the text that it is a part of.
    text: u64,
    failed_by: FailedBy,
    tokens: u64,
    verdict: Verdict,
}

/// An attempt that failed before any audio. Its engine is judged when the attempt is dropped.
pub(super) struct Unheard {
    pub(super) error: SourceError,
    pub(super) attempt: Attempt,
}

impl Attempt {
    /// Wraps a request for `utterance` that the policy already counts.
    pub(super) fn new(shared: &Arc<Shared>, engine: usize, utterance: &Utterance) -> Self {
        Self {
            shared: Arc::clone(shared),
            engine,
            sent: Instant::now(),
            text: utterance.said_in,
            failed_by: utterance.failed_by.clone(),
            tokens: 0,
            verdict: Verdict::Nothing,
        }
    }

    /// Sends the request and waits for the first frame of audio.
    pub(super) async fn start(mut self, utterance: Utterance) -> Result<TokenStream, Unheard> {
        let shared = Arc::clone(&self.shared);
        let member = shared.members.get(self.engine).expect("the policy takes one of the members");
        let sent = self.sent;
        let heard = Heard {
            watch: Watch::new(shared.layout, utterance.least_frames),
            voice: Arc::clone(&utterance.voice),
            is_cloned: utterance.reference.is_some(),
            waiting_since: None,
        };
        let opening = async {
            let mut beginning = Beginning::new(shared.layout, utterance.sampling.max_tokens);
            let mut tokens = member.source.open(utterance).await?;
            let mut waits_for_first = true;
            loop {
                let event = tokens.next().await.unwrap_or_else(|| Err(SourceError::just_stopped()))?;
                if matches!(event, TokenEvent::Tokens(_))
                    && std::mem::take(&mut waits_for_first)
                    && let Some(observer) = shared.observer.get()
                {
                    observer.first_tokens(&member.name, sent.elapsed());
                }
                if let Some(events) = beginning.add(event)? {
                    return Ok((events, tokens));
                }
            }
        };
        let started = if shared.members.len() > 1 {
            let mut ejections = member.ejections.subscribe();
            tokio::select! {
                // Audio that is there already isn't thrown away.
                biased;
                started = opening => started,
                // Other requests or probes found the engine gone: this one would only wait for the timeout.
                Ok(()) = ejections.changed() => {
                    self.failed_by.note(self.engine);
                    let reason = "the engine was ejected while this request waited for its first audio".to_owned();
                    return Err(Unheard { error: SourceError::BrokeOff { reason }, attempt: self });
                }
            }
        } else {
            opening.await
        };
        match started {
            Ok((first, rest)) => Ok(Carried { first: first.into_iter(), rest, attempt: self, heard }.boxed()),
            Err(error) => {
                self.failed(&error);
                Err(Unheard { error, attempt: self })
            }
        }
    }

    /// Takes back what the failure says about the engine.
    pub(super) fn acquit(&mut self) {
        self.verdict = Verdict::Nothing;
    }

    fn failed(&mut self, error: &SourceError) {
        self.verdict = Verdict::of(error);
        if !error.is_no_engines_fault() {
            self.failed_by.note(self.engine);
        }
        self.shared.note_failure(self.engine, error);
        if matches!(self.verdict, Verdict::Failure | Verdict::Gone) {
            self.shared.note_failed_text(self.engine, self.text);
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.shared.finish(self.engine, self.verdict, self.tokens);
    }
}

/// The token stream of an attempt.
struct Carried {
    first: std::vec::IntoIter<TokenEvent>,
    rest: TokenStream,
    attempt: Attempt,
    heard: Heard,
}

/// What is heard of a generation.
struct Heard {
    watch: Watch,
    voice: Arc<Voice>,
    is_cloned: bool,
    /// Since when a reader waits.
    waiting_since: Option<Instant>,
}

impl Heard {
    /// A reader found nothing.
    fn waits(&mut self) {
        self.waiting_since.get_or_insert_with(Instant::now);
    }

    fn tokens(&mut self, tokens: &[u32]) {
        if let Some(since) = self.waiting_since.take() {
            self.watch.waited(since.elapsed());
        }
        self.watch.tokens(tokens);
    }
}

impl Stream for Carried {
    type Item = Result<TokenEvent, SourceError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = match self.first.next() {
            Some(first) => Some(Ok(first)),
            None => {
                let Poll::Ready(item) = self.rest.poll_next_unpin(context) else {
                    self.heard.waits();
                    return Poll::Pending;
                };
                item
            }
        };
        match &item {
            Some(Ok(TokenEvent::Tokens(tokens))) => {
                self.attempt.tokens += tokens.len() as u64;
                self.heard.tokens(tokens);
            }
            Some(Ok(TokenEvent::End(finish))) => {
                // Without audio, the caller's low limit ended it, whatever the engine can do.
                if self.heard.watch.has_audio() {
                    self.attempt.verdict = Verdict::Success;
                    self.attempt.shared.spoke(self.attempt.engine);
                }
                self.attempt.shared.report_generated(self.attempt.engine, &self.heard, *finish);
            }
            Some(Err(error)) => self.attempt.failed(error),
            None => {}
        }
        Poll::Ready(item)
    }
}

impl Shared {
    fn report_generated(&self, engine: usize, heard: &Heard, finish: FinishReason) {
        if let (Some(member), Some(observer)) = (self.members.get(engine), self.observer.get()) {
            let voice = if heard.is_cloned { CLONED } else { &heard.voice.voice_id };
            observer.generated(&member.name, voice, &heard.watch.over(finish));
        }
    }
}

impl Verdict {
    /// What a failure says about the engine's health.
    pub(super) fn of(error: &SourceError) -> Self {
        match error {
            SourceError::Unreachable { is_gone: true, .. } => Self::Gone,
            // No engine's fault, or an engine that is healthy but full.
            _ if error.is_no_engines_fault() || error.is_busy() => Self::Nothing,
            SourceError::Unreachable { is_gone: false, .. }
            | SourceError::NoPrompt { .. }
            | SourceError::Rejected { .. }
            | SourceError::NoModel { .. }
            | SourceError::ModelList { .. }
            | SourceError::Timeout { .. }
            | SourceError::BrokeOff { .. }
            | SourceError::Nonsense { .. }
            | SourceError::Silent { .. }
            | SourceError::Failing { .. }
            | SourceError::NoneHealthy { .. }
            | SourceError::Demo { .. } => Self::Failure,
        }
    }
}
