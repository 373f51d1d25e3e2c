//! The Wyoming protocol, byte by byte: events in any order, half of them, and false lengths.

use std::{
    io::Write,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};
use svara_server::start;
use svara_testkit::fake_vllm::{FakeVllm, Script};
use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    time::timeout,
};

use crate::{harness::config, raw::LONG};

pub struct Server {
    pub engine: FakeVllm,
    pub address: SocketAddr,
}

async fn server() -> Server {
    server_of(Script::frames(2)).await
}

/// Serves Wyoming alone, with prompts that are text.
pub async fn server_of(script: Script) -> Server {
    let engine = FakeVllm::start(script).await;
    let mut config = config();
    config.engine.base_url = engine.base_url();
    config.model.tokenizer = String::new();
    let start::Server { wyoming, .. } = start::server(&config, None).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(wyoming.serve(listener));
    Server { engine, address }
}

/// An event with its data in the line.
pub fn event(kind: &str, data: &Value) -> Vec<u8> {
    format!("{}\n", json!({"type": kind, "data": data})).into_bytes()
}

/// An event with its data behind the line, as the official package writes it.
fn parted(kind: &str, data: &Value) -> Vec<u8> {
    let data = data.to_string();
    format!("{}\n{data}", json!({"type": kind, "data_length": data.len(), "version": "1.5.4"})).into_bytes()
}

/// The events that the server sends until one of the kind or the text `last`, or until it closes.
async fn events(stream: TcpStream, last: &str) -> Vec<(String, Value)> {
    events_of(&mut BufReader::new(stream), last)
        .await
        .into_iter()
        .map(|(kind, data, _)| (kind, data))
        .collect()
}

/// As [`events`], with the length of each payload; the stream stays open.
pub async fn events_of(reader: &mut (impl AsyncBufRead + Unpin), last: &str) -> Vec<(String, Value, usize)> {
    let mut events = Vec::new();
    loop {
        let mut line = String::new();
        if timeout(LONG, reader.read_line(&mut line)).await.expect("an event").unwrap_or(0) == 0 {
            return events;
        }
        let head: Value = serde_json::from_str(&line).unwrap();
        let length = |name: &str| usize::try_from(head[name].as_u64().unwrap_or_default()).unwrap();
        let mut data = vec![0; length("data_length")];
        reader.read_exact(&mut data).await.unwrap();
        let payload = length("payload_length");
        reader.read_exact(&mut vec![0; payload]).await.unwrap();
        let kind = head["type"].as_str().unwrap().to_owned();
        let data: Value = serde_json::from_slice(&data).unwrap_or(Value::Null);
        let over = kind == last || data["text"] == last;
        events.push((kind, data, payload));
        if over {
            return events;
        }
    }
}

impl Server {
    async fn tell(&self, bytes: &[u8], last: &str) -> Vec<(String, Value)> {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        events(stream, last).await
    }

    fn prompt(&self) -> String {
        self.engine.requests().pop().unwrap()["prompt"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn voices_and_languages_have_any_name_and_may_be_left_out() {
    let server = server().await;
    for (voice, text, speaker) in [
        (json!(null), "வணக்கம்", "Tamil (Male)"),
        (json!({}), "வணக்கம்", "Tamil (Male)"),
        (json!({"name": null, "language": null, "speaker": null}), "hello", "English (Male)"),
        (json!({"name": "", "language": "", "speaker": ""}), "hello", "English (Male)"),
        (json!({"language": "hi-IN"}), "hello", "Hindi (Male)"),
        (json!({"language": "Tamil"}), "hello", "Tamil (Male)"),
        (json!({"language": "auto"}), "ಕನ್ನಡ", "Kannada (Male)"),
        (json!({"name": "Hindi (Female)"}), "வணக்கம்", "Hindi (Female)"),
        (json!({"name": "alloy"}), "வணக்கம்", "Tamil (Female)"),
        (json!({"name": "alloy", "language": "bn"}), "hello", "Bengali (Female)"),
    ] {
        for write in [event, parted] {
            let told =
                server.tell(&write("synthesize", &json!({"text": text, "voice": voice})), "audio-stop").await;
            assert_eq!(told.last().unwrap().0, "audio-stop", "{voice}: {told:?}");
            assert!(server.prompt().contains(speaker), "{voice}: {}", server.prompt());
        }
    }
    // A voice by its own name reads numbers in the language that is asked for.
    let voice = json!({"name": "hi_female", "language": "en"});
    server.tell(&event("synthesize", &json!({"text": "5", "voice": voice})), "audio-stop").await;
    assert!(server.prompt().contains("five"), "{}", server.prompt());
}

#[tokio::test]
async fn mistakes_are_said_plainly_with_their_field() {
    let server = server().await;
    for (bytes, words) in [
        (event("synthesize", &json!({})), "synthesize: text is required"),
        (event("synthesize", &json!({"text": 5})), "synthesize: text must be a string"),
        (
            event("synthesize", &json!({"text": "a", "voice": "hi_female"})),
            "synthesize: voice must be a JSON object",
        ),
        (
            event("synthesize", &json!({"text": "a", "voice": {"name": 5}})),
            "synthesize: voice.name must be a string",
        ),
        (event("synthesize", &json!({"text": "a", "voice": {"name": "aloy"}})), "did you mean alloy"),
        (event("synthesize", &json!({"text": "a", "voice": {"language": "fr"}})), "voice.language"),
        (event("synthesize", &json!({"text": "a", "voice": {"speaker": "x"}})), "voice.speaker"),
        (event("synthesize", &json!({"text": ""})), "text must not be empty"),
        (event("synthesize-chunk", &json!({"text": "a"})), "synthesize-start must come first"),
        (event("synthesize-stop", &json!({})), "synthesize-start must come first"),
        (event("select-program", &json!({"name": "piper"})), "svara"),
        (b"{\"type\": \"synthesize\", \"data_length\": -1}\n".to_vec(), "data_length"),
        (b"{\"type\": \"synthesize\", \"data_length\": \"x\"}\n".to_vec(), "data_length"),
        (b"{\"type\": \"synthesize\", \"data\": []}\n".to_vec(), "data"),
        (b"{\"type\": \"synthesize\", \"data_length\": 3}\n{\"text\": \"a\"}\n".to_vec(), "Wyoming"),
        (b"{\"data\": {}}\n".to_vec(), "type"),
        (b"GET / HTTP/1.1\r\n\r\n".to_vec(), "Wyoming"),
        (vec![b'a'; 300_000], "longer than"),
    ] {
        let told = server.tell(&bytes, "").await;
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(80)]).into_owned();
        let (kind, data) = told.last().unwrap_or_else(|| panic!("nothing came: {shown}"));
        let said = data["text"].as_str().unwrap_or_default();
        assert!(kind == "error" && said.contains(words), "{shown}: {told:?}");
        for word in ["invalid type", "expected", "missing field"] {
            assert!(!said.contains(word), "{shown}: {said}");
        }
    }
    assert!(server.engine.requests().is_empty());
}

#[tokio::test]
async fn events_come_in_any_pieces_and_in_any_number() {
    let server = server().await;
    let mut bytes = Vec::new();
    bytes.extend(event("ping", &json!({"text": "a"})));
    bytes.extend(b"{\"type\": \"ping\"}\r\n");
    bytes.extend(parted("describe", &json!({})));
    bytes.extend(event("unknown-event", &json!({"text": 5})));
    bytes.extend(event("synthesize-start", &json!({"voice": {"name": "hi_female"}})));
    for part in ["One is", " here. Two", " is there. Th", "ree"] {
        bytes.extend(event("synthesize-chunk", &json!({"text": part})));
    }
    bytes.extend(event("synthesize", &json!({"text": "One is here. Two is there. Three"})));
    bytes.extend(b"{\"type\": \"ping\", \"payload_length\": 3}\nabc");
    bytes.extend(event("synthesize-stop", &json!({})));
    bytes.extend(event("synthesize-start", &json!({})));
    bytes.extend(event("synthesize-chunk", &json!({"text": " "})));
    bytes.extend(event("synthesize-stop", &json!({})));
    bytes.extend(event("ping", &json!({"text": "end"})));
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    // Byte by byte, as a slow network may give them.
    for byte in &bytes {
        stream.write_all(&[*byte]).await.unwrap();
    }
    let mut told = events(stream, "end").await;
    let kinds: Vec<&str> =
        told.iter().map(|(kind, _)| kind.as_str()).filter(|kind| *kind != "audio-chunk").collect();
    assert_eq!(
        kinds,
        [
            "pong",
            "pong",
            "info",
            "audio-start",
            "pong",
            "audio-stop",
            "synthesize-stopped",
            "audio-start",
            "audio-stop",
            "synthesize-stopped",
            "pong",
        ],
        "{told:?}"
    );
    assert_eq!(told.remove(0).1["text"], "a");
    assert_eq!(server.engine.requests().len(), 3, "each sentence once");
}

/// The log reports clients that are turned away, as over HTTP; those that are connected go on.
#[tokio::test]
async fn too_many_connections_are_turned_away_and_told_of() {
    let server = server().await;
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    let _default = tracing::subscriber::set_default(subscriber);
    let begins = [event("synthesize-start", &json!({})), event("ping", &json!({"text": "a"}))].concat();
    let mut busy = Vec::new();
    for _ in 0..16 {
        let mut client = BufReader::new(TcpStream::connect(server.address).await.unwrap());
        client.write_all(&begins).await.unwrap();
        assert_eq!(events_of(&mut client, "a").await.len(), 1);
        busy.push(client);
    }
    for _ in 0..3 {
        let refused = TcpStream::connect(server.address).await.unwrap();
        assert_eq!(events(refused, "").await[0].0, "error");
    }
    let log = log.text();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("turned away")).collect();
    let [line] = lines[..] else { panic!("not once a second: {log}") };
    let told = ["WARN", "bound=\"connections_per_address\"", "limit=16"];
    assert!(told.iter().all(|part| line.contains(part)), "{line}");
    let mut first = busy.remove(0);
    first.write_all(&event("ping", &json!({"text": "b"}))).await.unwrap();
    assert_eq!(events_of(&mut first, "b").await.len(), 1);
}

/// What is logged on this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
