//! The fields of `POST /v1/audio/speech`: OpenAI's, the hosted Svara API's and vLLM-Omni's.

use serde::{Deserialize, de::IgnoredAny};
use svara_api::{
    error::ApiError,
    reading::{
        agreeing::{agreeing, contradiction},
        ignored::Ignored,
        lenient, loudness, schemas,
        upload::Upload,
    },
};
use svara_audio::{EncoderSpec, Format};
use svara_engine::{Normalization, Voices};
use utoipa::openapi::Object;

use super::voice_field::{VoiceField, voice_field};
use crate::{hosted, spoken::SpokenLanguage, svara};

/// OpenAI's default.
const DEFAULT_FORMAT: Format = Format::Mp3;

/// A request for speech, with OpenAI's field names.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = OpenAiSpeech)]
pub(super) struct Fields {
    /// The text to speak.
    #[schema(value_type = String, min_length = 1)]
    pub(super) input: Option<String>,
    #[schema(schema_with = voice_field)]
    pub(super) voice: Option<VoiceField>,
    /// The same: a name that other servers have for it.
    #[schema(schema_with = voice_field)]
    pub(super) speaker: Option<VoiceField>,
    /// Any name: this server runs one model.
    #[expect(dead_code, reason = "OpenAI's clients send OpenAI's names; the document lists the field")]
    #[serde(default)]
    #[schema(value_type = String)]
    pub(super) model: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "lenient::text")]
    #[schema(schema_with = response_format)]
    pub(super) response_format: Option<String>,
    /// If this names one style of the model, that style is used.
    #[serde(default, deserialize_with = "lenient::text")]
    pub(super) instructions: Option<String>,
    #[serde(default, deserialize_with = "lenient::number")]
    #[schema(schema_with = schemas::speed)]
    pub(super) speed: Option<f32>,
    #[serde(default, deserialize_with = "lenient::number")]
    #[schema(schema_with = loudness::volume)]
    pub(super) volume: Option<f32>,
    #[serde(default, deserialize_with = "lenient::number")]
    #[schema(schema_with = loudness::gain_db)]
    pub(super) gain_db: Option<f32>,
    #[serde(default, deserialize_with = "lenient::text")]
    #[schema(schema_with = stream_format)]
    pub(super) stream_format: Option<String>,
    /// With false, the audio comes in one body with its length, and exact sizes in its header. Not OpenAI's own.
    #[serde(default, deserialize_with = "lenient::flag")]
    pub(super) stream: Option<bool>,
    /// The language to speak in: a code of ISO 639-1 or 639-3, a BCP-47 tag or a name. Chooses the voice if voice is missing
    /// or one of OpenAI's names. auto: the text's writing system does, if voice is missing.
    #[serde(default, deserialize_with = "lenient::text")]
    pub(super) language: Option<String>,
    /// The same: ElevenLabs' name.
    #[serde(default, deserialize_with = "lenient::text")]
    pub(super) language_code: Option<String>,
    /// The same: the hosted API's name.
    #[serde(default, deserialize_with = "lenient::text")]
    pub(super) lang: Option<String>,
    #[serde(default, deserialize_with = "lenient::number")]
    #[schema(schema_with = schemas::sample_rate)]
    pub(super) sample_rate: Option<u32>,
    /// The bit rate in kbit/s, of mp3, opus and aac.
    #[serde(default, deserialize_with = "lenient::number")]
    #[schema(value_type = Option<i64>, minimum = 1)]
    pub(super) bitrate_kbps: Option<u32>,
    /// Whether numbers and dates are written out in words: auto, on or off.
    #[serde(default, deserialize_with = "svara::normalization")]
    #[schema(schema_with = svara::text_normalization)]
    pub(super) text_normalization: Normalization,
    /// The same: the hosted API's name.
    #[serde(default, deserialize_with = "svara::normalization")]
    #[schema(schema_with = svara::text_normalization)]
    pub(super) normalize: Normalization,
    #[serde(default, deserialize_with = "lenient::number")]
    #[schema(minimum = 0.0, maximum = 2.0)]
    pub(super) temperature: Option<f32>,
    #[serde(default, deserialize_with = "lenient::number")]
    #[schema(exclusive_minimum = 0.0, maximum = 1.0)]
    pub(super) top_p: Option<f32>,
    #[serde(default, deserialize_with = "lenient::number")]
    #[schema(minimum = -1)]
    pub(super) top_k: Option<i32>,
    #[serde(default, deserialize_with = "lenient::number")]
    #[schema(minimum = 1.0, maximum = 2.0)]
    pub(super) repetition_penalty: Option<f32>,
    /// A second of speech is 82 tokens.
    #[serde(default, deserialize_with = "lenient::number")]
    #[schema(minimum = 7, maximum = 4096)]
    pub(super) max_tokens: Option<u32>,
    /// The same: vLLM-Omni's name.
    #[serde(default, deserialize_with = "lenient::number")]
    #[schema(minimum = 7, maximum = 4096)]
    pub(super) max_new_tokens: Option<u32>,
    #[serde(default, deserialize_with = "lenient::number")]
    #[schema(schema_with = schemas::seed)]
    pub(super) seed: Option<u64>,
    /// Removes Markdown's marks, code blocks and a model's thoughts from the text. By default, the server's configuration
    /// decides.
    #[serde(default, deserialize_with = "lenient::flag")]
    pub(super) strip_markdown: Option<bool>,
    /// Removes emoji from the text. By default, the server's configuration decides.
    #[serde(default, deserialize_with = "lenient::flag")]
    pub(super) strip_emoji: Option<bool>,
    /// A recording to speak like, in base64 or as a data URL: vLLM-Omni's name.
    #[schema(value_type = Option<String>)]
    pub(super) ref_audio: Option<Upload>,
    /// What is said in the recording.
    #[serde(default, deserialize_with = "lenient::text")]
    pub(super) ref_text: Option<String>,
    /// A pronunciation dictionary. X-Svara-Dictionary says whether there is one of this id: hit or miss.
    #[serde(default, deserialize_with = "lenient::text")]
    pub(super) pronunciation_dictionary_id: Option<String>,
}

fn response_format() -> Object {
    schemas::format(DEFAULT_FORMAT)
}

fn stream_format() -> Object {
    schemas::choice(["audio", "sse"], "Whether the audio comes as it is or in server-sent events.")
}

impl Fields {
    /// The names that a request has in vain, with those that its other fields overrule.
    pub(super) fn name_overruled(&self, voices: &Voices, ignored: Ignored) -> Ignored {
        let recorded = self.ref_audio.as_ref().is_some_and(|audio| !audio.is_empty());
        let strange = |voice: &Option<VoiceField>| {
            recorded && voice.as_ref().is_some_and(|VoiceField(name)| voices.find(name).is_err())
        };
        let overruled = [
            ("ref_text", self.ref_text.is_some() && !recorded),
            ("stream", self.stream == Some(false) && self.as_events() == Ok(true)),
            ("voice", strange(&self.voice)),
            ("speaker", strange(&self.speaker)),
        ];
        let names = overruled.into_iter().filter(|(_, is)| *is);
        names.fold(ignored, |ignored, (name, _)| ignored.and(name))
    }

    /// Whether the audio comes in events.
    ///
    /// # Errors
    /// `stream_format` is neither.
    pub(super) fn as_events(&self) -> Result<bool, ApiError> {
        let name = self.stream_format.as_ref().map(|name| name.trim().to_ascii_lowercase());
        match name.as_deref() {
            None | Some("audio") => Ok(false),
            Some("sse") => Ok(true),
            Some(other) => {
                let other: String = other.chars().take(32).collect();
                let reason = format!("{other:?} is not available; supported: audio, sse");
                Err(ApiError::unsupported("stream_format", reason))
            }
        }
    }

    /// What to encode to.
    ///
    /// # Errors
    /// As of [`hosted::spec`].
    pub(super) fn spec(&self, as_events: bool) -> Result<EncoderSpec, ApiError> {
        // What is streamed because the client says so is played as it comes: the hosted API's samples.
        let default = if self.stream == Some(true) && !as_events { Format::Pcm } else { DEFAULT_FORMAT };
        hosted::spec(self.response_format.as_deref(), default, self.sample_rate, self.bitrate_kbps)
    }

    /// Whether it has fields of the hosted API alone.
    pub(super) fn has_hosted_fields(&self) -> bool {
        self.stream.is_some()
            || self.lang.is_some()
            || self.bitrate_kbps.is_some()
            || self.pronunciation_dictionary_id.is_some()
    }

    /// The name of the voice, once.
    ///
    /// # Errors
    /// Its two fields name different ones.
    pub(super) fn take_voice(&mut self) -> Result<Option<String>, ApiError> {
        let [voice, speaker] =
            [self.voice.take(), self.speaker.take()].map(|voice| voice.map(|VoiceField(name)| name));
        agreeing(("voice", voice), ("speaker", speaker))
    }

    /// The fields that name a language, as far as they are there, with what they name.
    pub(super) fn languages(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all =
            [("language", &self.language), ("language_code", &self.language_code), ("lang", &self.lang)];
        all.into_iter().filter_map(|(field, name)| Some((field, name.as_deref()?)))
    }

    /// The language to speak in: of the fields for it, the first one that names one counts.
    ///
    /// # Errors
    /// No voice speaks it, or another field names another one.
    pub(super) fn spoken(&self, voices: &Voices) -> Result<Option<SpokenLanguage>, ApiError> {
        let mut spoken: Option<SpokenLanguage> = None;
        for (field, name) in self.languages() {
            let named = SpokenLanguage::named(voices, field, Some(name))?;
            if let (Some(first), Some(named)) = (&spoken, &named)
                && !named.agrees(first)
            {
                return Err(contradiction(first.field(), field));
            }
            spoken = spoken.or(named);
        }
        Ok(spoken)
    }

    /// Whether numbers and dates are written out; `auto` leaves it to the other of its two fields.
    ///
    /// # Errors
    /// They contradict each other.
    pub(super) fn normalization(&self) -> Result<Normalization, ApiError> {
        let chosen = |normalization| Some(normalization).filter(|chosen| *chosen != Normalization::Auto);
        let normalization = agreeing(
            ("text_normalization", chosen(self.text_normalization)),
            ("normalize", chosen(self.normalize)),
        )?;
        Ok(normalization.unwrap_or(Normalization::Auto))
    }
}
