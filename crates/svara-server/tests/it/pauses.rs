//! Pauses that a text asks for: exact to the sample, in every format, in streams and in times.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde_json::{Value, json};
use svara_testkit::fake_vllm::Script;

use crate::harness::{Server, status_and_json};

const FRAME_SAMPLES: usize = 2048;
const FRAMES: usize = 6;
const PIECE_SAMPLES: usize = FRAMES * FRAME_SAMPLES;

async fn samples(server: &Server, fields: Value) -> usize {
    let response = server.speak(fields).await;
    assert_eq!(response.status(), 200);
    response.bytes().await.unwrap().len() / 2
}

#[tokio::test]
async fn silence_is_exact_to_the_sample() {
    let server = Server::start(Script::frames(FRAMES)).await;
    for (text, pieces, silence_ms) in [
        ("एक [pause:1.5s] दो", 2, 1_500),
        ("एक <break time=\"1.5s\"/> दो", 2, 1_500),
        ("एक<break time='250ms'/>दो <break strength='x-weak'/> तीन", 3, 500),
        ("[pause:1s] एक", 1, 1_000),
        ("एक [pause:333ms]", 1, 333),
        ("[pause:2s]", 0, 2_000),
        ("एक [pause:99s] दो", 2, 10_000),
        ("एक <break strength=\"none\"/> दो", 1, 0),
        ("एक <break time='1s'/><break time='1s'/> दो", 2, 2_000),
    ] {
        for stream in [true, false] {
            for speed in [1.0, 2.0] {
                let fields = json!({"text": text, "stream": stream, "speed": speed});
                let spoken = (PIECE_SAMPLES as f64 / speed).round() as usize;
                let expected = pieces * spoken + silence_ms * 24;
                assert_eq!(samples(&server, fields).await, expected, "{text} stream {stream} speed {speed}");
            }
        }
    }
}

/// The dialects whose clients send pauses: ElevenLabs' REST API with and without its switch, whole and streamed, and
/// OpenAI's.
#[tokio::test]
async fn silence_is_exact_in_every_dialect() {
    let server = Server::start(Script::frames(FRAMES)).await;
    for (text, pieces, silence_ms) in [
        ("Wait <break time=\"1.5s\"/> now.", 2, 1_500),
        ("Hello [pause:1.5s] world.", 2, 1_500),
        ("<speak>Wait <emphasis level='strong'>now</emphasis>.<break time=\"500ms\" /></speak>", 1, 500),
    ] {
        let expected = pieces * PIECE_SAMPLES + silence_ms * 24;
        for path in ["/v1/text-to-speech/en_male", "/v1/text-to-speech/en_male/stream"] {
            let path = format!("{path}?output_format=pcm_24000");
            for body in [
                json!({"text": text}),
                json!({"text": text, "enable_ssml_parsing": true}),
                json!({"text": text, "model_id": "eleven_multilingual_v2", "enable_ssml_parsing": false}),
            ] {
                let response = server.request(&path, &body).send().await.unwrap();
                assert_eq!(response.status(), 200, "{path} {body}");
                assert_eq!(response.bytes().await.unwrap().len() / 2, expected, "{path} {body}");
            }
        }
        let body = json!({"input": text, "voice": "en_male", "response_format": "pcm"});
        let response = server.request("/v1/audio/speech", &body).send().await.unwrap();
        assert_eq!(response.bytes().await.unwrap().len() / 2, expected, "{body}");
    }
}

#[tokio::test]
async fn formats_and_times_have_the_pause() {
    let server = Server::start(Script::frames(FRAMES)).await;
    let text = "एक [pause:1.5s] दो";
    let piece = PIECE_SAMPLES as f64 / 24_000.0;
    for stream in [true, false] {
        let fields = json!({"text": text, "timestamps": "word", "stream": stream});
        let body = server.speak(fields).await.text().await.unwrap();
        let words: Vec<Value> = body
            .lines()
            .flat_map(|line| {
                serde_json::from_str::<Value>(line).unwrap()["words"].as_array().unwrap().clone()
            })
            .collect();
        let time = |word: usize, name: &str| words[word][name].as_f64().unwrap();
        assert_eq!((words[0]["word"].as_str(), words[1]["word"].as_str()), (Some("एक"), Some("दो")));
        assert!((time(0, "end") - piece).abs() < 0.002, "{words:?}");
        assert!((time(1, "start") - (piece + 1.5)).abs() < 0.002, "{words:?}");
        assert!((time(1, "end") - (2.0 * piece + 1.5)).abs() < 0.002, "{words:?}");
        assert_eq!((words[1]["typed_start"].as_u64(), words[1]["typed_end"].as_u64()), (Some(16), Some(18)));
    }
    let wav = server
        .speak(json!({"text": text, "response_format": "wav", "stream": false}))
        .await
        .bytes()
        .await
        .unwrap();
    assert_eq!(wav.len() - 44, 2 * (2 * PIECE_SAMPLES + 36_000));
    for format in ["mp3", "opus", "flac", "aac", "ulaw"] {
        let plain = json!({"text": "एक दो", "response_format": format, "stream": false});
        let response = server.speak(plain).await;
        if response.status() != 200 {
            continue;
        }
        let paused = server.speak(json!({"text": text, "response_format": format, "stream": false})).await;
        assert!(paused.bytes().await.unwrap().len() > response.bytes().await.unwrap().len(), "{format}");
    }
}

#[tokio::test]
async fn a_part_may_be_said_at_another_speed() {
    let server = Server::start(Script::frames(FRAMES)).await;
    let text = "एक <prosody rate=\"200%\">दो</prosody> तीन";
    assert_eq!(samples(&server, json!({"text": text})).await, 2 * PIECE_SAMPLES + PIECE_SAMPLES / 2);
    let slow = "<speak><prosody rate='slow'>एक</prosody></speak>";
    assert_eq!(samples(&server, json!({"text": slow})).await, PIECE_SAMPLES * 4 / 3);
}

#[tokio::test]
async fn alignments_are_of_the_typed_and_of_the_said() {
    let server = Server::start(Script::frames(FRAMES)).await;
    let text = "Costs $100 at 9:30PM. [pause:1s] **Yes** &amp; no 🎉";
    let body = json!({"text": text});
    let path = "/v1/text-to-speech/en_male/with-timestamps?output_format=pcm_24000";
    let (status, timed) = status_and_json(server.request(path, &body).send().await.unwrap()).await;
    assert_eq!(status, 200, "{timed}");
    let characters = |alignment: &Value| -> String {
        alignment["characters"].as_array().unwrap().iter().map(|c| c.as_str().unwrap()).collect()
    };
    assert_eq!(characters(&timed["alignment"]), text);
    assert_eq!(
        characters(&timed["normalized_alignment"]),
        "Costs one hundred dollars at nine thirty p m. Yes & no"
    );
    for name in ["alignment", "normalized_alignment"] {
        let times = |key: &str| -> Vec<f64> {
            timed[name][key].as_array().unwrap().iter().map(|time| time.as_f64().unwrap()).collect()
        };
        let (starts, ends) = (times("character_start_times_seconds"), times("character_end_times_seconds"));
        assert!(starts.is_sorted() && ends.is_sorted() && starts.len() == ends.len());
        let seconds = BASE64.decode(timed["audio_base64"].as_str().unwrap()).unwrap().len() as f64 / 48_000.0;
        assert!((ends.last().unwrap() - seconds).abs() < 0.01, "{name}");
    }
    // Streamed: the same, line by line.
    let path = "/v1/text-to-speech/en_male/stream/with-timestamps?output_format=pcm_24000";
    let lines = server.request(path, &body).send().await.unwrap().text().await.unwrap();
    let typed: String = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["alignment"].clone())
        .filter(|alignment| !alignment.is_null())
        .map(|alignment| characters(&alignment))
        .collect();
    assert_eq!(typed, text);
}

#[tokio::test]
async fn a_preview_shows_what_would_be_said() {
    let server = Server::start(Script::frames(1)).await;
    let text = "**₹5** है। [pause:1s] <happy> ठीक 🎉";
    let body = json!({"text": text, "voice": "hi_female", "strip_markdown": true, "strip_emoji": true});
    let (status, shown) =
        status_and_json(server.request("/v1/text/preview", &body).send().await.unwrap()).await;
    assert_eq!(status, 200, "{shown}");
    assert_eq!(shown["voice_id"], "hi_female");
    let pieces = shown["pieces"].as_array().unwrap();
    assert_eq!(
        (&pieces[0]["text"], &pieces[0]["prompt"]),
        (&json!("पाँच रुपये है।"), &json!("पाँच रुपये है। <happy>"))
    );
    assert_eq!((&pieces[1]["text"], &pieces[1]["pause_ms"]), (&json!("ठीक"), &json!(1_000)));
    let typed: String = text.chars().skip(pieces[0]["typed_start"].as_u64().unwrap() as usize).collect();
    assert!(typed.starts_with("₹5"), "{typed}");
    assert!(shown["normalized"].as_str().unwrap().contains("पाँच रुपये"));
    assert!(shown["cleaned"].as_str().unwrap().contains("₹5 है।"));
    assert_eq!(server.engine.requests().len(), 0);
    for (body, status) in
        [(json!({"voice": "hi_female"}), 422), (json!({"text": "a", "voice": "nobody"}), 404)]
    {
        let (found, answer) =
            status_and_json(server.request("/v1/text/preview", &body).send().await.unwrap()).await;
        assert_eq!(found, status, "{answer}");
    }
}
