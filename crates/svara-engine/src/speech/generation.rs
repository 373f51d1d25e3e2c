//! The generation of a piece, which reads ahead until the turn of the piece comes.

use std::sync::Arc;

use futures::{FutureExt, StreamExt, stream};
use tokio::{
    sync::oneshot::{self, error::TryRecvError},
    task::JoinHandle,
};
use tracing::Instrument;

use crate::source::{FinishReason, SourceError, TokenEvent, TokenSource, TokenStream, Utterance};

/// A generation that runs in a task of its own. It keeps its tokens in memory: at most `max_tokens`, four bytes each.
/// Dropping it ends the generation.
pub(crate) struct Generation {
    /// Dropped when the turn of the piece comes.
    held: Option<oneshot::Sender<()>>,
    task: JoinHandle<Result<Generated, Failed>>,
}

/// The failure of a generation.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) error: SourceError,
    /// Whether there was a stream. Before it, the source has asked again itself where that was worth it.
    pub(crate) had_begun: bool,
}

/// The tokens of a generation: those read so far, and the rest of the stream.
pub(crate) struct Generated {
    tokens: Vec<u32>,
    rest: Rest,
}

enum Rest {
    Ended(FinishReason),
    /// The stream of the tokens still to come.
    Open(TokenStream),
}

impl Generation {
    /// Opens the source and starts to read.
    pub(crate) fn start(source: Arc<dyn TokenSource>, utterance: Utterance) -> Self {
        let (held, due) = oneshot::channel();
        let task = async move {
            let max_tokens = utterance.sampling.max_tokens as usize;
            let tokens = source.open(utterance).await;
            let tokens = tokens.map_err(|error| Failed { error, had_begun: false })?;
            let read = Generated::until(due, at_most(max_tokens, tokens)).await;
            read.map_err(|error| Failed { error, had_begun: true })
        };
        Self { held: Some(held), task: tokio::spawn(task.in_current_span()) }
    }

    /// Takes the result of a generation that is over. Yields it once.
    pub(crate) fn over(&mut self) -> Option<Result<Generated, Failed>> {
        if self.task.is_finished() { (&mut self.task).now_or_never().map(unpanicked) } else { None }
    }

    /// Ends the reading ahead. Returns the whole generation if it is over, otherwise its tokens so far and the rest of
    /// the stream.
    pub(crate) async fn take(mut self) -> Result<Generated, Failed> {
        self.held = None;
        unpanicked((&mut self.task).await)
    }
}

impl Drop for Generation {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn unpanicked(read: Result<Result<Generated, Failed>, tokio::task::JoinError>) -> Result<Generated, Failed> {
    let panicked = |error: tokio::task::JoinError| SourceError::BrokeOff { reason: error.to_string() };
    read.unwrap_or_else(|error| Err(Failed { error: panicked(error), had_begun: true }))
}

impl Generated {
    /// Reads until the end, or until the turn of the piece comes.
    async fn until(mut due: oneshot::Receiver<()>, mut stream: TokenStream) -> Result<Self, SourceError> {
        let mut tokens = Vec::new();
        if due.try_recv() == Err(TryRecvError::Closed) {
            return Ok(Self { tokens, rest: Rest::Open(stream) });
        }
        loop {
            let event = tokio::select! {
                // Events that are there already come first: one may be the end.
                biased;
                event = stream.next() => event,
                _ = &mut due => return Ok(Self { tokens, rest: Rest::Open(stream) }),
            };
            match event {
                Some(Ok(TokenEvent::Tokens(more))) => tokens.extend(more),
                Some(Ok(TokenEvent::End(reason))) => return Ok(Self { tokens, rest: Rest::Ended(reason) }),
                Some(Err(error)) => return Err(error),
                None => {
                    return Err(SourceError::just_stopped());
                }
            }
        }
    }

    /// Why it ended. `None` while it is open.
    pub(crate) fn finish(&self) -> Option<FinishReason> {
        match self.rest {
            Rest::Ended(reason) => Some(reason),
            Rest::Open(_) => None,
        }
    }

    /// Whether any tokens have been read.
    pub(crate) fn has_tokens(&self) -> bool {
        !self.tokens.is_empty()
    }

    /// All its tokens: those read so far, then the rest.
    pub(crate) fn into_tokens(self) -> TokenStream {
        let there = (!self.tokens.is_empty()).then(|| Ok(TokenEvent::Tokens(self.tokens.into())));
        match self.rest {
            Rest::Ended(reason) => {
                stream::iter(there.into_iter().chain([Ok(TokenEvent::End(reason))])).boxed()
            }
            Rest::Open(rest) => stream::iter(there).chain(rest).boxed(),
        }
    }
}

/// Ends a stream after `max_tokens`, for engines that ignore that limit.
fn at_most(max_tokens: usize, tokens: TokenStream) -> TokenStream {
    stream::unfold(AtMost::Open { tokens, room: max_tokens }, AtMost::step).boxed()
}

enum AtMost {
    Open { tokens: TokenStream, room: usize },
    Full,
    Over,
}

impl AtMost {
    async fn step(self) -> Option<(Result<TokenEvent, SourceError>, Self)> {
        let (mut tokens, room) = match self {
            Self::Open { tokens, room } => (tokens, room),
            Self::Full => return Some((Ok(TokenEvent::End(FinishReason::Length)), Self::Over)),
            Self::Over => return None,
        };
        match tokens.next().await? {
            Ok(TokenEvent::Tokens(mut some)) => {
                let left = room.checked_sub(some.len());
                some.truncate(room);
                // This drops the engine's stream with the last token, which ends the generation there.
                let next = left.map_or(Self::Full, |room| Self::Open { tokens, room });
                Some((Ok(TokenEvent::Tokens(some)), next))
            }
            end => Some((end, Self::Over)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use smallvec::smallvec;

    use super::*;

    fn events(chunks: &[usize], end: bool) -> TokenStream {
        let tokens =
            chunks.iter().map(|count| Ok(TokenEvent::Tokens(smallvec![1; *count]))).collect::<Vec<_>>();
        stream::iter(tokens.into_iter().chain(end.then_some(Ok(TokenEvent::End(FinishReason::Stop))))).boxed()
    }

    fn all(stream: TokenStream) -> (usize, Option<FinishReason>) {
        let events: Vec<_> = stream.collect::<Vec<_>>().now_or_never().unwrap();
        let mut count = 0;
        for (at, event) in events.iter().enumerate() {
            match event {
                Ok(TokenEvent::Tokens(tokens)) => count += tokens.len(),
                Ok(TokenEvent::End(reason)) => {
                    assert_eq!(at + 1, events.len(), "nothing follows the end");
                    return (count, Some(*reason));
                }
                Err(error) => panic!("{error}"),
            }
        }
        (count, None)
    }

    #[tokio::test]
    async fn tokens_read_ahead_come_first() {
        let (held, due) = oneshot::channel();
        let rest = stream::pending().boxed();
        let reading = tokio::spawn(Generated::until(due, events(&[7, 7], false).chain(rest).boxed()));
        tokio::task::yield_now().await;
        drop(held);
        let read = reading.await.unwrap().unwrap();
        assert_eq!(read.finish(), None);
        let first = read.into_tokens().next().await.unwrap().unwrap();
        assert_eq!(first, TokenEvent::Tokens(smallvec![1; 14]));
    }

    #[tokio::test]
    async fn a_finished_generation_is_kept_whole() {
        let (_held, due) = oneshot::channel();
        let read = Generated::until(due, events(&[7, 3], true)).await.unwrap();
        assert_eq!(read.finish(), Some(FinishReason::Stop));
        assert_eq!(all(read.into_tokens()), (10, Some(FinishReason::Stop)));
        let (_held, due) = oneshot::channel();
        assert!(
            Generated::until(due, events(&[7], false)).await.is_err(),
            "a stream that just stops was cut off"
        );
    }

    proptest! {
        #[test]
        fn an_engine_that_ignores_max_tokens_is_stopped(chunks in prop::collection::vec(1usize..20, 0..40), max in 1usize..200) {
            let sum: usize = chunks.iter().sum();
            let reason = if sum > max { FinishReason::Length } else { FinishReason::Stop };
            prop_assert_eq!(all(at_most(max, events(&chunks, true))), (sum.min(max), Some(reason)));
        }
    }
}
