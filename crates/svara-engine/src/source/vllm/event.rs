//! One event of the stream. Engines send one per token or frame, so parsing doesn't allocate: texts are borrowed from
//! the line, and the ids of a frame fit into [`TokenIds`].

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, SeqAccess, Visitor},
};

use super::{sign::Sign, wire::EngineError};
use crate::source::TokenIds;

/// A completion chunk, or an error: a stream with status 200 may contain one.
#[derive(Deserialize)]
pub(super) struct CompletionEvent<'a> {
    #[serde(default, borrow)]
    choices: Choices<'a>,
    pub(super) error: Option<EngineError>,
    usage: Option<IgnoredAny>,
    /// `text_completion` in chunks.
    #[serde(default = "no_sign")]
    object: Sign,
    /// Only in events that are no chunks.
    #[serde(default = "no_sign", rename = "type")]
    kind: Sign,
    /// As `kind`.
    #[serde(default = "no_sign")]
    status: Sign,
    /// As `kind`.
    #[serde(default = "no_sign")]
    code: Sign,
    /// Only in errors, in the forms of [`super::wire::ErrorBody`].
    message: Option<IgnoredAny>,
    /// As `message`.
    detail: Option<IgnoredAny>,
    /// As `message`, of gateways.
    errors: Option<IgnoredAny>,
    /// As `message`, of gateways.
    msg: Option<IgnoredAny>,
}

/// What an event is.
pub(super) enum Told<'a> {
    /// The next part of the completion.
    Chunk(Choice<'a>),
    /// Nothing that is spoken: usage, or a sign of life.
    Nothing,
    /// Something went wrong, and tokens may be missing.
    Failure,
}

fn no_sign() -> Sign {
    Sign::None
}

impl<'a> CompletionEvent<'a> {
    /// What it tells. An engine sends nothing beside chunks but usage and errors, so what is none of them counts as an error:
    /// whatever went wrong, the speech would go on without what is missing.
    pub(super) fn told(self) -> Told<'a> {
        let signs = [self.object, self.kind, self.status, self.code];
        let has_message = [self.message, self.detail, self.errors, self.msg].iter().any(Option::is_some);
        match self.choices {
            _ if signs.contains(&Sign::Failure) => Told::Failure,
            Choices::Of(Some(choice)) if choice.says_nothing() => Told::Failure,
            Choices::Of(Some(choice)) => Told::Chunk(choice),
            _ if has_message => Told::Failure,
            Choices::None if self.usage.is_none() && !signs.contains(&Sign::Life) => Told::Failure,
            _ => Told::Nothing,
        }
    }
}

/// The choices of an event.
#[derive(Default)]
enum Choices<'a> {
    /// It has no such field.
    #[default]
    None,
    /// The one with index 0, as requests ask for one; or one with an error.
    Of(Option<Choice<'a>>),
}

#[derive(Deserialize)]
pub(super) struct Choice<'a> {
    index: Option<u32>,
    #[serde(borrow)]
    pub(super) text: Option<Text<'a>>,
    pub(super) token_ids: Option<Ids>,
    #[serde(borrow)]
    pub(super) finish_reason: Option<Text<'a>>,
    /// Of gateways, which pass on the chunk of an engine that failed.
    pub(super) error: Option<EngineError>,
}

impl Choice<'_> {
    /// Whether there is nothing that a chunk of a completion has: then it has something else, such as a chat's `delta`, and
    /// tokens may be in that.
    fn says_nothing(&self) -> bool {
        self.text.is_none()
            && self.token_ids.is_none()
            && self.finish_reason.is_none()
            && self.error.is_none()
    }
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

impl<'de: 'a, 'a> Deserialize<'de> for Choices<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct First;
        impl<'de> Visitor<'de> for First {
            type Value = Choices<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("choices")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut choices: A) -> Result<Self::Value, A::Error> {
                let mut first: Option<Choice<'de>> = None;
                while let Some(choice) = choices.next_element::<Option<Choice<'de>>>()? {
                    let Some(choice) = choice else { continue };
                    let is_first = first.is_none() && matches!(choice.index, None | Some(0));
                    // An error counts wherever it is.
                    if is_first || choice.error.is_some() {
                        first = Some(choice);
                    }
                }
                Ok(Choices::Of(first))
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Choices::Of(None))
            }
        }
        deserializer.deserialize_any(First)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(line: &str) -> Told<'_> {
        serde_json::from_str::<CompletionEvent<'_>>(line).unwrap().told()
    }

    fn choice(line: &str) -> Choice<'_> {
        match told(line) {
            Told::Chunk(choice) => choice,
            Told::Nothing | Told::Failure => panic!("no chunk: {line}"),
        }
    }

    #[test]
    fn texts_are_borrowed_and_the_first_choice_counts() {
        let line = r#"{"choices":[{"index":1},{"text":"<custom_token_9>","finish_reason":""},{"text":"x"}]}"#;
        assert!(matches!(choice(line).text, Some(Text(Cow::Borrowed("<custom_token_9>")))));
        assert!(choice(line).token_ids.is_none());
        let escaped = r#"{"choices":[{"text":"\u003ccustom_token_9>","token_ids":null}]}"#;
        assert_eq!(choice(escaped).text.unwrap().0, "<custom_token_9>");
        let half = r#"{"choices":[{"text":"\ud800<custom_token_9>","token_ids":[1]}]}"#;
        assert_eq!(choice(half).token_ids.unwrap().0[..], [1]);
        assert!(choice(half).text.unwrap().0.ends_with("<custom_token_9>"));
    }

    #[test]
    fn an_event_may_have_no_choice() {
        for line in [
            r#"{"choices":[]}"#,
            r#"{"choices":null}"#,
            r#"{"choices":[null]}"#,
            r#"{"choices":[{"index":1,"token_ids":[7]}]}"#,
            r#"{"usage":{"prompt_tokens":3}}"#,
            r#"{"type":"ping"}"#,
        ] {
            assert!(matches!(told(line), Told::Nothing), "{line}");
        }
        assert!(serde_json::from_str::<CompletionEvent<'_>>(r#"{"choices":[{"token_ids":[-1]}]}"#).is_err());
    }

    #[test]
    fn what_is_no_chunk_is_a_failure() {
        for line in [
            r#"{"type":"error"}"#,
            r#"{"type":"error","choices":[{"token_ids":[7]}]}"#,
            r#"{"object":"error","choices":[]}"#,
            r#"{"choices":null,"message":"out of blocks"}"#,
            r#"{"code":500,"status":"failed"}"#,
            r#"{"choices":[],"code":500}"#,
            r#"{"choices":null,"status":"error"}"#,
            r#"{"choices":[{"index":0,"output_ids":[7]}]}"#,
            r#"{"choices":[{"index":0,"delta":{"content":"<custom_token_9>"}}]}"#,
            r#"{"choices":[{"message":{"content":"<custom_token_9>"}}]}"#,
            r#"{}"#,
        ] {
            assert!(matches!(told(line), Told::Failure), "{line}");
        }
    }
}
