use std::path::PathBuf;

use svara_snac::{
    Decoder, DecoderSettings, LoadError, SnacEncoder,
    onnx::{Device, LibrarySearch, Runtime},
};
use svara_testkit::models;

use crate::support::{encoder_settings, search, settings};

fn load_error(settings: &DecoderSettings) -> LoadError {
    Decoder::load(&Runtime::load(&search()).unwrap(), settings).err().expect("loading must fail")
}

#[test]
fn a_missing_library_names_the_script() {
    let search = LibrarySearch { configured: Some(PathBuf::from("/nowhere.so")), ..search() };
    let error = Runtime::load(&search).err().unwrap().to_string();
    assert!(error.contains("/nowhere.so") && error.contains("fetch_onnxruntime.sh"), "{error}");
}

/// Runs in its own process: once ONNX Runtime is loaded, no other library is tried.
#[test]
fn an_invalid_library_names_the_script() {
    if std::env::var_os("SVARA_TEST_CHILD").is_some() {
        let search = LibrarySearch { configured: Some(models::demo_codec("decoder.onnx")), ..search() };
        let error = Runtime::load(&search).map(drop).expect_err("an ONNX file is no library");
        assert!(matches!(error, LoadError::LibraryUnusable { .. }), "{error:?}");
        assert!(error.to_string().contains("fetch_onnxruntime.sh"), "{error}");
        return;
    }
    let status = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "loading::an_invalid_library_names_the_script"])
        .env("SVARA_TEST_CHILD", "1")
        .status();
    assert!(status.unwrap().success());
}

/// A library for CUDA that can't be loaded ends the start only if somebody asked for it. Runs in its own process, as above.
#[test]
fn auto_takes_the_cpu_where_the_library_cant_be_loaded() {
    if std::env::var_os("SVARA_TEST_CHILD").is_none() {
        let status = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "loading::auto_takes_the_cpu_where_the_library_cant_be_loaded"])
            .env("SVARA_TEST_CHILD", "1")
            .status();
        assert!(status.unwrap().success());
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    for name in ["libonnxruntime.so", "libonnxruntime_providers_cuda.so"] {
        std::fs::write(directory.path().join(name), "no library").unwrap();
    }
    let settings =
        DecoderSettings { device: Device::Auto, ..settings(models::snac_small("decoder_stream.onnx")) };
    let unnamed = LibrarySearch { models_lib: directory.path().to_owned(), ..LibrarySearch::default() };
    let decoder = Decoder::load(&Runtime::lazy(&unnamed).unwrap(), &settings).unwrap();
    assert_eq!(decoder.info().device, Device::Cpu);
    let named = LibrarySearch { configured: Some(directory.path().join("libonnxruntime.so")), ..unnamed };
    let error = Decoder::load(&Runtime::lazy(&named).unwrap(), &settings).err().unwrap();
    assert!(matches!(error, LoadError::LibraryUnusable { .. }), "{error:?}");
}

#[test]
fn a_missing_model_or_one_of_the_wrong_kind_is_named() {
    let missing = load_error(&settings(PathBuf::from("/nowhere.onnx"))).to_string();
    assert!(missing.contains("/nowhere.onnx"), "{missing}");
    let encoder = load_error(&settings(models::snac_small("encoder.onnx"))).to_string();
    assert!(encoder.contains("this is an encoder"), "{encoder}");
    let runtime = Runtime::load(&search()).unwrap();
    let decoder = SnacEncoder::load(&runtime, &encoder_settings(models::snac_small("decoder_plain.onnx")))
        .err()
        .unwrap();
    assert!(decoder.to_string().contains("this is a decoder"), "{decoder}");
}

/// This machine's library has no CUDA: asking for it must fail, and `auto` must report the CPU.
#[test]
fn unavailable_cuda_is_an_error_and_auto_takes_the_cpu() {
    let model = models::snac_small("decoder_stream.onnx");
    let cuda = DecoderSettings { device: Device::Cuda(0), ..settings(model.clone()) };
    let error = load_error(&cuda);
    assert!(matches!(&error, LoadError::Device { device, .. } if device == "cuda:0"), "{error:?}");
    let auto = DecoderSettings { device: Device::Auto, ..settings(model) };
    let decoder = Decoder::load(&Runtime::load(&search()).unwrap(), &auto).unwrap();
    assert_eq!(decoder.info().device, Device::Cpu);
}
