use std::collections::BTreeSet;

use svara_testkit::fake_vllm::Script;

use crate::harness::Server;

#[tokio::test]
async fn the_page_is_self_contained() {
    let server = Server::start(Script::frames(1)).await;
    let (mut wanted, mut seen) = (vec![String::new()], BTreeSet::new());
    while let Some(path) = wanted.pop() {
        if !seen.insert(path.clone()) {
            continue;
        }
        let response = server.client.get(server.url(&format!("/{path}"))).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        let script = response.headers()["content-type"].to_str().unwrap().starts_with("text/javascript");
        assert_eq!(script, path.ends_with(".js"), "{path}");
        let text = response.text().await.unwrap();
        let named = if path.is_empty() {
            between(&text, "=\"playground/", "\"")
        } else {
            between(&text, "from './", "'")
        };
        wanted.extend(named.into_iter().map(|name| format!("playground/{name}")));
    }
    assert!(seen.len() > 10, "{seen:?}");
}

#[tokio::test]
async fn the_page_gets_the_servers_settings() {
    let server = Server::start(Script::frames(1)).await;
    let settings = server.client.get(server.url("/playground/settings.json")).send().await.unwrap();
    let settings: serde_json::Value = settings.json().await.unwrap();
    assert_eq!(settings["styles"], serde_json::json!(["happy", "sad", "anger", "fear", "clear"]));
    assert_eq!(settings["text_characters"], 5000);
    assert_eq!(settings["cloning"]["max_bytes"], 10_000_000);
    assert!(settings["formats"].as_array().unwrap().contains(&"wav".into()), "{settings}");
    let missing = server.client.get(server.url("/playground/none.js")).send().await.unwrap();
    assert_eq!(missing.status(), 404);
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Vec<&'a str> {
    text.split(before).skip(1).filter_map(|rest| rest.split(after).next()).collect()
}
