//! One event of the stream. Engines send one per token or frame, so parsing doesn't allocate: texts are borrowed from
//! the line, and the ids of a frame fit into [`TokenIds`].

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, SeqAccess, Visitor},
};

use super::wire::EngineError;
use crate::source::TokenIds;

/// A completion chunk, or an error: a stream with status 200 may contain one.
#[derive(Deserialize)]
pub(super) struct CompletionEvent<'a> {
    /// The choice with index 0. Requests ask for one.
    #[serde(default, borrow, rename = "choices", deserialize_with = "first")]
    pub(super) choice: Option<Choice<'a>>,
    pub(super) error: Option<EngineError>,
    /// Only in errors, in the forms of [`super::wire::ErrorBody`].
    pub(super) message: Option<IgnoredAny>,
    /// As `message`.
    pub(super) detail: Option<IgnoredAny>,
    /// As `message`, of gateways.
    pub(super) errors: Option<IgnoredAny>,
    /// As `message`, of gateways.
    pub(super) msg: Option<IgnoredAny>,
}

#[derive(Deserialize)]
pub(super) struct Choice<'a> {
    index: Option<u32>,
    #[serde(borrow)]
    pub(super) text: Option<Text<'a>>,
    pub(super) token_ids: Option<Ids>,
    #[serde(borrow)]
    pub(super) finish_reason: Option<Text<'a>>,
}

/// A text, borrowed unless it has escapes. An escape without a character, half of a surrogate pair, becomes U+FFFD: an
/// engine may cut a text there, and token ids beside it are as good as ever.
pub(super) struct Text<'a>(pub(super) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_borrowed_bytes<E>(self, text: &'de [u8]) -> Result<Self::Value, E> {
                Ok(Text(String::from_utf8_lossy(text)))
            }

            fn visit_bytes<E>(self, text: &[u8]) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(String::from_utf8_lossy(text).into_owned())))
            }
        }
        // As bytes, because as a string half a pair is an error.
        deserializer.deserialize_bytes(Read)
    }
}

/// Token ids.
pub(super) struct Ids(pub(super) TokenIds);

impl<'de> Deserialize<'de> for Ids {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Ids;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("token ids")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut ids: A) -> Result<Ids, A::Error> {
                let mut all = TokenIds::new();
                while let Some(id) = ids.next_element()? {
                    all.push(id);
                }
                Ok(Ids(all))
            }
        }
        deserializer.deserialize_seq(All)
    }
}

fn first<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Choice<'de>>, D::Error> {
    struct First;
    impl<'de> Visitor<'de> for First {
        type Value = Option<Choice<'de>>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("choices")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut choices: A) -> Result<Self::Value, A::Error> {
            let mut first: Option<Choice<'de>> = None;
            while let Some(choice) = choices.next_element::<Option<Choice<'de>>>()? {
                if first.is_none() {
                    first = choice.filter(|choice| matches!(choice.index, None | Some(0)));
                }
            }
            Ok(first)
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
    }
    deserializer.deserialize_any(First)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_borrowed_and_the_first_choice_counts() {
        let line = r#"{"choices":[{"index":1},{"text":"<custom_token_9>","finish_reason":""},{"text":"x"}]}"#;
        let choice = serde_json::from_str::<CompletionEvent<'_>>(line).unwrap().choice.unwrap();
        assert!(matches!(choice.text, Some(Text(Cow::Borrowed("<custom_token_9>")))));
        assert!(choice.token_ids.is_none());
        let escaped = r#"{"choices":[{"text":"\u003ccustom_token_9>","token_ids":null}]}"#;
        let choice = serde_json::from_str::<CompletionEvent<'_>>(escaped).unwrap().choice.unwrap();
        assert_eq!(choice.text.unwrap().0, "<custom_token_9>");
        let half = r#"{"choices":[{"text":"\ud800<custom_token_9>","token_ids":[1]}]}"#;
        let choice = serde_json::from_str::<CompletionEvent<'_>>(half).unwrap().choice.unwrap();
        assert_eq!(choice.token_ids.unwrap().0[..], [1]);
        assert!(choice.text.unwrap().0.ends_with("<custom_token_9>"));
    }

    #[test]
    fn an_event_may_have_no_choice() {
        for line in [
            r#"{"choices":[]}"#,
            r#"{"choices":null}"#,
            r#"{"choices":[null]}"#,
            r#"{"choices":[{"index":1,"token_ids":[7]}]}"#,
            r#"{"usage":{"prompt_tokens":3}}"#,
        ] {
            assert!(serde_json::from_str::<CompletionEvent<'_>>(line).unwrap().choice.is_none());
        }
        assert!(serde_json::from_str::<CompletionEvent<'_>>(r#"{"choices":[{"token_ids":[-1]}]}"#).is_err());
    }
}
