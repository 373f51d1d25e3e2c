//! The fake engine, read with the parts that read real ones.

use std::time::{Duration, Instant};

use clap::Parser;
use serde_json::{Value, json};
use svara_bench::commands::serve_fake::ServeFake;
use svara_snac::{CustomTokenText, FrameAssembler, TokenLayout};
use svara_testkit::fake_vllm::{End, FakeVllm, Length, Pace, Script, Settings};
use tokio::net::TcpListener;

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    fake: ServeFake,
}

/// Starts a fake; gives the base of its API.
async fn start(arguments: &[&str]) -> String {
    let all = ["serve-fake"].iter().chain(arguments);
    let settings = Arguments::try_parse_from(all).unwrap().fake;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(settings.serve(listener));
    url
}

/// What svara-server asks an engine, and the changes to it.
fn request(changes: &Value) -> Value {
    let mut request = json!({
        "model": "kenpath/svara-tts-v1", "prompt": [128_000, 128_259, 156_939, 634, 557, 128_260, 128_257],
        "stream": true, "return_token_ids": true, "stream_interval": 7, "stop_token_ids": [128_258],
        "max_tokens": 2048, "temperature": 0.75, "skip_special_tokens": false,
    });
    for (field, value) in changes.as_object().unwrap() {
        request[field] = value.clone();
    }
    request
}

fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

async fn post(url: &str, changes: Value) -> reqwest::Response {
    client().post(format!("{url}/v1/completions")).json(&request(&changes)).send().await.unwrap()
}

/// The choices of all events, with the time of each since the request. The last line must be `[DONE]`.
async fn choices(url: &str, changes: Value) -> Vec<(Duration, Value)> {
    let asked = Instant::now();
    let mut answer = post(url, changes).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "text/event-stream; charset=utf-8");
    let (mut text, mut choices, mut done) = (String::new(), Vec::new(), false);
    while let Some(bytes) = answer.chunk().await.unwrap() {
        text.push_str(std::str::from_utf8(&bytes).unwrap());
        while let Some((event, rest)) = text.split_once("\n\n") {
            let data = event.strip_prefix("data: ").unwrap();
            assert!(!done, "after [DONE]: {data}");
            if data == "[DONE]" {
                done = true;
            } else {
                let event: Value = serde_json::from_str(data).unwrap();
                assert_eq!(event["object"], "text_completion");
                choices.push((asked.elapsed(), event["choices"][0].clone()));
            }
            text = rest.to_owned();
        }
    }
    assert!(done && text.is_empty(), "it ends with {text:?}");
    choices
}

fn ids(choice: &Value) -> Vec<u32> {
    choice["token_ids"].as_array().unwrap().iter().map(|id| id.as_u64().unwrap() as u32).collect()
}

/// Frames that these tokens make, none of them damaged.
fn frames(tokens: impl IntoIterator<Item = u32>) -> usize {
    let mut assembler = FrameAssembler::new(TokenLayout::default());
    let frames = tokens.into_iter().filter_map(|token| assembler.push(token)).count();
    assert_eq!(assembler.pending_tokens(), 0, "{:?}", assembler.stats());
    frames
}

#[tokio::test(flavor = "multi_thread")]
async fn its_stream_has_vllms_form() {
    let url = start(&["--rate", "100000", "--ttft-ms", "0", "--frames", "150"]).await;
    for interval in [1, 3, 7, 10] {
        let choices = choices(&url, json!({"stream_interval": interval})).await;
        let sizes: Vec<usize> = choices.iter().map(|(_, choice)| ids(choice).len()).collect();
        let (last, full) = sizes[1..].split_last().unwrap();
        assert_eq!(sizes[0], 1);
        assert!(full.iter().all(|size| *size == interval) && *last <= interval, "{sizes:?}");
        let (first, last) = (&choices[0].1, &choices.last().unwrap().1);
        assert_eq!(first["prompt_token_ids"].as_array().map(Vec::len), Some(7));
        assert!(choices[1].1["prompt_token_ids"].is_null() && choices[1].1["finish_reason"].is_null());
        assert_eq!((&last["finish_reason"], &last["stop_reason"]), (&json!("stop"), &json!(128_258)));
        let mut tokens: Vec<u32> = choices.iter().flat_map(|(_, choice)| ids(choice)).collect();
        assert_eq!(tokens.pop(), Some(128_258));
        assert_eq!(frames(tokens), 150);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn its_text_says_the_same() {
    for form in ["ids", "text"] {
        let url = start(&["--rate", "100000", "--ttft-ms", "0", "--frames", "40", "--form", form]).await;
        let choices = choices(&url, json!({"return_token_ids": form == "text"})).await;
        let (mut text, mut tokens) = (CustomTokenText::default(), Vec::new());
        for (_, choice) in &choices {
            let layout = TokenLayout::default();
            text.push(choice["text"].as_str().unwrap(), |number| tokens.extend(layout.custom_token(number)));
            assert!(choice["token_ids"].is_null());
            assert_eq!(choice.get("token_ids").is_some(), form == "ids");
        }
        assert_eq!(frames(tokens), 40, "{form}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_length_is_the_texts_or_max_tokens() {
    let url = start(&["--rate", "100000", "--ttft-ms", "0", "--frames-per-token", "4"]).await;
    let counted = async |changes| {
        choices(&url, changes).await.iter().map(|(_, choice)| ids(choice).len()).sum::<usize>()
    };
    assert_eq!(counted(json!({})).await, 2 * 4 * 7 + 1, "two words");
    assert_eq!(
        counted(json!({"prompt": "twelve chars"})).await,
        3 * 4 * 7 + 1,
        "three times four characters"
    );
    let cut = choices(&url, json!({"max_tokens": 30})).await;
    assert_eq!(cut.iter().map(|(_, choice)| ids(choice).len()).sum::<usize>(), 30);
    assert_eq!(cut.last().unwrap().1["finish_reason"], "length");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_comes_before_it_is_due_and_lateness_does_not_add_up() {
    let url = start(&["--rate", "700", "--ttft-ms", "100", "--frames", "70"]).await;
    let mut lasts = Vec::new();
    // 0.8 s by the clock. With sleeps between events, each late by a millisecond or more, it would grow by their number. The
    // least of several: a busy machine is late with the last as well.
    while lasts.len() < 5 && lasts.iter().all(|last| *last >= Duration::from_secs(3)) {
        let choices = choices(&url, json!({})).await;
        for (event, (at, _)) in choices.iter().enumerate() {
            // The request was on its way before it arrived: never earlier, seen from here.
            assert!(*at >= Duration::from_millis(100 + 10 * event as u64), "event {event} at {at:?}");
        }
        lasts.push(choices.last().unwrap().0);
    }
    assert!(lasts.iter().any(|last| *last < Duration::from_secs(3)), "{lasts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_it_refuses_is_said_as_vllm_says_it() {
    let url = start(&[]).await;
    for (changes, status, param) in [
        (json!({"model": "nope"}), 404, json!("model")),
        (json!({"max_tokens": 0}), 400, json!("max_tokens")),
        (json!({"stream": false}), 400, json!("stream")),
        (json!({"prompt": 7}), 400, Value::Null),
    ] {
        let answer = post(&url, changes.clone()).await;
        assert_eq!(answer.status(), status, "{changes}");
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["error"]["param"], param, "{changes}");
    }
}

/// The value of a line of `/metrics`.
async fn metric(url: &str, name: &str) -> u64 {
    let text = client().get(format!("{url}/metrics")).send().await.unwrap().text().await.unwrap();
    let line =
        text.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("no {name} in {text}"));
    line.rsplit_once(' ').unwrap().1.parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_ends_its_stream_and_places_are_limited() {
    let slow = ["--rate", "10", "--frames", "1000", "--max-concurrency", "1", "--max-queued", "2"];
    let url = start(&slow).await;
    let mut first = post(&url, json!({})).await;
    first.chunk().await.unwrap().unwrap();
    let second = post(&url, json!({})).await;
    assert_eq!(metric(&url, "vllm:num_requests_running").await, 1);
    assert_eq!(metric(&url, "vllm:num_requests_waiting").await, 1);
    assert_eq!(post(&url, json!({})).await.status(), 503, "one runs, one waits");
    drop(first);
    // The second starts when the first is gone.
    let mut second = second;
    second.chunk().await.unwrap().unwrap();
    assert_eq!(metric(&url, "vllm:num_requests_waiting").await, 0);
    let aborted = "vllm:request_success_total{engine=\"0\",model_name=\"kenpath/svara-tts-v1\",finished_reason=\"abort\"}";
    assert_eq!(metric(&url, aborted).await, 1);
    assert!(metric(&url, "vllm:generation_tokens_total").await < 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_hits_one_request_of_a_paced_engine() {
    let pace = Pace { tokens_per_second: 100_000.0, ..Pace::default() };
    let settings = Settings {
        model: "kenpath/svara-tts-v1".into(),
        pace,
        length: Length::Frames(3),
        ..Settings::default()
    };
    let fake = FakeVllm::start_paced(settings).await;
    let url = fake.base_url().trim_end_matches("/v1").to_owned();
    fake.set_next(Script { end: End::Refuse(500, "broken".into()), ..Script::frames(0) });
    assert_eq!(post(&url, json!({})).await.text().await.unwrap(), "broken");
    assert_eq!(choices(&url, json!({})).await.last().unwrap().1["finish_reason"], "stop");
    assert_eq!(fake.requests().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_it_was_asked_is_told() {
    let url = start(&["--rate", "100000", "--ttft-ms", "0", "--frames", "1"]).await;
    for (session, id) in [("hi_female", "a"), ("ta_male", "b"), ("hi_female", "c")] {
        let ask = client().post(format!("{url}/v1/completions")).json(&request(&json!({})));
        let answer = ask.header("x-session-id", session).header("x-request-id", id).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }
    let stats: Value = client().get(format!("{url}/stats")).send().await.unwrap().json().await.unwrap();
    let expected = json!({"sessions": {"hi_female": 2, "ta_male": 1}, "request_ids": ["a", "b", "c"]});
    assert_eq!(stats, expected);
}
