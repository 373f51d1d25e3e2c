//! Numbers in JSON bodies. A number may come as a string, as the Python stack took it.

use std::{fmt, marker::PhantomData, str::FromStr};

use serde::{
    Deserialize, Deserializer,
    de::{Error, IntoDeserializer, Unexpected, Visitor},
};

/// For `#[serde(deserialize_with)]`: a number, a string of one, or null.
pub(crate) fn number<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
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
        T::deserialize(value.into_deserializer()).map(Some)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        value.trim().parse().map(Some).map_err(|_| E::invalid_value(Unexpected::Str(value), &self))
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
    }

    #[test]
    fn numbers_may_be_strings() {
        for json in [r#"{"speed":1.5,"seed":7}"#, r#"{"speed":"1.5","seed":" 7 "}"#] {
            let fields: Fields = serde_json::from_str(json).unwrap();
            assert_eq!(fields, Fields { speed: Some(1.5), seed: Some(7) }, "{json}");
        }
        for json in ["{}", r#"{"speed":null,"seed":null}"#] {
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
