//! Clients join addresses from parts, and some leave a slash at the end.

use reqwest::redirect::Policy;
use serde_json::json;
use svara_testkit::fake_vllm::Script;

use crate::harness::Server;

#[tokio::test]
async fn a_slash_at_the_end_leads_to_the_path_without() {
    let server = Server::start(Script::frames(1)).await;
    let client = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
    let response = client.post(server.url("/v1/audio/speech/?a=b")).json(&json!({})).send().await.unwrap();
    assert_eq!(response.status(), 308);
    assert_eq!(response.headers()["location"], "/v1/audio/speech?a=b");
    // As OpenAI's clients do, with the body.
    let followed = server.request("/v1/audio/speech/", &json!({"input": "a", "voice": "alloy"}));
    assert_eq!(followed.send().await.unwrap().status(), 200);
    // As clients join a base URL that ends in a slash with a path that begins with one.
    let response = client.post(server.url("/v1//audio/speech")).json(&json!({})).send().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["location"]),
        (308, &"/v1/audio/speech".parse().unwrap())
    );
    // Nothing where a name should be is no reason to take the next word for it.
    for (path, words) in [
        ("/v1/text-to-speech//stream", "voice_id: the path names no voice"),
        ("/v1/Audio/Speech", "did you mean /v1/audio/speech?"),
    ] {
        let response = client.post(server.url(path)).json(&json!({})).send().await.unwrap();
        assert_eq!(response.status(), 404, "{path}");
        let answer = response.text().await.unwrap();
        assert!(answer.contains(words), "{path}: {answer}");
    }
    // However many slashes a path has, it leads to no other host.
    for path in ["//example.com/", "//v1/models/", "/v1/nothing/"] {
        assert_eq!(client.get(server.url(path)).send().await.unwrap().status(), 404, "{path}");
    }
}
