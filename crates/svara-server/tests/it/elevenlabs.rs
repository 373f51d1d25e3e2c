//! ElevenLabs' dialect over plain HTTP.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde_json::{Value, json};
use svara_testkit::fake_vllm::{End, Script};

use crate::harness::{Server, status_and_json};

const VOICE: &str = "/v1/text-to-speech/hi_female";
/// Bytes of a frame as 16-bit PCM at the model's own rate.
const FRAME_BYTES: usize = 2048 * 2;

async fn get(server: &Server, path: &str) -> (u16, Value) {
    let request = server.client.get(server.url(path)).header("xi-api-key", "none");
    status_and_json(request.send().await.unwrap()).await
}

#[tokio::test]
async fn only_whole_files_have_sizes() {
    let server = Server::start(Script::frames(5)).await;
    let fields = json!({"text": "नमस्ते", "model_id": "eleven_flash_v2_5"});
    let whole = server.request(&format!("{VOICE}?output_format=wav_24000"), &fields).send().await.unwrap();
    assert_eq!(whole.headers()["content-length"], (44 + 5 * FRAME_BYTES).to_string());
    let streamed =
        server.request(&format!("{VOICE}/stream?output_format=pcm_24000"), &fields).send().await.unwrap();
    assert!(!streamed.headers().contains_key("content-length"));
    assert_eq!(streamed.bytes().await.unwrap(), whole.bytes().await.unwrap()[44..]);
    // The default.
    let mp3 = server.request(VOICE, &fields).send().await.unwrap();
    assert_eq!(
        (&mp3.headers()["content-type"], &mp3.headers()["x-sample-rate"]),
        (&"audio/mpeg".parse().unwrap(), &"44100".parse().unwrap())
    );
}

#[tokio::test]
async fn output_formats_say_rate_and_bit_rate() {
    let server = Server::start(Script::frames(12)).await;
    for (format, content_type, rate) in [
        ("mp3_22050_32", "audio/mpeg", "22050"),
        ("mp3_24000_48", "audio/mpeg", "24000"),
        ("mp3_44100_192", "audio/mpeg", "44100"),
        ("opus_48000_64", "audio/ogg; codecs=opus", "48000"),
        ("pcm_8000", "audio/pcm", "8000"),
        ("pcm_44100", "audio/pcm", "44100"),
        ("wav_48000", "audio/wav", "48000"),
        ("ulaw_8000", "audio/basic", "8000"),
        ("alaw_8000", "audio/PCMA", "8000"),
    ] {
        let path = format!("{VOICE}/stream?output_format={format}&optimize_streaming_latency=3");
        let response = server.request(&path, &json!({"text": "a"})).send().await.unwrap();
        assert_eq!(response.headers()["content-type"], content_type, "{format}");
        assert_eq!(response.headers()["x-sample-rate"], rate, "{format}");
        assert!(response.bytes().await.unwrap().len() > 1000, "{format}");
    }
}

#[tokio::test]
async fn times_cover_the_audio_and_the_spoken_text() {
    let server = Server::start(Script::frames(6)).await;
    let text = "यह एक वाक्य है। ".repeat(30);
    let fields = json!({"text": text, "seed": 1});
    let path = format!("{VOICE}/with-timestamps?output_format=pcm_24000");
    let (status, whole) = status_and_json(server.request(&path, &fields).send().await.unwrap()).await;
    assert_eq!(status, 200);
    let audio = BASE64.decode(whole["audio_base64"].as_str().unwrap()).unwrap();
    assert_eq!(audio.len() % (6 * FRAME_BYTES), 0);
    let pieces = audio.len() / (6 * FRAME_BYTES);
    assert!(pieces > 1);
    let seconds = audio.len() as f64 / 48_000.0;
    check_alignment(&whole["alignment"], &text, seconds);
    check_alignment(&whole["normalized_alignment"], text.trim(), seconds);

    let path = format!("{VOICE}/stream/with-timestamps?output_format=pcm_24000");
    let streamed = server.request(&path, &fields).send().await.unwrap().text().await.unwrap();
    let (mut streamed_audio, mut lines) = (Vec::new(), 0);
    let mut merged = json!({});
    for line in streamed.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        streamed_audio.extend(BASE64.decode(line["audio_base64"].as_str().unwrap()).unwrap());
        for (key, values) in line["alignment"].as_object().into_iter().flatten() {
            let all = merged.as_object_mut().unwrap().entry(key).or_insert_with(|| json!([]));
            all.as_array_mut().unwrap().extend(values.as_array().unwrap().clone());
        }
        lines += 1;
    }
    assert!(lines > pieces);
    assert_eq!(streamed_audio, audio);
    assert_eq!(merged, whole["alignment"]);
}

fn check_alignment(alignment: &Value, text: &str, seconds: f64) {
    let characters: Vec<&str> =
        alignment["characters"].as_array().unwrap().iter().map(|c| c.as_str().unwrap()).collect();
    assert_eq!(characters.concat(), text);
    let times = |key: &str| -> Vec<f64> {
        alignment[key].as_array().unwrap().iter().map(|time| time.as_f64().unwrap()).collect()
    };
    let (starts, ends) = (times("character_start_times_seconds"), times("character_end_times_seconds"));
    assert_eq!((starts.len(), ends.len()), (characters.len(), characters.len()));
    assert!(starts.is_sorted() && ends.is_sorted());
    assert!((ends.last().unwrap() - seconds).abs() < 1e-3, "{ends:?}");
}

#[tokio::test]
async fn settings_apply_and_wrong_ones_are_refused() {
    let server = Server::start(Script::frames(40)).await;
    let bytes = async |settings: Value| {
        let path = format!("{VOICE}?output_format=pcm_24000");
        let request = server.request(&path, &json!({"text": "a", "voice_settings": settings}));
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        response.bytes().await.unwrap().len()
    };
    let usual = bytes(json!({"stability": 0.1, "similarity_boost": 1, "use_speaker_boost": true})).await;
    assert_eq!(usual, 40 * FRAME_BYTES);
    let fast = bytes(json!({"speed": 2})).await;
    assert!(fast.abs_diff(usual / 2) < usual / 50, "{fast} of {usual}");
    bytes(json!({"style": "happy"})).await;
    let prompt = server.engine.requests().pop().unwrap();
    let happy = prompt["prompt"].to_string();
    bytes(json!({})).await;
    assert_ne!(happy, server.engine.requests().pop().unwrap()["prompt"].to_string());
}

#[tokio::test]
async fn refusals_are_in_elevenlabs_words() {
    let server = Server::start(Script::frames(1)).await;
    let post = async |path: &str, body: Value| {
        status_and_json(server.request(path, &body).send().await.unwrap()).await
    };
    let (status, body) = post("/v1/text-to-speech/nobody", json!({"text": "a"})).await;
    assert_eq!((status, &body["detail"]["status"]), (404, &json!("voice_not_found")));
    assert!(body["detail"]["message"].as_str().unwrap().contains("nobody"));
    for (fields, word) in [
        (json!({}), "text"),
        (json!({"text": 1}), "text"),
        (json!({"text": ""}), "text"),
        (json!({"text": "a", "voice_settings": {"speed": 9}}), "speed"),
        (json!({"text": "a", "voice_settings": {"stability": 2}}), "stability"),
        (json!({"text": "a", "seed": -1}), "seed"),
    ] {
        let (status, body) = post(VOICE, fields).await;
        let (loc, msg) = (&body["detail"][0]["loc"], body["detail"][0]["msg"].as_str().unwrap());
        assert!(status == 422 && loc[0] == "body" && msg.contains(word), "{status} {body}");
    }
    for (settings, name) in [
        (json!({"speed": 9}), "speed"),
        (json!({"speed": "fast"}), "speed"),
        (json!({"stability": 2}), "stability"),
        (json!({"similarity_boost": "high"}), "similarity_boost"),
        (json!({"style": []}), "style"),
    ] {
        let (_, body) = post(VOICE, json!({"text": "a", "voice_settings": settings})).await;
        assert_eq!(body["detail"][0]["loc"], json!(["body", "voice_settings", name]), "{body}");
    }
    // Numbers may be strings, here too.
    let fields = json!({"text": "a", "seed": "7", "voice_settings": {"speed": "1.1", "stability": "0.5"}});
    assert_eq!(server.request(VOICE, &fields).send().await.unwrap().status(), 200);
    let (status, body) = post(&format!("{VOICE}?output_format=mp3_1_1"), json!({"text": "a"})).await;
    assert_eq!((status, &body["detail"]["param"]), (400, &json!("output_format")));
    let (status, body) = post(&format!("{VOICE}/sing"), json!({"text": "a"})).await;
    assert_eq!((status, &body["detail"]["status"]), (404, &json!("not_found")));
    server.engine.set(Script { end: End::Eof, ..Script::frames(0) });
    let (status, body) = post(&format!("{VOICE}/stream"), json!({"text": "a"})).await;
    assert_eq!((status, &body["detail"]["type"]), (502, &json!("server_error")));
}

#[tokio::test]
async fn lists_are_read_by_both_stacks() {
    let server = Server::start(Script::frames(1)).await;
    let (_, list) = get(&server, "/v1/voices").await;
    let voice =
        list["voices"].as_array().unwrap().iter().find(|voice| voice["voice_id"] == "hi_female").unwrap();
    // The Python stack's fields, then ElevenLabs'.
    for (key, value) in [
        ("name", json!("Hindi (Female)")),
        ("model_id", json!("svara-tts-v1")),
        ("gender", json!("female")),
        ("category", json!("premade")),
        ("high_quality_base_model_ids", json!(["svara-tts-v1"])),
        ("preview_url", json!(server.url("/v1/voices/hi_female/preview"))),
    ] {
        assert_eq!(voice[key], value, "{key}");
    }
    assert_eq!((&voice["labels"]["gender"], &voice["labels"]["language"]), (&json!("female"), &json!("hi")));
    assert_eq!(&get(&server, "/v1/voices/hi_female").await.1, voice);
    let (status, missing) = get(&server, "/v1/voices/nobody").await;
    assert_eq!((status, &missing["detail"]["status"]), (404, &json!("voice_not_found")));
    assert_eq!(get(&server, "/v1/voices/hi_female/settings").await.1["speed"], 1.0);
    assert_eq!(get(&server, "/v1/voices/settings/default").await.1["speed"], 1.0);

    let (_, models) = get(&server, "/v1/models").await;
    assert_eq!(models[0]["model_id"], "svara-tts-v1");
    assert_eq!(models[0]["languages"].as_array().unwrap().len(), 19);
    assert!(
        models[0]["languages"].as_array().unwrap().contains(&json!({"language_id": "hi", "name": "Hindi"}))
    );
}

#[tokio::test]
async fn voices_are_searched_page_by_page() {
    let server = Server::start(Script::frames(1)).await;
    let mut seen = Vec::new();
    let mut path = "/v2/voices?page_size=15&sort=name".to_owned();
    loop {
        let (_, page) = get(&server, &path).await;
        assert_eq!(page["total_count"], 38);
        seen.extend(
            page["voices"].as_array().unwrap().iter().map(|v| v["name"].as_str().unwrap().to_owned()),
        );
        assert_eq!(page["has_more"], page["next_page_token"].is_string());
        let Some(token) = page["next_page_token"].as_str() else { break };
        path = format!("/v2/voices?page_size=15&sort=name&next_page_token={token}");
    }
    assert!(seen.len() == 38 && seen.is_sorted());
    let (_, tamil) = get(&server, "/v2/voices?search=tamil").await;
    assert_eq!(tamil["total_count"], 2);
    let (_, women) = get(&server, "/v2/voices?gender=female&language=hi&language=ta&category=premade").await;
    assert_eq!(women["total_count"], 2);
    assert_eq!(get(&server, "/v2/voices?voice_type=personal").await.1["voices"], json!([]));
    let (status, body) = get(&server, "/v2/voices?page_size=0").await;
    assert_eq!((status, &body["detail"][0]["loc"]), (422, &json!(["query", "page_size"])));
    let (status, body) = get(&server, "/v1/pronunciation-dictionaries?page_size=0").await;
    assert_eq!((status, &body["detail"][0]["loc"]), (422, &json!(["query", "page_size"])));
}
