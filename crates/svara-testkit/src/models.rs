//! Files that `scripts/test.sh` prepares. A test that misses one fails, and says how to make it; it isn't skipped.

use std::path::{Path, PathBuf};

/// The checkout's top directory.
pub fn workspace() -> PathBuf {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR"));
    crates.ancestors().nth(2).unwrap_or(crates).to_owned()
}

/// The directory of the ONNX Runtime library.
pub fn onnxruntime_dir() -> PathBuf {
    existing("models/lib")
}

/// SNAC at 24 kHz with few channels and random weights, with noise inputs: `decoder_stream.onnx`,
/// `decoder_plain.onnx`, `encoder.onnx`.
pub fn snac_small(file: &str) -> PathBuf {
    existing("target/test-models/snac-small").join(file)
}

/// The same weights without noise blocks.
pub fn snac_small_quiet(file: &str) -> PathBuf {
    existing("target/test-models/snac-small-quiet").join(file)
}

/// Stream decoders of SNAC configurations of all shapes, with few channels and random weights.
pub fn odd_snac_decoders() -> Vec<PathBuf> {
    let all = existing("target/test-models/snac-odd");
    let mut found: Vec<PathBuf> = all
        .read_dir()
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("decoder_stream.onnx")))
        .filter(|path| path.exists())
        .collect();
    found.sort();
    assert!(!found.is_empty(), "{} is empty", all.display());
    found
}

/// A plain SNAC decoder as other programs export it: `mul` or `torch`, by how Snake is written, or `apart`, whose weights
/// are in a file of their own.
pub fn foreign_snac(name: &str) -> PathBuf {
    existing("target/test-models/snac-foreign").join(name).join("decoder.onnx")
}

/// The demo codec in the repository: `decoder.onnx`, `encoder.onnx`.
pub fn demo_codec(file: &str) -> PathBuf {
    existing("models/demo").join(file)
}

/// The tokenizer of the tiny checkpoint, without its fillers and audio tokens: a server reads it in no time.
pub fn tokenizer() -> PathBuf {
    existing("target/test-models/tiny-svara/tokenizer_small.json")
}

fn existing(path: &str) -> PathBuf {
    let path = workspace().join(path);
    assert!(path.exists(), "{} is missing: ./scripts/test.sh makes it (--fast is enough)", path.display());
    path
}
