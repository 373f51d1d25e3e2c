//! HTTPS: both versions of HTTP, old clients turned away, a certificate that is renewed while the server runs.

use std::{path::Path, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use svara_server::config::DecoderBackend;
use svara_testkit::fake_vllm::Script;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{
    harness::{Server, config},
    raw::{LONG, SPEECH, connect, speech_request, until_closed},
};

/// Writes a certificate for localhost, and its key.
fn issue(directory: &Path) -> CertificateDer<'static> {
    let issued = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let pem = issued.cert.pem();
    std::fs::write(directory.join("key.pem"), issued.signing_key.serialize_pem()).unwrap();
    std::fs::write(directory.join("cert.pem"), &pem).unwrap();
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()
}

/// Speaks TLS with a server whose certificate must be this one.
async fn shake(
    server: &Server,
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
    TlsConnector::from(Arc::new(config)).connect(name, connect(server.address).await).await
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
    let mut stream = shake(&server, &certificate, b"http/1.1").await.unwrap();
    stream.write_all(speech_request(SPEECH).as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    tokio::time::timeout(LONG, stream.read_to_end(&mut answer)).await.unwrap().unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200") && answer.len() > 4 * 4096);
    let stream = shake(&server, &certificate, b"h2").await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    assert!(shake(&server, &certificate, b"spdy").await.is_err());
}

#[tokio::test]
async fn who_does_not_shake_hands_is_cut_off() {
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
        let error = format!("{:#}", svara_server::serve::Settings::new(&config).unwrap_err());
        assert!(error.contains(words), "{error}");
    }
}
