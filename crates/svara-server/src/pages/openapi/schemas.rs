//! The bodies of requests and answers.

use serde_json::{Map, Value, json};
use svara_audio::{Format, TimeStretch};

use super::parts;

/// What requests may ask for here.
pub(super) struct Limits<'a> {
    pub(super) text_characters: usize,
    pub(super) openai_input_characters: usize,
    pub(super) styles: &'a [String],
}

pub(super) fn all(limits: &Limits) -> Value {
    let mut schemas = Map::new();
    for (name, schema) in requests(limits).into_iter().chain(answers()).chain(jobs()).chain(errors()) {
        schemas.insert(name.to_owned(), schema);
    }
    Value::Object(schemas)
}

fn requests(limits: &Limits) -> Vec<(&'static str, Value)> {
    let formats: Vec<&str> = Format::supported().map(Format::name).collect();
    let style = json!({"type": ["string", "null"], "description": format!("A style of the model: {}.", limits.styles.join(", "))});
    let speed = json!({
        "type": ["number", "null"], "minimum": TimeStretch::MIN_SPEED, "maximum": TimeStretch::MAX_SPEED,
        "description": "1 is the model's own pace.",
    });
    let text = |most: usize| json!({"type": "string", "minLength": 1, "maxLength": most});
    let seed = || json!({"type": ["integer", "null"], "minimum": 0, "maximum": u64::MAX, "description": "The same request sounds the same."});
    let number =
        |least: f64, most: f64| json!({"type": ["number", "null"], "minimum": least, "maximum": most});
    let flag = |description: &str| json!({"type": ["boolean", "null"], "description": description});
    let words = |description: &str| json!({"type": ["string", "null"], "description": description});
    let recording = || words("A recording: base64 in JSON, a file in forms.");
    let gender = || json!({"type": ["string", "null"], "enum": ["female", "male", null]});
    let svara = json!({
        "type": "object",
        "required": ["text"],
        "properties": {
            "text": text(limits.text_characters),
            "voice": words("A voice's id, speaker id or name, or a language. Needed where there is neither a recording nor a language."),
            "voice_id": words("As voice."),
            "model_id": words("The id of the model served."),
            "stream": flag("false: the whole sound in one body, with its length."),
            "response_format": {"type": ["string", "null"], "enum": with_null(&formats), "description": "opus without it."},
            "sample_rate": {"type": ["integer", "null"], "description": "One of the format's."},
            "speed": speed,
            "temperature": number(0.0, 2.0),
            "top_p": {"type": ["number", "null"], "exclusiveMinimum": 0, "maximum": 1},
            "top_k": {"type": ["integer", "null"], "minimum": -1},
            "repetition_penalty": number(1.0, 2.0),
            "max_tokens": {"type": ["integer", "null"], "minimum": 7, "maximum": 4096, "description": "82 are a second of speech."},
            "seed": seed(),
            "style": style,
            "strip_markdown": flag("Takes Markdown's marks out of the text."),
            "strip_emoji": flag("Takes emoji out of the text."),
            "text_normalization": {"type": ["string", "boolean", "null"], "description": "auto, on or off: numbers and dates in words."},
            "reference_audio": recording(),
            "reference_transcript": words("What is said in it."),
            "voice_clone_id": words("The id of a voice kept here."),
            "voice_clone_tokens": {"type": ["array", "null"], "items": {"type": "integer", "minimum": 0}},
            "language": words("In which language the recording's voice speaks; in place of a voice: which voice."),
            "gender": gender(),
            "timestamps": {"type": ["string", "null"], "enum": ["word", "character", null], "description": "Answers with JSON: the sound, and estimated times of words or characters."},
        },
    });
    let openai = json!({
        "type": "object",
        "required": ["input", "voice"],
        "properties": {
            "input": text(limits.openai_input_characters.min(limits.text_characters)),
            "voice": {"anyOf": [
                {"type": "string"},
                {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}},
            ]},
            "model": {"type": "string", "description": "Any: there is one model here."},
            "response_format": {"type": ["string", "null"], "enum": with_null(&formats), "description": "mp3 without it."},
            "instructions": words("Where it names one style of the model, that style is used."),
            "speed": {"type": ["number", "null"], "minimum": TimeStretch::MIN_SPEED, "maximum": TimeStretch::MAX_SPEED},
            "stream_format": {"type": ["string", "null"], "enum": ["audio", "sse", null]},
            "seed": seed(),
        },
    });
    let elevenlabs = json!({
        "type": "object",
        "required": ["text"],
        "properties": {
            "text": text(limits.text_characters),
            "voice_settings": {"anyOf": [{"$ref": "#/components/schemas/VoiceSettings"}, {"type": "null"}]},
            "seed": seed(),
            "apply_text_normalization": {"type": ["string", "null"], "enum": ["auto", "on", "off", null]},
            "pronunciation_dictionary_locators": {"type": ["array", "null"], "maxItems": 0, "items": {}, "description": "There are none here."},
            "audio_effects": {"type": "null", "description": "There are none here."},
        },
    });
    let voice_settings = json!({
        "type": "object",
        "description": "Only the speed and a style by its name have a meaning here.",
        "properties": {
            "stability": number(0.0, 1.0),
            "similarity_boost": number(0.0, 1.0),
            "style": {"anyOf": [number(0.0, 1.0), {"type": "string"}]},
            "speed": {"type": ["number", "null"], "minimum": TimeStretch::MIN_SPEED, "maximum": TimeStretch::MAX_SPEED},
            "use_speaker_boost": flag("Has no meaning here."),
        },
    });
    let voice_fields = |required: &[&str], mut more: Map<String, Value>| {
        for (name, schema) in [
            ("audio", recording()),
            ("reference_audio", words("As audio.")),
            ("transcript", words("What is said in it.")),
            ("reference_transcript", words("As transcript.")),
            ("description", words("A line about the voice.")),
            ("language", words("Its language's code.")),
            ("gender", gender()),
        ] {
            more.insert(name.to_owned(), schema);
        }
        json!({"type": "object", "required": required, "properties": more})
    };
    let new_voice = [
        ("name".to_owned(), json!({"type": "string", "minLength": 1})),
        (
            "consent".to_owned(),
            json!({"type": "boolean", "const": true, "description": "Whose voice it is has agreed."}),
        ),
    ];
    let clone = [("return_tokens".to_owned(), flag("Whether the tokens are wanted."))];
    vec![
        ("SvaraSpeech", svara),
        ("OpenAiSpeech", openai),
        ("ElevenLabsSpeech", elevenlabs),
        ("VoiceSettings", voice_settings),
        ("NewVoice", voice_fields(&["name", "consent", "audio"], new_voice.into_iter().collect())),
        ("VoiceClone", voice_fields(&["reference_audio"], clone.into_iter().collect())),
    ]
}

fn answers() -> Vec<(&'static str, Value)> {
    let text = || json!({"type": "string"});
    let count = || json!({"type": "integer", "minimum": 0});
    let texts = || json!({"type": "array", "items": {"type": "string"}});
    let numbers = || json!({"type": "array", "items": {"type": "number"}});
    let voice = json!({
        "voice_id": text(), "name": text(), "model_id": text(),
        "gender": {"type": "string", "enum": ["female", "male"]},
        "languages": texts(), "aliases": texts(), "language_code": text(), "description": text(), "speaker_id": text(),
        "created_unix_s": count(), "created_at_unix": count(),
        "category": {"type": "string", "enum": ["premade", "cloned"]},
        "labels": {"type": "object"}, "high_quality_base_model_ids": texts(),
        "verified_languages": {"type": "array", "items": {"type": "object"}},
        "available_for_tiers": texts(), "preview_url": {"type": ["string", "null"]},
    });
    let alignment = || {
        json!({"anyOf": [{"type": "null"}, object(json!({
            "characters": texts(), "character_start_times_seconds": numbers(),
            "character_end_times_seconds": numbers(),
        }))]})
    };
    let status = optional(json!({"status": text(), "reason": text()}), &["reason"]);
    let health = optional(
        json!({
            "status": {"type": "string", "enum": ["healthy", "unhealthy"]}, "model": text(),
            "vllm_url": {"type": ["string", "null"]}, "engine": text(), "device": text(), "voices": count(),
            "open_streams": count(), "notice": text(), "reason": text(),
        }),
        &["notice", "reason"],
    );
    let model =
        object(json!({"id": text(), "object": {"const": "model"}, "created": count(), "owned_by": text()}));
    let models = json!({"anyOf": [
        object(json!({"object": {"const": "list"}, "data": list("OpenAiModel")})),
        {"type": "array", "items": {"type": "object", "required": ["model_id", "languages"]}},
    ]});
    let named = json!({"anyOf": [{"type": "string"}, object(json!({"id": text(), "name": text()}))]});
    let cloned = object(json!({
        "voice_id": text(), "audio_token_count": count(), "sample_rate_hz": count(),
        "transcript_provided": {"type": "boolean"}, "token_preview": {"type": "array", "items": count()},
        "voice_clone_tokens": {"type": ["array", "null"], "items": count()},
    }));
    vec![
        (
            "Voice",
            optional(
                voice,
                &["gender", "aliases", "description", "speaker_id", "created_unix_s", "created_at_unix"],
            ),
        ),
        ("VoiceList", object(json!({"voices": list("Voice")}))),
        (
            "VoicePage",
            object(json!({
                "voices": list("Voice"), "has_more": {"type": "boolean"}, "total_count": count(),
                "next_page_token": {"type": ["string", "null"]},
            })),
        ),
        ("AudioVoices", object(json!({"voices": {"type": "array", "items": named}}))),
        ("AudioModels", object(json!({"models": {"type": "array", "items": {"type": "object"}}}))),
        ("OpenAiModel", model),
        ("Models", models),
        ("ClonedVoice", cloned),
        (
            "SpeechWithTimes",
            object(json!({
                "audio_base64": text(), "alignment": alignment(), "normalized_alignment": alignment(),
            })),
        ),
        ("Health", health),
        ("Status", status),
        ("Ok", object(json!({"status": {"const": "ok"}}))),
        ("Timing", object(json!({"timing_stats": {"type": "object"}, "note": text()}))),
        ("Reset", object(json!({"status": {"const": "success"}, "message": text()}))),
    ]
}

fn jobs() -> Vec<(&'static str, Value)> {
    let count = || json!({"type": "integer", "minimum": 0});
    let states = || json!({"type": "string", "enum": ["queued", "running", "done", "failed"]});
    let seconds = || json!({"type": "number", "minimum": 0});
    let item = optional(
        json!({
            "number": count(), "status": states(), "characters": count(), "format": {"type": "string"},
            "sample_rate": count(), "pieces_done": count(), "audio_seconds": seconds(),
            "audio": {"type": "string", "description": "The path of its audio, once it is done."},
            "audio_bytes": count(),
            "timestamps": {"type": "string", "description": "The path of its times, where they were asked for."},
            "error": {"$ref": "#/components/schemas/Failure"},
        }),
        &["pieces_done", "audio", "audio_bytes", "timestamps", "error"],
    );
    let job = optional(
        json!({
            "id": {"type": "string"}, "status": states(), "created_unix_s": count(), "item_count": count(),
            "items_done": count(), "items_failed": count(), "characters": count(), "audio_seconds": seconds(),
            "items": list("JobItem"),
        }),
        &["items"],
    );
    let timed = |what: &str| {
        let mut members = Map::from_iter([(what.to_owned(), json!({"type": "string"}))]);
        members.extend(["start", "end"].map(|name| (name.to_owned(), seconds())));
        json!({"type": "array", "items": object(Value::Object(members))})
    };
    let times = json!({"anyOf": [
        object(json!({"words": timed("word"), "times": {"const": "estimated"}})),
        object(json!({"characters": timed("character"), "times": {"const": "estimated"}})),
    ]});
    let failure = object(json!({
        "type": {"type": "string"}, "message": {"type": "string"}, "field": {"type": ["string", "null"]},
        "origin": origin(), "retryable": {"type": "boolean"},
    }));
    vec![
        ("Job", job),
        ("JobItem", item),
        ("JobList", object(json!({"jobs": list("Job")}))),
        ("Times", times),
        ("Failure", failure),
    ]
}

fn errors() -> Vec<(&'static str, Value)> {
    let text = || json!({"type": "string"});
    let maybe = || json!({"type": ["string", "null"]});
    let svara = object(json!({
        "detail": text(),
        "error": object(json!({
            "type": text(), "field": maybe(), "origin": origin(), "retryable": {"type": "boolean"},
        })),
    }));
    let openai = object(json!({
        "error": object(json!({"message": text(), "type": text(), "param": maybe(), "code": maybe()})),
    }));
    let elevenlabs = object(json!({"detail": {"anyOf": [
        {"type": "object", "required": ["status", "message"]},
        {"type": "array", "items": object(json!({
            "loc": {"type": "array", "items": {"type": "string"}}, "msg": text(), "type": text(),
        }))},
    ]}}));
    vec![("SvaraError", svara), ("OpenAiError", openai), ("ElevenLabsError", elevenlabs)]
}

fn origin() -> Value {
    json!({"type": "string", "enum": ["client", "engine", "decoder", "server"]})
}

/// An object whose properties are all there, and no others.
fn object(properties: Value) -> Value {
    optional(properties, &[])
}

/// An object with some properties that may be missing.
fn optional(properties: Value, missing: &[&str]) -> Value {
    let names = properties.as_object().into_iter().flat_map(Map::keys);
    let required = names.filter(|name| !missing.contains(&name.as_str())).cloned().map(Value::String);
    parts::object([
        ("type", "object".into()),
        ("required", Value::Array(required.collect())),
        ("properties", properties),
        ("additionalProperties", false.into()),
    ])
}

fn list(schema: &str) -> Value {
    json!({"type": "array", "items": {"$ref": format!("#/components/schemas/{schema}")}})
}

fn with_null(names: &[&str]) -> Vec<Option<String>> {
    names.iter().map(|name| Some((*name).to_owned())).chain([None]).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde::de::value::Error;

    use super::*;
    use crate::{dialects, resources};

    /// Hears from a type which fields it reads, and gives it none.
    struct Asks<'a>(&'a mut &'static [&'static str]);

    impl<'de> serde::Deserializer<'de> for Asks<'_> {
        type Error = Error;

        fn deserialize_any<V: serde::de::Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
            Err(serde::de::Error::custom("only structs are asked"))
        }

        fn deserialize_struct<V: serde::de::Visitor<'de>>(
            self,
            _: &'static str,
            fields: &'static [&'static str],
            _: V,
        ) -> Result<V::Value, Error> {
            *self.0 = fields;
            self.deserialize_any(serde::de::IgnoredAny).map(|_| unreachable!("it always fails"))
        }

        serde::forward_to_deserialize_any! {
            bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
            unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
        }
    }

    fn fields_of<T: serde::de::DeserializeOwned>() -> BTreeSet<String> {
        let mut fields: &[&str] = &[];
        assert!(T::deserialize(Asks(&mut fields)).is_err());
        fields.iter().map(|field| (*field).to_owned()).collect()
    }

    #[test]
    fn requests_have_the_fields_that_are_read() {
        let limits = Limits { text_characters: 5000, openai_input_characters: 4096, styles: &[] };
        let schemas = all(&limits);
        let properties = |names: &[&str]| -> BTreeSet<String> {
            let objects = names.iter().filter_map(|name| schemas[name]["properties"].as_object());
            objects.flat_map(Map::keys).cloned().collect()
        };
        // Taken by clients' habit, and passed over.
        let without = |mut names: BTreeSet<String>, passed_over: &str| {
            assert!(names.remove(passed_over));
            names
        };
        assert_eq!(properties(&["SvaraSpeech"]), fields_of::<dialects::svara::Fields>());
        assert_eq!(without(properties(&["OpenAiSpeech"]), "model"), fields_of::<dialects::OpenAiFields>());
        assert_eq!(properties(&["ElevenLabsSpeech"]), fields_of::<dialects::ElevenLabsFields>());
        let settings = without(properties(&["VoiceSettings"]), "use_speaker_boost");
        assert_eq!(settings, fields_of::<dialects::ElevenLabsSettings>());
        assert_eq!(properties(&["NewVoice", "VoiceClone"]), fields_of::<resources::VoiceFields>());
    }
}
