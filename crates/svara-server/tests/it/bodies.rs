//! Bodies that are large, false about their length, or never end: what they cost in memory and time, and who still is
//! served.

use serde_json::json;
use svara_config::{Config, DecoderBackend};
use svara_service::callers::KeyEntry;
use svara_testkit::{
    PATIENCE, eventually,
    fake_vllm::Script,
    process::{alone, resident_kib},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    harness::Server,
    raw::{self, exchange},
};

const MIB: usize = 1024 * 1024;

fn silent(config: &mut Config) {
    config.decoder.kind = DecoderBackend::Null;
}

fn keyed(config: &mut Config) {
    silent(config);
    config.server.keys = ["alice", "bob"].map(|name| KeyEntry::unbounded(name, &key(name))).to_vec();
}

fn key(name: &str) -> String {
    format!("sk-svara-test-0123456789-{name}")
}

fn head(path: &str, more: &str, length: usize) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n{more}content-length: {length}\r\n\r\n"
    )
}

/// The most memory that this process has had, in KiB.
pub fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test]
async fn a_declared_length_is_judged_before_a_byte_is_read() {
    let server = Server::with(Script::frames(1), silent).await;
    for path in
        ["/v1/text-to-speech", "/v1/audio/speech", "/v1/text-to-speech/hi_female", "/v1/voices", "/v1/jobs"]
    {
        let answer = exchange(server.address, head(path, "", 2 << 30).as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("body_too_large"), "{path}: {answer}");
    }
    let form = "POST /v1/text-to-speech HTTP/1.1\r\nhost: localhost\r\ncontent-type: multipart/form-data; boundary=b\r\n\
                content-length: 2147483648\r\n\r\n";
    assert!(exchange(server.address, form.as_bytes()).await.starts_with("HTTP/1.1 413"));
}

#[tokio::test]
async fn json_without_a_recording_is_small() {
    let server = Server::with(Script::frames(1), silent).await;
    for (path, text) in [
        ("/v1/text-to-speech", "text"),
        ("/v1/audio/speech", "input"),
        ("/v1/text-to-speech/hi_female", "text"),
    ] {
        for (letters, status) in [(MIB - 1000, 200), (MIB + 1, 413)] {
            let body = json!({text: "a", "voice": "hi_female", "unknown": "x".repeat(letters)});
            let answer = server.request(path, &body).send().await.unwrap();
            assert_eq!(answer.status(), status, "{path} with {letters}");
        }
    }
}

/// The processor time of this process, however busy the machine is.
async fn cpu_seconds(server: &Server) -> f64 {
    let page = server.metrics().await;
    let line = page.lines().find_map(|line| line.strip_prefix("svara_process_cpu_seconds_total "));
    line.unwrap().parse().unwrap()
}

/// Fields that are refused or passed over are never built, whatever stands in them.
#[tokio::test]
async fn no_json_takes_much_more_than_its_size() {
    if !alone("bodies::no_json_takes_much_more_than_its_size") {
        return;
    }
    let server = Server::with(Script::frames(1), silent).await;
    let bodies = |text: &str, field: &str| {
        let many = |item: &str| vec![item; 19 * MIB / (item.len() + 1)].join(",");
        ["{\"\":0}", "[]"].map(|item| {
            format!("{{\"{text}\":\"a\",\"voice_id\":\"hi_female\",{}}}", field.replace('@', &many(item)))
        })
    };
    for (path, text, field) in [
        ("/v1/text-to-speech/hi_female", "text", "\"audio_effects\":[@]"),
        ("/v1/text-to-speech/hi_female", "text", "\"pronunciation_dictionary_locators\":[@]"),
        ("/v1/text-to-speech/hi_female", "text", "\"voice_settings\":{\"style\":[@]}"),
        ("/v1/audio/speech", "input", "\"voice\":{\"x\":[@],\"id\":\"hi_female\"}"),
        ("/v1/audio/speech", "input", "\"text_normalization\":[@]"),
        ("/v1/text-to-speech", "text", "\"text_normalization\":[@]"),
        ("/v1/text-to-speech", "text", "\"speed\":[@]"),
        ("/v1/text-to-speech", "text", "\"unknown\":[@],\"reference_audio\":\"AA\""),
    ] {
        for body in bodies(text, field) {
            let before = peak_kib();
            let start = cpu_seconds(&server).await;
            let request = server.client.post(server.url(path)).header("content-type", "application/json");
            // A body that is refused by its length isn't taken to its end.
            if let Ok(answer) = request.body(body).send().await {
                assert!(answer.status().is_client_error(), "{path} {field}: {}", answer.status());
            }
            let took = cpu_seconds(&server).await - start;
            assert!(took < 20.0, "{path} {field}: {took} s");
            let grown = peak_kib().saturating_sub(before);
            assert!(grown < 120_000, "{path} {field}: {grown} KiB");
        }
    }
    let names: String = (0..1_500_000).map(|n| format!(",\"{n}\":0")).collect();
    let before = peak_kib();
    let body = format!("{{\"text\":\"a\",\"voice\":\"hi_female\",\"reference_audio\":\"AA\"{names}}}");
    let request =
        server.client.post(server.url("/v1/text-to-speech")).header("content-type", "application/json");
    assert!(request.body(body).send().await.unwrap().status().is_client_error());
    let grown = peak_kib().saturating_sub(before);
    assert!(grown < 120_000, "{grown} KiB for names");
}

/// Begins bodies of 19 MiB and leaves out their last byte.
async fn hold(server: &Server, count: usize, more: &str) -> Vec<TcpStream> {
    let mut held = Vec::new();
    for _ in 0..count {
        let mut stream = raw::connect(server.address).await;
        let head = head("/v1/voices", more, 19 * MIB);
        let (mut answer, mut body) = stream.split();
        let mut first = [0];
        let send = async {
            body.write_all(head.as_bytes()).await?;
            for _ in 0..19 {
                body.write_all(&vec![b' '; MIB - 1]).await?;
            }
            std::io::Result::Ok(())
        };
        // A server that refuses it says so, and doesn't read the rest.
        tokio::select! {
            _ = send => {}
            _ = answer.peek(&mut first) => {}
        }
        held.push(stream);
    }
    held
}

#[tokio::test]
async fn unfinished_bodies_have_a_bound_together() {
    if !alone("bodies::unfinished_bodies_have_a_bound_together") {
        return;
    }
    let server = Server::with(Script::frames(1), silent).await;
    let before = resident_kib();
    let mut held = hold(&server, 30, "").await;
    let grown = resident_kib().saturating_sub(before);
    assert!(grown < 300_000, "{grown} KiB for unfinished bodies");
    let mut refused = vec![0; 12];
    held.last_mut().unwrap().read_exact(&mut refused).await.unwrap();
    assert_eq!(refused, b"HTTP/1.1 503", "the last is told");
    let answer = server.speak(json!({"text": "a"})).await;
    assert_eq!(answer.status(), 200, "small requests are served");
    drop(held);
    let body = json!({"name": "a", "audio": "A".repeat(19 * MIB)});
    let status = eventually("what is given up is free again", async || {
        let answer = server.request("/v1/voices", &body).timeout(PATIENCE).send().await;
        answer.ok().map(|answer| answer.status()).filter(|status| *status != 503)
    })
    .await;
    assert_eq!(status, 422, "the recording is read, and found wrong");
}

#[tokio::test]
async fn a_key_fills_only_its_share() {
    let server = Server::with(Script::frames(1), keyed).await;
    let mut held = hold(&server, 4, &format!("authorization: Bearer {}\r\n", key("alice"))).await;
    let mut refused = vec![0; 12];
    held.last_mut().unwrap().read_exact(&mut refused).await.unwrap();
    assert_eq!(refused, b"HTTP/1.1 429");
    let body = json!({"name": "a", "audio": "A".repeat(12 * MIB)});
    let others = server.request("/v1/voices", &body).bearer_auth(key("bob")).send().await.unwrap();
    assert_eq!(others.status(), 422, "the recording is read, and found wrong");
}
