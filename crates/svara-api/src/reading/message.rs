//! Reads the messages of a socket.

use std::{borrow::Cow, collections::BTreeSet};

use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use super::{allowed, json};
use crate::error::ApiError;

/// Most fields that the log names for each socket.
const MOST_NAMED: usize = 16;

/// Reads a message.
///
/// # Errors
/// As of [`json::object`], saying that it was a message.
pub fn read<T: DeserializeOwned + ToSchema>(text: &str) -> Result<T, ApiError> {
    json::object(without_halves(text).as_bytes(), "message", allowed::at::<T>).map_err(|error| {
        match error.field {
            // It begins with the way to the field.
            Some(_) => error,
            None => ApiError { message: format!("the message can't be read: {}", error.message), ..error },
        }
    })
}

/// The message without halves of surrogate pairs that stand alone. A client that cuts its text anywhere, as JavaScript cuts it,
/// sends the halves of an emoji in two messages, and nothing of it is spoken.
fn without_halves(text: &str) -> Cow<'_, str> {
    if !text.contains("\\ud") && !text.contains("\\uD") {
        return Cow::Borrowed(text);
    }
    let (mut whole, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        whole.push_str(before);
        let length = match (surrogate(escape), escape.get(6..).and_then(surrogate)) {
            (Some(Half::High), Some(Half::Low)) => 12,
            (Some(_), _) => {
                rest = escape.get(6..).unwrap_or_default();
                continue;
            }
            // The backslash and what it stands before: perhaps another one.
            (None, _) => 1 + escape.chars().nth(1).map_or(0, char::len_utf8),
        };
        let (kept, behind) = escape.split_at(length);
        whole.push_str(kept);
        rest = behind;
    }
    whole.push_str(rest);
    Cow::Owned(whole)
}

/// Half of a surrogate pair.
enum Half {
    High,
    Low,
}

/// The half that an escape at the beginning of a text stands for.
fn surrogate(text: &str) -> Option<Half> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    match u16::from_str_radix(digits, 16).ok()? {
        0xd800..=0xdbff => Some(Half::High),
        0xdc00..=0xdfff => Some(Half::Low),
        _ => None,
    }
}

/// Has the log name the fields that a socket's messages have in vain: an answer has no room for them, and clients send some
/// with every message. So each is named once.
#[derive(Debug, Default)]
pub struct InVain {
    named: BTreeSet<String>,
}

impl InVain {
    /// Names those of a message that are neither fields of `T` nor among `others`.
    pub fn note<T: DeserializeOwned>(&mut self, text: &str, others: &[&str]) {
        // The message was read before.
        let unknown = json::object_telling::<T>(without_halves(text).as_bytes(), "message", |_| None);
        for name in unknown.map(|(_, names)| names).unwrap_or_default() {
            let is_new = !others.contains(&name.as_str()) && !self.named.contains(&name);
            if is_new && self.named.len() < MOST_NAMED {
                tracing::info!(field = name, "a field of the socket's messages is passed over");
                self.named.insert(name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize, ToSchema)]
    struct Message {
        text: Option<String>,
    }

    #[test]
    fn halves_of_emoji_are_left_out() {
        let said = |text: &str| read::<Message>(text).map(|message| message.text.unwrap());
        for (text, kept) in [
            (r#"{"text": "Hi \ud83c"}"#, "Hi "),
            (r#"{"text": "\udf89 there"}"#, " there"),
            (r#"{"text": "a\ud83c\udf89b"}"#, "a🎉b"),
            (r#"{"text": "\uD83C\ud83c\udf89\uDF89"}"#, "🎉"),
            (r#"{"text": "\\ud83c"}"#, r"\ud83c"),
            (r#"{"text": "\\\ud83c\n\u0915"}"#, "\\\nक"),
        ] {
            assert_eq!(said(text).unwrap(), kept, "{text}");
        }
        assert!(said(r#"{"text": "\ud8"}"#).is_err());
    }

    proptest! {
        #[test]
        fn no_message_makes_it_panic(text in r#"([\\u"dD8c09é🎉]|\\u[dD][89c-f][0-9a-f]{2}){0,24}"#) {
            prop_assert!(without_halves(&text).len() <= text.len());
        }
    }

    #[test]
    fn each_name_is_noted_once_and_not_without_end() {
        let mut in_vain = InVain::default();
        for _ in 0..2 {
            in_vain.note::<Message>(r#"{"text": "a", "type": "x", "textt": "b"}"#, &["type"]);
        }
        assert_eq!(in_vain.named, BTreeSet::from(["textt".to_owned()]));
        for number in 0..40 {
            in_vain.note::<Message>(&format!(r#"{{"field{number}": 1}}"#), &[]);
        }
        assert_eq!(in_vain.named.len(), MOST_NAMED);
    }
}
