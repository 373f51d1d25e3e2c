//! Traces of the program: from the caller's context through our spans, as a collector gets them, to the engine.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread::JoinHandle,
};

use axum::{Router, body::Bytes, extract::State, routing::post};
use opentelemetry_proto::tonic::{
    collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse},
    common::v1::any_value::Value,
    trace::v1::{Span, status::StatusCode},
};
use prost::Message;
use serde_json::json;
use svara_testkit::{
    fake_vllm::{End, FakeVllm, Script},
    models,
};
use tokio::net::TcpListener;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

/// A collector, with the requests that it got.
#[derive(Clone, Default)]
struct Collector {
    requests: Arc<Mutex<Vec<ExportTraceServiceRequest>>>,
}

impl Collector {
    async fn start() -> (Self, String) {
        let collector = Self::default();
        let app = Router::new().route("/v1/traces", post(Self::take)).with_state(collector.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        (collector, url)
    }

    async fn take(State(collector): State<Self>, body: Bytes) -> Vec<u8> {
        let request = ExportTraceServiceRequest::decode(body).unwrap();
        collector.requests.lock().unwrap().push(request);
        ExportTraceServiceResponse::default().encode_to_vec()
    }

    fn spans(&self) -> Vec<Span> {
        let requests = self.requests.lock().unwrap();
        let resources = requests.iter().flat_map(|request| &request.resource_spans);
        resources.flat_map(|resource| &resource.scope_spans).flat_map(|scope| scope.spans.clone()).collect()
    }

    fn services(&self) -> Vec<String> {
        let requests = self.requests.lock().unwrap();
        let resources = requests.iter().flat_map(|request| &request.resource_spans);
        let attributes = resources.flat_map(|resource| resource.resource.clone().unwrap().attributes);
        let names = attributes.filter(|attribute| attribute.key == "service.name");
        names.map(|name| shown(name.value.unwrap().value.unwrap())).collect()
    }
}

fn shown(value: Value) -> String {
    match value {
        Value::StringValue(text) => text,
        Value::IntValue(number) => number.to_string(),
        other => panic!("{other:?}"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn attributes(span: &Span) -> HashMap<String, String> {
    let attributes = span.attributes.iter().cloned();
    attributes.map(|attribute| (attribute.key, shown(attribute.value.unwrap().value.unwrap()))).collect()
}

fn events(span: &Span) -> Vec<&str> {
    span.events.iter().map(|event| event.name.as_str()).collect()
}

/// The program; killed on drop.
pub struct Program {
    child: Child,
    pub url: String,
    /// Its log since it listens.
    log: JoinHandle<String>,
}

impl Program {
    pub fn start(engine: &FakeVllm, more: &str) -> Self {
        Self::start_with(engine, more, &[])
    }

    /// [`Self::start`], with these variables.
    pub fn start_with(engine: &FakeVllm, more: &str, variables: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("server.toml");
        let tokenizer = models::tokenizer();
        let text = format!(
            "[server]\nport = 0\n[engine]\nbase_url = {:?}\n[model]\ntokenizer = {tokenizer:?}\n[voices]\nstore = \"\"\n\
             [decoder]\nkind = \"null\"\n[log]\nlevel = \"info\"\nformat = \"json\"\n{more}\n",
            engine.base_url()
        );
        std::fs::write(&path, text).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_svara-server"))
            .env_clear()
            .envs(variables.iter().copied())
            .current_dir(models::workspace())
            .arg("--config")
            .arg(&path)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let address = loop {
            let mut line = String::new();
            assert_ne!(log.read_line(&mut line).unwrap(), 0, "the program ended before it listened");
            let line: serde_json::Value = serde_json::from_str(&line).unwrap();
            if line["message"] == "listening" {
                break line["address"].as_str().unwrap().to_owned();
            }
        };
        // An unread pipe would block the program.
        let log = std::thread::spawn(move || {
            let mut text = String::new();
            log.read_to_string(&mut text).unwrap();
            text
        });
        Self { child, url: format!("http://{address}/v1/text-to-speech"), log }
    }

    /// Sends SIGTERM, waits for the end, and returns the log.
    pub fn stop(mut self) -> String {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").arg(&pid).status().unwrap().success());
        let status = tokio::task::block_in_place(|| self.child.wait().unwrap());
        assert!(status.success(), "{status}");
        self.log.join().unwrap()
    }
}

pub async fn speak(program: &Program, sampled: bool) -> reqwest::Result<Bytes> {
    let body = json!({"text": "a secret", "voice": "hi_female", "response_format": "pcm"});
    let flags = if sampled { "01" } else { "00" };
    let parent = format!("00-{TRACE}-{CALLER}-{flags}");
    let request = crate::harness::client().post(&program.url).json(&body).header("traceparent", parent);
    request.header("tracestate", "a=b").header("x-request-id", "call-7").send().await.unwrap().bytes().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_one_trace_up_to_the_engine() {
    let (collector, url) = Collector::start().await;
    let engine = FakeVllm::start(Script::frames(4)).await;
    let program = Program::start(
        &engine,
        &format!("[telemetry]\notlp_endpoint = {url:?}\nservice_name = \"tts-test\""),
    );
    speak(&program, true).await.unwrap();
    engine.set(Script { end: End::ErrorEvent, ..Script::frames(10) });
    speak(&program, true).await.unwrap_err();
    // Requests that the caller excludes from tracing aren't traced.
    engine.set(Script::frames(4));
    speak(&program, false).await.unwrap();
    program.stop();

    let spans = collector.spans();
    assert!(collector.services().iter().all(|name| name == "tts-test"));
    assert!(spans.iter().all(|span| hex(&span.trace_id) == TRACE), "{spans:#?}");
    let named = |name: &str| -> Vec<&Span> { spans.iter().filter(|span| span.name == name).collect() };
    let (requests, speaks, engines) = (named("POST /v1/text-to-speech"), named("speak"), named("engine"));
    assert_eq!((requests.len(), speaks.len(), engines.len(), spans.len()), (2, 2, 2, 6), "{spans:#?}");
    for n in 0..2 {
        assert_eq!(hex(&requests[n].parent_span_id), CALLER);
        assert!(requests.iter().any(|request| request.span_id == speaks[n].parent_span_id));
        assert!(speaks.iter().any(|speak| speak.span_id == engines[n].parent_span_id));
    }
    let failed =
        |span: &&&Span| span.status.as_ref().is_some_and(|status| status.code() == StatusCode::Error);
    assert_eq!((engines.iter().filter(failed).count(), speaks.iter().filter(failed).count()), (1, 1));
    let well = speaks.iter().find(|span| !failed(span)).unwrap();
    assert_eq!(events(well), ["first audio"]);
    for (key, value) in [
        ("svara.outcome", "complete"),
        ("svara.voice", "hi_female"),
        ("svara.characters", "8"),
        ("svara.samples", "8192"),
    ] {
        assert_eq!(attributes(well)[key], value, "{key}");
    }
    let well = engines.iter().find(|span| !failed(span)).unwrap();
    assert_eq!(events(well), ["first token"]);
    assert_eq!(
        (attributes(well)["svara.tokens"].as_str(), attributes(well)["svara.finish"].as_str()),
        ("28", "stop")
    );
    assert!(!format!("{spans:?}").contains("secret"), "a caller's text is in a span");

    // The engine's own spans are children of ours.
    let headers = engine.headers();
    for headers in &headers[..2] {
        let parent = headers["traceparent"].to_str().unwrap();
        assert!(
            engines.iter().any(|span| parent == format!("00-{TRACE}-{}-01", hex(&span.span_id))),
            "{parent}"
        );
        assert_eq!(headers["tracestate"], "a=b");
    }
    assert!(headers[2]["traceparent"].to_str().unwrap().ends_with("-00"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_collector_fails_no_request() {
    let engine = FakeVllm::start(Script::frames(4)).await;
    let program = Program::start(&engine, "[telemetry]\notlp_endpoint = \"http://127.0.0.1:9\"");
    for _ in 0..3 {
        assert_eq!(speak(&program, true).await.unwrap().len(), 4 * 2048 * 2);
    }
    program.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_are_logged_only_if_configured() {
    let engine = FakeVllm::start(Script::frames(4)).await;
    for (more, shown) in [("", false), ("texts = true", true)] {
        let program = Program::start(&engine, more);
        speak(&program, true).await.unwrap();
        let log = program.stop();
        assert!(log.contains("speech complete"), "{log}");
        assert_eq!(log.contains("a secret"), shown, "{log}");
    }
}
