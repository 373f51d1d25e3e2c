//! The cache key: a digest of everything that shapes the audio of a request.

use std::fmt;

use sha2::{Digest, Sha256};
use svara_audio::EncoderSpec;
use svara_engine::{Normalization, Sampling, SpeechRequest, Strip};

/// Names one piece of audio.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key([u8; 32]);

/// A request, with the server's defaults filled in.
pub(crate) struct Shaped<'a> {
    /// The server's setup: model, decoder, version.
    pub(crate) setup: &'a str,
    /// The request.
    pub(crate) request: &'a SpeechRequest,
    /// The id of the voice that the request names.
    pub(crate) voice_id: &'a str,
    /// The sampling parameters, with the profile's defaults.
    pub(crate) sampling: Sampling,
    /// The format of the file.
    pub(crate) spec: EncoderSpec,
    /// Whether the file is streamed: its header then has no sizes.
    pub(crate) streamed: bool,
}

impl Key {
    /// The key of a request; equal for requests that give the same audio, as far as that can be known.
    pub(crate) fn of(shaped: &Shaped) -> Self {
        let Shaped { setup, request, voice_id, sampling, spec, streamed } = shaped;
        // Destructured, so that a new field doesn't compile until it is decided here whether it shapes the audio.
        let SpeechRequest {
            text,
            voice: _,
            reference,
            language,
            style,
            normalization,
            strip: Strip { markdown, emoji },
            dictionaries,
            speed,
            gain,
            sampling: overrides,
            seed,
            request_id: _,
            trace: _,
        } = request;
        let Sampling { temperature, top_p, top_k, repetition_penalty, max_tokens } = sampling;
        let mut fields = Fields(Sha256::new());
        fields.text(setup);
        // One word in two encodings is one prompt.
        fields.text(&svara_text::spelled(text));
        match reference {
            None => fields.text(voice_id),
            Some(reference) => {
                let codes = reference.frames.iter().flat_map(|frame| frame.0);
                fields.bytes(&codes.flat_map(u16::to_le_bytes).collect::<Vec<u8>>());
                fields.optional(reference.transcript.as_deref().map(str::as_bytes));
                fields.text(reference.voice.language());
            }
        }
        fields.optional(language.map(|language| language.code().as_bytes()));
        fields.optional(style.as_deref().map(str::as_bytes));
        for dictionary in dictionaries {
            fields.bytes(&dictionary.digest());
        }
        let normalization = match normalization {
            Normalization::Auto => 0,
            Normalization::On => 1,
            Normalization::Off => 2,
        };
        // A request that sets max_tokens is cut there; without it, reaching the limit is an error.
        let cut = overrides.max_tokens.is_some();
        fields.bytes(&[normalization, (*markdown).into(), (*emoji).into(), cut.into(), (*streamed).into()]);
        for number in [speed, &gain.factor(), temperature, top_p, repetition_penalty] {
            fields.bytes(&number.to_bits().to_le_bytes());
        }
        fields.bytes(&top_k.to_le_bytes());
        fields.bytes(&max_tokens.to_le_bytes());
        fields.optional(seed.map(u64::to_le_bytes).as_ref().map(<[u8; 8]>::as_slice));
        fields.text(spec.format().name());
        fields.bytes(&spec.rate().hz().to_le_bytes());
        fields.optional(spec.bitrate_bps().map(u32::to_le_bytes).as_ref().map(<[u8; 4]>::as_slice));
        Self(fields.0.finalize().into())
    }
}

/// 64 hexadecimal digits; also the file's name in the store.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({self})")
    }
}

/// Digests fields in sequence, each with its length, so that their boundaries count.
struct Fields(Sha256);

impl Fields {
    fn bytes(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn optional(&mut self, bytes: Option<&[u8]>) {
        self.bytes(&[bytes.is_some().into()]);
        self.bytes(bytes.unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashMap, sync::Arc};

    use svara_audio::{Format, SampleRate};
    use svara_engine::{Dictionary, Language, ReferenceVoice, Rule, SamplingOverrides, Voice};
    use svara_snac::Frame;

    use super::*;

    const SAMPLING: Sampling =
        Sampling { temperature: 0.75, top_p: 0.9, top_k: 40, repetition_penalty: 1.1, max_tokens: 2048 };

    fn key(
        setup: &str,
        request: &SpeechRequest,
        sampling: Sampling,
        spec: EncoderSpec,
        streamed: bool,
    ) -> Key {
        Key::of(&Shaped { setup, request, voice_id: &request.voice, sampling, spec, streamed })
    }

    fn reference(code: u16, transcript: Option<&str>, language: &str) -> Option<Arc<ReferenceVoice>> {
        let voice = Voice {
            voice_id: "r".to_owned(),
            name: "r".to_owned(),
            model_id: "m".to_owned(),
            gender: None,
            languages: vec![language.to_owned()],
            description: None,
            speaker_id: None,
            aliases: Vec::new(),
        };
        let frames = [Frame([code; 7])].into();
        Some(Arc::new(ReferenceVoice {
            voice: Arc::new(voice),
            frames,
            transcript: transcript.map(Into::into),
        }))
    }

    fn dictionary(text: &str, alias: &str) -> Vec<Arc<Dictionary>> {
        vec![Arc::new(Dictionary::new(vec![Rule::new(text, alias)]).unwrap())]
    }

    #[test]
    fn whatever_shapes_the_audio_makes_another_key() {
        let base = SpeechRequest { text: "ab".into(), voice: "hi_male".into(), ..SpeechRequest::default() };
        let wav = EncoderSpec::new(Format::Wav).unwrap();
        let mut seen = HashMap::from([(key("s", &base, SAMPLING, wav, true), "base")]);
        let mut differs = |what, key| assert_eq!(seen.insert(key, what), None, "{what}");
        type Change = fn(&mut SpeechRequest);
        let changes: [(&str, Change); 18] = [
            ("text", |r| r.text = "abc".into()),
            ("voice", |r| r.voice = "hi_female".into()),
            ("reference", |r| r.reference = reference(1, None, "hi")),
            ("its codes", |r| r.reference = reference(2, None, "hi")),
            ("its words", |r| r.reference = reference(1, Some(""), "hi")),
            ("its language", |r| r.reference = reference(1, None, "ta")),
            ("style", |r| r.style = Some(String::new())),
            ("language", |r| r.language = Some(Language::Tamil)),
            ("gain", |r| r.gain = svara_audio::Gain::from_factor(2.0).unwrap()),
            ("normalization", |r| r.normalization = Normalization::Off),
            ("markdown", |r| r.strip.markdown = true),
            ("emoji", |r| r.strip.emoji = true),
            ("dictionary", |r| r.dictionaries = dictionary("a", "b")),
            ("what it says", |r| r.dictionaries = dictionary("a", "c")),
            ("speed", |r| r.speed = 1.01),
            ("seed", |r| r.seed = Some(0)),
            ("another seed", |r| r.seed = Some(1)),
            ("to be cut", |r| r.sampling.max_tokens = Some(2048)),
        ];
        for (what, change) in changes {
            let mut request = base.clone();
            change(&mut request);
            differs(what, key("s", &request, SAMPLING, wav, true));
        }
        for (what, sampling) in [
            ("temperature", Sampling { temperature: 0.7, ..SAMPLING }),
            ("top_p", Sampling { top_p: 0.75, ..SAMPLING }),
            ("top_k", Sampling { top_k: 41, ..SAMPLING }),
            ("repetition_penalty", Sampling { repetition_penalty: 1.2, ..SAMPLING }),
            ("max_tokens", Sampling { max_tokens: 2047, ..SAMPLING }),
        ] {
            differs(what, key("s", &base, sampling, wav, true));
        }
        for (what, spec) in [
            ("format", EncoderSpec::new(Format::Pcm).unwrap()),
            ("rate", wav.with_rate(SampleRate::HZ_8000).unwrap()),
            ("opus", EncoderSpec::new(Format::Opus).unwrap()),
            ("bit rate", EncoderSpec::new(Format::Opus).unwrap().with_bitrate_bps(64_000).unwrap()),
        ] {
            differs(what, key("s", &base, SAMPLING, spec, true));
        }
        differs("setup", key("t", &base, SAMPLING, wav, true));
        differs("a whole", key("s", &base, SAMPLING, wav, false));
    }

    #[test]
    fn what_is_not_heard_makes_none() {
        let base = SpeechRequest { text: "ab".into(), voice: "hi_male".into(), ..SpeechRequest::default() };
        let wav = EncoderSpec::new(Format::Wav).unwrap();
        let other = SpeechRequest {
            request_id: "other".into(),
            sampling: SamplingOverrides { temperature: Some(0.75), ..SamplingOverrides::default() },
            ..base.clone()
        };
        let (one, two) = (key("s", &base, SAMPLING, wav, true), key("s", &other, SAMPLING, wav, true));
        assert_eq!(one, two, "a default that is given equals one that is left out");
        assert_eq!(one.to_string().len(), 64);
        let spelled =
            |text: &str| key("s", &SpeechRequest { text: text.into(), ..base.clone() }, SAMPLING, wav, true);
        assert_eq!(spelled("\u{95b}रूरत"), spelled("\u{91c}\u{93c}रूरत"), "one word in two encodings");
    }

    #[test]
    fn fields_do_not_run_into_each_other() {
        let wav = EncoderSpec::new(Format::Wav).unwrap();
        let request = |text: &str, voice: &str| SpeechRequest {
            text: text.into(),
            voice: voice.into(),
            ..SpeechRequest::default()
        };
        let of = |setup, text, voice| key(setup, &request(text, voice), SAMPLING, wav, true);
        assert_ne!(of("s", "ab", "c"), of("s", "a", "bc"));
        assert_ne!(of("sa", "b", "c"), of("s", "ab", "c"));
    }
}
