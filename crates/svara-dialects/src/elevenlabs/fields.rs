//! The fields of requests, and what they mean here.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use svara_api::{
    error::ApiError,
    reading::{
        lenient,
        locators::{LocatorFields, Locators},
        schemas,
    },
};
use svara_audio::TimeStretch;
use svara_config::Clean;
use svara_engine::{Normalization, SpeechRequest};
use svara_service::dictionaries::Locator;
use utoipa::openapi::{
    Object,
    schema::{AnyOf, Schema, Type},
};

use crate::svara;

/// ElevenLabs' other fields.
pub(super) const PASSED_OVER: [&str; 7] = [
    "model_id",
    "previous_text",
    "next_text",
    "previous_request_ids",
    "next_request_ids",
    "use_pvc_as_ivc",
    "apply_language_text_normalization",
];

/// A request for speech. ElevenLabs' other fields are accepted and ignored: `model_id`, `previous_text`, `next_text`, the ids
/// of requests before and after, `use_pvc_as_ivc`, `apply_language_text_normalization`.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[schema(as = ElevenLabsSpeech)]
pub(crate) struct Fields {
    /// The text to speak.
    #[schema(value_type = String, min_length = 1)]
    text: Option<String>,
    voice_settings: Option<VoiceSettings>,
    /// The language in which numbers and the like are read, if it isn't the voice's: a code of ISO 639, a BCP-47 tag or a
    /// name. Others are passed over.
    #[serde(default, deserialize_with = "lenient::text")]
    language_code: Option<String>,
    #[serde(default, deserialize_with = "lenient::number")]
    #[schema(schema_with = schemas::seed)]
    seed: Option<u64>,
    #[serde(default, deserialize_with = "svara::normalization")]
    #[schema(schema_with = normalization)]
    apply_text_normalization: Normalization,
    /// Pronunciation dictionaries, the first of which knows best.
    #[schema(value_type = Option<Vec<LocatorFields>>, max_items = 3)]
    pronunciation_dictionary_locators: Option<Locators>,
    #[serde(default, deserialize_with = "asks_for_something")]
    #[schema(schema_with = audio_effects)]
    audio_effects: bool,
    /// Removes Markdown's marks, code blocks and a model's thoughts from the text. By default, the server's configuration
    /// decides.
    #[serde(default, deserialize_with = "lenient::flag")]
    strip_markdown: Option<bool>,
    /// Removes emoji from the text. By default, the server's configuration decides.
    #[serde(default, deserialize_with = "lenient::flag")]
    strip_emoji: Option<bool>,
}

fn normalization() -> Object {
    schemas::choice(["auto", "on", "off"], "Whether numbers and dates are written out in words.")
}

fn audio_effects() -> Object {
    Object::builder()
        .schema_type(Type::Null)
        .description(Some("Not supported, and refused unless it is empty."))
        .build()
}

/// For `#[serde(deserialize_with)]`: whether there is more than null, false, and an empty text, list or object.
fn asks_for_something<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    deserializer.deserialize_any(SomethingVisitor)
}

struct SomethingVisitor;

impl<'de> Visitor<'de> for SomethingVisitor {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("null")
    }

    fn visit_unit<E: Error>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<bool, E> {
        Ok(value)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<bool, E> {
        Ok(true)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<bool, E> {
        Ok(true)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<bool, E> {
        Ok(true)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<bool, E> {
        Ok(!value.trim().is_empty())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<bool, A::Error> {
        let mut any = false;
        while list.next_element::<IgnoredAny>()?.is_some() {
            any = true;
        }
        Ok(any)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<bool, A::Error> {
        let mut any = false;
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
            any = true;
        }
        Ok(any)
    }
}

/// How the voice speaks. Only the speed and the name of a style have an effect.
#[derive(Clone, Debug, Default, Deserialize, utoipa::ToSchema)]
pub(crate) struct VoiceSettings {
    #[serde(default, deserialize_with = "lenient::number")]
    #[schema(minimum = 0.0, maximum = 1.0)]
    stability: Option<f32>,
    #[serde(default, deserialize_with = "lenient::number")]
    #[schema(minimum = 0.0, maximum = 1.0)]
    similarity_boost: Option<f32>,
    #[schema(schema_with = style)]
    style: Option<Style>,
    #[serde(default, deserialize_with = "lenient::number")]
    #[schema(schema_with = schemas::speed)]
    speed: Option<f32>,
    /// Has no effect.
    #[expect(dead_code, reason = "clients send it; the document lists the field")]
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    use_speaker_boost: Option<IgnoredAny>,
}

fn style() -> Schema {
    let amount = schemas::nullable(Type::Number, "Has no effect.").minimum(Some(0.0)).maximum(Some(1.0));
    let name = Object::builder().schema_type(Type::String).description(Some("A style of the model."));
    Schema::AnyOf(AnyOf::builder().item(amount).item(name).build())
}

/// ElevenLabs' number says how much of the speaker's own style there is; this model has styles by name.
#[derive(Clone, Debug)]
enum Style {
    Amount(f32),
    Name(String),
}

impl<'de> Deserialize<'de> for Style {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StyleVisitor)
    }
}

/// An untagged enum would first build whatever comes.
struct StyleVisitor;

impl Visitor<'_> for StyleVisitor {
    type Value = Style;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number from 0 to 1, or the name of a style")
    }

    fn visit_f64<E: Error>(self, amount: f64) -> Result<Style, E> {
        Ok(Style::Amount(amount as f32))
    }

    fn visit_u64<E: Error>(self, amount: u64) -> Result<Style, E> {
        Ok(Style::Amount(amount as f32))
    }

    fn visit_i64<E: Error>(self, amount: i64) -> Result<Style, E> {
        Ok(Style::Amount(amount as f32))
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Style, E> {
        Ok(name.trim().parse().map_or_else(|_| Style::Name(name.to_owned()), Style::Amount))
    }
}

/// An error with the names of this dialect: the engine speaks of `style`.
pub(super) fn in_our_words(error: ApiError) -> ApiError {
    error.renamed("style", "voice_settings.style")
}

impl Fields {
    /// The language to speak in, as the client names it.
    pub(super) fn language_code(&self) -> Option<&str> {
        self.language_code.as_deref()
    }

    /// The dictionaries that are asked for, once.
    pub(super) fn take_locators(&mut self) -> Vec<Locator> {
        self.pronunciation_dictionary_locators.take().unwrap_or_default().named()
    }

    /// The request: `base` with what these fields ask for.
    ///
    /// # Errors
    /// A field is missing, out of range, or asks for what there isn't.
    pub(super) fn into_request(self, clean: Clean, base: SpeechRequest) -> Result<SpeechRequest, ApiError> {
        if self.audio_effects {
            return Err(ApiError::unsupported("audio_effects", "there are no audio effects here"));
        }
        let mut request = SpeechRequest {
            text: self.text.ok_or_else(|| ApiError::invalid("text", "is required"))?,
            normalization: self.apply_text_normalization,
            seed: self.seed,
            strip: clean.strip(true, self.strip_markdown, self.strip_emoji),
            ..base
        };
        self.voice_settings.unwrap_or_default().apply(&mut request)?;
        Ok(request)
    }
}

impl VoiceSettings {
    /// # Errors
    /// A value is out of range.
    pub(crate) fn check(&self) -> Result<(), ApiError> {
        let style = match self.style {
            Some(Style::Amount(amount)) => Some(amount),
            _ => None,
        };
        for (field, value) in [
            ("voice_settings.stability", self.stability),
            ("voice_settings.similarity_boost", self.similarity_boost),
            ("voice_settings.style", style),
        ] {
            if value.is_some_and(|value| !(0.0..=1.0).contains(&value)) {
                return Err(ApiError::invalid(field, "must be from 0 to 1"));
            }
        }
        let (min, max) = (TimeStretch::MIN_SPEED, TimeStretch::MAX_SPEED);
        if self.speed.is_some_and(|speed| !(min..=max).contains(&speed)) {
            return Err(ApiError::invalid("voice_settings.speed", format!("must be from {min} to {max}")));
        }
        Ok(())
    }

    /// Sets what has a meaning here: the speed, and a style by its name.
    ///
    /// # Errors
    /// As [`VoiceSettings::check`].
    pub(crate) fn apply(self, request: &mut SpeechRequest) -> Result<(), ApiError> {
        self.check()?;
        if let Some(speed) = self.speed {
            request.speed = speed;
        }
        if let Some(Style::Name(name)) = self.style {
            request.style = Some(name).filter(|name| !name.trim().is_empty());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn request(fields: Value) -> Result<SpeechRequest, ApiError> {
        let fields: Fields = serde_json::from_value(fields).unwrap();
        fields.into_request(Clean::Auto, SpeechRequest::default())
    }

    #[test]
    fn all_that_elevenlabs_sends_is_taken() {
        let request = request(json!({
            "text": "a", "model_id": "eleven_multilingual_v2", "language_code": "hi", "seed": 7,
            "voice_settings": {"stability": 0.5, "similarity_boost": 0.75, "style": 0.0, "use_speaker_boost": true, "speed": 1.1},
            "pronunciation_dictionary_locators": [], "previous_text": "b", "next_request_ids": ["x"],
            "use_pvc_as_ivc": false, "apply_text_normalization": "off", "apply_language_text_normalization": null,
        }))
        .unwrap();
        assert_eq!((request.speed, request.seed, request.style), (1.1, Some(7), None));
        assert_eq!(request.normalization, Normalization::Off);
    }

    #[test]
    fn a_style_may_be_named() {
        let request = request(json!({"text": "a", "voice_settings": {"style": "happy"}})).unwrap();
        assert_eq!(request.style.as_deref(), Some("happy"));
    }

    #[test]
    fn what_there_is_not_is_refused() {
        for (fields, field) in [
            (json!({}), "text"),
            (json!({"text": "a", "voice_settings": {"stability": 1.5}}), "voice_settings.stability"),
            (json!({"text": "a", "voice_settings": {"style": -1}}), "voice_settings.style"),
            (json!({"text": "a", "audio_effects": {"pan": 1}}), "audio_effects"),
        ] {
            assert_eq!(request(fields).unwrap_err().field, Some(field));
        }
    }
}
