//! The OpenAPI document: what each handler says of itself, and what holds for all of them or is known only at run time.

use std::collections::BTreeSet;

use bytes::Bytes;
use serde_json::{Map, Value, json};
use svara_api::{
    error::{ElevenLabsError, OpenAiError, Spelling, SvaraError},
    routes::{Routes, Tag},
    state::App,
};
use svara_service::Dialect;
use utoipa::{PartialSchema, ToSchema};

/// Refusals of any request: malformed, no key, no right, another host, too many requests, too large a head, a failure, a
/// stop.
const ALWAYS: [u16; 8] = [400, 401, 403, 421, 429, 431, 500, 503];
/// Where schemas are, in references.
const SCHEMAS: &str = "#/components/schemas/";

/// The document of these groups in JSON, with the limits of this server.
pub(crate) fn document(groups: &[Routes], app: &App) -> Bytes {
    let (mut paths, mut schemas) = (Map::new(), errors());
    for group in groups {
        let mut own = serde_json::to_value(group.document()).unwrap_or_default();
        for (path, mut item) in taken(&mut own, "/paths") {
            for operation in item.as_object_mut().into_iter().flat_map(Map::values_mut) {
                complete(operation, group, app);
            }
            // A path may have methods in two groups.
            match (paths.get_mut(&path).and_then(Value::as_object_mut), item) {
                (Some(known), Value::Object(more)) => known.extend(more),
                (_, item) => drop(paths.insert(path, item)),
            }
        }
        schemas.extend(taken(&mut own, "/components/schemas"));
    }
    close_answers(&paths, &mut schemas);
    let tags = Tag::ALL.map(|tag| json!({"name": tag.name(), "description": tag.description()}));
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "svara-tts",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Text to speech, streamed while it is made, in the dialects of svara, OpenAI, ElevenLabs and the hosted Svara API.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": tags,
        "security": [{}, {"bearer": []}, {"xi_api_key": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "Required if the server has keys."},
                "xi_api_key": {"type": "apiKey", "in": "header", "name": "xi-api-key"},
            },
            "schemas": schemas,
        },
    });
    strip_formats(&mut document);
    set_limits(&mut document, app);
    document.to_string().into()
}

/// The members of the object there, which loses them.
fn taken(value: &mut Value, pointer: &str) -> Map<String, Value> {
    match value.pointer_mut(pointer).map(Value::take) {
        Some(Value::Object(members)) => members,
        _ => Map::new(),
    }
}

/// The schemas of refusals.
fn errors() -> Map<String, Value> {
    fn named<T: ToSchema + PartialSchema>() -> (String, Value) {
        (T::name().into_owned(), serde_json::to_value(T::schema()).unwrap_or_default())
    }
    [named::<SvaraError>(), named::<OpenAiError>(), named::<ElevenLabsError>()].into_iter().collect()
}

/// Adds to an operation what its group knows, and the refusals of any request.
fn complete(operation: &mut Value, group: &Routes, app: &App) {
    let speaker = app.service.engine().voices().iter().next().map(|voice| voice.voice_id.as_str());
    let contents = operation.pointer_mut("/requestBody/content").and_then(Value::as_object_mut);
    for content in contents.into_iter().flat_map(Map::values_mut) {
        // Examples that work.
        if let Some(voice) = content.pointer_mut("/example/voice") {
            *voice = json!(speaker);
        }
    }
    if let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) {
        if !app.service.caches() {
            responses.remove("304");
        }
        for status in ALWAYS {
            responses.entry(status.to_string()).or_insert_with(|| json!({}));
        }
        for (status, response) in responses {
            match status.parse() {
                Ok(status @ 400..) if response.get("content").is_none() => {
                    *response = refusal(status, &group.spelling);
                }
                _ => {}
            }
        }
    }
    if let Some(operation) = operation.as_object_mut() {
        operation.insert("tags".to_owned(), json!([group.tag.name()]));
    }
}

/// A refusal that handlers name by its status alone.
fn refusal(status: u16, spelling: &Spelling) -> Value {
    let schema = match spelling {
        Spelling::Fixed(Dialect::OpenAi) | Spelling::ByKey(Dialect::OpenAi) | Spelling::Hosted => {
            OpenAiError::name()
        }
        Spelling::Fixed(Dialect::ElevenLabs | Dialect::Hosted) | Spelling::ByKey(Dialect::ElevenLabs) => {
            ElevenLabsError::name()
        }
        _ => SvaraError::name(),
    };
    let schema = json!({"$ref": format!("{SCHEMAS}{schema}")});
    let content = json!({"application/json": {"schema": schema}});
    match status {
        // It comes from below the routes.
        431 => json!({"description": meaning(status)}),
        429 | 503 => json!({
            "description": meaning(status),
            "content": content,
            "headers": {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait."}},
        }),
        _ => json!({"description": meaning(status), "content": content}),
    }
}

fn meaning(status: u16) -> &'static str {
    match status {
        400 => "The request is malformed or asks for something that this server doesn't have.",
        401 => "A valid API key is required.",
        403 => "The key doesn't allow this.",
        404 => "Nothing has this name.",
        408 => "The request body came too slowly.",
        409 => "The current state doesn't allow this.",
        413 => "The request body is too large.",
        415 => "The media type of the request body isn't supported.",
        421 => "A server without keys doesn't answer to this Host.",
        426 => "The route is a WebSocket, and the request asks for none.",
        431 => "The head of the request is too large.",
        422 => "A field is missing or out of range.",
        429 => "Too many requests; retry later.",
        501 => "This server isn't set up for this.",
        502 => "The engine failed before there was any audio.",
        503 => "Temporarily unavailable; retry later or on another replica.",
        504 => "The engine didn't answer in time.",
        _ => "The server failed.",
    }
}

/// Answers have no members that the document doesn't list, and those that may be missing are never null.
fn close_answers(paths: &Map<String, Value>, schemas: &mut Map<String, Value>) {
    let operations = paths.values().filter_map(Value::as_object).flat_map(Map::values);
    let mut asked = BTreeSet::new();
    for body in operations.filter_map(|operation| operation.get("requestBody")) {
        references(body, schemas, &mut asked);
    }
    for (_, schema) in schemas.iter_mut().filter(|(name, _)| !asked.contains(*name)) {
        close(schema);
    }
}

/// Finds the schemas that a value refers to, and those that they refer to.
fn references(value: &Value, schemas: &Map<String, Value>, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => members.values().for_each(|value| references(value, schemas, found)),
        Value::Array(items) => items.iter().for_each(|item| references(item, schemas, found)),
        Value::String(text) => {
            if let Some((name, schema)) =
                text.strip_prefix(SCHEMAS).and_then(|name| schemas.get_key_value(name))
                && found.insert(name.clone())
            {
                references(schema, schemas, found);
            }
        }
        _ => {}
    }
}

fn close(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(close),
        Value::Object(object) => {
            let required = object.get("required").cloned().unwrap_or_default();
            let is_required =
                |name: &str| required.as_array().is_some_and(|names| names.contains(&name.into()));
            if let Some(properties) = object.get_mut("properties").and_then(Value::as_object_mut) {
                let optional = properties.iter_mut().filter(|(name, _)| !is_required(name));
                optional.for_each(|(_, property)| never_null(property));
                object.insert("additionalProperties".to_owned(), false.into());
            }
            object.values_mut().for_each(close);
        }
        _ => {}
    }
}

/// Takes null from the types and values of a schema.
fn never_null(schema: &mut Value) {
    if let Some(kind) = schema.get_mut("type")
        && let Some(one) =
            kind.as_array().and_then(|kinds| kinds.iter().find(|kind| *kind != "null").cloned())
    {
        *kind = one;
    }
    if let Some(values) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        values.retain(|value| !value.is_null());
    }
}

/// Formats of numbers are those of Rust's types: they say nothing to a client, and `int64` is wrong for a seed.
fn strip_formats(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(strip_formats),
        Value::Object(members) => {
            let of_rust =
                |format: &Value| matches!(format.as_str(), Some("int32" | "int64" | "float" | "double"));
            if members.get("format").is_some_and(of_rust) {
                members.remove("format");
            }
            members.values_mut().for_each(strip_formats);
        }
        _ => {}
    }
}

/// The limits of this server.
fn set_limits(document: &mut Value, app: &App) {
    let engine = app.service.engine();
    let jobs = app.service.jobs().limits();
    let most = engine.text_max_characters();
    let styles = engine.profile().style_tags.join(", ");
    let jobs = format!(
        "One text, or a line of JSON for each of up to {} texts; together up to {} characters.",
        jobs.max_items, jobs.job_characters
    );
    for (at, member, value) in [
        ("/components/schemas/SvaraSpeech/properties/text", "maxLength", json!(most)),
        ("/components/schemas/ElevenLabsSpeech/properties/text", "maxLength", json!(most)),
        (
            "/components/schemas/OpenAiSpeech/properties/input",
            "maxLength",
            json!(app.openai_input_characters.min(most)),
        ),
        (
            "/components/schemas/SvaraSpeech/properties/style",
            "description",
            json!(format!("A style of the model: {styles}.")),
        ),
        ("/paths/~1v1~1jobs/post", "description", json!(jobs)),
    ] {
        if let Some(object) = document.pointer_mut(at).and_then(Value::as_object_mut) {
            object.insert(member.to_owned(), value);
        }
    }
}
