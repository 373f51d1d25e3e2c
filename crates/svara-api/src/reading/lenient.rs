//! Values in JSON bodies as clients write them. Numbers and switches may come as strings, and whole numbers with a point, as
//! the Python stack took them; an empty string stands for nothing, as forms and templates send what isn't filled in.

use std::{fmt, marker::PhantomData, str::FromStr};

use serde::{
    Deserialize, Deserializer,
    de::{Error, IntoDeserializer, Unexpected, Visitor},
};
use svara_engine::Gender;

/// For `#[serde(deserialize_with)]`: a number, a string of one, or null.
pub fn number<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de> + FromStr,
    D: Deserializer<'de>,
{
    deserializer.deserialize_any(Number(PhantomData))
}

struct Number<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + FromStr> Visitor<'de> for Number<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        T::deserialize(value.into_deserializer()).map(Some)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        T::deserialize(value.into_deserializer()).map(Some)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        T::deserialize(value.into_deserializer())
            .or_else(|error: E| T::deserialize(whole(value).ok_or(error)?.into_deserializer()))
            .map(Some)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        let number = value.trim();
        if number.is_empty() {
            return Ok(None);
        }
        let with_point = || whole(number.parse().ok()?)?.to_string().parse().ok();
        let read = number.parse().ok().or_else(with_point);
        read.map(Some).ok_or_else(|| E::invalid_value(Unexpected::Str(value), &self))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// A whole number that was written with a point.
fn whole(value: f64) -> Option<i64> {
    // Up to here, each whole number is one.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    (value.fract() == 0.0 && value.abs() <= EXACT).then_some(value as i64)
}

/// For `#[serde(deserialize_with)]`: true or false, in one of the usual spellings, or null.
pub fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    deserializer.deserialize_any(Flag)
}

/// For `#[serde(deserialize_with)]`: a text, or none if it is null or empty.
pub fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.filter(|text| !text.trim().is_empty()))
}

/// As [`text`], but one of a few words, in any letter case; `named` knows them in lower case, and `must_be` tells them to
/// callers.
///
/// # Errors
/// It is another word, or no text.
pub fn word<'de, T, D: Deserializer<'de>>(
    deserializer: D,
    must_be: &str,
    named: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, D::Error> {
    let Some(word) = text(deserializer)? else { return Ok(None) };
    named(&word.trim().to_ascii_lowercase()).map(Some).ok_or_else(|| D::Error::custom(must_be))
}

/// For `#[serde(deserialize_with)]`: a voice's gender, or null.
pub fn gender<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Gender>, D::Error> {
    word(deserializer, "must be female or male", Gender::named)
}

/// What a word means as a switch.
pub fn switch(word: &str) -> Option<bool> {
    match word.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "on" | "yes" => Some(true),
        "false" | "0" | "off" | "no" => Some(false),
        _ => None,
    }
}

struct Flag;

impl Visitor<'_> for Flag {
    type Value = Option<bool>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true or false")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Some(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        match value {
            0 => Ok(Some(false)),
            1 => Ok(Some(true)),
            other => Err(E::invalid_value(Unexpected::Unsigned(other), &self)),
        }
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        if value.trim().is_empty() {
            return Ok(None);
        }
        switch(value).map(Some).ok_or_else(|| E::invalid_value(Unexpected::Str(value), &self))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Fields {
        #[serde(deserialize_with = "number")]
        speed: Option<f32>,
        #[serde(deserialize_with = "number")]
        seed: Option<u64>,
        #[serde(deserialize_with = "flag")]
        stream: Option<bool>,
    }

    #[test]
    fn switches_may_be_words() {
        let read = |json: &str| {
            serde_json::from_str::<Fields>(&format!("{{\"stream\":{json}}}")).map(|fields| fields.stream)
        };
        for yes in ["true", "1", "\"True\"", "\" 1 \"", "\"on\"", "\"YES\""] {
            assert_eq!(read(yes).unwrap(), Some(true), "{yes}");
        }
        for no in ["false", "0", "\"False\"", "\"0\"", "\"off\"", "\"no\""] {
            assert_eq!(read(no).unwrap(), Some(false), "{no}");
        }
        for none in ["null", "\"\"", "\" \""] {
            assert_eq!(read(none).unwrap(), None, "{none}");
        }
        for wrong in ["2", "-1", "1.5", "\"maybe\"", "[]", "{}"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn whole_numbers_may_have_a_point() {
        let read = |json: &str| {
            serde_json::from_str::<Fields>(&format!("{{\"seed\":{json}}}")).map(|fields| fields.seed)
        };
        for json in ["7.0", "\"7.0\"", "\"7\""] {
            assert_eq!(read(json).unwrap(), Some(7), "{json}");
        }
        for json in ["-7.0", "\"7.5\"", "1e300", "\"NaN\""] {
            assert!(read(json).is_err(), "{json}");
        }
    }

    #[test]
    fn numbers_may_be_strings() {
        for json in [r#"{"speed":1.5,"seed":7}"#, r#"{"speed":"1.5","seed":" 7 "}"#] {
            let fields: Fields = serde_json::from_str(json).unwrap();
            assert_eq!((fields.speed, fields.seed), (Some(1.5), Some(7)), "{json}");
        }
        for json in ["{}", r#"{"speed":null,"seed":null}"#, r#"{"speed":"","seed":" "}"#] {
            assert_eq!(serde_json::from_str::<Fields>(json).unwrap(), Fields::default(), "{json}");
        }
        assert_eq!(serde_json::from_str::<Fields>(r#"{"speed":2}"#).unwrap().speed, Some(2.0));
        for json in [
            r#"{"speed":"fast"}"#,
            r#"{"speed":true}"#,
            r#"{"seed":-1}"#,
            r#"{"seed":1.5}"#,
            r#"{"seed":[]}"#,
        ] {
            let error = serde_json::from_str::<Fields>(json).unwrap_err().to_string();
            assert!(error.contains("expected"), "{json}: {error}");
        }
    }
}
