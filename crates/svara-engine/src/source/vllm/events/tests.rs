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
    let data =
        r#"{"choices":[{"text":"<custom_token_10><custom_token_2><custom_token_11>","finish_reason":null}]}"#;
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
        ("vllm", include_str!("../fixtures/vllm.sse"), recorded),
        ("llama.cpp", include_str!("../fixtures/llama_cpp.sse"), recorded),
        ("sglang", include_str!("../fixtures/sglang.sse"), recorded),
        ("sglang with token ids", include_str!("../fixtures/sglang_token_ids.sse"), recorded),
        ("sglang by five", include_str!("../fixtures/sglang_by_five.sse"), recorded),
        ("sglang by five, ids", include_str!("../fixtures/sglang_token_ids_by_five.sse"), recorded),
        ("tensorrt-llm", include_str!("../fixtures/tensorrt_llm.sse"), written),
        ("openai", include_str!("../fixtures/openai.sse"), written),
    ] {
        let expected: Vec<u32> = (0..).zip(codes).map(|(n, code)| 128_266 + n % 7 * 4096 + code).collect();
        for chunk in [1, 13, 1000, stream.len()] {
            let chunks = stream.as_bytes().chunks(chunk).map(|chunk| Ok(Bytes::from_static(chunk)));
            let second = Duration::from_secs(1);
            let patience = Patience { first: second, used: Duration::ZERO, inactivity: second };
            let mut events =
                super::tokens(stream::iter(chunks.collect::<Vec<_>>()).boxed(), reader(), patience);
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

/// llama.cpp sends comments while it processes the prompt. They don't extend the time of the first token, of which the
/// answer's head has used a part.
#[tokio::test(start_paused = true)]
async fn comments_are_not_tokens() {
    let pings = stream::unfold((), |()| async {
        // The clock is paused: no real time passes.
        tokio::time::sleep(Duration::from_secs(1)).await;
        Some((Ok(Bytes::from_static(b":\n\n")), ()))
    });
    let (first, used) = (Duration::from_secs(5), Duration::from_millis(3500));
    let patience = Patience { first, used, inactivity: Duration::from_secs(2) };
    let began = Instant::now();
    let mut events = super::tokens(pings.boxed(), reader(), patience);
    let error = events.next().await.unwrap().unwrap_err();
    assert_eq!(began.elapsed(), first - used);
    assert!(matches!(error, SourceError::Timeout { after, .. } if after == first), "{error}");
}

/// Thousands of streams send hundreds of thousands of events per second.
#[test]
fn reading_a_frame_allocates_nothing() {
    let ids: String = (0..7).map(|slot| format!(",{}", 128_266 + 4096 * slot)).collect();
    let id_event = format!("data: {{\"choices\":[{{\"text\":\"<x>\",\"token_ids\":[{}]}}]}}\n\n", &ids[1..]);
    let texts: String = (0..7).map(|slot| format!("<custom_token_{}>", 10 + 4096 * slot)).collect();
    let text_event = format!("data: {{\"choices\":[{{\"text\":\"{texts}\",\"finish_reason\":null}}]}}\n\n");
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

/// Fuzzers reach what comes behind the last line end, and the cut at stop tokens.
#[test]
fn fuzzers_read_the_end_and_the_stop_tokens() {
    let body = br#"data: {"choices":[{"token_ids":[128266,128258,128267]}]}"#;
    let (head, tail) = body.split_at(20);
    assert_eq!(read_all(&[head, tail], TokenLayout::default(), Vec::new()), 3);
    assert_eq!(read_all(&[head, tail], TokenLayout::default(), vec![128_258]), 1);
}
