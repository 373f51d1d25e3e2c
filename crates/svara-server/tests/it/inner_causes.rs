//! Error messages name what failed and whether to try again. They never show hosts, paths or the words of engines.

use serde_json::{Value, json};
use svara_service::callers::KeyEntry;
use svara_testkit::fake_vllm::{End, Script};

use crate::harness::Server;

/// A port that nobody listens on.
fn closed_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// All that an answer says, up to its end or to where it is broken off.
async fn told(answer: reqwest::Response) -> String {
    let mut answer = answer;
    let mut bytes = answer.status().as_u16().to_string().into_bytes();
    while let Ok(Some(chunk)) = answer.chunk().await {
        bytes.extend(chunk);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Routes that speak, and what they take.
fn routes() -> Vec<(&'static str, Value)> {
    let openai = |more: Value| {
        let mut body = json!({"input": "a", "voice": "hi_female", "response_format": "pcm"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    vec![
        ("/v1/text-to-speech", json!({"text": "a", "voice": "hi_female"})),
        ("/v1/text-to-speech", json!({"text": "a", "voice": "hi_female", "stream": false})),
        ("/v1/audio/speech", openai(json!({}))),
        ("/v1/audio/speech", openai(json!({"stream_format": "sse"}))),
        ("/v1/text-to-speech/hi_female", json!({"text": "a"})),
        ("/v1/text-to-speech/hi_female/stream/with-timestamps", json!({"text": "a"})),
        (
            "/v1/vapi/hi_female",
            json!({"message": {"type": "voice-request", "text": "a", "sampleRate": 24000}}),
        ),
    ]
}

#[tokio::test]
async fn an_engines_words_stay_inside() {
    let page = "<html><title>502</title>secret-host.internal /opt/secret/path</html>".to_owned();
    let refusal = json!({"error": {"message": "no room on secret-host.internal:8000"}}).to_string();
    for end in [
        End::Refuse(502, page.clone()),
        End::Refuse(404, page),
        End::Refuse(500, refusal),
        End::Eof,
        End::ErrorEvent,
    ] {
        let server = Server::start(Script { end: end.clone(), ..Script::frames(0) }).await;
        let address = server.engine.base_url();
        let host = address.trim_start_matches("http://").trim_end_matches("/v1").to_owned();
        for (route, body) in routes() {
            let answer = server.request(route, &body).send().await.unwrap();
            let told = told(answer).await;
            for inner in ["secret", "<html", &host, "EngineCore"] {
                assert!(!told.contains(inner), "{route} {end:?}: {told}");
            }
            assert!(told.contains("engine"), "{route} {end:?}: {told}");
        }
    }
}

#[tokio::test]
async fn nor_does_an_unreachable_engine_show_its_address() {
    let port = closed_port();
    let server = Server::with(Script::frames(1), |config| {
        config.engine.base_url = format!("http://127.0.0.1:{port}/v1");
    })
    .await;
    let port = port.to_string();
    for (route, body) in routes() {
        let told = told(server.request(route, &body).send().await.unwrap()).await;
        assert!(!told.contains(&port) && told.contains("engine"), "{route}: {told}");
    }
    let ready = server.client.get(server.url("/health/ready")).send().await.unwrap();
    let told = ready.text().await.unwrap();
    assert!(!told.contains(&port) && told.contains("engine"), "{told}");
}

#[tokio::test]
async fn only_holders_of_keys_learn_where_the_engine_is() {
    const KEY: &str = "sk-svara-test-inside-0123";
    let server = Server::with(Script::frames(1), |config| {
        config.server.keys = vec![KeyEntry::unbounded("test", KEY)];
        config.engine.base_url = config.engine.base_url.replace("http://", "http://user:hushhush@");
    })
    .await;
    let health = async |key: Option<&str>| -> Value {
        let request = server.client.get(server.url("/health"));
        let request = key.into_iter().fold(request, |request, key| request.bearer_auth(key));
        request.send().await.unwrap().json().await.unwrap()
    };
    for key in [None, Some("sk-svara-test-wrong-0123")] {
        assert_eq!(health(key).await["vllm_url"], Value::Null);
    }
    let url = health(Some(KEY)).await["vllm_url"].as_str().unwrap().to_owned();
    assert!(url.contains("127.0.0.1") && !url.contains("hush"), "{url}");
}

#[tokio::test]
async fn a_stores_paths_stay_inside() {
    let directory = tempfile::tempdir().unwrap();
    let (jobs, voices) = (directory.path().join("secret-jobs"), directory.path().join("secret-voices"));
    let server = Server::with(Script::frames(1), |config| {
        config.jobs.store = jobs.display().to_string();
        config.voices.store = voices.display().to_string();
    })
    .await;
    // Plain files in place of the directories fail every operation.
    for store in [&jobs, &voices] {
        std::fs::remove_dir_all(store).unwrap();
        std::fs::write(store, "").unwrap();
    }
    let body = json!({"text": "a", "voice": "hi_female"});
    let posted = server.request("/v1/jobs", &body).send().await.unwrap();
    let status = posted.status();
    let told = posted.text().await.unwrap();
    assert!(status == 503 && told.contains("store") && !told.contains("secret"), "{status} {told}");
    let id = "0123456789abcdef0123456789abcdef";
    let told = server.request("/v1/text-to-speech", &json!({"text": "a", "voice": id})).send().await.unwrap();
    assert!(!told.text().await.unwrap().contains("secret"));
}
