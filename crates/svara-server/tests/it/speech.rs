use std::time::Duration;

use futures::StreamExt;
use reqwest::multipart::Form as MultipartForm;
use serde_json::json;
use svara_audio::{DecodeLimits, SampleRate, decode_upload};
use svara_config::FirstAudioMode;
use svara_testkit::fake_vllm::{End, Form, Script, frame_tokens};

use crate::harness::Server;

/// Bytes of a frame as 16-bit PCM.
const FRAME_BYTES: usize = 2048 * 2;

#[tokio::test]
async fn every_frame_is_heard_for_any_chunking() {
    let server = Server::start(Script::frames(9)).await;
    let reference = server.speak(json!({})).await.bytes().await.unwrap();
    assert_eq!(reference.len(), 9 * FRAME_BYTES);
    for chunk_tokens in [1, 3, 7, 50, 1000] {
        for form in [Form::Ids, Form::Text] {
            server.engine.set(Script { chunk_tokens, form, ..Script::frames(9) });
            let samples = server.speak(json!({})).await.bytes().await.unwrap();
            assert_eq!(samples, reference, "{chunk_tokens} tokens an event, {form:?}");
        }
    }
}

#[tokio::test]
async fn the_shortest_utterances_come_out_whole() {
    let server = Server::start(Script::frames(1)).await;
    for frames in 1..=4 {
        server.engine.set(Script::frames(frames));
        assert_eq!(server.speak(json!({})).await.bytes().await.unwrap().len(), frames * FRAME_BYTES);
        let whole = server.speak(json!({"stream": false})).await.bytes().await.unwrap();
        assert_eq!(whole.len(), frames * FRAME_BYTES);
    }
}

/// An early start changes nothing after its seam: the same number of samples, and the same samples from there on.
#[tokio::test]
async fn an_early_start_joins_the_exact_samples() {
    const FADE: usize = 256;
    let script = |frames, pause| Script { chunk_tokens: 7, pause, ..Script::frames(frames) };
    let exact = Server::start(Script::frames(1)).await;
    let early =
        Server::with(Script::frames(1), |config| config.decoder.first_audio = FirstAudioMode::Early).await;
    let speak = async |server: &Server, frames, pause| {
        server.engine.set(script(frames, pause));
        server.speak(json!({})).await.bytes().await.unwrap()
    };
    for frames in [1, 2, 3, 9] {
        let mut pause = Duration::from_millis(20);
        let exact = speak(&exact, frames, pause).await;
        // Two frames are all the input there is, so the early start is exact; one frame gets no early start.
        let alike = frames <= 2;
        let early = loop {
            let early = speak(&early, frames, pause).await;
            // On a busy machine, all frames may be there before the first is decoded, and nothing is early.
            if alike || early != exact || pause > Duration::from_secs(1) {
                break early;
            }
            pause *= 4;
        };
        assert_eq!(early.len(), frames * FRAME_BYTES);
        assert_eq!(early == exact, alike, "{frames} frames");
        let seam = (2048 + FADE).min(exact.len() / 2) * 2;
        assert_eq!(early[seam..], exact[seam..], "{frames} frames");
        let step = |bytes: &[u8]| {
            let sample = |bytes: &[u8]| i32::from(i16::from_le_bytes([bytes[0], bytes[1]]));
            let samples: Vec<i32> = bytes.chunks_exact(2).map(sample).collect();
            samples.windows(2).map(|pair| (pair[1] - pair[0]).abs()).max().unwrap()
        };
        // At the seam, samples jump little further than elsewhere; a little, because two signals are added.
        let joint = 2000 * 2..seam.max(2000 * 2 + 4);
        assert!(step(&early[joint]) * 10 <= step(&exact) * 12, "a click at the seam");
    }
}

#[tokio::test]
async fn audio_arrives_while_it_is_being_generated() {
    let server = Server::start(Script { end: End::Hang, ..Script::frames(8) }).await;
    let response = server.speak(json!({})).await;
    assert_eq!(response.headers()["content-type"], "audio/pcm");
    assert_eq!(response.headers()["x-sample-rate"], "24000");
    assert_eq!(response.headers()["x-channels"], "1");
    assert!(!response.headers().contains_key("content-length"));
    // The engine hangs after eight frames, yet most of their audio is here.
    let mut body = response.bytes_stream();
    let mut received = 0;
    while received < 4 * FRAME_BYTES {
        received += body.next().await.unwrap().unwrap().len();
    }
}

#[tokio::test]
async fn only_a_whole_wav_has_sizes() {
    let server = Server::start(Script::frames(5)).await;
    let streamed = server.speak(json!({"response_format": "wav"})).await.bytes().await.unwrap();
    let response = server.speak(json!({"response_format": "wav", "stream": false})).await;
    assert_eq!(response.headers()["x-finish-reason"], "stop");
    assert_eq!(response.headers()["content-length"], (44 + 5 * FRAME_BYTES).to_string());
    let whole = response.bytes().await.unwrap();
    let mut reader = hound::WavReader::new(&whole[..]).unwrap();
    assert_eq!((reader.spec().sample_rate, reader.spec().channels, reader.duration()), (24_000, 1, 5 * 2048));
    let samples: Vec<u8> = reader.samples::<i16>().flat_map(|sample| sample.unwrap().to_le_bytes()).collect();
    assert!(samples.iter().any(|byte| *byte != 0));
    assert_eq!(streamed[40..44], u32::MAX.to_le_bytes());
    assert_eq!(streamed[44..], samples, "the samples after the one header");
}

#[tokio::test]
async fn all_formats_answer_with_their_type() {
    let server = Server::start(Script::frames(6)).await;
    // An MPEG frame of layer III has 11 bits of sync and the layer, an ADTS frame 12 bits and no layer.
    type Begins = fn(&[u8]) -> bool;
    let mp3: Begins = |start| start[0] == 0xff && start[1] & 0xe6 == 0xe2;
    let adts: Begins = |start| start[0] == 0xff && start[1] & 0xf6 == 0xf0;
    let formats: [(_, _, Begins); 5] = [
        ("mp3", "audio/mpeg", mp3),
        ("opus", "audio/ogg; codecs=opus", |start| start.starts_with(b"OggS")),
        ("aac", "audio/aac", adts),
        ("flac", "audio/flac", |start| start.starts_with(b"fLaC")),
        ("wav", "audio/wav", |start| start.starts_with(b"RIFF")),
    ];
    for (format, content_type, begins) in formats {
        let response = server.speak(json!({"response_format": format})).await;
        assert_eq!(response.headers()["content-type"], content_type);
        let bytes = response.bytes().await.unwrap();
        assert!(begins(&bytes), "{format} starts with {:?}", &bytes[..8]);
        let heard = decode_upload(&bytes, SampleRate::SNAC, &DecodeLimits::default()).unwrap();
        // Encoders add up to 0.2 s of padding.
        let (samples, spoken) = (heard.samples.len(), 6 * 2048);
        assert!((spoken..=spoken + 4800).contains(&samples), "{format}: {samples} samples of {spoken}");
    }
    let default =
        server.request("/v1/text-to-speech", &json!({"text": "a", "voice": "hi_male"})).send().await.unwrap();
    assert_eq!(
        default.headers()["content-type"],
        "audio/ogg; codecs=opus",
        "the Python stack's default is opus"
    );
}

#[tokio::test]
async fn forms_give_the_same_as_json() {
    let server = Server::start(Script::frames(3)).await;
    let json = server.speak(json!({"seed": 1, "top_k": 5})).await.bytes().await.unwrap();
    let fields = [
        ("text", "नमस्ते"),
        ("voice_id", "hi_female"),
        ("response_format", "pcm"),
        ("seed", "1"),
        ("top_k", "5"),
        ("stream", "true"),
        ("temperature", ""),
    ];
    let form = fields.iter().fold(MultipartForm::new(), |form, (name, value)| form.text(*name, *value));
    let url = server.url("/v1/text-to-speech");
    let multipart = server.client.post(&url).multipart(form).send().await.unwrap().bytes().await.unwrap();
    let encoded = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let urlencoded =
        server.client.post(&url).header("content-type", "application/x-www-form-urlencoded").body(encoded);
    let urlencoded = urlencoded.send().await.unwrap().bytes().await.unwrap();
    assert_eq!((&multipart, &urlencoded), (&json, &json));
    let requests = server.engine.requests();
    assert_eq!(requests[0], requests[1]);
    assert_eq!(requests[0], requests[2]);
}

#[tokio::test]
async fn openai_requests_are_spoken() {
    let server = Server::start(Script::frames(3)).await;
    for voice in [json!("hi_female"), json!("Hindi (Female)"), json!({"id": "hi_female"})] {
        let body =
            json!({"model": "tts-1", "input": "hello", "voice": voice, "response_format": "pcm", "speed": 1});
        let response = server.request("/v1/audio/speech", &body).send().await.unwrap();
        assert_eq!(response.bytes().await.unwrap().len(), 3 * FRAME_BYTES);
    }
    let body = json!({"model": "tts-1", "input": "hello", "voice": "hi_male"});
    let response = server.request("/v1/audio/speech", &body).send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "audio/mpeg", "OpenAI's default is mp3");
}

#[tokio::test]
async fn the_engine_gets_the_requests_parameters() {
    let server = Server::start(Script::frames(1)).await;
    let fields = json!({"temperature": 0.5, "top_p": 1.0, "top_k": -1, "repetition_penalty": 1.5, "max_tokens": 70, "seed": 9});
    server.speak(fields).await;
    server.speak(json!({})).await;
    let [asked, defaults] = server.engine.requests().try_into().unwrap();
    assert_eq!(asked["temperature"], 0.5);
    assert_eq!(
        (&asked["top_p"], &asked["top_k"], &asked["max_tokens"]),
        (&json!(1.0), &json!(-1), &json!(70))
    );
    assert_eq!((&asked["repetition_penalty"], &asked["seed"]), (&json!(1.5), &json!(9)));
    assert_eq!((&asked["stop_token_ids"], &asked["stream_interval"]), (&json!([128_258]), &json!(7)));
    assert_eq!((&asked["stream"], &asked["return_token_ids"]), (&json!(true), &json!(true)));
    let prompt = asked["prompt"].as_array().unwrap();
    assert_eq!(prompt[..3], [json!(128_000), json!(128_259), json!(156_939)]);
    assert_eq!(
        (&defaults["max_tokens"], &defaults["top_k"]),
        (&json!(476), &json!(40)),
        "4 s, and 0.3 s for each of 6 characters"
    );
    assert!(defaults.get("seed").is_none());
}

#[tokio::test]
async fn misaligned_tokens_cost_their_frame_only() {
    let mut tokens = frame_tokens(6);
    tokens.remove(9); // frame 1 loses its slot 2
    let server = Server::start(Script::new(tokens)).await;
    assert_eq!(server.speak(json!({})).await.bytes().await.unwrap().len(), 5 * FRAME_BYTES);
}
