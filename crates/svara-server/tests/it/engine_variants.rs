//! Shapes of an engine's faults beyond those of `engine_wire`: lines that are almost server-sent events, statuses, waits
//! that it asks for, and connections that it closes by half.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use svara_config::DecoderBackend;
use svara_testkit::fake_vllm::{Script, frame_tokens};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::harness::Server;

const FRAMES: usize = 6;
const AUDIO_BYTES: usize = FRAMES * 2048 * 2;

/// What an engine does once it has read a request for speech.
#[derive(Clone)]
enum Act {
    /// Sends these bytes.
    Send(Vec<u8>),
    /// Closes its sending side, and goes on reading.
    HalfClose,
    /// Ends the connection without a goodbye.
    Reset,
    /// Closes the connection.
    Close,
}

/// A server before an engine that answers each request for speech in the same way.
struct Before {
    server: Server,
    acts: Arc<Mutex<Vec<Act>>>,
}

/// What a client gets.
#[derive(Debug)]
struct Heard {
    status: u16,
    retry_after: Option<String>,
    bytes: usize,
    /// Whether the body ended as it should.
    whole: bool,
}

impl Before {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let acts = Arc::new(Mutex::new(Vec::new()));
        let engines = Arc::clone(&acts);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&engines)));
            }
        });
        let server = Server::with(Script::frames(1), |config| {
            config.decoder.kind = DecoderBackend::Null;
            config.engine.base_url = url;
        })
        .await;
        Self { server, acts }
    }

    /// Speaks with an engine that does this.
    async fn hear(&self, acts: Vec<Act>, stream: bool) -> Heard {
        *self.acts.lock().unwrap() = acts;
        let mut response = self.server.speak(json!({"stream": stream})).await;
        let status = response.status().as_u16();
        let retry_after = response.headers().get("retry-after");
        let retry_after = retry_after.map(|wait| wait.to_str().unwrap().to_owned());
        let mut bytes = 0;
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) => bytes += chunk.len(),
                end => return Heard { status, retry_after, bytes, whole: end.is_ok() },
            }
        }
    }

    /// [`Self::hear`] of a body that ends with its connection.
    async fn hear_body(&self, body: impl AsRef<[u8]>) -> Heard {
        self.hear(vec![Act::Send([&head(), body.as_ref()].concat()), Act::Close], true).await
    }
}

async fn answer(mut stream: TcpStream, acts: Arc<Mutex<Vec<Act>>>) -> Option<()> {
    let (mut read, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let count = stream.read(&mut buffer).await.ok().filter(|count| *count > 0)?;
        read.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&read).to_ascii_lowercase();
        if text.starts_with("get") {
            let models = r#"{"data":[{"id":"kenpath/svara-tts-v1"}]}"#;
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{models}", models.len());
            stream.write_all(answer.as_bytes()).await.ok()?;
            read.clear();
            continue;
        }
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        if body.len() >= length.unwrap_or(0usize) {
            break;
        }
    }
    let acts = acts.lock().unwrap().clone();
    for act in acts {
        match act {
            Act::Send(bytes) => stream.write_all(&bytes).await.ok()?,
            Act::HalfClose => {
                stream.shutdown().await.ok()?;
                while stream.read(&mut buffer).await.ok()? > 0 {}
            }
            Act::Reset => {
                stream.set_zero_linger().ok()?;
                return None;
            }
            Act::Close => return None,
        }
    }
    // It hangs.
    while stream.read(&mut buffer).await.ok()? > 0 {}
    None
}

fn head() -> Vec<u8> {
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n".to_vec()
}

fn event(fields: &Value) -> String {
    format!("data: {}\n\n", json!({"choices": [fields]}))
}

/// The events of a speech, one for each frame, and the finish reason.
fn events() -> Vec<String> {
    let frame = |frame: &[u32]| event(&json!({"token_ids": frame, "text": "", "finish_reason": null}));
    let mut events: Vec<String> = frame_tokens(FRAMES).chunks(7).map(frame).collect();
    events.push(event(&json!({"token_ids": [], "text": "", "finish_reason": "stop"})));
    events
}

/// The events, with one of them changed.
fn with(number: usize, change: impl Fn(&str) -> String) -> String {
    let mut events = events();
    events[number] = change(&events[number]);
    events.concat()
}

#[tokio::test]
async fn odd_events_are_the_same_speech() {
    let before = Before::start().await;
    let (all, bom) = (events(), "\u{feff}");
    let text = all.concat();
    let split: String = all.iter().map(|event| event.replacen('[', "[\ndata: ", 1)).collect();
    let ends = ["\n", "\r", "\r\n"];
    let mixed: String = (0..).zip(&all).map(|(n, event)| event.replace('\n', ends[n % 3])).collect();
    for (name, body) in [
        ("two marks", format!("{bom}{bom}{text}")),
        ("a mark before each event", all.iter().map(|event| format!("{bom}{event}")).collect()),
        ("a mark behind a comment", format!(": hello\n\n{bom}{text}")),
        ("an array over two lines", split),
        ("all line ends", mixed),
        ("other fields", with(3, |event| format!("event: message\nid: 7\nretry: 100\n{event}"))),
        ("a tab behind the colon", with(3, |event| event.replace("data: ", "data:\t"))),
        ("no choices", with(3, |event| format!("data: {{\"choices\":null}}\n\n{event}"))),
        ("a choice of null", with(3, |event| format!("data: {{\"choices\":[null]}}\n\n{event}"))),
        (
            "another choice beside",
            with(3, |event| {
                event.replace("[{", "[{\"index\":1,\"token_ids\":[5],\"finish_reason\":\"stop\"},{")
            }),
        ),
        (
            "another choice by itself",
            with(3, |event| event.to_owned() + &event.replace("[{", "[{\"index\":1,")),
        ),
        ("no line end at the end", text.trim_end().to_owned()),
        ("one line end at the end", text.trim_end().to_owned() + "\n"),
        ("an early end mark", with(3, |event| format!("data: [DONE]\n\n{event}"))),
        ("an error behind the end", format!("{text}data: {{\"error\":{{\"message\":\"late\"}}}}\n\n")),
    ] {
        let heard = before.hear_body(&body).await;
        assert_eq!((heard.status, heard.bytes, heard.whole), (200, AUDIO_BYTES, true), "{name}: {body}");
    }
    let damaged: Vec<u8> = text.replace("\"text\":\"", "\"text\":\"\0").into_bytes();
    let damaged: Vec<u8> = damaged.into_iter().map(|byte| if byte == 0 { 0xff } else { byte }).collect();
    let heard = before.hear_body(&damaged).await;
    assert_eq!((heard.status, heard.bytes, heard.whole), (200, AUDIO_BYTES, true), "text that isn't UTF-8");
}

/// Whatever it is that can't be read: no tokens are lost without a word.
#[tokio::test]
async fn what_cannot_be_read_is_no_success() {
    let before = Before::start().await;
    let instead = |body: &'static str| with(5, |_| format!("{body}\n\n"));
    for (name, body) in [
        ("a space before the field", with(3, |event| format!(" {event}"))),
        ("a capital", with(3, |event| event.replace("data:", "Data:"))),
        ("a space behind the field", with(3, |event| event.replace("data:", "data :"))),
        ("a NUL before the field", with(3, |event| format!("\0{event}"))),
        ("an event without its field", with(3, |event| event.replace("data: ", ""))),
        ("events without fields", events().concat().replace("data: ", "")),
        ("foreign line ends", with(3, |event| event.replace('\n', "\u{2028}"))),
        ("fractions", with(3, |event| event.replace(',', ".0,"))),
        ("texts for ids", with(3, |_| event(&json!({"token_ids": ["128266"], "text": ""})))),
        (
            "an error of an event",
            instead("data: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\"}}"),
        ),
        ("an error by its type", instead("event:error\ndata:boom")),
        ("an error in capitals", instead("event: ERROR\ndata: boom")),
        ("an error behind its data", instead("data: boom\nevent: error")),
        ("a gateway's error", instead("data: {\"code\":500,\"msg\":\"boom\"}")),
        ("a list of errors", instead("data: {\"errors\":[{\"message\":\"boom\"}]}")),
        ("an unknown reason", with(6, |event| event.replace("\"stop\"", "\"cancelled\""))),
        ("an event cut off", events().concat().trim_end().trim_end_matches('}').to_owned()),
    ] {
        let heard = before.hear_body(&body).await;
        assert!(heard.status >= 500 || !heard.whole, "{name}: {heard:?} of {body}");
    }
}

#[tokio::test]
async fn each_status_is_busy_passing_or_final() {
    let before = Before::start().await;
    for (status, wait, told, again) in [
        (429, "7", 503, Some("7")),
        (503, "7", 503, Some("7")),
        (529, "7", 503, Some("7")),
        (529, "", 503, Some("1")),
        (500, "7", 502, Some("7")),
        (408, "7", 502, Some("7")),
        (425, "7", 502, Some("7")),
        (504, "99999999999999999999999", 502, Some("600")),
        (429, "soon", 503, Some("1")),
        (429, "Fri, 21 Oct 2095 07:28:00 GMT", 503, Some("600")),
        (429, "Wed, 21 Oct 2015 07:28:00 GMT", 503, Some("1")),
        (101, "", 502, None),
        (300, "", 502, None),
        (304, "", 502, None),
        (402, "", 502, None),
        (409, "", 502, None),
        (413, "", 502, None),
        (451, "", 502, None),
        (599, "7", 502, Some("7")),
        (999, "7", 502, Some("7")),
    ] {
        let answer = format!("HTTP/1.1 {status} X\r\nretry-after: {wait}\r\ncontent-length: 0\r\n\r\n");
        let heard = before.hear(vec![Act::Send(answer.into_bytes()), Act::Close], true).await;
        assert_eq!(
            (heard.status, heard.retry_after.as_deref()),
            (told, again),
            "{status} with {wait:?}: {heard:?}"
        );
    }
}

/// However an engine ends its connection: what it had said to the end is whole, anything else isn't, and nobody waits for
/// what can't come.
#[tokio::test]
async fn a_connection_that_closes_ends_only_what_is_complete() {
    let before = Before::start().await;
    let all = events();
    let chunk = |text: &str| format!("{:x}\r\n{text}\r\n", text.len());
    let head_of =
        |field: &str| format!("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n{field}\r\n\r\n");
    let (chunked, long) = (head_of("transfer-encoding: chunked"), head_of("content-length: 100000"));
    let (most, whole) = (all[..FRAMES].concat(), all.concat());
    let plain = String::from_utf8(head()).unwrap();
    for (name, sent, status, complete) in [
        ("nothing", String::new(), 503, false),
        ("half a status line", "HTTP/1.1 20".to_owned(), 503, false),
        ("half a head", "HTTP/1.1 200 OK\r\ncontent-ty".to_owned(), 503, false),
        ("a head", plain.clone(), 502, false),
        ("a head of chunks", chunked.clone(), 502, false),
        ("a head with a length", long.clone(), 502, false),
        ("audio", plain.clone() + &most, 200, false),
        ("audio in chunks", chunked.clone() + &chunk(&most), 200, false),
        ("audio in chunks that end", chunked.clone() + &chunk(&most) + "0\r\n\r\n", 200, false),
        ("half a chunk", chunked.clone() + &chunk(&whole)[..600], 200, false),
        ("a part of its length", long.clone() + &most, 200, false),
        ("all but the end mark", plain + &whole, 200, true),
        ("all but the end mark, in chunks", chunked.clone() + &chunk(&whole), 200, true),
        ("all but half the end mark", chunked + &chunk(&whole) + "e\r\ndata: [DO", 200, true),
        ("all of it in a part of its length", long + &whole, 200, true),
    ] {
        for (how, end) in [("half", Act::HalfClose), ("reset", Act::Reset), ("closed", Act::Close)] {
            for stream in [true, false] {
                let heard =
                    before.hear(vec![Act::Send(sent.clone().into_bytes()), end.clone()], stream).await;
                let case = format!("{name}, {how}, stream {stream}: {heard:?}");
                if complete {
                    assert_eq!((heard.status, heard.bytes, heard.whole), (200, AUDIO_BYTES, true), "{case}");
                } else if stream && status == 200 {
                    assert!(heard.status == 200 && heard.bytes > 0 && !heard.whole, "{case}");
                } else {
                    assert_eq!(heard.status, if status == 200 { 502 } else { status }, "{case}");
                }
            }
        }
    }
    before.server.quiet().await;
}

/// An engine that has the model in its list, and speaks nothing all the same.
#[tokio::test]
async fn health_knows_of_an_engine_that_refuses_every_request() {
    let before = Before::start().await;
    let health = async || {
        let answer = before.server.client.get(before.server.url("/health/ready")).send().await.unwrap();
        answer.status().as_u16()
    };
    assert_eq!(health().await, 200);
    for (status, healthy) in [(401, false), (404, false), (405, false), (400, true), (500, true), (429, true)]
    {
        let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n");
        let heard = before.hear(vec![Act::Send(answer.into_bytes()), Act::Close], true).await;
        assert!(heard.status >= 500, "{heard:?}");
        assert_eq!(health().await == 200, healthy, "{status}");
        // One that is spoken proves that it speaks again.
        assert_eq!(before.hear_body(events().concat()).await.bytes, AUDIO_BYTES);
        assert_eq!(health().await, 200, "{status}");
    }
}
