//! Jobs in their stored form, JSON. Fields may be added; none changes its meaning.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use svara_audio::{EncoderSpec, Format, Gain, SampleRate};
use svara_engine::{Normalization, ReferenceVoice, SamplingOverrides, SpeechRequest, Strip, Voice};
use svara_snac::Frame;
use svara_text::Language;

use super::dictionaries::Dictionaries;
use crate::{ServiceError, Times, Timestamps};

/// What a job speaks. Written once, before the caller gets the job's id.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct JobRecord {
    pub(super) created_unix_s: u64,
    /// The name of the key that submitted it; none if no key was required.
    pub(super) owner: Option<String>,
    /// What callers have said for certain words of the items; jobs of earlier versions have none.
    #[serde(default, skip_serializing_if = "Dictionaries::is_empty")]
    pub(super) dictionaries: Dictionaries,
    pub(super) items: Vec<ItemRecord>,
}

/// One text of a job, with everything that shapes its audio.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct ItemRecord {
    pub(super) text: String,
    voice: String,
    reference: Option<ReferenceRecord>,
    /// The code of the language it is read in, where that isn't the voice's; jobs of earlier versions have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    style: Option<String>,
    normalization: Normalization,
    strip_markdown: bool,
    strip_emoji: bool,
    /// The places of its dictionaries among those of the job.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    dictionaries: Vec<usize>,
    speed: f32,
    /// A factor on the samples; jobs of earlier versions have none.
    #[serde(default = "unity")]
    gain: f32,
    temperature: Option<f32>,
    top_p: Option<f32>,
    top_k: Option<i32>,
    repetition_penalty: Option<f32>,
    pub(super) max_tokens: Option<u32>,
    seed: Option<u64>,
    format: String,
    sample_rate_hz: u32,
    bitrate_bps: Option<u32>,
    pub(super) timestamps: Option<Timestamps>,
}

/// The recording whose voice speaks an item.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct ReferenceRecord {
    voice: Voice,
    frames: Vec<[u16; 7]>,
    transcript: Option<String>,
}

/// The part of a job that stays in memory: everything but its texts.
#[derive(Debug)]
pub struct Summary {
    pub(super) created_unix_s: u64,
    pub(super) owner: Option<String>,
    /// Its items, in order.
    pub items: Vec<ItemSummary>,
}

/// The part of an item that stays in memory.
#[derive(Clone, Debug)]
pub struct ItemSummary {
    /// Characters of its text.
    pub characters: usize,
    /// The name of its audio format.
    pub format: String,
    /// The sample rate of its audio.
    pub sample_rate_hz: u32,
    /// The times that the request asked for.
    pub timestamps: Option<Timestamps>,
}

/// The times of an item's words or characters, as responses show them.
#[derive(Serialize)]
pub(super) struct TimesRecord {
    #[serde(flatten)]
    pub(super) times: Times,
    #[serde(rename = "times")]
    pub(super) kind: &'static str,
}

/// The end of an item. Written once, after its audio and its times.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct EndRecord {
    /// Audio generated, in seconds.
    pub audio_seconds: f64,
    /// The size of the audio file; none if the item failed.
    pub audio_bytes: Option<u64>,
    /// The size of the file of times.
    #[serde(default)]
    pub times_bytes: u64,
    /// Why the item failed.
    pub failure: Option<FailureRecord>,
}

/// A failure, in the terms of responses.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct FailureRecord {
    #[serde(rename = "type")]
    /// The stable word for it.
    pub kind: String,
    /// For people.
    pub message: String,
    /// The field of the request that is wrong.
    pub field: Option<String>,
    /// Whose failure it is.
    pub origin: String,
    /// Whether the same item may succeed later.
    pub retryable: bool,
}

impl JobRecord {
    /// All but the texts.
    pub(super) fn summary(&self) -> Summary {
        let items = self.items.iter().map(|item| ItemSummary {
            characters: item.characters(),
            format: item.format.clone(),
            sample_rate_hz: item.sample_rate_hz,
            timestamps: item.timestamps,
        });
        let items = items.collect();
        Summary { created_unix_s: self.created_unix_s, owner: self.owner.clone(), items }
    }
}

fn unity() -> f32 {
    Gain::UNITY.factor()
}

impl ItemRecord {
    /// An item that speaks this request later.
    pub(super) fn new(
        request: SpeechRequest,
        dictionaries: Vec<usize>,
        spec: EncoderSpec,
        timestamps: Option<Timestamps>,
    ) -> Self {
        let reference = request.reference.map(|reference| ReferenceRecord {
            voice: (*reference.voice).clone(),
            frames: reference.frames.iter().map(|frame| frame.0).collect(),
            transcript: reference.transcript.as_deref().map(str::to_owned),
        });
        let SamplingOverrides { temperature, top_p, top_k, repetition_penalty, max_tokens } =
            request.sampling;
        Self {
            text: request.text,
            voice: request.voice,
            reference,
            language: request.language.map(|language| language.code().to_owned()),
            style: request.style,
            normalization: request.normalization,
            strip_markdown: request.strip.markdown,
            strip_emoji: request.strip.emoji,
            dictionaries,
            speed: request.speed,
            gain: request.gain.factor(),
            temperature,
            top_p,
            top_k,
            repetition_penalty,
            max_tokens,
            seed: request.seed,
            format: spec.format().name().to_owned(),
            sample_rate_hz: spec.rate().hz(),
            bitrate_bps: spec.bitrate_bps(),
            timestamps,
        }
    }

    /// The request for a part of the text, with the dictionaries of the job.
    ///
    /// # Errors
    /// The job doesn't have one of the item's, or the item's language isn't known here.
    pub(super) fn request(
        &self,
        text: &str,
        request_id: String,
        dictionaries: &Dictionaries,
    ) -> Result<SpeechRequest, ServiceError> {
        let reference = self.reference.as_ref().map(|reference| {
            Arc::new(ReferenceVoice {
                voice: Arc::new(reference.voice.clone()),
                frames: reference.frames.iter().copied().map(Frame).collect(),
                transcript: reference.transcript.as_deref().map(Into::into),
            })
        });
        let language = self.language.as_deref().map(str::parse::<Language>).transpose();
        let language = language.map_err(|error| ServiceError::unsupported("language", error))?;
        Ok(SpeechRequest {
            text: text.to_owned(),
            voice: self.voice.clone(),
            reference,
            language,
            style: self.style.clone(),
            normalization: self.normalization,
            strip: self.strip(),
            dictionaries: dictionaries.at(&self.dictionaries)?,
            speed: self.speed,
            // What was in range when the job was posted.
            gain: Gain::from_factor(self.gain).unwrap_or_default(),
            sampling: SamplingOverrides {
                temperature: self.temperature,
                top_p: self.top_p,
                top_k: self.top_k,
                repetition_penalty: self.repetition_penalty,
                max_tokens: self.max_tokens,
            },
            seed: self.seed,
            request_id,
            trace: None,
        })
    }

    /// The format of its audio file.
    ///
    /// # Errors
    /// This build has no encoder for the format.
    pub(super) fn spec(&self) -> Result<EncoderSpec, ServiceError> {
        let gone = |error: &dyn std::error::Error| ServiceError::unsupported("response_format", error);
        let format: Format = self.format.parse().map_err(|error| gone(&error))?;
        let rate = SampleRate::new(self.sample_rate_hz).map_err(|error| gone(&error))?;
        let spec = EncoderSpec::new(format).and_then(|spec| spec.with_rate(rate));
        let spec = match self.bitrate_bps {
            Some(bitrate_bps) => spec.and_then(|spec| spec.with_bitrate_bps(bitrate_bps)),
            None => spec,
        };
        spec.map_err(|error| gone(&error))
    }

    /// What is removed from its text.
    pub(super) fn strip(&self) -> Strip {
        Strip { markdown: self.strip_markdown, emoji: self.strip_emoji }
    }

    /// Whether callers have said something for certain words of it.
    pub(super) fn has_dictionaries(&self) -> bool {
        !self.dictionaries.is_empty()
    }

    /// Characters of its text.
    pub(super) fn characters(&self) -> usize {
        self.text.chars().count()
    }
}

impl EndRecord {
    /// The size of its files, in bytes.
    pub(super) fn kept_bytes(&self) -> u64 {
        self.audio_bytes.unwrap_or(0).saturating_add(self.times_bytes)
    }

    /// The end of an item that failed, without files.
    pub(super) fn failed(audio_seconds: f64, error: ServiceError) -> Self {
        Self { audio_seconds, audio_bytes: None, times_bytes: 0, failure: Some(error.into()) }
    }
}

impl From<ServiceError> for FailureRecord {
    fn from(error: ServiceError) -> Self {
        Self {
            kind: error.kind.name().to_owned(),
            message: error.message,
            field: error.field.map(str::to_owned),
            origin: error.origin.name().to_owned(),
            retryable: error.retryable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_asks_for_the_same() {
        let voice = Voice {
            voice_id: "reference-1".to_owned(),
            name: "reference".to_owned(),
            model_id: "m".to_owned(),
            gender: None,
            languages: vec!["hi".to_owned()],
            description: None,
            speaker_id: None,
            aliases: Vec::new(),
        };
        let request = SpeechRequest {
            text: "नमस्ते".to_owned(),
            voice: "reference-1".to_owned(),
            reference: Some(Arc::new(ReferenceVoice {
                voice: Arc::new(voice),
                frames: [Frame([1, 2, 3, 4, 5, 6, 4095])].into(),
                transcript: Some("words".into()),
            })),
            language: Some(Language::English),
            style: Some("happy".to_owned()),
            normalization: Normalization::Off,
            strip: Strip { markdown: true, emoji: false },
            dictionaries: Vec::new(),
            speed: 1.25,
            gain: Gain::from_factor(2.0).unwrap(),
            sampling: SamplingOverrides {
                top_k: Some(-1),
                temperature: Some(0.1),
                ..SamplingOverrides::default()
            },
            seed: Some(u64::MAX),
            request_id: "r".to_owned(),
            trace: None,
        };
        let spec = EncoderSpec::new(Format::Opus).unwrap().with_bitrate_bps(64_000).unwrap();
        let stored =
            serde_json::to_vec(&ItemRecord::new(request.clone(), Vec::new(), spec, Some(Timestamps::Word)))
                .unwrap();
        let item: ItemRecord = serde_json::from_slice(&stored).unwrap();
        assert_eq!((item.spec().unwrap(), item.timestamps), (spec, Some(Timestamps::Word)));
        let asked = item.request("नमस्ते", "r".to_owned(), &Dictionaries::default()).unwrap();
        assert_eq!(format!("{asked:?}"), format!("{request:?}"));
    }
}
