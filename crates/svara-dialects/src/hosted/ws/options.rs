//! What the address of a socket asks for.

use std::str::FromStr;

use http::Uri;
use svara_api::{
    door::KEY_PARAMETERS,
    error::ApiError,
    reading::{agreeing::agreeing, allowed, encoded, ignored::Ignored},
};
use svara_audio::Format;
use svara_engine::Normalization;
use svara_text::EagerRules;
use utoipa::openapi::{
    Object, Required,
    path::{Parameter, ParameterBuilder, ParameterIn},
    schema::Type,
};

use crate::svara;

/// What sockets get that name no format: samples, to be played as they come.
pub(super) const DEFAULT_FORMAT: Format = Format::Pcm;
/// The most words of a chunk.
const MOST_WORDS: usize = 200;
/// The parameters.
const PARAMETERS: [&str; 20] = [
    "voice",
    "response_format",
    "mode",
    "sample_rate",
    "bitrate_kbps",
    "speed",
    "volume",
    "gain_db",
    "lang",
    "language",
    "normalize",
    "temperature",
    "top_p",
    "top_k",
    "repetition_penalty",
    "presence_penalty",
    "pronunciation_dictionary_id",
    "chunk_words",
    "peek_words",
    "max_chunk_words",
];

/// Another one, which means nothing here: there is one model.
const MODEL: &str = "model";

/// When speech starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Eager {
    chunk_words: usize,
    peek_words: usize,
    max_chunk_words: usize,
}

impl Eager {
    /// The rules for texts of at most this many characters.
    pub(super) fn rules(self, max_characters: usize) -> EagerRules {
        let Self { chunk_words, peek_words, max_chunk_words } = self;
        EagerRules { chunk_words, peek_words, max_chunk_words, max_characters }
    }
}

/// What the address asks for.
#[derive(Debug)]
pub(super) struct Options {
    pub(super) voice: Option<String>,
    pub(super) response_format: Option<String>,
    pub(super) sample_rate: Option<u32>,
    pub(super) bitrate_kbps: Option<u32>,
    pub(super) speed: Option<f32>,
    pub(super) volume: Option<f32>,
    pub(super) gain_db: Option<f32>,
    pub(super) lang: Option<String>,
    pub(super) normalization: Normalization,
    pub(super) temperature: Option<f32>,
    pub(super) top_p: Option<f32>,
    pub(super) top_k: Option<i32>,
    pub(super) repetition_penalty: Option<f32>,
    pub(super) dictionary_id: Option<String>,
    pub(super) eager: Eager,
}

impl Options {
    /// Reads an address; also what isn't known there, or has no effect. The middleware reads the key.
    ///
    /// # Errors
    /// A value is malformed or out of range.
    pub(super) fn read(uri: &Uri) -> Result<(Self, Ignored), ApiError> {
        let mut options = Self {
            voice: None,
            response_format: None,
            sample_rate: None,
            bitrate_kbps: None,
            speed: None,
            volume: None,
            gain_db: None,
            lang: None,
            normalization: Normalization::Auto,
            temperature: None,
            top_p: None,
            top_k: None,
            repetition_penalty: None,
            dictionary_id: None,
            eager: Eager { chunk_words: 4, peek_words: 2, max_chunk_words: 20 },
        };
        let known = [PARAMETERS.as_slice(), &KEY_PARAMETERS, &[MODEL]].concat();
        let (mut most_words, mut ignored) = (None, Ignored::default().with_query(uri, &known));
        for (name, value) in encoded::parameters(uri, &PARAMETERS, &[])? {
            match name {
                "voice" => options.voice = Some(value),
                "response_format" => options.response_format = Some(value),
                "mode" => {
                    if !value.eq_ignore_ascii_case("eager") {
                        let shown: String = value.chars().take(32).collect();
                        let reason = format!("{shown:?} is not available; supported: eager");
                        return Err(ApiError::unsupported("mode", reason));
                    }
                }
                "sample_rate" => options.sample_rate = Some(number("sample_rate", &value)?),
                "bitrate_kbps" => options.bitrate_kbps = Some(number("bitrate_kbps", &value)?),
                "speed" => options.speed = Some(number("speed", &value)?),
                "volume" => options.volume = Some(number("volume", &value)?),
                "gain_db" => options.gain_db = Some(number("gain_db", &value)?),
                "lang" => options.lang = agreeing(("lang", Some(value)), ("language", options.lang))?,
                "language" => options.lang = agreeing(("lang", options.lang), ("language", Some(value)))?,
                "normalize" => options.normalization = svara::normalization_named("normalize", &value)?,
                "temperature" => options.temperature = Some(number("temperature", &value)?),
                "top_p" => options.top_p = Some(number("top_p", &value)?),
                "top_k" => options.top_k = Some(number("top_k", &value)?),
                "repetition_penalty" => {
                    options.repetition_penalty = Some(number("repetition_penalty", &value)?);
                }
                "presence_penalty" => {
                    // The hosted API takes it, and it has no effect there.
                    number::<f32>("presence_penalty", &value)?;
                    ignored = ignored.and("presence_penalty");
                }
                "pronunciation_dictionary_id" => options.dictionary_id = Some(value),
                "chunk_words" => options.eager.chunk_words = words("chunk_words", &value, 1)?,
                "peek_words" => options.eager.peek_words = words("peek_words", &value, 0)?,
                "max_chunk_words" => most_words = Some(words("max_chunk_words", &value, 1)?),
                other => return Err(ApiError::internal(format!("the parameter {other} isn't read"))),
            }
        }
        let eager = &mut options.eager;
        if most_words.is_some_and(|most| most < eager.chunk_words) {
            let reason = format!("must be at least chunk_words, {}", eager.chunk_words);
            return Err(ApiError::invalid("max_chunk_words", reason));
        }
        eager.max_chunk_words = most_words.unwrap_or(eager.max_chunk_words).max(eager.chunk_words);
        Ok((options, ignored))
    }
}

fn number<T: FromStr>(field: &'static str, value: &str) -> Result<T, ApiError> {
    value.trim().parse().map_err(|_| ApiError::invalid(field, format!("must be {}", allowed(field))))
}

/// What a parameter may be, as the document has it.
fn allowed(field: &str) -> String {
    let parameters = <Address as utoipa::IntoParams>::into_params(|| None);
    let schema = parameters.into_iter().find(|known| known.name == field).and_then(|known| known.schema);
    let schema = schema.and_then(|schema| serde_json::to_value(schema).ok());
    schema.and_then(|schema| allowed::describe(&schema)).unwrap_or_else(|| "a number".to_owned())
}

fn words(field: &'static str, value: &str, least: usize) -> Result<usize, ApiError> {
    let count = value.trim().parse().ok().filter(|count| (least..=MOST_WORDS).contains(count));
    count.ok_or_else(|| ApiError::invalid(field, format!("must be from {least} to {MOST_WORDS}")))
}

/// The parameters, in the document.
pub(super) struct Address;

impl utoipa::IntoParams for Address {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let of = |name: &str, schema: Object, about: &str| {
            ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Query)
                .required(Required::False)
                .schema(Some(schema))
                .description(Some(about))
                .build()
        };
        let text = || Object::with_type(Type::String);
        let names =
            |names: Vec<&str>| Object::builder().schema_type(Type::String).enum_values(Some(names)).build();
        let whole = |least: usize, most: usize| {
            Object::builder().schema_type(Type::Integer).minimum(Some(least)).maximum(Some(most)).build()
        };
        let real = |least: f64, most: f64| {
            Object::builder().schema_type(Type::Number).minimum(Some(least)).maximum(Some(most)).build()
        };
        let rates = Format::Pcm.rates().iter().map(|rate| rate.hz());
        let rates = Object::builder().schema_type(Type::Integer).enum_values(Some(rates)).build();
        let least = |least: isize| Object::builder().schema_type(Type::Integer).minimum(Some(least)).build();
        let on_off = || Object::with_type(Type::Boolean);
        vec![
            of("voice", text(), "The voice that speaks. Required unless lang is given."),
            of(
                "response_format",
                names(Format::supported().map(Format::name).collect()),
                &format!("The default is {DEFAULT_FORMAT}."),
            ),
            of("mode", names(vec!["eager"]), "Speech starts some words in, before a sentence ends."),
            of("chunk_words", whole(1, MOST_WORDS), "The fewest words of a chunk; the default is 4."),
            of("peek_words", whole(0, MOST_WORDS), "Words that must follow a chunk; the default is 2."),
            of("max_chunk_words", whole(1, MOST_WORDS), "The most words of a chunk; the default is 20."),
            of("sample_rate", rates, "One of the rates of the format, in Hz; the default is 24000."),
            of("bitrate_kbps", whole(1, 320), "The bit rate in kbit/s, of mp3, opus and aac."),
            of("speed", real(0.7, 1.5), "1 is the model's own pace."),
            of("volume", real(0.01, 10.0), "A factor on the loudness; 1 is the model's own."),
            of("gain_db", real(-40.0, 20.0), "The same in decibels, instead of volume."),
            of("lang", text(), "The language to speak in: a code of ISO 639, a BCP-47 tag or a name."),
            of("normalize", on_off(), "Whether numbers and dates are written out in words."),
            of("temperature", real(0.0, 2.0), "See POST /v1/audio/speech."),
            of("top_p", real(0.0, 1.0), "See POST /v1/audio/speech."),
            of("top_k", least(-1), "See POST /v1/audio/speech."),
            of("repetition_penalty", real(1.0, 2.0), "See POST /v1/audio/speech."),
            of("presence_penalty", Object::with_type(Type::Number), "Has no effect."),
            of(
                "pronunciation_dictionary_id",
                text(),
                "A pronunciation dictionary; X-Svara-Dictionary says whether there is one of this id: hit or miss.",
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_read() {
        let query = "voice=hi_female&mode=eager&chunk_words=3&peek_words=0&max_chunk_words=9&speed=1.2&lang=hin\
                     &normalize=false&top_k=5&presence_penalty=0.5&pronunciation_dictionary_id=d&xi-api-key=k&shade=1";
        let read = |query: &str| Options::read(&format!("/?{query}").parse().unwrap());
        let (options, ignored) = read(query).unwrap();
        assert_eq!(options.eager, Eager { chunk_words: 3, peek_words: 0, max_chunk_words: 9 });
        assert_eq!((options.speed, options.top_k), (Some(1.2), Some(5)));
        assert_eq!(options.normalization, Normalization::Off);
        assert_eq!(ignored.told(()).headers()["x-ignored-fields"], "presence_penalty, shade");
        let (options, _) = read("chunk_words=30").unwrap();
        assert_eq!(options.eager.max_chunk_words, 30);
        for (query, field) in [
            ("mode=lazy", "mode"),
            ("chunk_words=0", "chunk_words"),
            ("chunk_words=x", "chunk_words"),
            ("peek_words=-1", "peek_words"),
            ("max_chunk_words=3", "max_chunk_words"),
            ("max_chunk_words=201", "max_chunk_words"),
            ("normalize=perhaps", "normalize"),
            ("speed=fast", "speed"),
            ("sample_rate=-1", "sample_rate"),
            ("presence_penalty=x", "presence_penalty"),
        ] {
            assert_eq!(read(query).unwrap_err().field, Some(field), "{query}");
        }
    }

    #[test]
    fn every_parameter_is_read() {
        for name in PARAMETERS {
            let read = Options::read(&format!("/?{name}=~").parse().unwrap());
            assert!(!read.is_err_and(|error| error.status().is_server_error()), "{name}");
        }
    }
}
