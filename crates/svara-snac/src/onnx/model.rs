//! Metadata of a codec's model file.

use std::{path::Path, str::FromStr};

use ort::session::Session;

use super::{ModelFile, precision::StateFloat};
use crate::{LoadError, frame::CODEBOOKS};

/// Properties of a codec graph, from its metadata. A file without metadata counts as a plain SNAC 24 kHz decoder, like
/// the public exports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CodecModel {
    /// `stream`, `plain` or `encoder`.
    pub(crate) kind: String,
    pub(crate) sample_rate_hz: u32,
    pub(crate) samples_per_frame: usize,
    pub(crate) samples_per_latent: usize,
    pub(crate) codebook_size: u16,
    /// Samples by which a stream decoder's output lags; also how far a code's influence reaches to either side.
    pub(crate) delay_samples: usize,
    /// Floats in one stream's state; 0 for graphs without state.
    pub(crate) state_len: usize,
    pub(crate) state_float: StateFloat,
    /// Frames of context a window needs on each side to decode its middle exactly.
    pub(crate) context_frames: usize,
    /// The noise inputs, in order; empty for graphs without noise.
    pub(crate) noise: Vec<NoiseLayer>,
}

/// A noise input: element j is the draw for sample `latent * rate - delay + j` at its layer's rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoiseLayer {
    /// Draws per latent.
    pub(crate) rate: usize,
    /// Draws by which the layer lags in a stream.
    pub(crate) delay: usize,
}

/// No real codec comes near these bounds. They keep a damaged file from asking for more memory than there is.
const BOUNDS: [(&str, usize); 4] = [
    ("samples_per_latent", 1 << 14),
    ("delay_samples", 1 << 17),
    ("state_len", 1 << 22),
    ("context_frames", 64),
];

impl CodecModel {
    /// Reads the metadata of a session and checks that the graph has the inputs it implies.
    pub(crate) fn read(session: &Session, path: &Path) -> Result<Self, LoadError> {
        let broken = |reason: String| LoadError::Model { path: path.to_owned(), reason };
        let inputs: Vec<&str> = session.inputs().iter().map(|input| input.name()).collect();
        let metadata = session.metadata().map_err(|error| broken(error.to_string()))?;
        Self::of(|key| metadata.custom(key), &inputs).map_err(broken)
    }

    /// The same of a file that no session has opened.
    pub(crate) fn of_file(file: &ModelFile) -> Result<Self, String> {
        let metadata = file.metadata();
        Self::of(|key| metadata.get(key).map(|value| (*value).to_owned()), &file.inputs())
    }

    fn of(custom: impl Fn(&str) -> Option<String>, inputs: &[&str]) -> Result<Self, String> {
        let model = Self::parse(custom, inputs)?;
        let implied = model.implied_inputs();
        let missing: Vec<&String> = implied.iter().filter(|name| !inputs.contains(&name.as_str())).collect();
        let unknown: Vec<&&str> = inputs.iter().filter(|name| !implied.iter().any(|n| n == *name)).collect();
        if !missing.is_empty() || !unknown.is_empty() {
            return Err(format!(
                "not a SNAC {} graph: missing inputs {missing:?}, unknown {unknown:?}",
                model.kind
            ));
        }
        Ok(model)
    }

    /// The shapes and delays of a SNAC 24 kHz stream decoder, without weights or state.
    pub(crate) fn snac_24khz_stream() -> Self {
        Self {
            kind: "stream".to_owned(),
            sample_rate_hz: 24_000,
            samples_per_frame: 2048,
            samples_per_latent: 512,
            codebook_size: 4096,
            delay_samples: 4757,
            state_len: 0,
            state_float: StateFloat::Single,
            context_frames: 3,
            noise: Vec::new(),
        }
    }

    /// Whether the graph carries its past and so decodes each frame once.
    pub(crate) fn is_stream(&self) -> bool {
        self.kind == "stream"
    }

    /// Latents per frame.
    pub(crate) fn latents_per_frame(&self) -> usize {
        self.samples_per_frame / self.samples_per_latent
    }

    fn parse(custom: impl Fn(&str) -> Option<String>, inputs: &[&str]) -> Result<Self, String> {
        fn number<T: FromStr>(value: Option<String>, key: &str, default: T) -> Result<T, String> {
            let Some(value) = value else { return Ok(default) };
            value.parse().map_err(|_| format!("metadata {key} is {value:?}, not a number in range"))
        }
        let kind = custom("kind")
            .unwrap_or_else(|| if inputs == ["audio"] { "encoder" } else { "plain" }.to_owned());
        let layers = (0..).take_while(|layer| inputs.contains(&format!("noise.{layer}").as_str()));
        let noise = layers.map(|layer| {
            let (rate, delay) = (format!("noise_rate.{layer}"), format!("noise_delay.{layer}"));
            Ok(NoiseLayer {
                rate: number(custom(&rate), &rate, 0)?,
                delay: number(custom(&delay), &delay, 0)?,
            })
        });
        let model = Self {
            sample_rate_hz: number(custom("sample_rate"), "sample_rate", 24_000)?,
            samples_per_frame: number(custom("samples_per_frame"), "samples_per_frame", 2048)?,
            samples_per_latent: number(custom("samples_per_latent"), "samples_per_latent", 512)?,
            codebook_size: number(custom("codebook_size"), "codebook_size", 4096)?,
            delay_samples: number(custom("delay_samples"), "delay_samples", 0)?,
            state_len: number(custom("state_len"), "state_len", 0)?,
            state_float: match custom("precision").as_deref() {
                None | Some("float32") => StateFloat::Single,
                Some("float16") => StateFloat::Half,
                Some(other) => {
                    return Err(format!("metadata precision is {other:?}, expected float32 or float16"));
                }
            },
            context_frames: number(custom("context_frames"), "context_frames", 3)?,
            noise: noise.collect::<Result<_, String>>()?,
            kind,
        };
        model.check(custom("vq_strides"))?;
        Ok(model)
    }

    /// Rejects what the rest of the crate can't handle.
    fn check(&self, strides: Option<String>) -> Result<(), String> {
        if !["stream", "plain", "encoder"].contains(&self.kind.as_str()) {
            return Err(format!("metadata kind is {:?}, expected stream, plain or encoder", self.kind));
        }
        if let Some(strides) = strides.filter(|strides| strides != "4,2,1") {
            return Err(format!("metadata vq_strides is {strides:?}: frames of seven codes need 4,2,1"));
        }
        if self.samples_per_latent == 0 || self.samples_per_frame != self.samples_per_latent.saturating_mul(4)
        {
            return Err("metadata samples_per_frame must be four times samples_per_latent".to_owned());
        }
        let values = [self.samples_per_latent, self.delay_samples, self.state_len, self.context_frames];
        if let Some((_, (key, most))) = values.iter().zip(BOUNDS).find(|(value, (_, most))| **value > *most) {
            return Err(format!("metadata {key} must be at most {most}"));
        }
        if self.codebook_size == 0 || self.sample_rate_hz == 0 {
            return Err("metadata codebook_size and sample_rate must not be 0".to_owned());
        }
        if self.noise.iter().any(|layer| !(1..=self.samples_per_latent).contains(&layer.rate)) {
            return Err("metadata noise_rate.N is required for each input noise.N, and must be from 1 to \
                        samples_per_latent"
                .to_owned());
        }
        if self.noise.iter().any(|layer| layer.delay > self.delay_samples) {
            return Err("metadata noise_delay.N must be at most delay_samples".to_owned());
        }
        if (self.kind == "stream") != (self.state_len > 0) {
            return Err("metadata state_len is required for stream graphs, and allowed only there".to_owned());
        }
        Ok(())
    }

    fn implied_inputs(&self) -> Vec<String> {
        if self.kind == "encoder" {
            return vec!["audio".to_owned()];
        }
        let codes = (0..CODEBOOKS).map(|codebook| format!("audio_codes.{codebook}"));
        let noise = (0..self.noise.len()).map(|layer| format!("noise.{layer}"));
        let stream = if self.kind == "stream" { &["pos", "total", "state"][..] } else { &[] };
        codes.chain(noise).chain(stream.iter().map(|name| (*name).to_owned())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODES: [&str; 3] = ["audio_codes.0", "audio_codes.1", "audio_codes.2"];

    fn parse(metadata: &[(&str, &str)], inputs: &[&str]) -> Result<CodecModel, String> {
        let custom = |key: &str| metadata.iter().find(|(k, _)| *k == key).map(|(_, v)| (*v).to_owned());
        CodecModel::parse(custom, inputs)
    }

    #[test]
    fn a_file_without_metadata_is_a_plain_24_khz_decoder() {
        let model = parse(&[], &CODES).unwrap();
        assert_eq!((model.kind.as_str(), model.samples_per_frame, model.context_frames), ("plain", 2048, 3));
        assert_eq!(model.implied_inputs(), CODES);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (metadata, word) in [
            (&[("kind", "vocoder")][..], "kind"),
            (&[("vq_strides", "8,4,2,1")], "vq_strides"),
            (&[("codebook_size", "0")], "codebook_size"),
            (&[("codebook_size", "70000")], "codebook_size"),
            (&[("samples_per_latent", "0")], "samples_per_latent"),
            (&[("kind", "stream")], "state_len"),
            (&[("state_len", "-1")], "state_len"),
            (&[("precision", "int4")], "precision"),
        ] {
            let error = parse(metadata, &CODES).unwrap_err();
            assert!(error.contains(word), "{error}");
        }
        let inputs = [&CODES[..], &["noise.0"]].concat();
        assert!(parse(&[], &inputs).unwrap_err().contains("noise_rate"));
    }
}
