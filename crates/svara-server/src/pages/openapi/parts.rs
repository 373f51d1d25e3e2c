//! What the operations of the document are put together from.

use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

/// How an operation spells errors.
#[derive(Clone, Copy)]
pub(super) enum Dialect {
    Svara,
    OpenAi,
    ElevenLabs,
}

/// What any operation may answer besides: no key or no right to it, too many requests, a failure, a stop.
const ALWAYS: [u16; 6] = [400, 401, 403, 429, 500, 503];

/// The answers of an operation, by status.
#[derive(Clone)]
pub(super) struct Responses(Map<String, Value>);

impl Responses {
    /// With one more.
    pub(super) fn with(mut self, status: u16, response: Value) -> Self {
        self.0.insert(status.to_string(), response);
        self
    }
}

impl Serialize for Responses {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// The refusals that any operation may give, and these.
pub(super) fn refusals(dialect: Dialect, also: &[u16]) -> Responses {
    let schema = match dialect {
        Dialect::Svara => "SvaraError",
        Dialect::OpenAi => "OpenAiError",
        Dialect::ElevenLabs => "ElevenLabsError",
    };
    let schema = json!({"$ref": format!("#/components/schemas/{schema}")});
    let refusal = |status: u16| {
        let mut response =
            json!({"description": meaning(status), "content": {"application/json": {"schema": schema}}});
        if let (429 | 503, Some(response)) = (status, response.as_object_mut()) {
            let seconds = json!({"schema": {"type": "integer"}, "description": "Seconds to wait."});
            response.insert("headers".to_owned(), json!({"Retry-After": seconds}));
        }
        (status.to_string(), response)
    };
    Responses(ALWAYS.iter().chain(also).map(|status| refusal(*status)).collect())
}

/// An operation without a body.
pub(super) fn get(
    tag: &str,
    operation_id: &str,
    summary: &str,
    parameters: Vec<Value>,
    responses: Responses,
) -> Value {
    object([
        ("tags", json!([tag])),
        ("operationId", operation_id.into()),
        ("summary", summary.into()),
        ("parameters", Value::Array(parameters)),
        ("responses", Value::Object(responses.0)),
    ])
}

/// A part of the path.
pub(super) fn path(name: &str, description: &str) -> Value {
    json!({"name": name, "in": "path", "required": true, "description": description, "schema": {"type": "string"}})
}

/// A parameter of the query.
pub(super) fn query(name: &str, description: &str, schema: Value) -> Value {
    object([
        ("name", name.into()),
        ("in", "query".into()),
        ("required", false.into()),
        ("description", description.into()),
        ("schema", schema),
    ])
}

/// An answer in JSON.
pub(super) fn json_answer(description: &str, schema: &str) -> Value {
    let schema = json!({"$ref": format!("#/components/schemas/{schema}")});
    json!({"description": description, "content": {"application/json": {"schema": schema}}})
}

/// An answer that is a file of sound.
pub(super) fn binary(description: &str) -> Value {
    json!({"description": description, "content": {"audio/*": {"schema": {"type": "string", "format": "binary"}}}})
}

/// An object of these members.
pub(super) fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Object(members.map(|(name, value)| (name.to_owned(), value)).into_iter().collect())
}

fn meaning(status: u16) -> &'static str {
    match status {
        400 => "The request can't be read, or asks for what there isn't.",
        401 => "A key is needed.",
        403 => "The key may not do this.",
        404 => "There is none of that name.",
        408 => "The request came too slowly.",
        409 => "Not in this state.",
        413 => "The body is too large.",
        415 => "The body is of a type that isn't read here.",
        422 => "A field is missing or out of range.",
        429 => "Too many requests.",
        501 => "This server, as it is set up, can't do that.",
        502 => "The engine failed before there was any audio.",
        503 => "Not now; later, or elsewhere.",
        504 => "The engine was silent for too long.",
        _ => "The server failed.",
    }
}
