//! The OpenAPI document against the router, and the page that shows it.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use reqwest::Method;
use serde_json::Value;
use svara_testkit::{fake_vllm::Script, models};

use crate::harness::Server;

async fn document(server: &Server) -> Value {
    server.client.get(server.url("/openapi.json")).send().await.unwrap().json().await.unwrap()
}

/// Paths as they stand in the source: a router doesn't tell.
fn routed(directory: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| {
            if path.is_dir() {
                return routed(&path);
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let paths = text.split(".route(").skip(1).filter_map(|rest| rest.trim_start().strip_prefix('"'));
            paths.filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
        })
        .collect()
}

#[tokio::test]
async fn every_route_is_in_the_document_and_every_path_of_it_is_a_route() {
    let server = Server::start(Script::frames(1)).await;
    let document = document(&server).await;
    let documented: BTreeMap<&String, &Value> = document["paths"].as_object().unwrap().iter().collect();
    let routed = routed(&models::workspace().join("crates/svara-server/src"));
    assert!(routed.len() > 20, "{routed:?}");
    assert_eq!(documented.keys().map(|path| (*path).clone()).collect::<BTreeSet<_>>(), routed);
    for (path, operations) in documented {
        let url = server.url(&path.replace(['{', '}'], ""));
        let answer = server.client.request(Method::PATCH, url).send().await.unwrap();
        assert_eq!(answer.status(), 405, "{path}");
        let allowed: BTreeSet<String> = answer.headers()["allow"]
            .to_str()
            .unwrap()
            .split(',')
            .filter(|method| *method != "HEAD")
            .map(str::to_lowercase)
            .collect();
        let methods: BTreeSet<String> = operations.as_object().unwrap().keys().cloned().collect();
        assert_eq!(methods, allowed, "{path}");
    }
}

#[tokio::test]
async fn references_resolve_and_operations_have_unique_names() {
    let server = Server::start(Script::frames(1)).await;
    let document = document(&server).await;
    let text = document.to_string();
    let references: BTreeSet<&str> =
        text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(references.len() > 10);
    for reference in references {
        assert!(document.pointer(reference).is_some(), "{reference}");
    }
    let paths = document["paths"].as_object().unwrap().values();
    let operations: Vec<&Value> = paths.flat_map(|path| path.as_object().unwrap().values()).collect();
    let names: BTreeSet<&str> = operations.iter().map(|o| o["operationId"].as_str().unwrap()).collect();
    assert_eq!(names.len(), operations.len());
    assert_eq!(document["components"]["schemas"]["SvaraSpeech"]["properties"]["text"]["maxLength"], 5000);
}

#[tokio::test]
async fn the_page_comes_with_all_it_needs() {
    let server = Server::start(Script::frames(1)).await;
    let get = async |path: &str| server.client.get(server.url(path)).send().await.unwrap();
    // By way of `/docs`.
    let page = get("/docs").await;
    assert_eq!(page.url().path(), "/docs/");
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
    let page = page.text().await.unwrap();
    assert!(!page.contains("http://") && !page.contains("https://"), "nothing from other hosts: {page}");
    let named = page.split("=\"./").skip(1).chain(page.split("=\"index.css").skip(1).map(|_| "index.css\""));
    let files: Vec<&str> = named.filter_map(|rest| rest.split('"').next()).collect();
    assert!(files.len() >= 5, "{files:?}");
    for file in &files {
        assert_eq!(get(&format!("/docs/{file}")).await.status(), 200, "{file}");
    }
    let initializer = get("/docs/swagger-initializer.js").await.text().await.unwrap();
    assert!(initializer.contains("../openapi.json") && !initializer.contains("petstore"), "{initializer}");
    assert_eq!(get("/docs/none.js").await.status(), 404);
}
