//! Reads the messages of a socket.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;

use super::json;
use crate::error::ApiError;

/// Most fields that the log names for each socket.
const MOST_NAMED: usize = 16;

/// Reads a message.
///
/// # Errors
/// As of [`json::object`], saying that it was a message.
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, ApiError> {
    json::object(text.as_bytes(), "message", |_| None).map_err(|error| ApiError {
        message: format!("the message can't be read: {}", error.message),
        ..error
    })
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
        let unknown = json::object_telling::<T>(text.as_bytes(), "message", |_| None);
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
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only the names matter")]
    struct Message {
        text: Option<String>,
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
