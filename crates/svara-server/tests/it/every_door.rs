//! What holds for every route there is, also for those to come: the routes are those of the API's document.

use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use svara_config::{Config, DecoderBackend, OpenGroup};
use svara_service::callers::KeyEntry;
use svara_testkit::{fake_vllm::Script, process::alone};

use crate::{
    bodies::peak_kib,
    harness::Server,
    openapi::{document, operations},
    raw::exchange,
};

const KEY: &str = "sk-svara-test-0123456789";
const MIB: usize = 1024 * 1024;
/// Headers that ask for a WebSocket.
const UPGRADE: &str = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
                       sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

fn keyed(config: &mut Config) {
    config.decoder.kind = DecoderBackend::Null;
    config.server.keys = vec![KeyEntry::unbounded("test", KEY)];
}

/// The head of an answer.
async fn head(server: &Server, method: &Method, path: &str, headers: &str) -> String {
    let path = path.replace(['{', '}'], "");
    let request =
        format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}\r\n");
    let answer = exchange(server.address, request.as_bytes()).await;
    answer.split("\r\n\r\n").next().unwrap().to_lowercase()
}

fn status(head: &str) -> u16 {
    head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default()
}

/// Whether a route is a WebSocket's.
fn is_socket(operation: &Value) -> bool {
    operation["responses"].get("101").is_some()
}

#[tokio::test]
async fn no_route_does_anything_for_a_foreign_page() {
    let open = Server::with(Script::frames(1), |config| config.decoder.kind = DecoderBackend::Null).await;
    let closed = Server::with(Script::frames(1), keyed).await;
    let document = document(&open).await;
    let (mut changing, mut sockets) = (0, 0);
    for (method, path, operation) in operations(&document) {
        for (server, key) in [(&open, ""), (&closed, "authorization: Bearer sk-svara-test-0123456789\r\n")] {
            for page in
                ["origin: https://evil.example\r\n", "origin: null\r\n", "sec-fetch-site: cross-site\r\n"]
            {
                if is_socket(operation) {
                    let answer = head(server, &method, path, &format!("{UPGRADE}{key}{page}")).await;
                    assert_eq!(status(&answer), 403, "{path} {page}: {answer}");
                    sockets += 1;
                } else if ![Method::GET, Method::HEAD].contains(&method) {
                    let sent = format!("{key}{page}content-type: text/plain\r\ncontent-length: 0\r\n");
                    let answer = head(server, &method, path, &sent).await;
                    assert_eq!(status(&answer), 403, "{method} {path} {page}: {answer}");
                    changing += 1;
                }
            }
        }
        let answer = exchange(
            open.address,
            format!("{method} {path} HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n").as_bytes(),
        )
        .await;
        assert_eq!(status(&answer), 421, "{method} {path} by a foreign name: {answer}");
    }
    assert!(changing > 100 && sockets >= 4 * 6, "{changing} {sockets}");
    assert_eq!((open.engine.requests().len(), closed.engine.requests().len()), (0, 0));
}

#[tokio::test]
async fn every_route_asks_for_a_key_unless_it_is_open() {
    let server = Server::with(Script::frames(1), keyed).await;
    let shut = Server::with(Script::frames(1), |config| {
        keyed(config);
        config.server.open = Vec::<OpenGroup>::new();
    })
    .await;
    let document = document(&server).await;
    let mut asked = 0;
    for (method, path, operation) in operations(&document) {
        let length = if method == Method::GET { "" } else { "content-length: 0\r\n" };
        for wrong in ["", "authorization: Bearer wrong\r\n", "xi-api-key: \r\n", "cookie: xi-api-key=a\r\n"] {
            let mut sent = format!("{length}{wrong}");
            if is_socket(operation) {
                sent.push_str(UPGRADE);
                if !wrong.starts_with("auth") {
                    // The key may be in its first message.
                    continue;
                }
            }
            let answer = head(&shut, &method, path, &sent).await;
            assert!([401, 429].contains(&status(&answer)), "{method} {path} {wrong}: {answer}");
            asked += 1;
        }
        if method != Method::GET {
            let answer = head(&server, &method, path, length).await;
            assert_eq!(status(&answer), 401, "{method} {path}: {answer}");
        } else if !is_socket(operation) {
            // Open or not: of a voice that there is, nothing is spoken.
            let path = path.replace("{id}", "hi_female").replace("{voice_id}", "hi_female");
            head(&server, &method, &path, "").await;
        }
    }
    assert!(asked > 150, "{asked}");
    assert_eq!((server.engine.requests().len(), shut.engine.requests().len()), (0, 0));
}

#[tokio::test]
async fn every_answer_says_what_browsers_may_not_do() {
    let server = Server::with(Script::frames(1), |config| config.decoder.kind = DecoderBackend::Null).await;
    let document = document(&server).await;
    for (method, path, operation) in operations(&document) {
        if is_socket(operation) {
            continue;
        }
        let length = if method == Method::GET { "" } else { "content-length: 0\r\n" };
        let answer = head(&server, &method, path, length).await;
        assert!(answer.contains("\r\nx-content-type-options: nosniff"), "{method} {path}: {answer}");
        assert!(answer.contains("\r\ncache-control: "), "{method} {path}: {answer}");
    }
}

#[tokio::test]
async fn every_route_judges_a_length_before_it_reads() {
    let server = Server::with(Script::frames(1), |config| config.decoder.kind = DecoderBackend::Null).await;
    let document = document(&server).await;
    let mut judged = 0;
    for (method, path, operation) in operations(&document) {
        let Some(content) = operation["requestBody"]["content"].as_object() else { continue };
        for media_type in content.keys() {
            let media_type = if media_type.starts_with("multipart") {
                "multipart/form-data; boundary=b"
            } else {
                media_type
            };
            let sent = format!("content-type: {media_type}\r\ncontent-length: 2147483648\r\n");
            let answer = head(&server, &method, path, &sent).await;
            // One that waits for the body ends in a 408. Where what the path names is looked for first, that is missing.
            assert!([413, 404].contains(&status(&answer)), "{method} {path} {media_type}: {answer}");
            judged += 1;
        }
    }
    assert!(judged > 15, "{judged}");
}

/// The names of the fields of a body.
fn fields(document: &Value, schema: &Value, found: &mut Vec<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        fields(document, document.pointer(reference.trim_start_matches('#')).unwrap(), found);
    }
    for part in ["allOf", "oneOf", "anyOf"].iter().filter_map(|part| schema[part].as_array()).flatten() {
        fields(document, part, found);
    }
    found.extend(
        schema["properties"].as_object().into_iter().flat_map(|properties| properties.keys().cloned()),
    );
}

/// Whatever stands in whichever field of whichever route: what isn't read is never built.
#[tokio::test]
async fn no_field_of_any_route_takes_much_more_than_its_size() {
    if !alone("every_door::no_field_of_any_route_takes_much_more_than_its_size") {
        return;
    }
    let server = Server::with(Script::frames(1), |config| config.decoder.kind = DecoderBackend::Null).await;
    let document = document(&server).await;
    let mut tried = 0;
    for (method, path, operation) in operations(&document) {
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        let mut names = Vec::new();
        fields(&document, schema, &mut names);
        names.sort();
        names.dedup();
        // Those that take no recording refuse such a length.
        let sent = format!("content-type: application/json\r\ncontent-length: {}\r\n", 4 * MIB);
        if schema.is_null() || takes_no_more(&server, &method, path, &sent).await {
            continue;
        }
        names.push("unknown".to_owned());
        for name in names {
            let item = if tried % 2 == 0 { "{\"\":0}" } else { "[]" };
            let many = vec![item; 4 * MIB / (item.len() + 1) - 100].join(",");
            let body = format!("{{\"{name}\":[{many}]}}");
            let before = peak_kib();
            let url = server.url(&path.replace(['{', '}'], ""));
            let request =
                server.client.request(method.clone(), url).header("content-type", "application/json");
            // One that is refused by its length isn't taken to its end.
            if let Ok(answer) = request.body(body).send().await {
                assert!(answer.status().is_client_error(), "{method} {path} {name}: {}", answer.status());
                drop(answer.bytes().await);
            }
            let grown = peak_kib().saturating_sub(before);
            assert!(grown < 40 * 1024, "{method} {path} {name}: {grown} KiB");
            tried += 1;
        }
    }
    assert!(tried > 20, "{tried}");
}

/// Whether a body of the length that is said is refused before it comes.
async fn takes_no_more(server: &Server, method: &Method, path: &str, headers: &str) -> bool {
    let path = path.replace(['{', '}'], "");
    let mut stream = crate::raw::connect(server.address).await;
    let request = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n");
    tokio::io::AsyncWriteExt::write_all(&mut stream, request.as_bytes()).await.unwrap();
    let mut start = [0; 12];
    let read = tokio::io::AsyncReadExt::read_exact(&mut stream, &mut start);
    tokio::time::timeout(Duration::from_millis(500), read).await.is_ok()
}
