use std::path::PathBuf;

use svara_snac::{
    DecodeError, Decoder, DecoderSettings, EncoderSettings, Frame,
    onnx::{Device, LibrarySearch, Runtime},
};
use svara_testkit::models;

pub fn search() -> LibrarySearch {
    LibrarySearch { models_lib: models::onnxruntime_dir(), ..LibrarySearch::default() }
}

pub fn settings(model: PathBuf) -> DecoderSettings {
    DecoderSettings { model, device: Device::Cpu, threads: 2, max_streams: 32, ..DecoderSettings::default() }
}

pub fn encoder_settings(model: PathBuf) -> EncoderSettings {
    EncoderSettings { model, ..EncoderSettings::default() }
}

pub fn decoder(model: PathBuf) -> Decoder {
    Decoder::load(&Runtime::load(&search()).unwrap(), &settings(model)).unwrap()
}

/// Pseudo-random frames, different for every seed.
pub fn frames(seed: u64, count: usize) -> Vec<Frame> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut code = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 52) as u16
    };
    (0..count).map(|_| Frame(std::array::from_fn(|_| code()))).collect()
}

/// Decodes a whole stream, `hop` frames per call.
pub async fn decode(
    decoder: &Decoder,
    seed: u64,
    frames: &[Frame],
    hop: usize,
) -> Result<Vec<f32>, DecodeError> {
    let mut stream = decoder.open(seed)?;
    let mut samples = Vec::new();
    let cut = frames.len().saturating_sub(1) / hop * hop;
    let (head, tail) = frames.split_at(cut);
    for frames in head.chunks(hop) {
        samples.extend(stream.push(frames).await?);
    }
    samples.extend(stream.finish(tail).await?);
    Ok(samples)
}

pub fn max_difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len(), "different lengths");
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}
