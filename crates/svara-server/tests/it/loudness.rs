//! `volume` and `gain_db` of requests, and `decoder.gain_db` of the server.

use futures::{SinkExt, StreamExt};
use reqwest::Response;
use serde_json::{Value, json};
use svara_config::Config;
use svara_testkit::{fake_vllm::Script, models};
use tokio_tungstenite::{connect_async, tungstenite::Message};

use crate::harness::{Server, status_and_json};

/// A decoder whose samples are no silence, and the same each time.
fn audible(config: &mut Config) {
    config.decoder.model = models::snac_small("decoder_stream.onnx");
    config.decoder.noise = false;
}

async fn samples(answer: Response) -> Vec<i16> {
    assert_eq!(answer.status(), 200);
    let bytes = answer.bytes().await.unwrap();
    bytes.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
}

async fn spoken(server: &Server, path: &str, fields: Value) -> Vec<i16> {
    let mut body =
        json!({"text": "a", "input": "a", "voice": "hi_female", "response_format": "pcm", "seed": 1});
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    samples(server.request(path, &body).send().await.unwrap()).await
}

/// Whether each sample is the other's, times a factor, up to rounding.
fn is_scaled(samples: &[i16], by: &[i16], factor: f32) -> bool {
    let near = |(one, other): (&i16, &i16)| (f32::from(*one) - f32::from(*other) * factor).abs() <= 1.5;
    samples.len() == by.len() && samples.iter().zip(by).all(near)
}

fn loudest(samples: &[i16]) -> i16 {
    samples.iter().map(|sample| sample.saturating_abs()).max().unwrap()
}

#[tokio::test]
async fn a_request_is_made_quieter_or_louder_in_streams_and_whole() {
    let server = Server::with(Script::frames(6), audible).await;
    for path in ["/v1/text-to-speech", "/v1/audio/speech"] {
        let plain = spoken(&server, path, json!({})).await;
        assert!(loudest(&plain) > 100, "the decoder is heard");
        for stream in [true, false] {
            let half = spoken(&server, path, json!({"volume": 0.5, "stream": stream})).await;
            assert!(is_scaled(&half, &plain, 0.5), "{path} {stream}");
            let quieter = spoken(&server, path, json!({"gain_db": "-20", "stream": stream})).await;
            assert!(is_scaled(&quieter, &plain, 0.1), "{path} {stream}");
            let louder = spoken(&server, path, json!({"gain_db": 20, "stream": stream})).await;
            assert!(loudest(&louder) > loudest(&plain) && loudest(&louder) < i16::MAX, "{path} {stream}");
        }
    }
}

#[tokio::test]
async fn a_server_may_be_louder_for_all() {
    let plain = Server::with(Script::frames(6), audible).await;
    let quiet = Server::with(Script::frames(6), |config| {
        audible(config);
        config.decoder.gain_db = -20.0;
    })
    .await;
    let path = "/v1/text-to-speech";
    let (plain, quiet_samples) =
        (spoken(&plain, path, json!({})).await, spoken(&quiet, path, json!({})).await);
    assert!(is_scaled(&quiet_samples, &plain, 0.1));
    // A request's own comes on top.
    let raised = spoken(&quiet, path, json!({"volume": 5})).await;
    assert!(is_scaled(&raised, &plain, 0.5));
    let url = format!(
        "ws://{}/v1/audio/speech/stream-input?voice=hi_female&volume=5&max_chunk_words=20",
        quiet.address
    );
    let mut socket = connect_async(url).await.unwrap().0;
    for text in ["hello", ""] {
        socket.send(Message::Text(json!({"text": text}).to_string().into())).await.unwrap();
    }
    let mut heard = 0;
    while let Some(Ok(message)) = socket.next().await {
        if let Message::Binary(bytes) = message {
            let samples = bytes.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]]));
            heard = heard.max(samples.map(i16::saturating_abs).max().unwrap());
        }
    }
    assert!(heard > loudest(&quiet_samples), "{heard}");
    let mut config = Config::default();
    config.decoder.gain_db = 21.0;
    assert!(config.check().unwrap_err().to_string().contains("decoder.gain_db"));
}

#[tokio::test]
async fn a_loudness_out_of_range_names_its_field() {
    let server = Server::start(Script::frames(1)).await;
    for (fields, field) in [
        (json!({"volume": 0}), "volume"),
        (json!({"volume": 10.5}), "volume"),
        (json!({"volume": "loud"}), "volume"),
        (json!({"gain_db": 21}), "gain_db"),
        (json!({"gain_db": -41}), "gain_db"),
        (json!({"gain_db": 3, "volume": 2}), "gain_db"),
    ] {
        let (status, body) = server.speak_json(fields.clone()).await;
        assert_eq!((status, &body["error"]["field"]), (422, &json!(field)), "{fields}: {body}");
        let mut openai = json!({"input": "a", "voice": "hi_female"});
        openai.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let answer = server.request("/v1/audio/speech", &openai).send().await.unwrap();
        let (status, body) = status_and_json(answer).await;
        assert_eq!((status, &body["error"]["param"]), (400, &json!(field)), "{fields}: {body}");
    }
}
