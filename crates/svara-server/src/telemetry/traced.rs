//! Spans for the requests to an engine.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use futures::{FutureExt, Stream, StreamExt, future::BoxFuture};
use svara_engine::{
    CloningUnavailable,
    source::{SourceError, SourceInfo, TokenEvent, TokenSource, TokenStream, Utterance},
};
use tracing::{Instrument, Span};

use super::trace;

/// An engine whose requests are spans in the caller's trace. It gets the trace's headers.
pub(crate) struct Traced {
    engine: Arc<dyn TokenSource>,
    name: String,
}

impl Traced {
    pub(crate) fn new(name: &str, engine: Arc<dyn TokenSource>) -> Self {
        Self { engine, name: name.to_owned() }
    }
}

impl TokenSource for Traced {
    fn open(&self, mut utterance: Utterance) -> BoxFuture<'_, Result<TokenStream, SourceError>> {
        let id = utterance.request_id.as_str();
        let span = tracing::error_span!(parent: &utterance.span, "engine", id, otel.kind = "client");
        trace::text(&span, "server.address", &self.name);
        utterance.trace = trace::context_of(&span).or(utterance.trace);
        let opening = self.engine.open(utterance).instrument(span.clone());
        async move {
            let tokens = opening.await.inspect_err(|error| trace::failed(&span, &error.to_string()))?;
            Ok(Spanned { tokens, span, count: 0 }.boxed())
        }
        .boxed()
    }

    fn cloning(&self) -> Result<(), CloningUnavailable> {
        self.engine.cloning()
    }

    fn health(&self) -> BoxFuture<'_, Result<(), SourceError>> {
        self.engine.health()
    }

    fn about(&self) -> SourceInfo {
        self.engine.about()
    }
}

/// A stream of tokens, with the span that lasts until its end.
struct Spanned {
    tokens: TokenStream,
    span: Span,
    count: u64,
}

impl Stream for Spanned {
    type Item = Result<TokenEvent, SourceError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = std::task::ready!(self.tokens.poll_next_unpin(context));
        match &item {
            Some(Ok(TokenEvent::Tokens(tokens))) => {
                if self.count == 0 {
                    trace::event(&self.span, "first token");
                }
                self.count += tokens.len() as u64;
            }
            Some(Ok(TokenEvent::End(reason))) => trace::text(&self.span, "svara.finish", reason.name()),
            Some(Err(error)) => trace::failed(&self.span, &error.to_string()),
            None => {}
        }
        Poll::Ready(item)
    }
}

impl Drop for Spanned {
    fn drop(&mut self) {
        trace::number(&self.span, "svara.tokens", self.count);
    }
}
