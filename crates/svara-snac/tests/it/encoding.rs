use std::f32::consts::TAU;

use svara_snac::{SnacEncoder, onnx::Runtime};
use svara_testkit::models;

use crate::support::{decode, decoder, encoder_settings, search};

/// A buzz, then silence: the codec must reproduce both in place. (The demo voice's tests cover speech.)
#[tokio::test]
async fn the_demo_codec_keeps_sound_and_silence_apart() {
    let runtime = Runtime::load(&search()).unwrap();
    let encoder = SnacEncoder::load(&runtime, &encoder_settings(models::demo_codec("encoder.onnx"))).unwrap();
    let buzz =
        |n: usize| (1..20).map(|k| (TAU * 150.0 * (k * n) as f32 / 24_000.0).sin() / k as f32).sum::<f32>();
    let sound: Vec<f32> = (0..20_000).map(|n| if n < 10_240 { 0.2 * buzz(n) } else { 0.0 }).collect();
    let frames = encoder.encode(sound.clone()).await.unwrap();
    assert_eq!(frames.len(), 10, "20,000 samples are ten frames, the last one filled up");
    let decoded = decode(&decoder(models::demo_codec("decoder.onnx")), 0, &frames, 3).await.unwrap();
    let power = |samples: &[f32]| samples.iter().map(|s| s * s).sum::<f32>() / samples.len() as f32;
    let ratio = power(&decoded[2048..8192]) / power(&sound[2048..8192]);
    assert!((0.3..3.0).contains(&ratio), "the sound's power came out {ratio} times");
    let silence = power(&decoded[14_336..]) / power(&sound[2048..8192]);
    assert!(silence < 0.01, "the silence's power came out as {silence} of the sound's");
}

#[tokio::test]
async fn nothing_in_nothing_out() {
    let runtime = Runtime::load(&search()).unwrap();
    let encoder = SnacEncoder::load(&runtime, &encoder_settings(models::snac_small("encoder.onnx"))).unwrap();
    assert_eq!(encoder.encode(Vec::new()).await.unwrap(), []);
    assert_eq!(encoder.encode(vec![0.1]).await.unwrap().len(), 1);
}
