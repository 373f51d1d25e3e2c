//! HTTPS: both versions of HTTP, refusal of old clients, renewal of the certificate while the server runs.

use std::{net::SocketAddr, path::Path, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use serde_json::json;
use svara_config::DecoderBackend;
use svara_testkit::fake_vllm::{End, FakeVllm, Script};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{
    harness::{Program, Server, config},
    http2, program,
    raw::{LONG, SPEECH, connect, speech_request, until_closed},
};

const NOTHING_KEPT: &str = "[voices]\nstore = \"\"\n[jobs]\nstore = \"\"\n";

/// Writes a certificate for localhost, and its key.
fn issue(directory: &Path) -> CertificateDer<'static> {
    let issued = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let pem = issued.cert.pem();
    std::fs::write(directory.join("key.pem"), issued.signing_key.serialize_pem()).unwrap();
    std::fs::write(directory.join("cert.pem"), &pem).unwrap();
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()
}

/// Connects by TLS to a server that must have this certificate.
async fn shake(
    address: SocketAddr,
    trusted: &CertificateDer<'static>,
    alpn: &[u8],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![alpn.to_vec()];
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, connect(address).await).await
}

async fn start(directory: &Path) -> Server {
    Server::with(Script::frames(4), |config| {
        config.decoder.kind = DecoderBackend::Null;
        config.server.tls_cert = directory.join("cert.pem");
        config.server.tls_key = directory.join("key.pem");
        config.limits.header_seconds = 0.5.try_into().unwrap();
    })
    .await
}

#[tokio::test]
async fn speech_goes_over_tls() {
    let directory = tempfile::tempdir().unwrap();
    let certificate = issue(directory.path());
    let server = start(directory.path()).await;
    let mut stream = shake(server.address, &certificate, b"http/1.1").await.unwrap();
    stream.write_all(speech_request(SPEECH).as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    tokio::time::timeout(LONG, stream.read_to_end(&mut answer)).await.unwrap().unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200") && answer.len() > 4 * 4096);
    let head = String::from_utf8_lossy(&answer[..1000]).to_lowercase();
    assert!(head.contains("strict-transport-security: max-age=15552000\r\n"), "{head}");
    let stream = shake(server.address, &certificate, b"h2").await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let mut client = http2::client(stream, 64 * 1024).await;
    let answer = http2::ask(&mut client, json!({})).await;
    assert_eq!((answer.version(), answer.status().as_u16()), (http::Version::HTTP_2, 200));
    let sound = http2::read(&mut answer.into_body(), usize::MAX, true).await.unwrap();
    assert_eq!(sound, 4 * 2048 * 2);
    assert!(shake(server.address, &certificate, b"spdy").await.is_err());
}

/// The program loads a renewed certificate, and connections under the old one continue.
#[tokio::test]
async fn a_certificate_is_renewed_while_streams_go_on() {
    let directory = tempfile::tempdir().unwrap();
    let files = directory.path();
    let old = issue(files);
    let engine = FakeVllm::start(Script { end: End::Hang, ..Script::frames(4) }).await;
    let more = format!(
        "[server]\nport = 0\ntls_cert = {:?}\ntls_key = {:?}\n[engine]\nbase_url = {:?}\ninactivity_seconds = 600\n[model]\ntokenizer = {:?}\n",
        files.join("cert.pem"),
        files.join("key.pem"),
        engine.base_url(),
        svara_testkit::models::tokenizer()
    );
    let server = Program::start(&program::config(files, &format!("{more}{NOTHING_KEPT}"))).await;
    let stream = shake(server.address, &old, b"h2").await.unwrap();
    let mut client = http2::client(stream, 64 * 1024).await;
    let mut open = http2::ask(&mut client, json!({})).await.into_body();
    http2::read(&mut open, 1, true).await.unwrap();
    let new = issue(files);
    server.signal("HUP").await;
    let renewed = async {
        while shake(server.address, &new, b"h2").await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LONG, renewed).await.expect("new connections get the new certificate");
    assert!(shake(server.address, &old, b"h2").await.is_err(), "and not the old one");
    engine.set(Script::frames(6));
    let mut other = http2::ask(&mut client, json!({})).await.into_body();
    assert_eq!(http2::read(&mut other, usize::MAX, true).await.unwrap(), 6 * 2048 * 2);
    engine.wait_for_open_streams(1).await;
    drop(open);
    tokio::time::timeout(LONG, engine.wait_for_open_streams(0)).await.expect("it was open until now");
}

#[tokio::test]
async fn a_client_without_a_handshake_is_disconnected() {
    let directory = tempfile::tempdir().unwrap();
    issue(directory.path());
    let server = start(directory.path()).await;
    for start in [&b""[..], b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01"] {
        let mut stream = connect(server.address).await;
        stream.write_all(start).await.unwrap();
        assert!(!until_closed(&mut stream).await.contains("HTTP/1.1 200"));
    }
}

#[test]
fn what_is_no_certificate_is_named() {
    let directory = tempfile::tempdir().unwrap();
    issue(directory.path());
    let good = |name: &str| directory.path().join(name);
    std::fs::write(good("empty.pem"), "").unwrap();
    let other = tempfile::tempdir().unwrap();
    issue(other.path());
    for (cert, key, words) in [
        (good("nowhere.pem"), good("key.pem"), "nowhere.pem"),
        (good("empty.pem"), good("key.pem"), "no certificate"),
        (good("cert.pem"), good("cert.pem"), "server.tls_key"),
        (good("cert.pem"), other.path().join("key.pem"), "doesn't fit"),
    ] {
        let mut config = config();
        config.server.tls_cert = cert;
        config.server.tls_key = key;
        let error = format!("{:#}", svara_server::start::http_settings(&config).unwrap_err());
        assert!(error.contains(words), "{error}");
    }
}
