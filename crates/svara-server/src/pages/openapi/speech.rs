//! The ways to speak.

use serde_json::{Map, Value, json};
use svara_audio::Format;

use super::parts::{Dialect, Responses, get, json_answer, path, query, refusals};
use crate::{dialects::OUTPUT_FORMATS, state::AppState};

/// What a request for speech may be refused with, besides what any may.
const REFUSALS: &[u16] = &[404, 408, 413, 415, 422, 501, 502, 504];

/// What examples say.
const TEXT: &str = "नमस्ते दुनिया";

pub(super) fn paths(state: &AppState) -> Map<String, Value> {
    let spoken = || speech(&[("audio/*", json!({"type": "string", "format": "binary"}))]);
    let timed_object = json!({"type": "object", "description": "With timestamps and stream: false."});
    let timed_lines =
        json!({"type": "string", "description": "With timestamps: such an object a line, as it is made."});
    let svara_spoken = speech(&[
        ("audio/*", json!({"type": "string", "format": "binary"})),
        ("application/json", timed_object),
        ("application/x-ndjson", timed_lines),
    ]);
    let svara = json!({
        "tags": ["speech"], "operationId": "speak", "summary": "Speak (svara)",
        "requestBody": {"required": true, "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/SvaraSpeech"}, "example": {
                "text": TEXT, "voice": speaker(state), "response_format": "wav",
            }},
            "multipart/form-data": {"schema": {"$ref": "#/components/schemas/SvaraSpeech"}},
            "application/x-www-form-urlencoded": {"schema": {"$ref": "#/components/schemas/SvaraSpeech"}},
        }},
        "responses": with_304(refusals(Dialect::Svara, REFUSALS).with(200, svara_spoken), state),
    });
    let openai_spoken = speech(&[
        ("audio/*", json!({"type": "string", "format": "binary"})),
        (
            "text/event-stream",
            // The document speaks of each event: its fields, of which there is one.
            json!({
                "type": "object",
                "properties": {"data": {"type": "string", "description": "JSON: speech.audio.delta, speech.audio.done or error"}},
                "required": ["data"],
            }),
        ),
    ]);
    let openai = json!({
        "tags": ["speech"], "operationId": "openai_speak", "summary": "Speak (OpenAI)",
        "requestBody": body("OpenAiSpeech", &json!({"input": TEXT, "voice": speaker(state), "model": "tts-1"})),
        "responses": with_304(refusals(Dialect::OpenAi, REFUSALS).with(200, openai_spoken), state),
    });
    let voice = || path("voice_id", "Who speaks.");
    let formats = || json!({"type": "string", "enum": OUTPUT_FORMATS});
    let format = || query("output_format", "Format, sample rate and kbit/s.", formats());
    let elevenlabs = |operation: &str, summary: &str, answer: Value| {
        json!({
            "tags": ["speech"], "operationId": operation, "summary": summary,
            "parameters": [voice(), format()], "requestBody": body("ElevenLabsSpeech", &json!({"text": TEXT})),
            "responses": with_304(refusals(Dialect::ElevenLabs, REFUSALS).with(200, answer), state),
        })
    };
    let lines = json!({"description": "A SpeechWithTimes object in each line, as the sound is made.",
        "content": {"application/x-ndjson": {"schema": {"type": "string"}}}});
    let socket = |operation: &str, summary: &str| {
        let upgraded = json!({"description": "The WebSocket is open."});
        let responses = refusals(Dialect::ElevenLabs, &[404]).with(101, upgraded);
        get("speech", operation, summary, vec![voice(), format()], responses)
    };
    let timed = json_answer("The sound and when each character is said.", "SpeechWithTimes");
    let raw = speech(&[("audio/pcm", json!({"type": "string", "format": "binary"}))]);
    let vapi = json!({
        "tags": ["speech"], "operationId": "vapi", "summary": "Speak (Vapi's custom voice)",
        "parameters": [path("voice", "Who speaks.")],
        "requestBody": {"required": true, "content": {"application/json": {"schema": vapi_request()}}},
        "responses": with_304(refusals(Dialect::Svara, REFUSALS).with(200, raw), state),
    });
    let base = "/v1/text-to-speech/{voice_id}";
    [
        ("/v1/text-to-speech".to_owned(), json!({"post": svara})),
        ("/v1/audio/speech".to_owned(), json!({"post": openai})),
        ("/v1/vapi/{voice}".to_owned(), json!({"post": vapi})),
        (base.to_owned(), json!({"post": elevenlabs("convert", "Speak (ElevenLabs)", spoken())})),
        (
            format!("{base}/stream"),
            json!({"post": elevenlabs("stream", "Speak while it is made (ElevenLabs)", spoken())}),
        ),
        (
            format!("{base}/with-timestamps"),
            json!({"post": elevenlabs("convert_with_timestamps", "Speak, with times (ElevenLabs)", timed)}),
        ),
        (
            format!("{base}/stream/with-timestamps"),
            json!({"post": elevenlabs("stream_with_timestamps", "Speak while it is made, with times (ElevenLabs)", lines)}),
        ),
        (
            format!("{base}/stream-input"),
            json!({"get": socket("stream_input", "A WebSocket for text that comes piece by piece (ElevenLabs)")}),
        ),
        (
            format!("{base}/multi-stream-input"),
            json!({"get": socket("multi_stream_input", "The same for several texts at once (ElevenLabs)")}),
        ),
    ]
    .into_iter()
    .collect()
}

fn vapi_request() -> Value {
    let message = json!({
        "type": "object",
        "required": ["type", "text", "sampleRate"],
        "properties": {
            "type": {"const": "voice-request"},
            "text": {"type": "string"},
            "sampleRate": {"type": "integer", "enum": Format::Pcm.rates().iter().map(|r| r.hz()).collect::<Vec<_>>()},
        },
    });
    json!({"type": "object", "required": ["message"], "properties": {"message": message}})
}

fn body(schema: &str, example: &Value) -> Value {
    let schema = json!({"$ref": format!("#/components/schemas/{schema}")});
    json!({"required": true, "content": {"application/json": {"schema": schema, "example": example}}})
}

/// Somebody who can speak here, for examples that work.
fn speaker(state: &AppState) -> Option<&str> {
    state.service.engine().voices().iter().next().map(|voice| voice.voice_id.as_str())
}

/// The sound, in a form of these media types and schemas.
fn speech(forms: &[(&str, Value)]) -> Value {
    let header =
        |kind: &str, description: &str| json!({"schema": {"type": kind}, "description": description});
    let content: Map<String, Value> = forms
        .iter()
        .map(|(media_type, schema)| ((*media_type).to_owned(), json!({"schema": schema})))
        .collect();
    json!({
        "description": "The sound, as it is made or as a whole.",
        "content": content,
        "headers": {
            "X-Sample-Rate": header("integer", "Samples a second."),
            "X-Channels": header("integer", "Always 1."),
            "X-Request-Id": header("string", "The request's id, in the logs too."),
            "Server-Timing": header("string", "Milliseconds to the engine's first tokens and to the first samples."),
            "X-Finish-Reason": header("string", "Why it ended: stop or length; where the sound isn't streamed."),
            "X-Cache": header("string", "hit, join or miss; where the cache was asked."),
        },
    })
}

/// Where there is a cache, a client may have the sound already.
fn with_304(responses: Responses, state: &AppState) -> Responses {
    match state.service.caches() {
        true => responses.with(304, json!({"description": "The sound is the one of If-None-Match."})),
        false => responses,
    }
}
