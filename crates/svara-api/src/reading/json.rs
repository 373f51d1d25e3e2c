//! Reads JSON objects, and says what is wrong with one in the caller's words.

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::error::Category;
use svara_config::plain;

use super::known::{self, Unknown};
use crate::error::ApiError;

/// Reads an object of the fields of a `T`. `what` names it in errors: the body or the message. `allowed` says what the
/// field at a path may be, where that is known.
///
/// # Errors
/// It isn't a JSON object, or a field is missing, given twice or of a wrong type.
pub fn object<T: DeserializeOwned>(
    text: &[u8],
    what: &str,
    allowed: impl Fn(&str) -> Option<String>,
) -> Result<T, ApiError> {
    object_telling(text, what, allowed).map(|(value, _)| value)
}

/// As [`object`], with the names of what is passed over, and the way to them: clients send many that mean something
/// elsewhere. Of too many, only the first of the alphabet are named.
///
/// # Errors
/// As of [`object`].
pub(super) fn object_telling<T: DeserializeOwned>(
    text: &[u8],
    what: &str,
    allowed: impl Fn(&str) -> Option<String>,
) -> Result<(T, Vec<String>), ApiError> {
    if let Err(error) = std::str::from_utf8(text) {
        let at = error.valid_up_to();
        return Err(ApiError::bad_request(format!("the {what} must be UTF-8, which its byte {at} is not")));
    }
    if let Some(other) = other_than_object(text) {
        return Err(ApiError::bad_request(format!("the {what} {other}")));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let (mut track, mut unknown) = (serde_path_to_error::Track::new(), Unknown::default());
    let tracked = serde_path_to_error::Deserializer::new(&mut deserializer, &mut track);
    let value = serde_ignored::deserialize(tracked, |place| unknown.note_place(&place));
    let value = value.map_err(|reason| {
        let path = track.path().to_string();
        // serde_json also calls it a fault of the syntax if a number stands where a name should.
        let is_json = || {
            let half_a_letter = reason.to_string().contains("hex escape");
            !half_a_letter && serde_json::from_slice::<IgnoredAny>(text).is_ok()
        };
        if reason.classify() == Category::Data || is_json() {
            wrong_field::<T>(&path, &reason.to_string(), what, allowed)
        } else {
            no_json(what, &reason)
        }
    })?;
    deserializer.end().map_err(|reason| no_json(what, &reason))?;
    Ok((value, unknown.into_names()))
}

/// What else a text is, judged by how it begins: serde would read a list as an object's fields in their order.
fn other_than_object(text: &[u8]) -> Option<String> {
    let other = match text.trim_ascii_start().first() {
        None => return Some("is empty: send a JSON object".to_owned()),
        Some(b'[') => "a list",
        Some(b'"') => "a string",
        Some(b'0'..=b'9' | b'-') => "a number",
        Some(_) => return None,
    };
    Some(format!("must be a JSON object, not {other}"))
}

fn no_json(what: &str, reason: &serde_json::Error) -> ApiError {
    let said = reason.to_string();
    let said = match plain::without_place(&said) {
        said if reason.classify() == Category::Eof || said.starts_with("EOF") => {
            "it ends too early".to_owned()
        }
        "unexpected end of hex escape" => "half of a surrogate pair stands alone".to_owned(),
        "trailing characters" => "more text follows the object".to_owned(),
        "expected value" | "expected ident" => "a value should stand here".to_owned(),
        said => match said.strip_prefix("expected ") {
            Some(expected) => format!("{} should stand here", expected.replace('`', "")),
            None => said.to_owned(),
        },
    };
    let (line, column) = (reason.line(), reason.column());
    ApiError::bad_request(format!("the {what} isn't valid JSON: line {line}, column {column}: {said}"))
}

/// A field at a path in the body of a `T` that is missing, given twice, or of the wrong type.
fn wrong_field<T: DeserializeOwned>(
    path: &str,
    reason: &str,
    what: &str,
    allowed: impl Fn(&str) -> Option<String>,
) -> ApiError {
    let parent = if path == "." { "" } else { path };
    let named = |name: &str| if parent.is_empty() { name.to_owned() } else { format!("{parent}.{name}") };
    let quoted = |start: &str| reason.strip_prefix(start)?.split('`').next();
    let (path, words) = if let Some(name) = quoted("missing field `") {
        (named(name), "is required".to_owned())
    } else if let Some(name) = quoted("duplicate field `") {
        (named(name), "must be given once".to_owned())
    } else if parent.is_empty() {
        return ApiError::bad_request(format!("the {what} must be a JSON object"));
    } else {
        // What our own readers say is meant for callers, and says more than the schema.
        let ours = plain::is_ours(reason).then(|| plain::plainly(reason));
        let words = ours.or_else(|| allowed(parent).map(|allowed| format!("must be {allowed}")));
        (parent.to_owned(), words.unwrap_or_else(|| plain::plainly(reason)))
    };
    let top = path.split(['.', '[']).next().unwrap_or_default();
    let field = known::fields::<T>().iter().find(|field| **field == top);
    // Paths into bodies are the client's text: short ones only.
    let path: String = path.chars().take(64).collect();
    ApiError { message: format!("{path} {words}"), ..ApiError::invalid(field.copied().unwrap_or("body"), "") }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    struct Body {
        text: String,
        #[serde(alias = "lang")]
        language: String,
        settings: Option<Settings>,
        rules: Vec<Settings>,
        unread: Option<IgnoredAny>,
    }

    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    struct Settings {
        speed: f32,
    }

    #[test]
    fn names_that_nothing_reads_are_told_wherever_they_stand() {
        for (json, names) in [
            (
                r#"{"text":"a","lang":"hi","speeed":[{"x":1}],"a b":1,"Voice":2}"#,
                &["Voice", "a%20b", "speeed"][..],
            ),
            (r#"{"settings":{"sped":1,"speed":1}}"#, &["settings.sped"]),
            (r#"{"rules":[{"speed":1},{"x":1},{"x":{"y":2}}]}"#, &["rules[].x"]),
            (r#"{"unread":{"a":1},"settings":null}"#, &[]),
        ] {
            let (_, told) = object_telling::<Body>(json.as_bytes(), "body", |_| None).unwrap();
            assert_eq!(told, names, "{json}");
        }
    }

    #[test]
    fn a_wrong_value_is_named_with_the_way_to_it() {
        let json = br#"{"x":1,"settings":{"y":1,"speed":"fast"}}"#;
        let error = object_telling::<Body>(json, "body", |_| None).unwrap_err();
        assert!(error.message.starts_with("settings.speed "), "{}", error.message);
    }
}
