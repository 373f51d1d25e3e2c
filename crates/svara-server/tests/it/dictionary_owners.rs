//! Whose a dictionary is: its key's alone, until it is shared.

use std::path::Path;

use reqwest::Method;
use serde_json::json;
use svara_config::Config;
use svara_service::callers::KeyEntry;
use svara_testkit::fake_vllm::Script;

use crate::{
    dictionaries::{PATH, alias, ask, ask_as, stored},
    harness::Server,
};

pub const ALICE: &str = "sk-svara-test-of-alice-000";
pub const BOB: &str = "sk-svara-test-of-bob-00000";
pub const ADMIN: &str = "sk-svara-test-of-the-admin";

pub fn keyed(directory: &Path) -> impl FnOnce(&mut Config) {
    let stored = stored(directory);
    move |config| {
        stored(config);
        config.server.keys = vec![
            KeyEntry::unbounded("alice", ALICE),
            KeyEntry::unbounded("bob", BOB),
            KeyEntry { admin: true, ..KeyEntry::unbounded("root", ADMIN) },
        ];
    }
}

#[tokio::test]
async fn a_dictionary_is_its_keys_alone_until_it_is_shared() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::with(Script::frames(2), |config| {
        keyed(directory.path())(config);
        config.cache.memory_bytes = 10_000_000;
        config.dictionaries.max_kept_per_key = 2;
    })
    .await;
    let body = json!({"name": "Patients", "rules": [alias("SQL", "sequel")]});
    let (status, kept) = ask_as(ALICE, &server, Method::POST, "/add-from-rules", Some(body.clone())).await;
    assert_eq!((status, &kept["created_by"]), (200, &json!("alice")));
    let id = kept["id"].as_str().unwrap();
    let version = kept["version_id"].as_str().unwrap();
    let uses = async |key: &str| -> Vec<u16> {
        let locators = json!([{"pronunciation_dictionary_id": id, "version_id": version}]);
        let speech = json!({"text": "SQL", "seed": 7, "pronunciation_dictionary_locators": locators});
        let speak = server.request("/v1/text-to-speech/en_male", &speech).header("xi-api-key", key);
        let own = json!({"text": "SQL", "voice": "en_male", "pronunciation_dictionary_id": id});
        let preview = server.request("/v1/text/preview", &own).header("xi-api-key", key);
        let own = server.request("/v1/text-to-speech", &own).header("xi-api-key", key);
        let get = async |path: &str| ask_status(&server, key, path).await;
        vec![
            get(&format!("/{id}")).await,
            get(&format!("/{id}/{version}/download")).await,
            speak.send().await.unwrap().status().as_u16(),
            own.send().await.unwrap().status().as_u16(),
            preview.send().await.unwrap().status().as_u16(),
        ]
    };
    let listed =
        async |key: &str| ask_as(key, &server, Method::GET, "", None).await.1.to_string().contains(id);
    for (key, status, there) in [(ALICE, 200, true), (BOB, 404, false), (ADMIN, 200, true)] {
        assert_eq!(uses(key).await, [status; 5], "{key}");
        assert_eq!(listed(key).await, there);
    }
    assert_eq!(ask(&server, Method::GET, "", None).await.0, 401);
    let edits = |key: &'static str| {
        let server = &server;
        async move {
            let rules = json!({"rules": [alias("a", "b")]});
            let mut statuses = Vec::new();
            for path in ["add-rules", "set-rules"] {
                let path = format!("/{id}/{path}");
                statuses.push(ask_as(key, server, Method::POST, &path, Some(rules.clone())).await.0);
            }
            let path = format!("/{id}/remove-rules");
            statuses
                .push(ask_as(key, server, Method::POST, &path, Some(json!({"rule_strings": ["a"]}))).await.0);
            statuses.push(
                ask_as(key, server, Method::PATCH, &format!("/{id}"), Some(json!({"name": "x"}))).await.0,
            );
            statuses
        }
    };
    assert_eq!(edits(BOB).await, [404; 4]);
    let share = json!({"shared": true});
    assert_eq!(ask_as(ALICE, &server, Method::PATCH, &format!("/{id}"), Some(share)).await.0, 200);
    assert_eq!(uses(BOB).await, [200; 5]);
    let (_, seen) = ask_as(BOB, &server, Method::GET, &format!("/{id}"), None).await;
    assert_eq!((&seen["permission_on_resource"], &seen["created_by"]), (&json!("viewer"), &json!("")));
    assert_eq!(edits(BOB).await, [403; 4]);
    assert_eq!(ask_as(BOB, &server, Method::DELETE, &format!("/{id}"), None).await.0, 403);
    // Each key has its places.
    assert_eq!(ask_as(ALICE, &server, Method::POST, "/add-from-rules", Some(body.clone())).await.0, 200);
    let (status, error) = ask_as(ALICE, &server, Method::POST, "/add-from-rules", Some(body.clone())).await;
    assert_eq!((status, &error["detail"]["status"]), (403, &json!("dictionaries_full")), "{error}");
    assert!(error["detail"]["message"].as_str().unwrap().contains("dictionaries.max_kept_per_key"));
    let shared = json!({"name": "b", "rules": [], "workspace_access": "viewer"});
    let (_, bobs) = ask_as(BOB, &server, Method::POST, "/add-from-rules", Some(shared)).await;
    assert_eq!(bobs["shared"], true);
    let given = json!({"name": "b", "rules": [], "workspace_access": "admin"});
    assert_eq!(ask_as(BOB, &server, Method::POST, "/add-from-rules", Some(given)).await.0, 400);
    assert_eq!(ask_as(ADMIN, &server, Method::DELETE, &format!("/{id}"), None).await.0, 200);
    // What a cached answer says isn't said for another dictionary, nor for none.
    let plain = json!({"text": "SQL", "seed": 7});
    let plain = server.request("/v1/text-to-speech/en_male", &plain).header("xi-api-key", ALICE);
    assert_eq!(plain.send().await.unwrap().headers()["x-cache"], "miss");
}

async fn ask_status(server: &Server, key: &str, path: &str) -> u16 {
    let request = server.client.get(server.url(&format!("{PATH}{path}"))).header("xi-api-key", key);
    request.send().await.unwrap().status().as_u16()
}
