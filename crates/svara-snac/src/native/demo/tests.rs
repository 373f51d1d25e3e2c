//! The codec against itself. `tests/it/demo.rs` compares it with ONNX Runtime, `damaged.rs` gives it damaged files.

use proptest::prelude::*;
use svara_testkit::models;

use super::*;
use crate::{
    Frame,
    onnx::{CodecModel, ModelFile},
    simd::VectorUnit,
};

fn file(name: &str) -> (ModelFile, CodecModel) {
    let file = ModelFile::read(&models::demo_codec(name)).unwrap();
    let model = CodecModel::of_file(&file).unwrap();
    (file, model)
}

fn frames(seed: usize, count: usize) -> Vec<Frame> {
    let code = |number: usize, slot: usize| ((seed * 977 + number * 1_319 + slot * 370) % 4096) as u16;
    (0..count).map(|number| Frame(std::array::from_fn(|slot| code(number, slot)))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// What a window keeps is the same bits as in the whole, if it has its context; and so is any part of what it keeps. A
    /// buffer that was used before changes nothing.
    #[test]
    fn windows_and_parts_have_the_bits_of_the_whole(
        seed in 0usize..1000, count in 1usize..12, first in 0usize..12, kept in 1usize..4,
        part in 0.0f64..1.0, len in 1usize..6000,
    ) {
        let (file, model) = file("decoder.onnx");
        let (frames, frame) = (frames(seed, count), model.samples_per_frame);
        let (first, end) = (first % count, (first % count + kept).min(count));
        let window = first.saturating_sub(model.context_frames)..(end + model.context_frames).min(count);
        for unit in VectorUnit::all() {
            let decoder = DemoDecoder::load(&file, &model, unit).unwrap();
            let mut buffers = DecoderBuffers::default();
            let whole = decoder.run(&frames, 0..count * frame, &mut buffers).to_vec();
            prop_assert_eq!(whole.len(), count * frame);
            let keep = (first - window.start) * frame..(end - window.start) * frame;
            let samples = decoder.run(&frames[window.clone()], keep.clone(), &mut buffers).to_vec();
            prop_assert_eq!(&samples[..], &whole[first * frame..end * frame], "{}", unit);
            let from = keep.start + (part * keep.len() as f64) as usize;
            let part = from..(from + len).min(keep.end);
            let samples = decoder.run(&frames[window.clone()], part.clone(), &mut buffers);
            let start = window.start * frame;
            prop_assert_eq!(samples, &whole[start + part.start..start + part.end], "{}", unit);
        }
    }
}

#[test]
fn nothing_to_keep_is_nothing_and_beyond_the_end_there_is_nothing() {
    let (file, model) = file("decoder.onnx");
    let decoder = DemoDecoder::load(&file, &model, VectorUnit::best()).unwrap();
    let mut buffers = DecoderBuffers::default();
    assert!(decoder.run(&[], 0..100, &mut buffers).is_empty());
    assert!(decoder.run(&frames(1, 2), 100..100, &mut buffers).is_empty());
    assert!(decoder.run(&frames(1, 2), 4096..5000, &mut buffers).is_empty());
    assert_eq!(decoder.run(&frames(1, 2), 4000..5000, &mut buffers).len(), 96);
}

#[test]
fn vector_units_differ_in_rounding_only() {
    let (file, model) = file("decoder.onnx");
    let decode = |unit| {
        let decoder = DemoDecoder::load(&file, &model, unit).unwrap();
        decoder.run(&frames(7, 8), 0..8 * 2048, &mut DecoderBuffers::default()).to_vec()
    };
    let best = decode(VectorUnit::best());
    for unit in VectorUnit::all() {
        let largest = decode(unit).iter().zip(&best).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(largest < 1e-5, "{unit}: {largest}");
    }
}

/// A sound's start has the same codes whatever follows much later.
#[test]
fn codes_depend_on_what_is_near() {
    let (file, model) = file("encoder.onnx");
    let encoder = DemoEncoder::load(&file, &model, VectorUnit::best()).unwrap();
    let sound: Vec<f32> = (0..20 * 2048).map(|n| 0.4 * (n as f32 * n as f32 * 1e-6).sin()).collect();
    let mut buffers = EncoderBuffers::default();
    let whole = encoder.run(&sound, &mut buffers);
    assert_eq!(whole.each_ref().map(Vec::len), [20, 40, 80]);
    let start = encoder.run(&sound[..12 * 2048], &mut buffers);
    for (level, (whole, start)) in whole.iter().zip(&start).enumerate() {
        assert_eq!(whole[..8 << level], start[..8 << level]);
    }
    assert!(encoder.run(&[], &mut buffers).iter().all(Vec::is_empty));
}

#[test]
fn what_isnt_the_demo_codec_is_refused_with_the_reason() {
    let unit = VectorUnit::best();
    let refused = |file: &ModelFile, model: &CodecModel| DemoDecoder::load(file, model, unit).unwrap_err().0;
    let (decoder, model) = file("decoder.onnx");
    let (encoder, of_encoder) = file("encoder.onnx");
    assert!(refused(&encoder, &of_encoder).contains("encoder graph"));
    assert!(DemoEncoder::load(&decoder, &model, unit).unwrap_err().0.contains("plain graph"));
    let context = CodecModel { context_frames: 2, ..model.clone() };
    assert!(refused(&decoder, &context).contains("windows are shorter"));
    let codes = CodecModel { codebook_size: 2048, ..model.clone() };
    assert!(refused(&decoder, &codes).contains("quantizers.0.codebook.weight"));
    let rate = CodecModel { samples_per_latent: 500, samples_per_frame: 2000, ..model.clone() };
    assert!(refused(&decoder, &rate).contains("metadata"));
    let mut other = decoder;
    other.about = "a codec".to_owned();
    assert!(refused(&other, &model).contains("train_demo_codec.py"));
}
