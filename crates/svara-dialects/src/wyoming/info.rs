//! What the server says of itself.

use serde_json::{Value, json};
use svara_engine::{Voice, Voices};

/// The name of the program in the answer to `describe`.
pub(super) const PROGRAM: &str = "svara";

/// The answer to `describe`: one program, which speaks with all voices of the model.
pub(super) fn info(voices: &Voices) -> Value {
    let attribution = json!({"name": "svara-tts", "url": "https://huggingface.co/kenpath/svara-tts-v1"});
    let voice = |voice: &Voice| {
        json!({
            "name": voice.voice_id, "description": voice.name, "languages": voice.languages,
            "attribution": attribution, "installed": true, "version": null, "speakers": null,
        })
    };
    let program = json!({
        "name": PROGRAM, "description": "Text to speech", "attribution": attribution, "installed": true,
        "version": env!("CARGO_PKG_VERSION"), "voices": voices.iter().map(voice).collect::<Vec<_>>(),
        "supports_synthesize_streaming": true,
    });
    json!({"tts": [program], "asr": [], "handle": [], "intent": [], "wake": [], "mic": [], "snd": []})
}
