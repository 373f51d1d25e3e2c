//! The requests that engines get, and what happens when one of them fails.

use serde_json::{Value, json};
use svara_config::Seconds;
use svara_testkit::fake_vllm::{End, FakeVllm, Script, frame_tokens};

use crate::harness::{Server, status_and_json};

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// The value of a header in each of the engine's requests.
fn seen(server: &Server, header: &str) -> Vec<Option<String>> {
    let value = |headers: &reqwest::header::HeaderMap| {
        headers.get(header).map(|value| value.to_str().unwrap().to_owned())
    };
    server.engine.headers().iter().map(value).collect()
}

#[tokio::test]
async fn the_engine_gets_request_id_trace_and_session() {
    let server = Server::start(Script::frames(3)).await;
    let body = json!({"text": "नमस्ते", "voice": "hi_female", "response_format": "pcm"});
    let request = server.request("/v1/text-to-speech", &body);
    let traced = request.try_clone().unwrap().header("x-request-id", "call-7").header("tracestate", "a=b");
    traced.header("traceparent", PARENT).send().await.unwrap().bytes().await.unwrap();
    request.header("traceparent", "00-nonsense").send().await.unwrap().bytes().await.unwrap();
    assert!(seen(&server, "x-request-id")[0].as_deref().unwrap().starts_with("call-7-"));
    assert_eq!(seen(&server, "traceparent"), [Some(PARENT.to_owned()), None]);
    assert_eq!(seen(&server, "tracestate"), [Some("a=b".to_owned()), None]);
    assert_eq!(seen(&server, "x-session-id"), [Some("hi_female".to_owned()), Some("hi_female".to_owned())]);
}

#[tokio::test]
async fn each_recording_is_its_own_session() {
    let server = Server::start(Script::frames(3)).await;
    let clone = async |first_code: u32| {
        let tokens: Vec<u32> = (0..7).map(|slot| 128_266 + slot * 4096 + first_code).collect();
        let response = server.speak(json!({"voice_clone_tokens": tokens})).await;
        assert_eq!(response.status(), 200);
        response.bytes().await.unwrap();
    };
    clone(1).await;
    clone(1).await;
    clone(2).await;
    let sessions = seen(&server, "x-session-id");
    assert!(sessions[0].as_deref().unwrap().starts_with("reference-"), "{sessions:?}");
    assert!(sessions[0] == sessions[1] && sessions[1] != sessions[2], "{sessions:?}");
}

/// The sum of the values in `/metrics` whose lines start with `start`.
async fn metric(server: &Server, start: &str) -> f64 {
    let text = server.metrics().await;
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with(start)).collect();
    assert!(!lines.is_empty(), "{start} is in none of {text}");
    lines.iter().map(|line| line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap()).sum()
}

/// Enough voices that each of two engines gets some: voices are spread over engines.
const VOICES: [&str; 16] = [
    "hi_female",
    "hi_male",
    "bn_female",
    "bn_male",
    "mr_female",
    "mr_male",
    "te_female",
    "te_male",
    "kn_female",
    "kn_male",
    "ta_female",
    "ta_male",
    "en_female",
    "en_male",
    "gu_female",
    "gu_male",
];

async fn health(server: &Server) -> (u16, Value) {
    let response = server.client.get(server.url("/health")).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

/// A server with a second engine, which has its own script. What says nothing for a second has failed.
async fn two(first: Script, second: Script) -> (Server, FakeVllm) {
    two_within(1, first, second).await
}

/// [`two`], with this many seconds.
async fn two_within(seconds: u64, first: Script, second: Script) -> (Server, FakeVllm) {
    let other = FakeVllm::start(second).await;
    let url = other.base_url();
    let server = Server::with(first, |config| {
        config.engine.base_url = format!("{}, {url}/", config.engine.base_url);
        config.engine.first_token_seconds = Seconds::new(seconds);
        config.engine.inactivity_seconds = Seconds::new(seconds);
    })
    .await;
    (server, other)
}

#[tokio::test]
async fn the_other_engine_takes_a_failed_request() {
    for end in [
        End::ErrorEvent,
        End::Eof,
        End::Finish("abort"),
        End::Refuse(500, "broken".into()),
        End::Refuse(503, "No available workers (all circuits open or unhealthy)".into()),
        End::Refuse(404, "no such model".into()),
        End::Hang,
    ] {
        let bad = Script { end: end.clone(), ..Script::frames(0) };
        let (server, good) = two(bad, Script::frames(4)).await;
        for voice in VOICES {
            let response = server.speak(json!({"voice": voice})).await;
            assert_eq!(response.status(), 200, "{end:?}");
            assert_eq!(response.bytes().await.unwrap().len(), 4 * 2048 * 2);
        }
        let retries = metric(&server, "svara_engine_retries_total").await;
        assert!(retries >= 1.0 && retries == server.engine.requests().len() as f64, "{end:?}: {retries}");
        assert_eq!(good.requests().len(), VOICES.len());
        let ids: Vec<_> = good.headers().iter().map(|headers| headers["x-request-id"].clone()).collect();
        let retried = ids.iter().filter(|id| id.to_str().unwrap().contains("-retry-")).count();
        assert_eq!(retried as f64, retries);
    }
}

/// Answers without a whole frame of audio, whatever their status and finish reason say.
fn unheard() -> Vec<Script> {
    let foreign: Vec<u32> = (100..200).collect();
    vec![
        Script::frames(0),
        Script::new(foreign.clone()),
        Script { chunk_tokens: 1, ..Script::new(frame_tokens(1)[..6].to_vec()) },
        Script { end: End::Finish("length"), ..Script::new(foreign) },
        Script { end: End::Finish("length"), ..Script::frames(0) },
        Script { end: End::Finish("length"), ..Script::new(frame_tokens(1)[..6].to_vec()) },
        Script { end: End::ErrorEvent, ..Script::new(frame_tokens(1)[..6].to_vec()) },
        Script { end: End::Eof, ..Script::new((100..110).collect()) },
        Script { end: End::Hang, ..Script::new((100..110).collect()) },
    ]
}

#[tokio::test]
async fn an_engine_that_answers_without_audio_is_passed_over() {
    for bad in unheard() {
        let case = format!("{:?} after {} tokens", bad.end, bad.tokens.len());
        let (server, good) = two(bad, Script::frames(4)).await;
        for voice in VOICES {
            let response = server.speak(json!({"voice": voice})).await;
            assert_eq!(response.status(), 200, "{case}");
            assert_eq!(response.bytes().await.unwrap().len(), 4 * 2048 * 2, "{case}");
        }
        let asked = server.engine.requests().len();
        assert!((1..=4).contains(&asked), "{case}: asked {asked} times");
        assert_eq!(good.requests().len(), VOICES.len(), "{case}");
        let (status, body) = health(&server).await;
        assert_eq!(status, 200, "{case}: {body}");
        // On a slow machine, its time is over already.
        assert_ne!(body["engines"][0]["state"], "serving", "{case}: {body}");
        assert!(body["engines"][0]["last_failure"].is_string(), "{case}: {body}");
    }
}

/// A text that no engine can speak says nothing about the engines.
#[tokio::test]
async fn a_text_that_no_engine_speaks_costs_no_engine_its_place() {
    let (server, other) = two(Script::frames(0), Script::frames(0)).await;
    for voice in VOICES {
        assert_eq!(server.speak(json!({"voice": voice})).await.status(), 502);
    }
    assert!(server.engine.requests().len() >= VOICES.len() && other.requests().len() >= VOICES.len());
    let (_, body) = health(&server).await;
    let engines = body["engines"].as_array().unwrap();
    assert!(engines.iter().all(|engine| engine["state"] == "serving" && engine["in_flight"] == 0), "{body}");
}

#[tokio::test]
async fn a_failure_after_the_first_byte_is_not_retried() {
    let broken = || Script { end: End::Eof, ..Script::frames(10) };
    let (server, other) = two(broken(), broken()).await;
    assert!(server.speak(json!({})).await.bytes().await.is_err());
    assert_eq!(server.engine.requests().len() + other.requests().len(), 1);
}

/// A later piece has one retry, as the first one has: a silent engine costs one wait, and a full one isn't asked more often the
/// longer the text is.
#[tokio::test]
async fn a_later_piece_is_asked_for_no_more_often_than_the_first() {
    let text = json!({"text": "यह एक वाक्य है। ".repeat(60)});
    for (end, tries) in [(End::Refuse(503, "full".into()), 2), (End::Hang, 1)] {
        let server = Server::with(Script { end: end.clone(), ..Script::frames(0) }, |config| {
            config.engine.first_token_seconds = Seconds::new(1);
        })
        .await;
        server.engine.set_next(Script::frames(6));
        assert!(server.speak(text.clone()).await.bytes().await.is_err());
        assert_eq!(server.engine.requests().len(), 1 + tries, "{end:?}");

        let bad = Script { end: end.clone(), ..Script::frames(0) };
        let (server, other) = two(bad.clone(), bad).await;
        server.engine.set_next(Script::frames(6));
        assert!(server.speak(text.clone()).await.bytes().await.is_err());
        // The first piece may have been asked for at the other engine first.
        let asked = server.engine.requests().len() + other.requests().len();
        assert!(asked == 3 || asked == 4, "{end:?}: {asked}");
    }
}

#[tokio::test]
async fn health_lists_engines_and_needs_only_one() {
    let (server, other) = two(Script::frames(4), Script::frames(4)).await;
    let (status, body) = health(&server).await;
    let urls = format!("{},{}", server.engine.base_url(), other.base_url());
    assert_eq!((status, &body["vllm_url"]), (200, &json!(urls)));
    let states = |body: &Value| -> Vec<String> {
        let engines = body["engines"].as_array().unwrap();
        engines.iter().map(|engine| engine["state"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(states(&body), ["serving", "serving"]);
    other.kill().await;
    for voice in VOICES {
        assert_eq!(server.speak(json!({"voice": voice})).await.status(), 200);
    }
    let (status, body) = health(&server).await;
    assert_eq!((status, states(&body)), (200, vec!["serving".to_owned(), "ejected".to_owned()]));
    assert!(body["engines"][1]["last_failure"].as_str().unwrap().contains("can't be reached"), "{body}");
    let name = body["engines"][1]["name"].as_str().unwrap();
    assert_eq!(metric(&server, &format!("svara_engine_ejections_total{{engine=\"{name}\"}}")).await, 1.0);
    assert_eq!(metric(&server, &format!("svara_engine_serving{{engine=\"{name}\"}}")).await, 0.0);
}

#[tokio::test]
async fn no_engine_left_is_a_503_with_advice() {
    let (mut server, other) = two(Script::frames(4), Script::frames(4)).await;
    other.kill().await;
    std::mem::replace(&mut server.engine, FakeVllm::start(Script::frames(1)).await).kill().await;
    for _ in 0..3 {
        let response = server.speak(json!({})).await;
        assert_eq!(response.headers()["retry-after"], "1");
        let (status, body) = status_and_json(response).await;
        assert_eq!((status, &body["error"]["type"]), (503, &json!("engine_unreachable")));
    }
    assert_eq!(health(&server).await.0, 503);
}

/// Load is spread, and all requests in flight are counted.
#[tokio::test]
async fn requests_are_spread_and_counted() {
    let endless = || Script { end: End::Hang, ..Script::frames(10) };
    let (server, other) = two_within(600, endless(), endless()).await;
    let mut answers = Vec::new();
    for _ in 0..6 {
        answers.push(server.speak(json!({})).await);
    }
    assert_eq!((server.engine.requests().len(), other.requests().len()), (3, 3));
    assert_eq!(metric(&server, "svara_engine_in_flight").await, 6.0);
    drop(answers);
    server.engine.wait_for_open_streams(0).await;
    other.wait_for_open_streams(0).await;
    server.quiet().await;
    let (_, body) = health(&server).await;
    assert!(body["engines"].as_array().unwrap().iter().all(|engine| engine["in_flight"] == 0), "{body}");
}
