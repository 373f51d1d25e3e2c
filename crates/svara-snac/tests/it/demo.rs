//! The demo voice's codec in native code against ONNX Runtime.

use std::{f32::consts::TAU, time::Duration};

use svara_snac::{
    Backend, Decoder, DecoderKind, DecoderSettings, EncoderSettings, Frame, LoadError, SnacEncoder, Vectors,
    onnx::Runtime,
};
use svara_testkit::models;

use crate::support::{decode, encoder_settings, frames, max_difference, search, settings};

/// The same sums rounded in another order.
const TOLERANCE: f32 = 1e-5;

fn decoder(backend: Backend, vectors: Vectors) -> Result<Decoder, LoadError> {
    let settings = DecoderSettings { backend, vectors, ..settings(models::demo_codec("decoder.onnx")) };
    Decoder::load(&Runtime::load(&search()).unwrap(), &settings)
}

fn encoder(backend: Backend, vectors: Vectors) -> Result<SnacEncoder, LoadError> {
    let settings =
        EncoderSettings { backend, vectors, ..encoder_settings(models::demo_codec("encoder.onnx")) };
    SnacEncoder::load(&Runtime::load(&search()).unwrap(), &settings)
}

/// The vectors of this processor, portable code among them.
fn all_vectors() -> Vec<Vectors> {
    let all = [Vectors::Avx512, Vectors::Avx2, Vectors::Neon, Vectors::None];
    let usable = all.into_iter().filter(|vectors| match decoder(Backend::Native, *vectors) {
        Err(LoadError::Vectors { .. }) => false,
        loaded => {
            loaded.unwrap();
            true
        }
    });
    usable.collect()
}

/// Seconds of a voice-like buzz with gliding pitch and formants, of hisses between, and of silence.
fn sound(seconds: usize, seed: u32) -> Vec<f32> {
    let mut noise = seed | 1;
    let mut phase = 0.0_f32;
    let (mut low, mut high) = ([0.0_f32; 2], [0.0_f32; 2]);
    let sample = |n: usize| {
        let time = n as f32 / 24_000.0;
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let hiss = (noise >> 8) as f32 / (1 << 23) as f32 - 1.0;
        phase = (phase + (130.0 + 40.0 * (time * 1.7).sin()) / 24_000.0).fract();
        let source = match n / 4_000 % 5 {
            0..=2 => 2.0 * phase - 1.0,
            3 => 0.3 * hiss,
            _ => 0.0,
        };
        let resonate = |past: &mut [f32; 2], hertz: f32| {
            let out = 0.1 * source + 1.9 * (TAU * hertz / 24_000.0).cos() * past[0] - 0.9025 * past[1];
            *past = [out, past[0]];
            out
        };
        let first = resonate(&mut low, 500.0 + 250.0 * (time * 3.1).sin());
        0.3 * (first + resonate(&mut high, 1_700.0 + 600.0 * (time * 2.3).cos()))
    };
    (0..seconds * 24_000).map(sample).collect()
}

#[tokio::test]
async fn samples_equal_the_graphs_whatever_the_windows_and_vectors() {
    let onnx = decoder(Backend::Onnx, Vectors::Auto).unwrap();
    assert_eq!((onnx.backend(), onnx.info().kind), (Some(Backend::Onnx), DecoderKind::Plain));
    let encoder = encoder(Backend::Onnx, Vectors::Auto).unwrap();
    let spoken = encoder.encode(sound(4, 1)).await.unwrap();
    for frames in [frames(3, 1), frames(4, 5), frames(5, 23), spoken] {
        let expected = decode(&onnx, 0, &frames, frames.len()).await.unwrap();
        assert!(expected.iter().any(|sample| sample.abs() > 0.05), "the reference is silent");
        for vectors in all_vectors() {
            let native = decoder(Backend::Native, vectors).unwrap();
            assert_eq!(native.backend(), Some(Backend::Native));
            let mut first = None;
            for hop in [1, 2, 7, 50] {
                let samples = decode(&native, 0, &frames, hop).await.unwrap();
                let error = max_difference(&samples, &expected);
                assert!(error < TOLERANCE, "{vectors}, {} frames, hop {hop}: {error}", frames.len());
                let first = first.get_or_insert_with(|| samples.clone());
                assert!(*first == samples, "{vectors}, {} frames: hop {hop} has other bits", frames.len());
            }
        }
    }
}

/// The same bits for streams that share calls, on several threads, and for the start of one that is previewed.
#[tokio::test(flavor = "multi_thread")]
async fn neither_company_nor_previews_change_a_bit() {
    let settings = DecoderSettings {
        max_batch: 3,
        batch_wait: Duration::from_millis(5),
        ..settings(models::demo_codec("decoder.onnx"))
    };
    let decoder = Decoder::load(&Runtime::load(&search()).unwrap(), &settings).unwrap();
    assert_eq!(decoder.backend(), Some(Backend::Native), "auto takes native code");
    let spoken = frames(1, 23);
    let expected = decode(&decoder, 9, &spoken, 1).await.unwrap();
    assert_eq!(expected.len(), 23 * 2048);
    let streams: Vec<_> = (0..6_usize)
        .map(|i| {
            let (decoder, spoken) = (decoder.clone(), spoken.clone());
            tokio::spawn(async move { decode(&decoder, 9, &spoken, 1 + i % 4).await.unwrap() })
        })
        .collect();
    for stream in streams {
        assert!(stream.await.unwrap() == expected);
    }
    let ended = decode(&decoder, 0, &spoken[..3], 3).await.unwrap();
    let mut stream = decoder.open_repeatable(0).unwrap();
    assert!(stream.push(&spoken[..1]).await.unwrap().is_empty());
    assert_eq!(stream.preview(&spoken[1..3], 3000).await.unwrap(), ended[..3000]);
}

/// Codes of all kinds of sound. Where two entries of a codebook are nearly equally far, rounding chooses; then the codes of the
/// later codebooks there differ, too.
#[tokio::test]
async fn codes_equal_the_graphs_but_for_ties() {
    let onnx = encoder(Backend::Onnx, Vectors::Auto).unwrap();
    assert_eq!(onnx.backend(), Backend::Onnx);
    let mut sounds = vec![sound(20, 1), sound(3, 77), vec![0.0; 30_000], vec![0.4; 5_000], vec![1e-3]];
    sounds.push(sound(5, 5).iter().map(|sample| sample * 1e-3).collect());
    sounds.push(sound(5, 6).iter().map(|sample| (sample * 20.0).clamp(-1.0, 1.0)).collect());
    for vectors in all_vectors() {
        let native = encoder(Backend::Native, vectors).unwrap();
        assert_eq!(native.backend(), Backend::Native);
        let (mut all, mut other) = (0, 0);
        for sound in &sounds {
            let expected = onnx.encode(sound.clone()).await.unwrap();
            let frames = native.encode(sound.clone()).await.unwrap();
            assert_eq!(frames.len(), expected.len());
            let codes = |frames: &[Frame]| frames.iter().flat_map(|frame| frame.0).collect::<Vec<_>>();
            all += 7 * frames.len();
            other += codes(&frames).iter().zip(codes(&expected)).filter(|(a, b)| **a != *b).count();
            assert!(frames == native.encode(sound.clone()).await.unwrap(), "the same codes each time");
        }
        assert!(other * 500 <= all, "{vectors}: {other} of {all} codes differ");
    }
}
