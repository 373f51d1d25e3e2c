//! Pages of other origins in a browser beside the server: forms, requests without CORS, WebSockets, and names that are
//! bound to this address to look like its own (DNS rebinding).

use std::net::SocketAddr;

use reqwest::Method;
use serde_json::json;
use svara_config::{Config, DecoderBackend};
use svara_service::callers::KeyEntry;
use svara_testkit::fake_vllm::Script;

use crate::{harness::Server, raw::exchange};

const KEY: &str = "sk-svara-test-0123456789";
const FORM: &str = "application/x-www-form-urlencoded";

fn silent(config: &mut Config) {
    config.decoder.kind = DecoderBackend::Null;
}

fn keyed(config: &mut Config) {
    silent(config);
    config.server.keys = vec![KeyEntry::unbounded("test", KEY)];
}

/// The status of a request with these headers, each a line.
async fn status(address: SocketAddr, method: &str, path: &str, headers: &str, body: &str) -> u16 {
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
    let answer = exchange(address, request.as_bytes()).await;
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("{answer:?}"))
}

#[tokio::test]
async fn without_keys_only_its_own_names_are_answered() {
    let server = Server::with(Script::frames(1), |config| {
        silent(config);
        config.server.hosts = vec!["tts.example".to_owned()];
    })
    .await;
    let of = async |host: &str, path: &str| {
        status(server.address, "GET", path, &format!("host: {host}\r\n"), "").await
    };
    for host in [
        "localhost",
        "LocalHost:8080",
        "localhost.",
        "app.localhost:1",
        "127.0.0.1",
        "127.0.0.1:80",
        "10.1.2.3",
        "[::1]",
        "[::1]:8080",
        "tts.example",
        "TTS.example:443",
    ] {
        assert_eq!(of(host, "/v1/voices").await, 200, "{host}");
    }
    for host in [
        "evil.example",
        "evil.example:8080",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "notlocalhost",
        "a.tts.example",
        "tts.example.evil",
        "x",
    ] {
        for path in ["/v1/voices", "/metrics", "/health", "/debug/timing", "/", "/nothing", "/v1/jobs"] {
            assert_eq!(of(host, path).await, 421, "{host}{path}");
        }
        let headers = format!("host: {host}\r\n");
        assert_eq!(status(server.address, "DELETE", "/v1/voices/x", &headers, "").await, 421, "{host}");
    }
}

#[tokio::test]
async fn with_keys_any_name_is_answered() {
    let server = Server::with(Script::frames(1), keyed).await;
    assert_eq!(status(server.address, "GET", "/health", "host: tts.example\r\n", "").await, 200);
}

#[tokio::test]
async fn a_request_has_one_host() {
    let server = Server::with(Script::frames(1), keyed).await;
    for hosts in [
        "",
        "host: localhost\r\nhost: localhost\r\n",
        "host: localhost\r\nHost: evil.example\r\n",
        "host: a b\r\n",
        "host: a@localhost\r\n",
        "host: localhost:99999\r\n",
    ] {
        assert_eq!(status(server.address, "GET", "/health", hosts, "").await, 400, "{hosts:?}");
    }
    let answer = exchange(server.address, b"GET /health HTTP/1.0\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.0 200"), "HTTP/1.0 has no Host: {answer}");
}

/// Forms and requests without CORS ask no preflight, so that what the page may read is not what it may do.
#[tokio::test]
async fn a_foreign_page_changes_nothing() {
    let open = Server::with(Script::frames(1), silent).await;
    let closed = Server::with(Script::frames(1), keyed).await;
    for (server, key) in [(&open, String::new()), (&closed, format!("authorization: Bearer {KEY}\r\n"))] {
        for origin in [
            "origin: https://evil.example\r\n",
            "origin: null\r\n",
            "origin: http://localhost.evil.example\r\n",
            "origin: http://localhost:1\r\n",
            "origin: https://evil.example\r\nsec-fetch-site: same-origin\r\n",
            "origin: http://localhost\r\norigin: https://evil.example\r\n",
            "sec-fetch-site: cross-site\r\n",
            "sec-fetch-site: same-site\r\n",
        ] {
            for (method, path, content_type, body) in [
                ("POST", "/v1/text-to-speech", FORM, "text=a&voice=hi_female"),
                (
                    "POST",
                    "/v1/vapi/hi_female",
                    "text/plain",
                    "{\"message\":{\"type\":\"voice-request\",\"text\":\"a\",\"sampleRate\":24000}}",
                ),
                ("POST", "/v1/voices", "multipart/form-data; boundary=b", "--b--\r\n"),
                ("POST", "/debug/timing/reset", "text/plain", ""),
                ("DELETE", "/v1/voices/x", "text/plain", ""),
                ("POST", "/nothing", "text/plain", ""),
            ] {
                let headers = format!("host: localhost\r\n{key}{origin}content-type: {content_type}\r\n");
                assert_eq!(
                    status(server.address, method, path, &headers, body).await,
                    403,
                    "{path} {origin}"
                );
            }
        }
        for origin in
            ["", "origin: http://localhost\r\n", "origin: https://localhost\r\n", "sec-fetch-site: none\r\n"]
        {
            let headers = format!("host: localhost\r\n{key}{origin}content-type: {FORM}\r\n");
            let body = "text=a&voice=hi_female&response_format=pcm";
            assert_eq!(
                status(server.address, "POST", "/v1/text-to-speech", &headers, body).await,
                200,
                "{origin}"
            );
        }
    }
    assert_eq!(open.engine.requests().len(), 4);
}

#[tokio::test]
async fn a_foreign_page_opens_no_socket() {
    let open = Server::with(Script::frames(1), silent).await;
    let closed = Server::with(Script::frames(1), keyed).await;
    for server in [&open, &closed] {
        let path = format!("/v1/text-to-speech/hi_female/stream-input?xi_api_key={KEY}");
        let head = |origin: &str| {
            format!(
                "host: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
                 sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n{origin}"
            )
        };
        for origin in
            ["origin: https://evil.example\r\n", "origin: null\r\n", "sec-fetch-site: cross-site\r\n"]
        {
            assert_eq!(status(server.address, "GET", &path, &head(origin), "").await, 403, "{origin}");
        }
    }
    let address = open.address;
    let request = |origin: &str| {
        use tokio_tungstenite::tungstenite::client::IntoClientRequest;
        let url = format!("ws://{address}/v1/text-to-speech/hi_female/stream-input");
        let mut request = url.into_client_request().unwrap();
        request.headers_mut().insert("origin", origin.parse().unwrap());
        request
    };
    assert!(tokio_tungstenite::connect_async(request("https://evil.example")).await.is_err());
    tokio_tungstenite::connect_async(request(&format!("http://{address}"))).await.unwrap();
}

#[tokio::test]
async fn listed_pages_may_do_all() {
    for origins in [["https://app.example"], ["*"]] {
        let server = Server::with(Script::frames(4), |config| {
            silent(config);
            config.server.cors_origins = origins.map(str::to_owned).to_vec();
        })
        .await;
        let body = json!({"text": "a", "voice": "hi_female", "response_format": "pcm"});
        let request = server.request("/v1/text-to-speech", &body).header("origin", "https://app.example");
        let answer = request.header("sec-fetch-site", "cross-site").send().await.unwrap();
        assert_eq!(answer.status(), 200, "{origins:?}");
        let preflight = server.client.request(Method::OPTIONS, server.url("/v1/text-to-speech"));
        let preflight =
            preflight.header("origin", "https://app.example").header("sec-fetch-site", "cross-site");
        let preflight = preflight.header("access-control-request-method", "POST").send().await.unwrap();
        assert!(preflight.headers().contains_key("access-control-allow-origin"), "{origins:?}");
    }
}

#[tokio::test]
async fn the_log_names_each_refused_origin_once() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("server.toml");
    std::fs::write(
        &file,
        "[server]\nport = 0\nopen = [\"health\", \"voices\"]\n[decoder]\nkind = \"null\"\n",
    )
    .unwrap();
    let (mut program, log) = crate::harness::Program::start_logged(crate::program::program(&file)).await;
    let client = crate::harness::client();
    for origin in ["http://one.example", "http://two.example", "http://one.example"] {
        let preflight = client.request(Method::OPTIONS, format!("{}/v1/text-to-speech", program.root));
        let preflight = preflight.header("origin", origin).header("access-control-request-method", "POST");
        preflight.send().await.unwrap();
    }
    // An end in order writes out the log's queue.
    program.signal("TERM").await;
    assert!(program.ended().await.success());
    let log = log.await.unwrap();
    let told = |origin: &str| {
        log.iter().filter(|line| line.contains(origin) && line.contains("cors_origins")).count()
    };
    assert_eq!((told("http://one.example"), told("http://two.example")), (1, 1), "{log:#?}");
}
