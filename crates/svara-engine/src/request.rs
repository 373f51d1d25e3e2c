//! A request for speech, in one form for all dialects.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use svara_audio::Gain;
#[cfg(doc)]
use svara_audio::TimeStretch;
use svara_snac::FRAME_CODES;
use svara_text::{Dictionary, Language, Strip};

#[cfg(doc)]
use crate::voice::voices::Voices;
use crate::{trace::TraceContext, voice::reference::ReferenceVoice};

/// A text to be spoken by one voice.
#[derive(Clone, Debug)]
pub struct SpeechRequest {
    /// The text, as the user typed it.
    pub text: String,
    /// Any name that [`Voices::find`] takes, such as a voice id ("hi_female") or a speaker id ("Hindi (Female)").
    pub voice: String,
    /// The recording whose voice speaks instead of `voice`.
    pub reference: Option<Arc<ReferenceVoice>>,
    /// The language in which numbers and the like are read; `None`: that of the voice.
    pub language: Option<Language>,
    /// One of the model's style tags, such as "happy".
    pub style: Option<String>,
    /// Whether numbers, dates and the like are turned into words.
    pub normalization: Normalization,
    /// What is removed from the text before anything else.
    pub strip: Strip,
    /// What is said for certain words.
    pub dictionaries: Vec<Arc<Dictionary>>,
    /// The speed, without a change of pitch: 0.25 to 4, the range of [`TimeStretch`]. 1 is the model's own.
    pub speed: f32,
    /// How much louder than the model's own samples; whoever sends the samples applies it.
    pub gain: Gain,
    /// Overrides of the sampling in the model's profile.
    pub sampling: SamplingOverrides,
    /// Makes the speech repeatable: the same request with the same seed gives the same samples.
    pub seed: Option<u64>,
    /// The id of this request in logs and in the engine.
    pub request_id: String,
    /// The caller's trace.
    pub trace: Option<TraceContext>,
}

impl Default for SpeechRequest {
    /// An empty text, at the model's own speed.
    fn default() -> Self {
        Self {
            text: String::new(),
            voice: String::new(),
            reference: None,
            language: None,
            style: None,
            normalization: Normalization::default(),
            strip: Strip::default(),
            dictionaries: Vec::new(),
            speed: 1.0,
            gain: Gain::UNITY,
            sampling: SamplingOverrides::default(),
            seed: None,
            request_id: String::new(),
            trace: None,
        }
    }
}

/// Whether numbers, dates, money and the like become words of the voice's language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Normalization {
    /// If the language has rules.
    #[default]
    Auto,
    /// Always. A language without rules is an error.
    On,
    /// Never: the model gets what was typed.
    Off,
}

/// How the model samples its tokens. The ranges are those of the Python stack.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sampling {
    /// 0 (always the most likely token) to 2.
    pub temperature: f32,
    /// Above 0, at most 1 (all tokens).
    pub top_p: f32,
    /// At least 1; −1 or 0 for all tokens.
    pub top_k: i32,
    /// 1 (none) to 2.
    pub repetition_penalty: f32,
    /// 7 (one frame) to 4096. A second of speech is about 82 tokens.
    pub max_tokens: u32,
}

/// The fields of [`Sampling`] that a request overrides.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SamplingOverrides {
    /// See [`Sampling::temperature`].
    pub temperature: Option<f32>,
    /// See [`Sampling::top_p`].
    pub top_p: Option<f32>,
    /// See [`Sampling::top_k`].
    pub top_k: Option<i32>,
    /// See [`Sampling::repetition_penalty`].
    pub repetition_penalty: Option<f32>,
    /// See [`Sampling::max_tokens`].
    pub max_tokens: Option<u32>,
}

impl Sampling {
    /// Applies the overrides of a request.
    ///
    /// # Errors
    /// The name of the field that is out of range, and what is allowed.
    pub fn with(self, overrides: &SamplingOverrides) -> Result<Self, (&'static str, &'static str)> {
        let sampling = Self {
            temperature: overrides.temperature.unwrap_or(self.temperature),
            top_p: overrides.top_p.unwrap_or(self.top_p),
            top_k: overrides.top_k.unwrap_or(self.top_k),
            repetition_penalty: overrides.repetition_penalty.unwrap_or(self.repetition_penalty),
            max_tokens: overrides.max_tokens.unwrap_or(self.max_tokens),
        };
        sampling.check()?;
        Ok(sampling)
    }

    /// # Errors
    /// The name of the field that is out of range, and what is allowed.
    pub(crate) fn check(&self) -> Result<(), (&'static str, &'static str)> {
        if !(0.0..=2.0).contains(&self.temperature) {
            return Err(("temperature", "must be from 0 to 2"));
        }
        if !(self.top_p > 0.0 && self.top_p <= 1.0) {
            return Err(("top_p", "must be greater than 0 and at most 1"));
        }
        if self.top_k < -1 {
            return Err(("top_k", "must be at least 1, or -1 or 0 for all tokens"));
        }
        if !(1.0..=2.0).contains(&self.repetition_penalty) {
            return Err(("repetition_penalty", "must be from 1 to 2"));
        }
        // Fewer tokens than a frame can only be silence.
        if !(FRAME_CODES..=4096).contains(&(self.max_tokens as usize)) {
            return Err(("max_tokens", "must be from 7 to 4096"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFAULTS: Sampling =
        Sampling { temperature: 0.75, top_p: 0.9, top_k: 40, repetition_penalty: 1.1, max_tokens: 2048 };

    #[test]
    fn overrides_replace_what_they_set() {
        let overrides =
            SamplingOverrides { top_k: Some(-1), max_tokens: Some(7), ..SamplingOverrides::default() };
        assert_eq!(DEFAULTS.with(&overrides), Ok(Sampling { top_k: -1, max_tokens: 7, ..DEFAULTS }));
    }

    #[test]
    fn values_out_of_range_name_their_field() {
        let none = SamplingOverrides::default();
        for (field, overrides) in [
            ("temperature", SamplingOverrides { temperature: Some(-0.1), ..none }),
            ("temperature", SamplingOverrides { temperature: Some(f32::NAN), ..none }),
            ("top_p", SamplingOverrides { top_p: Some(0.0), ..none }),
            ("top_p", SamplingOverrides { top_p: Some(f32::NAN), ..none }),
            ("top_k", SamplingOverrides { top_k: Some(-2), ..none }),
            ("repetition_penalty", SamplingOverrides { repetition_penalty: Some(0.9), ..none }),
            ("max_tokens", SamplingOverrides { max_tokens: Some(6), ..none }),
            ("max_tokens", SamplingOverrides { max_tokens: Some(4097), ..none }),
        ] {
            assert_eq!(DEFAULTS.with(&overrides).unwrap_err().0, field);
        }
    }
}
