//! `session.config`: how a connection speaks.

use serde::{Deserialize, Deserializer, de::IgnoredAny};
use svara_api::{
    door::asker::Asker,
    error::ApiError,
    reading::{lenient, schemas},
    state::AppState,
};
use svara_audio::Format;
use svara_engine::{SamplingOverrides, SpeakError, SpeechRequest};
use svara_service::{Delivery, Dialect, Order};
use utoipa::openapi::Object;

use crate::{
    hosted,
    spoken::SpokenLanguage,
    voice::{self, ByWords},
};

/// vLLM-Omni's default.
const DEFAULT_FORMAT: Format = Format::Wav;

/// The fields of `session.config`. vLLM-Omni's others are about how its own model runs.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub(super) struct Fields {
    #[serde(default, alias = "speaker", deserialize_with = "lenient::text")]
    voice: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    language: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    instructions: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    #[schema(schema_with = response_format)]
    response_format: Option<String>,
    #[serde(default, deserialize_with = "lenient::number")]
    #[schema(schema_with = schemas::sample_rate)]
    sample_rate: Option<u32>,
    #[serde(default, deserialize_with = "lenient::number")]
    #[schema(schema_with = schemas::speed)]
    speed: Option<f32>,
    #[serde(default, deserialize_with = "lenient::number")]
    #[schema(minimum = 7, maximum = 4096)]
    max_new_tokens: Option<u32>,
    #[serde(default, deserialize_with = "lenient::number")]
    #[schema(schema_with = schemas::seed)]
    seed: Option<u64>,
    #[serde(default, deserialize_with = "lenient::flag")]
    stream_audio: Option<bool>,
    #[serde(default, deserialize_with = "split")]
    #[schema(value_type = Option<String>)]
    split_granularity: Option<Split>,
    #[serde(default, deserialize_with = "lenient::text")]
    task_type: Option<String>,
    #[serde(default, deserialize_with = "lenient::flag")]
    word_timestamps: Option<bool>,
    #[serde(default, deserialize_with = "lenient::flag")]
    x_vector_only_mode: Option<bool>,
    #[schema(value_type = Option<String>)]
    ref_audio: Option<IgnoredAny>,
    #[schema(value_type = Option<Vec<f32>>)]
    speaker_embedding: Option<IgnoredAny>,
}

fn response_format() -> Object {
    schemas::format(DEFAULT_FORMAT)
}

/// Where the text is cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Split {
    /// Nowhere: it is spoken at its end.
    None,
    /// Behind sentences, once they are complete.
    #[default]
    Sentence,
    /// Behind the clauses of a sentence, once it is complete.
    Clause,
}

fn split<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Split>, D::Error> {
    lenient::word(deserializer, "must be none, sentence or clause", |name| match name {
        "none" => Some(Split::None),
        "sentence" => Some(Split::Sentence),
        "clause" => Some(Split::Clause),
        _ => None,
    })
}

/// How a connection speaks.
#[derive(Clone)]
pub(super) struct Config {
    /// What all sentences have in common.
    pub(super) template: Order,
    /// What the words of an utterance may still choose.
    pub(super) by_words: ByWords,
    pub(super) split: Split,
}

impl Config {
    /// Checks the fields.
    ///
    /// # Errors
    /// A field is wrong, or asks for what there isn't.
    pub(super) async fn new(state: &AppState, asker: &Asker, fields: Fields) -> Result<Self, ApiError> {
        for (field, is_asked, reason) in [
            ("word_timestamps", fields.word_timestamps == Some(true), "are not available here"),
            ("x_vector_only_mode", fields.x_vector_only_mode == Some(true), "is not available here"),
            ("speaker_embedding", fields.speaker_embedding.is_some(), "is not available here"),
            (
                "ref_audio",
                fields.ref_audio.is_some(),
                "can't be sent over a WebSocket: save the voice with POST /v1/voices, and name it",
            ),
            (
                "task_type",
                fields.task_type.is_some_and(|task| task == "VoiceDesign"),
                "VoiceDesign is not available here",
            ),
        ] {
            if is_asked {
                return Err(ApiError::unsupported(field, format!("{field} {reason}")));
            }
        }
        let engine = state.service.engine();
        let spec = hosted::spec(fields.response_format.as_deref(), DEFAULT_FORMAT, fields.sample_rate, None)?;
        let spoken = SpokenLanguage::named(engine.voices(), "language", fields.language.as_deref())?;
        let is_auto = voice::is_auto(fields.language.as_deref());
        let (voice, by_words) = voice::before_words(engine.voices(), fields.voice, spoken.as_ref(), is_auto)?;
        let instructions = fields.instructions;
        let sampling =
            SamplingOverrides { max_tokens: fields.max_new_tokens, ..SamplingOverrides::default() };
        let in_range = engine.profile().sampling.with(&sampling);
        in_range.map_err(|(field, reason)| {
            let field = if field == "max_tokens" { "max_new_tokens" } else { field };
            ApiError::invalid(field, reason)
        })?;
        let mut request = SpeechRequest {
            text: "a".to_owned(),
            language: spoken.and_then(|spoken| spoken.beside(engine.voices(), &voice)),
            voice,
            style: instructions.and_then(|instructions| engine.style_named_in(&instructions)),
            speed: fields.speed.unwrap_or(1.0),
            sampling,
            seed: fields.seed,
            strip: state.clean.strip(true, None, None),
            ..asker.speech_request()
        };
        state.service.find_voice(&asker.caller, &mut request).await?;
        engine.check(&request).map_err(|error: SpeakError| ApiError::from(error))?;
        // A whole file of each sentence, unless its parts are asked for.
        let delivery = if fields.stream_audio == Some(true) { Delivery::Streamed } else { Delivery::Whole };
        let template =
            Order { caller: asker.caller.clone(), dialect: Dialect::OpenAi, request, spec, delivery };
        Ok(Self { template, by_words, split: fields.split_granularity.unwrap_or_default() })
    }
}
