//! API keys: which requests are admitted, the quota of each key, and refusals in each dialect.

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use svara_config::Config;
use svara_service::callers::{KeyEntry, KeyHash};
use svara_testkit::{
    eventually,
    fake_vllm::{End, Script},
};

use crate::{
    harness::{Server, status_and_json},
    sockets::Client,
};

const KEY: &str = "sk-svara-test-0123456789";

fn keyed(change: impl FnOnce(&mut KeyEntry)) -> impl FnOnce(&mut Config) {
    let mut key = KeyEntry::unbounded("test", KEY);
    change(&mut key);
    |config| {
        config.decoder.kind = svara_config::DecoderBackend::Null;
        config.server.keys = vec![key];
    }
}

fn speech(server: &Server, text: &str) -> reqwest::RequestBuilder {
    let body = json!({"text": text, "voice": "hi_female", "response_format": "pcm"});
    server.request("/v1/text-to-speech", &body).bearer_auth(KEY)
}

#[tokio::test]
async fn without_a_key_nothing_is_spoken() {
    let server = Server::with(Script::frames(4), keyed(|_| {})).await;
    let svara = json!({"text": "a", "voice": "hi_female"});
    let openai = json!({"input": "a", "voice": "hi_female"});
    for (path, body) in [("/v1/text-to-speech", &svara), ("/v1/audio/speech", &openai)] {
        for (name, value, status) in [
            (None, "", 401),
            (Some("authorization"), "Bearer wrong", 401),
            (Some("authorization"), &format!("Basic {KEY}"), 401),
            (Some("authorization"), KEY, 200),
            (Some("xi-api-key"), "wrong", 401),
            (Some("authorization"), &format!("Bearer {KEY}"), 200),
            (Some("xi-api-key"), KEY, 200),
        ] {
            let mut request = server.request(path, body);
            if let Some(name) = name {
                request = request.header(name, value);
            }
            let response = request.send().await.unwrap();
            assert_eq!(response.status(), status, "{path} with {name:?}: {value}");
            assert_eq!(response.headers().contains_key(header::WWW_AUTHENTICATE), status == 401);
        }
    }
    let (_, body) = status_and_json(server.request("/v1/text-to-speech", &svara).send().await.unwrap()).await;
    assert_eq!(body["error"]["type"], "missing_api_key");
    let wrong = server.request("/v1/audio/speech", &openai).bearer_auth("wrong").send().await.unwrap();
    let (_, body) = status_and_json(wrong).await;
    assert_eq!((&body["error"]["code"], &body["error"]["param"]), (&json!("invalid_api_key"), &Value::Null));
    assert_eq!(server.engine.requests().len(), 6);
}

/// Every group of routes that can be open, with the groups configured as open.
#[tokio::test]
async fn probes_and_lists_are_open_or_not_as_configured() {
    let open = Server::with(Script::frames(1), keyed(|_| {})).await;
    let closed = Server::with(Script::frames(1), |config| {
        keyed(|_| {})(config);
        config.server.open.clear();
    })
    .await;
    let status = async |server: &Server, method: &Method, path: &str| {
        server.client.request(method.clone(), server.url(path)).send().await.unwrap().status().as_u16()
    };
    for path in [
        "/",
        "/health",
        "/health/live",
        "/health/ready",
        "/v1/test",
        "/metrics",
        "/v1/voices",
        "/v1/voices/hi_female",
        "/v1/voices/hi_female/settings",
        "/v1/voices/settings/default",
        "/v2/voices",
        "/v1/audio/voices",
        "/v1/audio/models",
        "/v1/models",
        "/v1/models/svara-tts-v1",
        "/playground/settings.json",
        "/playground/main.js",
        "/openapi.json",
        "/docs/",
    ] {
        assert_eq!(status(&open, &Method::GET, path).await, 200, "{path}");
        assert_eq!(status(&closed, &Method::GET, path).await, 401, "{path}");
    }
    for (method, path) in [
        (Method::POST, "/v1/voices"),
        (Method::DELETE, "/v1/voices/x"),
        (Method::GET, "/debug/timing"),
        (Method::POST, "/debug/timing/reset"),
        (Method::POST, "/v1/voice-clone"),
    ] {
        assert_eq!(status(&open, &method, path).await, 401, "{method} {path}");
    }
}

#[tokio::test]
async fn requests_over_the_rate_get_a_retry_after() {
    let server = Server::with(Script::frames(4), keyed(|key| key.requests_per_minute = Some(2))).await;
    for _ in 0..2 {
        assert_eq!(speech(&server, "a").send().await.unwrap().status(), 200);
    }
    let response = speech(&server, "a").send().await.unwrap();
    let wait: u64 = response.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=30).contains(&wait), "one request becomes free every 30 s, not after {wait} s");
    let (status, body) = status_and_json(response).await;
    assert_eq!((status, &body["error"]["type"]), (429, &json!("rate_limit_exceeded")));
    let openai = server.request("/v1/audio/speech", &json!({"input": "a", "voice": "hi_female"}));
    let (status, body) = status_and_json(openai.bearer_auth(KEY).send().await.unwrap()).await;
    assert_eq!((status, &body["error"]["code"]), (429, &json!("rate_limit_exceeded")));
}

#[tokio::test]
async fn each_key_has_its_own_streams() {
    let script = Script { end: End::Hang, ..Script::frames(4) };
    let server = Server::with(script, keyed(|key| key.concurrent_streams = Some(1))).await;
    let mut first = speech(&server, "a").send().await.unwrap();
    first.chunk().await.unwrap().unwrap();
    let (status, body) = status_and_json(speech(&server, "a").send().await.unwrap()).await;
    assert_eq!((status, &body["error"]["type"]), (429, &json!("too_many_concurrent_requests")));
    drop(first);
    server.engine.wait_for_open_streams(0).await;
    server.engine.set(Script::frames(4));
    eventually("its stream is free again", async || {
        let status = speech(&server, "a").send().await.unwrap().status();
        (status != StatusCode::TOO_MANY_REQUESTS).then_some(())
    })
    .await;
}

#[tokio::test]
async fn characters_count_when_they_are_spoken() {
    let server = Server::with(Script::frames(4), keyed(|key| key.characters_per_day = Some(10))).await;
    server.engine.set(Script { end: End::Refuse(500, String::new()), ..Script::frames(0) });
    for _ in 0..3 {
        assert_eq!(speech(&server, "12345678").send().await.unwrap().status(), 502);
    }
    server.engine.set(Script::frames(4));
    assert_eq!(speech(&server, "12345678").send().await.unwrap().bytes().await.unwrap().len(), 4 * 4096);
    let response = speech(&server, "123").send().await.unwrap();
    assert!(response.headers().contains_key("retry-after"));
    let (status, body) = status_and_json(response).await;
    assert_eq!((status, &body["error"]["type"]), (429, &json!("quota_exceeded")));
    assert_eq!(speech(&server, "12").send().await.unwrap().status(), 200);
    // A text that is too long for any day gets no Retry-After.
    let response = speech(&server, "12345678901").send().await.unwrap();
    assert!(response.status() == 429 && !response.headers().contains_key("retry-after"));
}

#[tokio::test]
async fn pages_of_listed_origins_are_allowed() {
    let server = Server::with(Script::frames(4), |config| {
        keyed(|_| {})(config);
        config.server.cors_origins = vec!["https://app.example".to_owned()];
    })
    .await;
    for (origin, allowed) in [("https://app.example", true), ("https://other.example", false)] {
        let preflight = server
            .client
            .request(Method::OPTIONS, server.url("/v1/text-to-speech"))
            .header(header::ORIGIN, origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization, content-type");
        let response = preflight.send().await.unwrap();
        assert_eq!(response.headers().contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN), allowed, "{origin}");
        assert_eq!(response.status(), 200, "a preflight needs no key");
        let answer = speech(&server, "a").header(header::ORIGIN, origin).send().await.unwrap();
        let headers = answer.headers();
        assert_eq!(answer.status(), if allowed { 200 } else { 403 }, "{origin}");
        assert_eq!(headers.get(header::ACCESS_CONTROL_ALLOW_ORIGIN).is_some(), allowed, "{origin}");
        if !allowed {
            continue;
        }
        assert!(headers[header::ACCESS_CONTROL_EXPOSE_HEADERS].to_str().unwrap().contains("x-sample-rate"));
    }
}

/// A hash in the configuration can't be used as a key.
#[tokio::test]
async fn the_hash_is_no_key() {
    let server = Server::with(Script::frames(4), keyed(|_| {})).await;
    let body = json!({"text": "a", "voice": "hi_female"});
    let request = server.request("/v1/text-to-speech", &body).bearer_auth(KeyHash::of(KEY).hex());
    assert_eq!(request.send().await.unwrap().status(), 401);
}

/// Browsers can't set the headers of a WebSocket, and ElevenLabs' clients send the key in the first message.
#[tokio::test]
async fn a_socket_takes_its_key_from_query_or_message() {
    let server = Server::with(Script::frames(4), keyed(|_| {})).await;
    let route = "hi_female/stream-input";
    let mut in_query = Client::open(&server, route, &format!("&xi_api_key={KEY}")).await;
    in_query.send(json!({"text": "a", "flush": true})).await;
    assert!(in_query.next().await.unwrap()["audio"].is_string());
    for (field, value) in [("xi_api_key", KEY.to_owned()), ("authorization", format!("Bearer {KEY}"))] {
        let mut in_message = Client::open(&server, route, "").await;
        in_message.send(json!({"text": " ", field: value})).await;
        in_message.send(json!({"text": "a", "flush": true})).await;
        assert!(in_message.next().await.unwrap()["audio"].is_string(), "{field}");
    }
    let spoken = server.engine.requests().len();
    for first in
        [json!({"text": "a", "flush": true}), json!({"text": "a", "flush": true, "xi_api_key": "wrong"})]
    {
        let mut without = Client::open(&server, route, "").await;
        without.send(first).await;
        let (messages, code) = without.rest().await;
        assert!(code == 1008 && messages[0]["error"].as_str().unwrap().ends_with("api_key"), "{messages:?}");
    }
    assert_eq!(server.engine.requests().len(), spoken);
}

/// Requests wait for a stream in a bounded queue, and `Server-Timing` reports how long.
#[tokio::test]
async fn a_full_server_lets_a_few_wait() {
    let script = Script { end: End::Hang, ..Script::frames(4) };
    let server = Server::with(script, |config| {
        keyed(|_| {})(config);
        config.limits.streams = 1;
        config.limits.queue = 1;
        config.limits.queue_seconds = svara_config::Seconds::new(60);
    })
    .await;
    let mut first = speech(&server, "a").send().await.unwrap();
    first.chunk().await.unwrap().unwrap();
    server.engine.set(Script::frames(4));
    let waiting = tokio::spawn(speech(&server, "b").send());
    let waits = async {
        let mut metrics = String::new();
        while !metrics.contains("svara_queue_waiting 1") {
            metrics = server.metrics().await;
        }
    };
    tokio::time::timeout(crate::raw::LONG, waits).await.expect("a request waits");
    let openai = server.request("/v1/audio/speech", &json!({"input": "c", "voice": "hi_female"}));
    for (request, status) in [(speech(&server, "c"), 503), (openai.bearer_auth(KEY), 429)] {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), status);
        // The first takes longer than its text, and one waits for it already.
        let wait: u64 = response.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..60).contains(&wait), "{wait}");
    }
    drop(first);
    let response = waiting.await.unwrap().unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.headers()["server-timing"].to_str().unwrap().starts_with("queue;dur="));
}
