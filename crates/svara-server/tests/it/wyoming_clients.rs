//! Wyoming's connections: clients that send no more and still listen, those that are gone, and too many of them.

use std::time::Duration;

use serde_json::{Value, json};
use svara_testkit::fake_vllm::{End, Script};
use tokio::{
    io::{AsyncWriteExt, BufReader},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

use crate::{
    raw::{self, LONG},
    wyoming::{Server, event, events_of, server_of},
};

/// Bytes of PCM in 12 frames.
const AUDIO_BYTES: usize = 12 * 2048 * 2;

fn synthesize() -> Vec<u8> {
    event("synthesize", &json!({"text": "hello", "voice": {"name": "en_male"}}))
}

/// What a client hears that sends this and closes its sending side: the events, without those that ask whether it is there,
/// and the bytes of the sound.
async fn half_closed(server: &Server, bytes: &[u8]) -> (Vec<(String, Value)>, usize) {
    let mut stream = raw::connect(server.address).await;
    stream.write_all(bytes).await.unwrap();
    stream.shutdown().await.unwrap();
    let heard = events_of(&mut BufReader::new(stream), "").await;
    let sound = heard.iter().map(|(_, _, payload)| payload).sum();
    let told = heard.into_iter().filter(|(kind, ..)| kind != "ping" && kind != "audio-chunk");
    (told.map(|(kind, data, _)| (kind, data)).collect(), sound)
}

fn kinds(told: &[(String, Value)]) -> Vec<&str> {
    told.iter().map(|(kind, _)| kind.as_str()).collect()
}

#[tokio::test]
async fn a_client_that_closes_its_sending_side_hears_all_it_asked_for() {
    let server = server_of(Script { pause: Duration::from_millis(30), ..Script::frames(12) }).await;
    let (told, sound) = half_closed(&server, &synthesize()).await;
    assert_eq!((kinds(&told), sound), (vec!["audio-start", "audio-stop"], AUDIO_BYTES));
    let server = server_of(Script::frames(12)).await;
    let mut bytes = event("ping", &json!({"text": "a"}));
    bytes.extend(synthesize());
    bytes.extend(event("synthesize-start", &json!({"voice": {"name": "en_male"}})));
    bytes.extend(event("synthesize-chunk", &json!({"text": "One is here. Two"})));
    bytes.extend(event("synthesize-stop", &json!({})));
    bytes.extend(event("ping", &json!({"text": "b"})));
    let (told, sound) = half_closed(&server, &bytes).await;
    let expected =
        ["pong", "audio-start", "audio-stop", "audio-start", "audio-stop", "synthesize-stopped", "pong"];
    assert_eq!((kinds(&told), sound), (expected.to_vec(), 3 * AUDIO_BYTES));
    // It hears why it is refused, too.
    let wrong = event("synthesize", &json!({"text": "a", "voice": {"name": "nobody"}}));
    let (told, _) = half_closed(&server, &wrong).await;
    assert_eq!(kinds(&told), ["error"]);
    server.engine.wait_for_open_streams(0).await;
}

/// While there is no sound, the server asks whether the client is there.
#[tokio::test]
async fn it_may_wait_long_for_its_sound() {
    let server = server_of(Script { pause: Duration::from_millis(250), ..Script::frames(6) }).await;
    let mut stream = raw::connect(server.address).await;
    stream.write_all(&synthesize()).await.unwrap();
    stream.shutdown().await.unwrap();
    let heard = events_of(&mut BufReader::new(stream), "").await;
    assert_eq!(heard.first().unwrap().0, "ping");
    assert_eq!(heard.last().unwrap().0, "audio-stop");
    assert_eq!(heard.iter().map(|(_, _, payload)| payload).sum::<usize>(), 6 * 2048 * 2);
}

/// Whether it leaves while it waits for sound or in the middle of it: its generation ends, though its close looks the same.
#[tokio::test]
async fn one_that_is_gone_is_told_apart() {
    for frames in [0, 2, 4] {
        let server = server_of(Script { end: End::Hang, ..Script::frames(frames) }).await;
        let mut stream = raw::connect(server.address).await;
        stream.write_all(&synthesize()).await.unwrap();
        server.engine.wait_for_open_streams(1).await;
        drop(stream);
        timeout(LONG, server.engine.wait_for_open_streams(0)).await.expect("the generation ends");
    }
}

/// A client at one of this machine's own addresses, in the middle of a text or idle.
async fn client(server: &Server, last: u8, busy: bool) -> BufReader<TcpStream> {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, last], 0).into()).unwrap();
    let mut stream = BufReader::new(socket.connect(server.address).await.unwrap());
    let mut bytes = if busy { event("synthesize-start", &json!({})) } else { Vec::new() };
    bytes.extend(event("ping", &json!({"text": "here"})));
    stream.write_all(&bytes).await.unwrap();
    stream
}

/// What comes first: `pong`, or an error.
async fn answer(client: &mut BufReader<TcpStream>) -> (String, Value) {
    let mut heard = events_of(client, "here").await;
    let (kind, data, _) = heard.pop().expect("an answer");
    (kind, data)
}

#[tokio::test]
async fn an_address_has_a_share_of_the_connections() {
    let server = server_of(Script::frames(1)).await;
    let mut busy = Vec::new();
    for _ in 0..16 {
        let mut client = client(&server, 1, true).await;
        assert_eq!(answer(&mut client).await.0, "pong");
        busy.push(client);
    }
    for _ in 0..3 {
        let (kind, data) = answer(&mut client(&server, 1, false).await).await;
        assert_eq!((kind.as_str(), &data["code"]), ("error", &json!("too_many_concurrent_requests")));
        assert!(data["text"].as_str().unwrap().contains("16 of one address"), "{data}");
    }
    let mut other = client(&server, 2, false).await;
    assert_eq!(answer(&mut other).await.0, "pong", "others have room");
    busy.pop();
    let served = async { while answer(&mut client(&server, 1, false).await).await.0 != "pong" {} };
    timeout(LONG, served).await.expect("a connection that is closed makes room");
}

#[tokio::test]
async fn the_longest_idle_one_makes_room() {
    let server = server_of(Script::frames(1)).await;
    // Of one address, and then of all.
    let mut idle = Vec::new();
    for address in [1; 17].into_iter().chain([2; 16]).chain([3; 16]).chain([4; 16]).chain([5; 3]) {
        let mut client = client(&server, address, false).await;
        assert_eq!(answer(&mut client).await.0, "pong", "of address {address}");
        idle.push(client);
    }
    let mut gone = 0;
    for client in idle.iter_mut().take(4) {
        gone += usize::from(events_of(client, "").await.is_empty());
    }
    assert_eq!(gone, 4);
    let mut fifth = idle.remove(4);
    fifth.write_all(&event("ping", &json!({"text": "here"}))).await.unwrap();
    assert_eq!(answer(&mut fifth).await.0, "pong", "no more than needed");
}
