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

/// Streams the tokens of a response body. The first may take `first`, each later event `inactivity`.
pub(super) fn tokens(
    body: BoxStream<'static, reqwest::Result<bytes::Bytes>>,
    reader: TokenReader,
    first: Duration,
    inactivity: Duration,
) -> TokenStream {
    let phase = "before the first token";
    let sse = SseDecoder::default();
    let events = Events { body, sse, reader, patience: first, phase, inactivity, ended: false, done: false };
    stream::unfold(events, Events::step).boxed()
}

/// The state of one stream.
struct Events {
    body: BoxStream<'static, reqwest::Result<bytes::Bytes>>,
    sse: SseDecoder,
    reader: TokenReader,
    /// How long the next tokens may take.
    patience: Duration,
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
        let deadline = Instant::now() + self.patience;
        loop {
            while let Some(event) = self.sse.next().map_err(|reason| SourceError::Nonsense { reason })? {
                if let Some(event) = self.reader.read(&event)? {
                    (self.patience, self.phase) = (self.inactivity, "in the middle of the speech");
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

/// Reads the parts of a whole body, until it ends or is wrong. For fuzzers.
pub(crate) fn read_all(parts: &[&[u8]], layout: TokenLayout) {
    let (mut sse, mut reader) = (SseDecoder::default(), TokenReader::new(layout, Vec::new()));
    for part in parts {
        sse.push(part);
        while let Ok(Some(event)) = sse.next() {
            if reader.read(&event).is_err() {
                return;
            }
        }
    }
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
mod tests {
    use bytes::Bytes;
    use svara_snac::FrameAssembler;
    use svara_testkit::allocations::{Counting, allocations};

    use super::*;

    #[global_allocator]
    static ALLOCATOR: Counting = Counting;

    fn reader() -> TokenReader {
        TokenReader::new(TokenLayout::default(), vec![128_258])
    }

    fn event(data: &str) -> SseEvent<'_> {
        SseEvent { data: data.into(), is_error: false }
    }

    fn tokens(event: Option<TokenEvent>) -> Vec<u32> {
        match event {
            Some(TokenEvent::Tokens(tokens)) => tokens.into_vec(),
            other => panic!("expected tokens, got {other:?}"),
        }
    }

    #[test]
    fn token_ids_are_read_and_the_stop_token_left_out() {
        let mut reader = reader();
        let data = r#"{"choices":[{"index":0,"text":"","finish_reason":"stop","stop_reason":128258,"token_ids":[128266,128258]}]}"#;
        assert_eq!(tokens(reader.read(&event(data)).unwrap()), [128_266]);
        assert_eq!(reader.finish, Some(FinishReason::Stop));
    }

    #[test]
    fn text_is_read_where_there_are_no_ids() {
        let mut reader = reader();
        let data = r#"{"choices":[{"text":"<custom_token_10><custom_token_4107>","token_ids":null,"finish_reason":null}]}"#;
        assert_eq!(tokens(reader.read(&event(data)).unwrap()), [128_266, 132_363]);
        let data = r#"{"choices":[{"text":"<custom_tok"}]}"#;
        assert_eq!(reader.read(&event(data)).unwrap(), None);
        let data = r#"{"choices":[{"text":"en_10>","finish_reason":"length"}]}"#;
        assert_eq!(tokens(reader.read(&event(data)).unwrap()), [128_266]);
        assert_eq!(reader.finish, Some(FinishReason::Length));
    }

    #[test]
    fn a_stop_token_ends_the_speech_though_the_engine_goes_on() {
        let mut reader = reader();
        let data = r#"{"choices":[{"text":"<custom_token_10><custom_token_2><custom_token_11>","finish_reason":null}]}"#;
        assert_eq!(tokens(reader.read(&event(data)).unwrap()), [128_266]);
        assert_eq!(reader.finish, Some(FinishReason::Stop));
    }

    #[test]
    fn an_error_event_and_other_finish_reasons_are_failures() {
        for data in [
            r#"{"error":{"message":"EngineCore encountered an issue.","type":"InternalServerError","param":null,"code":500}}"#,
            r#"{"error":"Unauthorized"}"#,
            r#"{"choices":[{"text":"","finish_reason":"abort"}]}"#,
        ] {
            assert!(matches!(reader().read(&event(data)), Err(SourceError::BrokeOff { .. })), "{data}");
        }
        assert!(matches!(reader().read(&event("<html>")), Err(SourceError::Nonsense { .. })));
    }

    #[test]
    fn an_error_keeps_its_message_in_every_form() {
        for (data, is_error) in [
            (r#"{"object":"error","message":"out of blocks","type":"x","param":null,"code":500}"#, false),
            (r#"{"detail":"out of blocks"}"#, false),
            (r#"{"message":"out of blocks"}"#, true),
            ("out of blocks", true),
        ] {
            let error = reader().read(&SseEvent { data: data.into(), is_error }).unwrap_err();
            assert!(error.to_string().ends_with("out of blocks"), "{error}");
        }
    }

    #[test]
    fn text_counts_beside_empty_ids_unless_it_repeats_ids() {
        let mut reader = reader();
        let data = r#"{"choices":[{"text":"<custom_token_10>","token_ids":[]}]}"#;
        assert_eq!(tokens(reader.read(&event(data)).unwrap()), [128_266]);
        let ids = r#"{"choices":[{"text":"","token_ids":[132363]}]}"#;
        assert_eq!(tokens(reader.read(&event(ids)).unwrap()), [132_363]);
        assert_eq!(reader.read(&event(data)).unwrap(), None);
        let without = r#"{"choices":[{"text":" ","token_ids":null}]}"#;
        assert_eq!(reader.read(&event(without)).unwrap(), None);
        let without = r#"{"choices":[{"text":"<custom_token_10>","token_ids":null}]}"#;
        assert!(matches!(reader.read(&event(without)), Err(SourceError::Nonsense { .. })));
    }

    /// `fixtures/README.md` describes the streams.
    #[tokio::test]
    async fn each_engines_stream_is_the_same_speech() {
        let recorded = [3897, 3541, 3486, 3081, 2634, 1581, 357, 3938, 2315, 2431, 2760, 3158, 3726, 2493];
        let written = [11, 988, 1965, 2942, 3919, 800, 1777, 4000, 1215, 2526, 3837, 1052, 2363, 3674];
        for (engine, stream, codes) in [
            ("vllm", include_str!("fixtures/vllm.sse"), recorded),
            ("llama.cpp", include_str!("fixtures/llama_cpp.sse"), recorded),
            ("sglang", include_str!("fixtures/sglang.sse"), recorded),
            ("sglang with token ids", include_str!("fixtures/sglang_token_ids.sse"), recorded),
            ("sglang by five", include_str!("fixtures/sglang_by_five.sse"), recorded),
            ("sglang by five, ids", include_str!("fixtures/sglang_token_ids_by_five.sse"), recorded),
            ("tensorrt-llm", include_str!("fixtures/tensorrt_llm.sse"), written),
            ("openai", include_str!("fixtures/openai.sse"), written),
        ] {
            let expected: Vec<u32> =
                (0..).zip(codes).map(|(n, code)| 128_266 + n % 7 * 4096 + code).collect();
            for chunk in [1, 13, 1000, stream.len()] {
                let chunks = stream.as_bytes().chunks(chunk).map(|chunk| Ok(Bytes::from_static(chunk)));
                let second = Duration::from_secs(1);
                let mut events =
                    super::tokens(stream::iter(chunks.collect::<Vec<_>>()).boxed(), reader(), second, second);
                let (mut heard, mut end) = (Vec::new(), None);
                while let Some(event) = events.next().await {
                    match event.unwrap() {
                        TokenEvent::Tokens(tokens) => heard.extend(tokens),
                        TokenEvent::End(reason) => end = Some(reason),
                    }
                }
                assert_eq!((&heard, end), (&expected, Some(FinishReason::Stop)), "{engine} by {chunk} bytes");
            }
        }
    }

    /// llama.cpp sends comments while it processes the prompt. They don't extend the time of the first token.
    #[tokio::test(start_paused = true)]
    async fn comments_are_not_tokens() {
        let pings = stream::unfold((), |()| async {
            // The clock is paused: no real time passes.
            tokio::time::sleep(Duration::from_secs(1)).await;
            Some((Ok(Bytes::from_static(b":\n\n")), ()))
        });
        let (first, then) = (Duration::from_secs(5), Duration::from_secs(2));
        let mut events = super::tokens(pings.boxed(), reader(), first, then);
        let error = events.next().await.unwrap().unwrap_err();
        assert!(matches!(error, SourceError::Timeout { after, .. } if after == first), "{error}");
    }

    /// Thousands of streams send hundreds of thousands of events per second.
    #[test]
    fn reading_a_frame_allocates_nothing() {
        let ids: String = (0..7).map(|slot| format!(",{}", 128_266 + 4096 * slot)).collect();
        let id_event =
            format!("data: {{\"choices\":[{{\"text\":\"<x>\",\"token_ids\":[{}]}}]}}\n\n", &ids[1..]);
        let texts: String = (0..7).map(|slot| format!("<custom_token_{}>", 10 + 4096 * slot)).collect();
        let text_event =
            format!("data: {{\"choices\":[{{\"text\":\"{texts}\",\"finish_reason\":null}}]}}\n\n");
        for event in [id_event, text_event] {
            let (mut sse, mut reader, mut assembler) =
                (SseDecoder::default(), reader(), FrameAssembler::new(TokenLayout::default()));
            let mut frame = || {
                sse.push(event.as_bytes());
                let data = sse.next().unwrap().unwrap();
                match reader.read(&data).unwrap() {
                    Some(TokenEvent::Tokens(tokens)) => {
                        tokens.into_iter().filter_map(|id| assembler.push(id)).count()
                    }
                    other => panic!("expected tokens, got {other:?}"),
                }
            };
            // The first frames grow the line buffer to its final size.
            assert_eq!(frame() + frame(), 2);
            let (frames, calls) = allocations(|| (0..100).map(|_| frame()).sum::<usize>());
            assert_eq!((frames, calls), (100, 0), "{event}");
        }
    }

    #[test]
    fn done_proves_nothing() {
        let mut reader = reader();
        assert_eq!(reader.read(&event("[DONE]")).unwrap(), None);
        assert_eq!(reader.finish, None);
    }
}
