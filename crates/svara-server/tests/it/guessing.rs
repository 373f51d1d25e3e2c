//! Wrong keys take longer and longer.

use std::time::{Duration, Instant};

use reqwest::{RequestBuilder, header};
use serde_json::json;
use svara_config::Config;
use svara_service::callers::KeyEntry;
use svara_testkit::fake_vllm::Script;

use crate::{
    harness::{Server, status_and_json},
    sockets::Client,
};

const KEY: &str = "sk-svara-test-0123456789";
const NEW: &str = "sk-svara-test-of-somebody";

fn keyed(config: &mut Config) {
    config.server.keys = vec![KeyEntry::unbounded("test", KEY), KeyEntry::unbounded("new", NEW)];
}

fn jobs(server: &Server, key: &str) -> RequestBuilder {
    server.client.get(server.url("/v1/text-to-speech/x")).bearer_auth(key)
}

async fn status(request: RequestBuilder) -> u16 {
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn guessing_is_slowed_down_and_known_keys_are_not() {
    let server = Server::with(Script::frames(1), keyed).await;
    let list = |key: &str| server.client.get(server.url("/v1/voices")).bearer_auth(key);
    let debug = |key: &str| server.client.get(server.url("/debug/timing")).bearer_auth(key);
    assert_eq!(status(debug(KEY)).await, 200);
    let mut refused = Vec::new();
    for n in 0..100 {
        // Open lists are no way around it.
        let request = if n % 2 == 0 { debug("wrong") } else { list("wrong") };
        refused.push(status(request).await);
    }
    // Ten, and one more for each wait that has gone by meanwhile.
    let tried = refused.iter().filter(|status| **status == 401).count();
    assert!(
        (10..=16).contains(&tried) && refused.iter().all(|status| [401, 429].contains(status)),
        "{refused:?}"
    );
    let mut answer = debug("wrong").send().await.unwrap();
    while answer.status() != 429 {
        answer = debug("wrong").send().await.unwrap();
    }
    assert_eq!(answer.headers()[header::CONNECTION], "close");
    let wait: u64 = answer.headers()[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
    assert!((1..=30).contains(&wait), "{wait}");
    let (status_, body) = status_and_json(answer).await;
    assert_eq!((status_, &body["error"]["type"]), (429, &json!("too_many_failed_keys")));
    assert_eq!(status(debug(KEY)).await, 200, "it has come from here before");
    assert_eq!(status(list(KEY)).await, 200);
    assert_eq!(status(server.client.get(server.url("/health/live"))).await, 200);
    // A socket's message is a guess, too; and a right key that is new here waits as a wrong one does.
    let mut socket = Client::open(&server, "hi_female/stream-input", "").await;
    socket.send(json!({"text": " ", "xi_api_key": NEW})).await;
    let (messages, code) = socket.rest().await;
    assert!(code == 1008 && messages[0].to_string().contains("too_many_failed_keys"), "{messages:?}");
    let start = Instant::now();
    while status(debug(NEW)).await == 429 {
        assert!(start.elapsed() < Duration::from_secs(31), "it is locked out for long");
        // The lock ends with time; nothing tells of it.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Behind a trusted proxy, each client is slowed down for itself; without one, nobody can pose as another.
#[tokio::test]
async fn the_clients_of_a_proxy_are_told_apart() {
    for (trusted, header) in [(true, "x-forwarded-for"), (true, "forwarded"), (false, "x-forwarded-for")] {
        let server = Server::with(Script::frames(1), |config| {
            keyed(config);
            config.server.trusted_proxies = trusted.then(|| "127.0.0.0/8".to_owned()).into_iter().collect();
        })
        .await;
        let from = |client: &str, key: &str| {
            let value = if header == "forwarded" { format!("for={client}") } else { client.to_owned() };
            jobs(&server, key).header(header, value)
        };
        for n in 0..20 {
            let client = if trusted { "192.0.2.1".to_owned() } else { format!("192.0.2.{n}") };
            status(from(&client, "wrong")).await;
        }
        // On a slow machine, a wait may have gone by.
        while status(from("192.0.2.1", "wrong")).await != 429 {}
        assert_eq!(status(from("198.51.100.1", "wrong")).await, if trusted { 401 } else { 429 }, "{header}");
    }
}

/// A proxy may pass on in quotes what the client chose, such as its `Host`.
#[tokio::test]
async fn what_a_proxy_quotes_is_not_its_word() {
    let server = Server::with(Script::frames(1), |config| {
        keyed(config);
        config.server.trusted_proxies = vec!["127.0.0.0/8".to_owned()];
    })
    .await;
    let from = |client: &str, n: usize| {
        let value = format!(r#"for={client};proto=https;host="a, for=192.0.2.{n}""#);
        jobs(&server, "wrong").header("forwarded", value)
    };
    for n in 0..20 {
        status(from("203.0.113.1", n)).await;
    }
    // On a slow machine, a wait may have gone by.
    for n in (0..250).cycle() {
        if status(from("203.0.113.1", n)).await == 429 {
            break;
        }
    }
    assert_eq!(status(from("198.51.100.1", 0)).await, 401);
}
