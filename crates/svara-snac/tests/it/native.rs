//! The native decoder against ONNX Runtime.

use std::{path::PathBuf, time::Duration};

use svara_snac::{
    Backend, Decoder, DecoderSettings, EncoderSettings, LoadError, SnacEncoder, Vectors,
    onnx::{Device, LibrarySearch, Runtime},
};
use svara_testkit::models;

use crate::support::{decode, encoder_settings, frames, max_difference, search, settings};

/// The same sums rounded in another order.
const TOLERANCE: f32 = 1e-5;

fn decoder_in(backend: Backend, model: PathBuf) -> Decoder {
    decoder_with(backend, Vectors::Auto, model).unwrap()
}

fn decoder_with(backend: Backend, vectors: Vectors, model: PathBuf) -> Result<Decoder, LoadError> {
    let settings = DecoderSettings { backend, vectors, ..settings(model) };
    let decoder = Decoder::load(&Runtime::load(&search()).unwrap(), &settings)?;
    assert_eq!(decoder.backend(), Some(backend));
    Ok(decoder)
}

/// The vectors of this processor, portable code among them; those of others are refused.
fn all_vectors() -> Vec<Vectors> {
    let model = models::odd_snac_decoders().remove(0);
    let all = [Vectors::Avx512, Vectors::Avx2, Vectors::Neon, Vectors::None];
    let usable =
        all.into_iter().filter(|vectors| match decoder_with(Backend::Native, *vectors, model.clone()) {
            Err(LoadError::Vectors { wanted, .. }) => {
                assert_eq!(wanted, *vectors);
                false
            }
            loaded => {
                loaded.unwrap();
                true
            }
        });
    let usable: Vec<Vectors> = usable.collect();
    assert!(usable.contains(&Vectors::None));
    usable
}

/// The exported decoders, those of odd shapes among them: channels that fill no panel, other rates, convolutions across
/// channels, with and without noise; with all vectors of this processor.
#[tokio::test]
async fn equals_the_graph_for_every_configuration() {
    let odd = models::odd_snac_decoders();
    let ours = [models::snac_small("decoder_stream.onnx"), models::snac_small_quiet("decoder_stream.onnx")];
    let vectors = all_vectors();
    for model in ours.into_iter().chain(odd) {
        let onnx = decoder_in(Backend::Onnx, model.clone());
        let codes = onnx.info().codebook_size;
        let mut frames = frames(3, 7);
        frames.iter_mut().flat_map(|frame| &mut frame.0).for_each(|code| *code %= codes);
        for (count, hop) in [(1, 1), (7, 1), (7, 3)] {
            let expected = decode(&onnx, 5, &frames[..count], hop).await.unwrap();
            assert!(expected.iter().any(|sample| sample.abs() > 0.01), "the reference is silent");
            for vectors in &vectors {
                let native = decoder_with(Backend::Native, *vectors, model.clone()).unwrap();
                let samples = decode(&native, 5, &frames[..count], hop).await.unwrap();
                let error = max_difference(&samples, &expected);
                assert!(error < TOLERANCE, "{}, {vectors}: {error}", model.display());
            }
        }
    }
}

/// The same bits for every hop, alone or among others, with all vectors of this processor.
#[tokio::test(flavor = "multi_thread")]
async fn neither_cuts_nor_company_nor_threads_change_a_bit() {
    for vectors in all_vectors() {
        bits_stay_with(vectors).await;
    }
}

async fn bits_stay_with(vectors: Vectors) {
    let settings = settings(models::snac_small("decoder_stream.onnx"));
    let settings = DecoderSettings {
        backend: Backend::Native,
        vectors,
        max_batch: 3,
        batch_wait: Duration::from_millis(5),
        ..settings
    };
    let decoder = Decoder::load(&Runtime::load(&search()).unwrap(), &settings).unwrap();
    let spoken = frames(1, 23);
    let expected = decode(&decoder, 9, &spoken, 1).await.unwrap();
    for hop in [2, 3, 7, 50] {
        assert!(decode(&decoder, 9, &spoken, hop).await.unwrap() == expected, "hop {hop}");
    }
    let streams: Vec<_> = (0..6_usize)
        .map(|i| {
            let (decoder, spoken) = (decoder.clone(), spoken.clone());
            tokio::spawn(async move { decode(&decoder, 9, &spoken, 1 + i % 4).await.unwrap() })
        })
        .collect();
    for stream in streams {
        assert!(stream.await.unwrap() == expected);
    }
}

/// ONNX Runtime rounds differently when a stream is cut differently, so streams that must repeat are always cut alike.
#[tokio::test]
async fn in_onnx_runtime_a_repeatable_stream_has_the_same_bits_however_it_is_pushed() {
    for model in ["decoder_stream.onnx", "decoder_plain.onnx"] {
        let decoder = decoder_in(Backend::Onnx, models::snac_small(model));
        let frames = frames(1, 13);
        let mut heard = Vec::new();
        for hop in [1, 2, 3, 13] {
            let mut stream = decoder.open_repeatable(4).unwrap();
            let mut samples = Vec::new();
            for frames in frames.chunks(hop) {
                samples.extend(stream.push(frames).await.unwrap());
            }
            samples.extend(stream.finish(&[]).await.unwrap());
            heard.push(samples);
        }
        assert!(heard.iter().all(|samples| *samples == heard[0] && samples.len() == 13 * 2048), "{model}");
        let exact = decode(&decoder, 4, &frames, 13).await.unwrap();
        assert!(max_difference(&heard[0], &exact) < 1e-4);
    }
}

/// Named vectors mean native code, portable code too: for the same bits wherever it runs.
#[test]
fn named_vectors_mean_native_code() {
    let nowhere = Runtime::lazy(&LibrarySearch { models_lib: "/nowhere".into(), ..LibrarySearch::default() });
    let nowhere = nowhere.unwrap();
    for (decoder, encoder) in [
        (models::snac_small("decoder_stream.onnx"), None),
        (models::demo_codec("decoder.onnx"), Some(models::demo_codec("encoder.onnx"))),
    ] {
        let settings = DecoderSettings { vectors: Vectors::None, ..settings(decoder) };
        let decoder = Decoder::load(&nowhere, &settings).unwrap();
        assert_eq!(decoder.backend(), Some(Backend::Native));
        if let Some(encoder) = encoder {
            let settings = EncoderSettings { vectors: Vectors::None, ..encoder_settings(encoder) };
            assert_eq!(SnacEncoder::load(&nowhere, &settings).unwrap().backend(), Backend::Native);
        }
    }
}

/// Runs in its own process, in which ONNX Runtime isn't loaded.
#[test]
fn our_decoder_needs_no_library_and_others_say_why_they_do() {
    if std::env::var_os("SVARA_TEST_CHILD").is_none() {
        let status = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "native::our_decoder_needs_no_library_and_others_say_why_they_do"])
            .env("SVARA_TEST_CHILD", "1")
            .status();
        assert!(status.unwrap().success());
        return;
    }
    let nowhere = LibrarySearch { models_lib: "/nowhere".into(), ..LibrarySearch::default() };
    let runtime = Runtime::lazy(&nowhere).unwrap();
    let ours = settings(models::snac_small("decoder_stream.onnx"));
    for device in [Device::Cpu, Device::Auto] {
        let decoder = Decoder::load(&runtime, &DecoderSettings { device, ..ours.clone() }).unwrap();
        assert_eq!((decoder.backend(), decoder.info().device), (Some(Backend::Native), Device::Cpu));
    }
    let demo = Decoder::load(&runtime, &settings(models::demo_codec("decoder.onnx"))).unwrap();
    assert_eq!(demo.backend(), Some(Backend::Native));
    let encoder = SnacEncoder::load(&runtime, &encoder_settings(models::demo_codec("encoder.onnx"))).unwrap();
    assert_eq!(encoder.backend(), Backend::Native);
    assert_eq!(runtime.library(), None);
    let real = encoder_settings(models::snac_small("encoder.onnx"));
    let real = SnacEncoder::load(&runtime, &real).err().unwrap().to_string();
    assert!(real.contains("fetch_onnxruntime.sh") && real.contains("train_demo_codec.py"), "{real}");
    let refused = |settings: &DecoderSettings| Decoder::load(&runtime, settings).err().unwrap().to_string();
    let plain = refused(&settings(models::snac_small("decoder_plain.onnx")));
    assert!(plain.contains("fetch_onnxruntime.sh") && plain.contains("plain graph"), "{plain}");
    let onnx = refused(&DecoderSettings { backend: Backend::Onnx, ..ours.clone() });
    assert!(onnx.contains("fetch_onnxruntime.sh") && onnx.contains("decoder.backend"), "{onnx}");
    let native =
        DecoderSettings { backend: Backend::Native, ..settings(models::snac_small("decoder_plain.onnx")) };
    assert!(refused(&native).contains("plain graph"));
    let cuda = DecoderSettings { backend: Backend::Native, device: Device::Cuda(0), ..ours };
    assert!(refused(&cuda).contains("decoder.backend"));
    let named = LibrarySearch { configured: Some("/nowhere/a.so".into()), ..nowhere };
    let error = Runtime::lazy(&named).unwrap_err();
    assert!(matches!(error, LoadError::LibraryMissing { .. }), "{error:?}");
}

/// In whichever backend, and as an encoder.
#[test]
fn a_damaged_file_is_named() {
    let runtime = Runtime::load(&search()).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let whole = std::fs::read(models::snac_small("decoder_stream.onnx")).unwrap();
    let mut cuts: Vec<Vec<u8>> =
        [0, 1, 100, whole.len() / 2, whole.len() - 1].map(|length| whole[..length].to_vec()).into();
    cuts.push(vec![0xFF; 1000]);
    cuts.push(b"<html>not found</html>".to_vec());
    let path = directory.path().join("cut.onnx");
    for cut in cuts {
        std::fs::write(&path, &cut).unwrap();
        for backend in [Backend::Auto, Backend::Native, Backend::Onnx] {
            let settings = DecoderSettings { backend, ..settings(path.clone()) };
            let error = Decoder::load(&runtime, &settings).err().unwrap();
            assert!(error.to_string().contains("cut.onnx"), "{backend}: {error}");
        }
        let error = SnacEncoder::load(&runtime, &encoder_settings(path.clone())).err().unwrap();
        assert!(error.to_string().contains("cut.onnx"), "{error}");
    }
    for (path, reason) in [(directory.path(), "not a file"), ("/dev/zero".as_ref(), "not a file")] {
        let error = Decoder::load(&runtime, &settings(path.to_owned())).err().unwrap();
        assert!(error.to_string().contains(reason), "{error}");
    }
}
