//! What a field of a body may be, in the caller's words: as the document's schema has it, or else as its reader says.

use serde_json::Value;
use svara_config::plain::one_of;
use utoipa::ToSchema;

/// What is allowed at a path in the body of a `T`, such as "a number from 0.25 to 4". `None` where the schema leaves it
/// to the reader of the field.
pub(super) fn at<T: ToSchema>(path: &str) -> Option<String> {
    let mut components = Vec::new();
    T::schemas(&mut components);
    let components: Vec<(String, Value)> = components
        .into_iter()
        .filter_map(|(name, schema)| Some((name, serde_json::to_value(schema).ok()?)))
        .collect();
    let root = serde_json::to_value(T::schema()).ok()?;
    let mut schema = resolved(&root, &components);
    for segment in path.split('.') {
        let (name, items) = segment.split_once('[').unwrap_or((segment, ""));
        schema = resolved(schema.get("properties")?.get(name)?, &components);
        for _ in 0..items.matches(']').count() {
            schema = resolved(schema.get("items")?, &components);
        }
    }
    describe(schema)
}

/// The schema itself, where it is a reference or an alternative to null.
fn resolved<'a>(mut schema: &'a Value, components: &'a [(String, Value)]) -> &'a Value {
    // Types nest a few levels deep.
    for _ in 0..8 {
        if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
            let name = name.rsplit('/').next().unwrap_or(name);
            match components.iter().find(|(known, _)| known == name) {
                Some((_, found)) => schema = found,
                None => return schema,
            }
            continue;
        }
        let alternatives = ["oneOf", "anyOf"].into_iter().find_map(|key| schema.get(key)?.as_array());
        let mut real = alternatives.into_iter().flatten().filter(|one| one["type"] != "null");
        match (real.next(), real.next()) {
            (Some(only), None) => schema = only,
            _ => return schema,
        }
    }
    schema
}

/// What a value of this schema may be; none if its reader says it better.
pub fn describe(schema: &Value) -> Option<String> {
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        let names = values.iter().filter(|value| !value.is_null());
        let names: Vec<String> =
            names.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)).collect();
        return Some(match names.len() {
            0..=3 => one_of(&names),
            _ if schema.get("type").is_some_and(is_integer) => {
                format!("a whole number, one of {}", names.join(", "))
            }
            _ => format!("one of {}", names.join(", ")),
        });
    }
    let mut kinds = match schema.get("type")? {
        Value::Array(kinds) => {
            kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null").collect()
        }
        kind => vec![kind.as_str()?],
    };
    let kind = kinds.pop().filter(|_| kinds.is_empty())?;
    Some(match kind {
        "number" => format!("a number{}", bounds(schema)),
        "integer" => format!("a whole number{}", bounds(schema)),
        "string" => "a string".to_owned(),
        "boolean" => "true or false".to_owned(),
        "array" => "a list".to_owned(),
        "object" => "a JSON object".to_owned(),
        _ => return None,
    })
}

/// Whether a type, or its alternative to null, is of whole numbers.
fn is_integer(kind: &Value) -> bool {
    let is = |kind: &Value| kind == "integer";
    is(kind) || kind.as_array().is_some_and(|kinds| kinds.iter().any(is))
}

fn bounds(schema: &Value) -> String {
    let of = |key: &str| schema.get(key).map(number);
    match (of("minimum"), of("exclusiveMinimum"), of("maximum")) {
        (Some(least), _, Some(most)) => format!(" from {least} to {most}"),
        (Some(least), _, None) => format!(", at least {least}"),
        (None, Some(below), Some(most)) => format!(" above {below}, at most {most}"),
        (None, Some(below), None) => format!(" above {below}"),
        (None, None, Some(most)) => format!(", at most {most}"),
        (None, None, None) => String::new(),
    }
}

fn number(value: &Value) -> String {
    let whole = value.as_u64().map(|whole| whole.to_string()).or_else(|| Some(value.as_i64()?.to_string()));
    whole.unwrap_or_else(|| value.as_f64().map_or_else(String::new, |real| real.to_string()))
}
