//! Who can speak, and what with.

use serde_json::{Map, Value, json};

use super::parts::{Dialect, get, json_answer, path, query, refusals};

pub(super) fn paths() -> Map<String, Value> {
    let id = || path("id", "The voice's id.");
    let text = || json!({"type": "string"});
    let kept = |also: &[u16]| refusals(Dialect::Svara, &[also, &[501]].concat());
    let made = |schema: &str| {
        json!({"required": true, "content": {
            "application/json": {"schema": {"$ref": format!("#/components/schemas/{schema}")}},
            "multipart/form-data": {"schema": {"$ref": format!("#/components/schemas/{schema}")}},
        }})
    };
    let list = get(
        "voices",
        "voices",
        "The voices",
        vec![query("model_id", "Only those of this model.", text())],
        kept(&[422]).with(200, json_answer("The model's own, then those that callers made.", "VoiceList")),
    );
    let create = json!({
        "tags": ["voices"], "operationId": "create_voice", "summary": "Keep the voice of a recording",
        "requestBody": made("NewVoice"),
        "responses": kept(&[408, 409, 413, 415, 422]).with(201, json_answer("The voice.", "Voice")),
    });
    let clone = json!({
        "tags": ["voices"], "operationId": "clone_voice", "summary": "Turn a recording into tokens",
        "requestBody": made("VoiceClone"),
        "responses": kept(&[408, 409, 413, 415, 422]).with(200, json_answer("Its tokens.", "ClonedVoice")),
    });
    let show = get(
        "voices",
        "voice",
        "A voice",
        vec![id()],
        kept(&[404]).with(200, json_answer("The voice.", "Voice")),
    );
    let delete = get(
        "voices",
        "delete_voice",
        "Delete a voice that a caller made",
        vec![id()],
        kept(&[404]).with(200, json_answer("It is gone.", "Ok")),
    );
    let whole = |name: &str| query(name, "ElevenLabs' filter.", text());
    let page = json!({"type": "integer", "minimum": 1, "maximum": 100});
    let search = get(
        "voices",
        "voices_v2",
        "The voices, in pages (ElevenLabs)",
        vec![
            query("next_page_token", "Where to go on.", text()),
            query("page_size", "Voices in a page; 10 without it.", page),
            whole("search"),
            whole("sort"),
            whole("sort_direction"),
            whole("category"),
            whole("voice_type"),
        ],
        refusals(Dialect::ElevenLabs, &[422]).with(200, json_answer("A page of them.", "VoicePage")),
    );
    let settings = || json_answer("How voices speak unless told otherwise.", "VoiceSettings");
    let default_settings = refusals(Dialect::ElevenLabs, &[]).with(200, settings());
    let voice_settings = refusals(Dialect::ElevenLabs, &[404]).with(200, settings());
    let names = get(
        "voices",
        "audio_voices",
        "The voices (players of OpenAI's dialect)",
        vec![query("legacy", "Bare names.", json!({"type": "boolean"}))],
        refusals(Dialect::OpenAi, &[]).with(200, json_answer("Their ids and names.", "AudioVoices")),
    );
    let openai = |also: &[u16], description: &str, schema: &str| {
        refusals(Dialect::OpenAi, also).with(200, json_answer(description, schema))
    };
    let audio_models = openai(&[], "Their ids.", "AudioModels");
    let models = openai(&[], "OpenAI's list; ElevenLabs' where the request has its key.", "Models");
    let model = openai(&[404], "The model.", "OpenAiModel");
    [
        ("/v1/voices", json!({"get": list, "post": create})),
        ("/v1/voices/{id}", json!({"get": show, "delete": delete})),
        ("/v1/voice-clone", json!({"post": clone})),
        ("/v2/voices", json!({"get": search})),
        (
            "/v1/voices/settings/default",
            json!({"get": get("voices", "default_settings", "Settings (ElevenLabs)", vec![], default_settings)}),
        ),
        (
            "/v1/voices/{id}/settings",
            json!({"get": get("voices", "voice_settings", "A voice's settings (ElevenLabs)", vec![id()], voice_settings)}),
        ),
        ("/v1/audio/voices", json!({"get": names})),
        ("/v1/audio/models", json!({"get": get("models", "audio_models", "The models", vec![], audio_models)})),
        ("/v1/models", json!({"get": get("models", "models", "The models", vec![], models)})),
        (
            "/v1/models/{id}",
            json!({"get": get("models", "model", "A model", vec![path("id", "Its id.")], model)}),
        ),
    ]
    .map(|(path, item)| (path.to_owned(), item))
    .into_iter()
    .collect()
}
