//! Fields of an event that may say that it tells of a failure, whatever type they have.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};

/// Parts of words that name a failure: `error`, `ServerError`, `failed`, `aborted`.
const FAILURES: [&str; 5] = ["error", "fail", "abort", "exception", "traceback"];
/// What events are called that only keep a connection open.
const SIGNS_OF_LIFE: [&str; 4] = ["ping", "heartbeat", "keepalive", "keep-alive"];
/// From here on, a number is the status of a failure.
const FIRST_FAILURE: u64 = 400;

/// What a field says about its event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// Nothing that matters.
    None,
    /// That the event only keeps the connection open.
    Life,
    /// That something failed.
    Failure,
}

impl Sign {
    /// What a word says.
    pub(super) fn of(word: &str) -> Self {
        if names_failure(word.as_bytes()) {
            Self::Failure
        } else if SIGNS_OF_LIFE.iter().any(|sign| word.eq_ignore_ascii_case(sign)) {
            Self::Life
        } else {
            Self::None
        }
    }
}

/// Whether a text names a failure.
pub(super) fn names_failure(text: &[u8]) -> bool {
    let has = |word: &&str| text.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()));
    FAILURES.iter().any(has)
}

impl<'de> Deserialize<'de> for Sign {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Sign;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("anything")
            }

            fn visit_str<E>(self, word: &str) -> Result<Sign, E> {
                Ok(Sign::of(word))
            }

            fn visit_u64<E>(self, status: u64) -> Result<Sign, E> {
                Ok(if status < FIRST_FAILURE { Sign::None } else { Sign::Failure })
            }

            fn visit_i64<E>(self, _: i64) -> Result<Sign, E> {
                Ok(Sign::None)
            }

            fn visit_f64<E>(self, _: f64) -> Result<Sign, E> {
                Ok(Sign::None)
            }

            fn visit_bool<E>(self, _: bool) -> Result<Sign, E> {
                Ok(Sign::None)
            }

            fn visit_unit<E>(self) -> Result<Sign, E> {
                Ok(Sign::None)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut rest: A) -> Result<Sign, A::Error> {
                while rest.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Sign::None)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut rest: A) -> Result<Sign, A::Error> {
                while rest.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Sign::None)
            }
        }
        deserializer.deserialize_any(Any)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_of_any_type_is_read() {
        for (json, expected) in [
            (r#""Error""#, Sign::Failure),
            (r#""InternalServerError""#, Sign::Failure),
            (r#""failed""#, Sign::Failure),
            ("500", Sign::Failure),
            ("200", Sign::None),
            ("-1", Sign::None),
            ("0.5", Sign::None),
            ("true", Sign::None),
            ("null", Sign::None),
            (r#"[1,{"a":2}]"#, Sign::None),
            (r#"{"a":[1]}"#, Sign::None),
            (r#""text_completion""#, Sign::None),
            (r#""text_completion.chunk""#, Sign::None),
            (r#""Ping""#, Sign::Life),
        ] {
            assert_eq!(serde_json::from_str::<Sign>(json).unwrap(), expected, "{json}");
        }
    }
}
