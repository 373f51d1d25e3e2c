use std::collections::BTreeSet;

use svara_testkit::fake_vllm::Script;

use crate::harness::Server;

/// The playground, the API's page and all that they name: nothing from elsewhere, nothing inline, nothing that no page uses.
#[tokio::test]
async fn the_pages_are_self_contained() {
    let server = Server::start(Script::frames(1)).await;
    let root = server.client.get(server.url("/")).send().await.unwrap().url().clone();
    let (mut wanted, mut seen) = (vec![root.clone(), root.join("docs/").unwrap()], BTreeSet::new());
    while let Some(url) = wanted.pop() {
        let path = url.path().to_owned();
        if !seen.insert(path.clone()) {
            continue;
        }
        let response = server.client.get(url.clone()).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        let content_type = response.headers()["content-type"].to_str().unwrap().to_owned();
        let kind = match path.rsplit_once('.').map(|(_, extension)| extension) {
            Some("js") => "text/javascript; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("svg") => "image/svg+xml",
            _ => "text/html; charset=utf-8",
        };
        assert_eq!(content_type, kind, "{path}");
        let text = response.text().await.unwrap();
        assert!(!text.contains("https://"), "nothing from other hosts: {path}");
        let mut named = between(&text, "from '", "';");
        named.extend(between(&text, "import('", "')"));
        if kind.starts_with("text/html") {
            named.extend(
                between(&text, "href=\"", "\"")
                    .into_iter()
                    .filter(|name| name.contains('.') && !name.ends_with('/')),
            );
            named.extend(between(&text, "src=\"", "\""));
        }
        wanted.extend(
            named
                .into_iter()
                .filter(|name| !name.contains(':') && !name.ends_with(".json"))
                .map(|name| url.join(name).unwrap()),
        );
    }
    let assets = concat!(env!("CARGO_MANIFEST_DIR"), "/assets");
    for folder in ["playground", "docs"] {
        for file in std::fs::read_dir(format!("{assets}/{folder}")).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            let path = if name == "index.html" {
                format!("/{folder}/").replace("/playground", "")
            } else {
                format!("/{folder}/{name}")
            };
            assert!(seen.contains(&path), "no page uses {path}: {seen:?}");
        }
    }
    // By way of `/docs`.
    let docs = server.client.get(server.url("/docs")).send().await.unwrap();
    assert_eq!((docs.status().as_u16(), docs.url().path()), (200, "/docs/"));
    assert_eq!(server.client.get(server.url("/docs/none.js")).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn the_page_gets_the_servers_settings() {
    let server = Server::start(Script::frames(1)).await;
    let settings = server.client.get(server.url("/playground/settings.json")).send().await.unwrap();
    let settings: serde_json::Value = settings.json().await.unwrap();
    assert_eq!(settings["styles"], serde_json::json!(["happy", "sad", "anger", "fear", "clear"]));
    assert_eq!(settings["text_characters"], 5000);
    assert_eq!(settings["cloning"], serde_json::json!({"max_bytes": 10_000_000, "max_seconds": 30.0}));
    assert!(settings["formats"].as_array().unwrap().contains(&"wav".into()), "{settings}");
    let missing = server.client.get(server.url("/playground/none.js")).send().await.unwrap();
    assert_eq!(missing.status(), 404);
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Vec<&'a str> {
    text.split(before).skip(1).filter_map(|rest| rest.split(after).next()).collect()
}
