//! Times of words and characters with the audio.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use serde_json::{Value, json};
use svara_testkit::fake_vllm::{End, Script};

use crate::harness::{Server, status_and_json};

const SECONDS_PER_FRAME: f64 = 2048.0 / 24_000.0;

fn texts(list: &Value, name: &str) -> Vec<String> {
    list.as_array().unwrap().iter().map(|timed| timed[name].as_str().unwrap().to_owned()).collect()
}

/// Checks that times follow each other without overlapping; returns the last.
fn end_of(timed: &[Value]) -> f64 {
    let mut at = 0.0;
    for timed in timed {
        let (start, end) = (timed["start"].as_f64().unwrap(), timed["end"].as_f64().unwrap());
        assert!(start >= at && end >= start, "{timed} after {at}");
        at = end;
    }
    at
}

#[tokio::test]
async fn a_whole_response_has_all_words_and_audio() {
    let server = Server::start(Script::frames(12)).await;
    let plain = server.speak(json!({"text": "मेरे पास 2 आम हैं।"})).await.bytes().await.unwrap();
    let fields = json!({"text": "मेरे पास 2 आम हैं।", "stream": false, "timestamps": "word"});
    let (status, answer) = server.speak_json(fields).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(BASE64.decode(answer["audio_base64"].as_str().unwrap()).unwrap(), plain);
    assert_eq!(texts(&answer["words"], "word"), ["मेरे", "पास", "दो", "आम", "हैं।"]);
    assert!(end_of(answer["words"].as_array().unwrap()) <= 12.0 * SECONDS_PER_FRAME + 0.001);
    assert_eq!((&answer["times"], &answer["finish_reason"]), (&json!("estimated"), &json!("stop")));
    assert_eq!((&answer["content_type"], &answer["sample_rate_hz"]), (&json!("audio/pcm"), &json!(24_000)));
    let fields = json!({"text": "आम है", "stream": false, "timestamps": "character", "speed": 2.0});
    let (_, answer) = server.speak_json(fields).await;
    assert_eq!(texts(&answer["characters"], "character").concat(), "आम है");
    assert!(end_of(answer["characters"].as_array().unwrap()) <= 6.0 * SECONDS_PER_FRAME + 0.002);
    assert!(answer.get("words").is_none());
}

#[tokio::test]
async fn streamed_lines_add_up_to_the_file() {
    let server = Server::start(Script::frames(12)).await;
    let text = "यह पहला वाक्य है और थोड़ा लंबा भी है। ".repeat(14);
    for format in ["pcm", "opus", "mp3"] {
        let fields = json!({"text": text, "seed": 3, "response_format": format});
        let plain = server.speak(fields.clone()).await.bytes().await.unwrap();
        let mut fields = fields;
        fields["timestamps"] = json!("word");
        let response = server.speak(fields).await;
        assert_eq!(response.headers()["content-type"], "application/x-ndjson");
        let body = response.text().await.unwrap();
        let lines: Vec<Value> = body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let sound: Vec<u8> = lines
            .iter()
            .flat_map(|line| BASE64.decode(line["audio_base64"].as_str().unwrap()).unwrap())
            .collect();
        assert!(sound == plain, "{format}: {} of {} bytes", sound.len(), plain.len());
        let words: Vec<Value> =
            lines.iter().flat_map(|line| line["words"].as_array().unwrap().clone()).collect();
        assert_eq!(texts(&json!(words), "word").join(" "), text.trim());
        let pieces = (end_of(&words) / (12.0 * SECONDS_PER_FRAME)).ceil();
        assert!(pieces >= 2.0 && lines.len() > 3, "{pieces} pieces, {} lines", lines.len());
        assert_eq!(lines[0]["times"], "estimated");
        assert!(lines[1..].iter().all(|line| line.get("times").is_none()));
        assert_eq!(lines.last().unwrap()["finish_reason"], "stop");
    }
}

#[tokio::test]
async fn failures_end_the_lines_and_wrong_units_are_refused() {
    let server = Server::start(Script { end: End::ErrorEvent, ..Script::frames(12) }).await;
    let response = server.speak(json!({"timestamps": "word"})).await;
    assert_eq!(response.status(), 200);
    assert!(response.text().await.is_err(), "it does not end as if it were complete");
    let (status, body) = server.speak_json(json!({"timestamps": "syllable"})).await;
    assert!(status == 422 && body["detail"].as_str().unwrap().contains("timestamps"), "{body}");
    let form = "text=hello&voice=hi_male&timestamps=syllable";
    let request = server.client.post(server.url("/v1/text-to-speech")).body(form);
    let response = request.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap();
    let (status, body) = status_and_json(response).await;
    assert!(status == 422 && body["detail"] == "timestamps must be word or character", "{body}");
}

#[tokio::test]
async fn subtitles_come_whole_and_in_parts() {
    let server = Server::start(Script::frames(12)).await;
    let text = "यह पहला वाक्य है। यह दूसरा वाक्य है और थोड़ा लंबा भी है। ".repeat(6);
    for (format, start) in [("srt", "1\n00:00:00,"), ("vtt", "WEBVTT\n\n00:00:00.")] {
        let fields = json!({"text": text, "seed": 3, "timestamps_format": format});
        let mut whole_fields = fields.clone();
        whole_fields["stream"] = json!(false);
        let (status, whole) = server.speak_json(whole_fields).await;
        assert_eq!(status, 200, "{whole}");
        assert!(whole.get("words").is_none());
        let whole = whole["subtitles"].as_str().unwrap();
        assert!(whole.starts_with(start), "{whole}");
        assert_eq!(whole.matches(" --> ").count(), 12, "{whole}");
        let body = server.speak(fields).await.text().await.unwrap();
        let parts: Vec<Value> = body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let parts: String = parts.iter().map(|line| line["subtitles"].as_str().unwrap()).collect();
        assert_eq!(parts, whole, "{format}");
    }
    for (fields, reason) in [
        (json!({"timestamps_format": "ass"}), "timestamps_format"),
        (json!({"timestamps_format": "json"}), "timestamps_format: json says"),
        (
            json!({"timestamps_format": "srt", "timestamps": "character"}),
            "timestamps_format: srt and vtt are",
        ),
    ] {
        let (status, body) = server.speak_json(fields).await;
        let detail = body["detail"].as_str().unwrap().replace("timestamps_format ", "timestamps_format: ");
        assert!(status == 422 && detail.contains(reason), "{body}");
    }
    let form = "text=hello&voice=hi_male&timestamps_format=ass";
    let request = server.client.post(server.url("/v1/text-to-speech")).body(form);
    let response = request.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap();
    let (status, body) = status_and_json(response).await;
    assert!(status == 422 && body["detail"] == "timestamps_format must be json, srt or vtt", "{body}");
}
