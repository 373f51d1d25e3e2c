//! An engine behind TLS: HTTP/2 where it is offered, HTTP/1.1 where it isn't, and no engine that isn't the one.

use std::{
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex},
};

use futures::future::join_all;
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{PrivateKeyDer, pem::PemObject},
};
use serde_json::json;
use svara_testkit::fake_vllm::{FakeVllm, Script};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

use crate::{
    harness::{Program, client, status_and_json},
    program,
};

/// A TLS endpoint in front of an engine. It notes the protocol of each connection.
struct Endpoint {
    url: String,
    protocols: Arc<Mutex<Vec<String>>>,
}

impl Endpoint {
    /// For `localhost`, with a certificate that is written to `ca.pem` of the directory.
    async fn start(engine: &FakeVllm, directory: &Path, offered: &[&str]) -> Self {
        let issued = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        std::fs::write(directory.join("ca.pem"), issued.cert.pem()).unwrap();
        let key = PrivateKeyDer::from_pem_slice(issued.signing_key.serialize_pem().as_bytes()).unwrap();
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![issued.cert.der().clone()], key)
            .unwrap();
        config.alpn_protocols = offered.iter().map(|name| name.as_bytes().to_vec()).collect();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://localhost:{}/v1", listener.local_addr().unwrap().port());
        let behind = engine.base_url();
        let behind: SocketAddr =
            behind.trim_start_matches("http://").trim_end_matches("/v1").parse().unwrap();
        let protocols: Arc<Mutex<Vec<String>>> = Arc::default();
        let noted = Arc::clone(&protocols);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, noted) = (acceptor.clone(), Arc::clone(&noted));
                tokio::spawn(async move {
                    // A client that doesn't trust the certificate leaves here.
                    let Ok(mut stream) = acceptor.accept(stream).await else { return };
                    let protocol = stream.get_ref().1.alpn_protocol().unwrap_or_default();
                    noted.lock().unwrap().push(String::from_utf8_lossy(protocol).into_owned());
                    let mut engine = TcpStream::connect(behind).await.unwrap();
                    let _ = copy_bidirectional(&mut stream, &mut engine).await;
                });
            }
        });
        Self { url, protocols }
    }

    fn protocols(&self) -> Vec<String> {
        self.protocols.lock().unwrap().clone()
    }

    /// The program in front of it, which trusts this file.
    async fn program(&self, directory: &Path, trusted: &Path) -> Program {
        let more = format!(
            "[server]\nport = 0\n[engine]\nbase_url = {:?}\n[model]\ntokenizer = {:?}\n[voices]\nstore = \"\"\n[jobs]\nstore = \"\"\n",
            self.url,
            svara_testkit::models::tokenizer()
        );
        let mut command = program::program(&program::config(directory, &more));
        command.env("SSL_CERT_FILE", trusted);
        Program::start_as(command).await
    }
}

async fn speak(server: &Program) -> reqwest::Response {
    let body = json!({"text": "नमस्ते", "voice": "hi_female", "response_format": "pcm"});
    client().post(format!("{}/v1/text-to-speech", server.root)).json(&body).send().await.unwrap()
}

#[tokio::test]
async fn an_engine_behind_tls_is_asked_over_the_best_protocol_it_offers() {
    for (offered, protocol, most_connections) in
        [(&["h2", "http/1.1"][..], "h2", 2), (&["http/1.1"], "http/1.1", 9)]
    {
        let directory = tempfile::tempdir().unwrap();
        let engine = FakeVllm::start(Script::frames(4)).await;
        let endpoint = Endpoint::start(&engine, directory.path(), offered).await;
        let server = endpoint.program(directory.path(), &directory.path().join("ca.pem")).await;
        for _ in 0..3 {
            let answers = join_all((0..8).map(|_| async {
                let response = speak(&server).await;
                (response.status().as_u16(), response.bytes().await.unwrap().len())
            }));
            assert_eq!(answers.await, [(200, 4 * 2048 * 2); 8], "{protocol}");
        }
        let seen = endpoint.protocols();
        assert!(seen.iter().all(|name| name == protocol), "{seen:?}");
        assert!(seen.len() <= most_connections, "24 requests, eight at a time: {seen:?}");
    }
}

#[tokio::test]
async fn an_engine_with_a_strangers_certificate_hears_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let engine = FakeVllm::start(Script::frames(4)).await;
    let other = tempfile::tempdir().unwrap();
    let _trusted = Endpoint::start(&engine, other.path(), &["h2"]).await;
    let endpoint = Endpoint::start(&engine, directory.path(), &["h2"]).await;
    let server = endpoint.program(directory.path(), &other.path().join("ca.pem")).await;
    let (status, body) = status_and_json(speak(&server).await).await;
    assert_eq!((status, &body["error"]["type"]), (503, &json!("engine_unreachable")), "{body}");
    assert!(endpoint.protocols().is_empty() && engine.requests().is_empty());
}
