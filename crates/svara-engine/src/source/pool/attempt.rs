//! One attempt: a request to one engine, from the first byte sent to the last token read.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use futures::{Stream, StreamExt};

use super::{Shared, beginning::Beginning, policy::Verdict};
use crate::source::{SourceError, TokenEvent, TokenStream, Utterance};

/// Counts a request as in flight while it lives, and reports how it ended. If it is dropped before the end, it reports
/// [`Verdict::Nothing`].
pub(super) struct Attempt {
    shared: Arc<Shared>,
    engine: usize,
    sent: Instant,
    tokens: u64,
    verdict: Verdict,
}

/// An attempt that failed before any audio. Its engine is judged when the attempt is dropped.
pub(super) struct Unheard {
    pub(super) error: SourceError,
    pub(super) attempt: Attempt,
}

impl Attempt {
    /// Wraps a request that the policy already counts.
    pub(super) fn new(shared: &Arc<Shared>, engine: usize) -> Self {
        let (sent, verdict) = (Instant::now(), Verdict::Nothing);
        Self { shared: Arc::clone(shared), engine, sent, tokens: 0, verdict }
    }

    /// Sends the request and waits for the first frame of audio.
    pub(super) async fn start(mut self, utterance: Utterance) -> Result<TokenStream, Unheard> {
        let shared = Arc::clone(&self.shared);
        let Some(member) = shared.members.get(self.engine) else {
            let error = SourceError::Nonsense { reason: "there is no such engine".into() };
            return Err(Unheard { error, attempt: self });
        };
        let sent = self.sent;
        let opening = async {
            let mut beginning = Beginning::new(shared.layout, utterance.sampling.max_tokens);
            let mut tokens = member.source.open(utterance).await?;
            let mut waits_for_first = true;
            loop {
                let event = tokens.next().await.unwrap_or_else(|| Err(SourceError::just_stopped()))?;
                if std::mem::take(&mut waits_for_first)
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
                started = opening => started,
                // Other requests found the engine gone: this one would only wait for the timeout.
                Ok(()) = ejections.changed() => {
                    let reason = "the engine failed other requests while this one waited for its first audio".to_owned();
                    return Err(Unheard { error: SourceError::BrokeOff { reason }, attempt: self });
                }
            }
        } else {
            opening.await
        };
        match started {
            Ok((first, rest)) => Ok(Carried { first: first.into_iter(), rest, attempt: self }.boxed()),
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
        self.shared.note_failure(self.engine, error);
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
}

impl Stream for Carried {
    type Item = Result<TokenEvent, SourceError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = match self.first.next() {
            Some(first) => Some(Ok(first)),
            None => std::task::ready!(self.rest.poll_next_unpin(context)),
        };
        match &item {
            Some(Ok(TokenEvent::Tokens(tokens))) => self.attempt.tokens += tokens.len() as u64,
            Some(Ok(TokenEvent::End(_))) => self.attempt.verdict = Verdict::Success,
            Some(Err(error)) => self.attempt.failed(error),
            None => {}
        }
        Poll::Ready(item)
    }
}

impl Verdict {
    /// What a failure says about the engine's health.
    pub(super) fn of(error: &SourceError) -> Self {
        match error {
            SourceError::Unreachable { .. } => Self::Gone,
            // The caller's fault, or an engine that is healthy but full.
            SourceError::Rejected { field: Some(_), .. }
            | SourceError::Rejected { status: 429 | 503, .. } => Self::Nothing,
            SourceError::Rejected { .. }
            | SourceError::NoModel { .. }
            | SourceError::Timeout { .. }
            | SourceError::BrokeOff { .. }
            | SourceError::Nonsense { .. }
            | SourceError::Silent { .. }
            | SourceError::Demo { .. } => Self::Failure,
        }
    }
}
