//! Turns the events of one stream into tokens.

use std::time::Duration;

use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use svara_snac::{CustomTokenText, TokenLayout};
use tokio::time::{Instant, timeout_at};

use super::{
    event::{CompletionEvent, Ids, Text, Told},
    sse::{SseDecoder, SseEvent},
    too_long,
    wire::ErrorBody,
    with_causes,
};
use crate::source::{FinishReason, SourceError, TokenEvent, TokenIds, TokenStream, excerpt};

/// How long events may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// The first tokens, from sending the request on.
    pub(super) first: Duration,
    /// What of that is over already.
    pub(super) used: Duration,
    /// Each later event.
    pub(super) inactivity: Duration,
}

/// Streams the tokens of a response body.
pub(super) fn tokens(
    body: BoxStream<'static, reqwest::Result<bytes::Bytes>>,
    reader: TokenReader,
    patience: Patience,
) -> TokenStream {
    let Patience { first, used, inactivity } = patience;
    let events = Events {
        body,
        sse: SseDecoder::default(),
        reader,
        patience: first,
        used,
        phase: "before the first token",
        inactivity,
        ended: false,
        done: false,
    };
    stream::unfold(events, Events::step).boxed()
}

/// The state of one stream.
struct Events {
    body: BoxStream<'static, reqwest::Result<bytes::Bytes>>,
    sse: SseDecoder,
    reader: TokenReader,
    /// How long the next tokens may take.
    patience: Duration,
    /// What of that was over before the body began.
    used: Duration,
    phase: &'static str,
    inactivity: Duration,
    /// Whether the body has ended.
    ended: bool,
    done: bool,
}

impl Events {
    async fn step(mut self) -> Option<(Result<TokenEvent, SourceError>, Self)> {
        if self.done {
            return None;
        }
        let event = self.next().await;
        self.done = !matches!(event, Ok(TokenEvent::Tokens(_)));
        if matches!(event, Ok(TokenEvent::End(_))) && self.reader.engine_ended {
            let body = std::mem::replace(&mut self.body, stream::empty().boxed());
            tokio::spawn(read_rest(body));
        }
        Some((event, self))
    }

    async fn next(&mut self) -> Result<TokenEvent, SourceError> {
        // The deadline is for the next token, not the next bytes: an engine that sends only comments is silent.
        let deadline = Instant::now() + self.patience.saturating_sub(self.used);
        loop {
            while let Some(event) = self.sse.next().map_err(|reason| SourceError::Nonsense { reason })? {
                if let Some(event) = self.reader.read(&event)? {
                    (self.patience, self.used) = (self.inactivity, Duration::ZERO);
                    self.phase = "in the middle of the speech";
                    return Ok(event);
                }
            }
            if let Some(reason) = self.reader.finish {
                return Ok(TokenEvent::End(reason));
            }
            if self.ended {
                return Err(SourceError::BrokeOff {
                    reason: "the stream ended without a finish reason".into(),
                });
            }
            let bytes = timeout_at(deadline, self.body.next())
                .await
                .map_err(|_| SourceError::Timeout { after: self.patience, phase: self.phase })?;
            match bytes {
                Some(Ok(bytes)) => self.sse.push(&bytes),
                Some(Err(error)) => return Err(SourceError::BrokeOff { reason: with_causes(&error) }),
                None => {
                    self.ended = true;
                    self.sse.end();
                }
            }
        }
    }
}

/// The most that is read behind a finish reason: usage and `[DONE]` are far less.
const MAX_REST_BYTES: usize = 64 * 1024;
/// How long that may take.
const REST_WITHIN: Duration = Duration::from_secs(1);

/// Reads an answer whose speech is over to its end, so that its connection can be used again.
async fn read_rest(mut body: BoxStream<'static, reqwest::Result<bytes::Bytes>>) {
    let rest = async {
        let mut read_bytes = 0;
        while let Some(Ok(bytes)) = body.next().await {
            read_bytes += bytes.len();
            if read_bytes > MAX_REST_BYTES {
                return;
            }
        }
    };
    // If it takes too long, the connection is closed.
    let _ = tokio::time::timeout(REST_WITHIN, rest).await;
}

/// Parses events: token ids if the engine sends them, the text otherwise.
pub(super) struct TokenReader {
    layout: TokenLayout,
    stop_ids: Vec<u32>,
    text: CustomTokenText,
    /// Whether there were token ids: then texts only repeat them.
    has_ids: bool,
    finish: Option<FinishReason>,
    /// Whether the engine said so itself: then nothing more is generated.
    engine_ended: bool,
}

impl TokenReader {
    pub(super) fn new(layout: TokenLayout, stop_ids: Vec<u32>) -> Self {
        let text = CustomTokenText::default();
        Self { layout, stop_ids, text, has_ids: false, finish: None, engine_ended: false }
    }

    /// Parses the tokens of one event, if it has any. A finish reason is kept until they are out. `[DONE]` proves
    /// nothing: it follows errors, too.
    fn read(&mut self, event: &SseEvent<'_>) -> Result<Option<TokenEvent>, SourceError> {
        let data = &*event.data;
        if data == "[DONE]" || self.finish.is_some() {
            return Ok(None);
        }
        if event.is_error {
            return Err(told(data));
        }
        let event: CompletionEvent<'_> = serde_json::from_str(data)
            .map_err(|error| SourceError::Nonsense { reason: format!("{error} in {:?}", excerpt(data)) })?;
        if let Some(error) = event.error {
            return Err(too_long::in_stream(&error.into_message()));
        }
        let choice = match event.told() {
            Told::Chunk(choice) => choice,
            Told::Nothing => return Ok(None),
            Told::Failure => return Err(told(data)),
        };
        if let Some(error) = choice.error {
            return Err(too_long::in_stream(&error.into_message()));
        }
        let mut tokens = self.tokens(choice.token_ids, choice.text)?;
        self.engine_ended = choice.finish_reason.as_ref().is_some_and(|reason| !reason.0.is_empty());
        // Some engines go on after a stop token.
        let stop = tokens.iter().position(|id| self.stop_ids.contains(id));
        tokens.truncate(stop.unwrap_or(tokens.len()));
        self.finish = match choice.finish_reason.as_ref().map(|reason| &*reason.0) {
            _ if stop.is_some() => Some(FinishReason::Stop),
            None | Some("") => None,
            Some("stop") => Some(FinishReason::Stop),
            Some("length") => Some(FinishReason::Length),
            Some(other) => {
                let reason = format!("it finished with reason {:?}", excerpt(other));
                return Err(SourceError::BrokeOff { reason });
            }
        };
        Ok((!tokens.is_empty()).then_some(TokenEvent::Tokens(tokens)))
    }

    /// The tokens of a choice: its ids, or those in its text.
    fn tokens(&mut self, ids: Option<Ids>, text: Option<Text<'_>>) -> Result<TokenIds, SourceError> {
        let lacks_ids = ids.is_none();
        if let Some(ids) = ids.map(|ids| ids.0).filter(|ids| !ids.is_empty()) {
            self.has_ids = true;
            return Ok(ids);
        }
        let mut in_text = TokenIds::new();
        let has_words = text.as_ref().is_some_and(|text| !text.0.trim().is_empty());
        // Beside an empty list, it only repeats ids that were there.
        if let Some(text) = text.filter(|_| lacks_ids || !self.has_ids) {
            self.text.push(&text.0, |number| in_text.extend(self.layout.custom_token(number)));
        }
        let only_stops = !in_text.is_empty() && in_text.iter().all(|id| self.stop_ids.contains(id));
        if self.has_ids && lacks_ids && has_words && !only_stops {
            let reason = "an event has a text and no ids, behind events with ids".into();
            return Err(SourceError::Nonsense { reason });
        }
        Ok(in_text)
    }
}

/// Reads the parts of a whole body, until it ends or is wrong. For fuzzers. Returns how many tokens were in it.
pub(crate) fn read_all(parts: &[&[u8]], layout: TokenLayout, stop_ids: Vec<u32>) -> usize {
    let (mut sse, mut reader) = (SseDecoder::default(), TokenReader::new(layout, stop_ids));
    let mut count = 0;
    for part in parts.iter().copied().map(Some).chain([None]) {
        match part {
            Some(bytes) => sse.push(bytes),
            None => sse.end(),
        }
        while let Ok(Some(event)) = sse.next() {
            match reader.read(&event) {
                Ok(Some(TokenEvent::Tokens(tokens))) => count += tokens.len(),
                Ok(_) => {}
                Err(_) => return count,
            }
        }
    }
    count
}

/// The failure that an event tells of.
fn told(data: &str) -> SourceError {
    if data.is_empty() {
        return SourceError::BrokeOff { reason: "an error without a message".into() };
    }
    let message = serde_json::from_str::<ErrorBody>(data).map(|body| body.into_error().into_message());
    too_long::in_stream(&message.unwrap_or_else(|_| data.to_owned()))
}

#[cfg(test)]
mod tests;
