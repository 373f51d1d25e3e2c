//! Encodes samples from standard input: mono, at the encoder's rate, as little-endian 32-bit floats. Writes the frames to
//! standard output as `decode_codes` reads them, and how long encoding took to standard error.
//!
//! `encode_samples ENCODER.onnx [BACKEND [VECTORS]] < samples > codes`
//!
//! The backend is `auto`, `native` or `onnx`; the vectors are `auto`, `avx512`, `avx2`, `neon` or `none`.

use std::{
    error::Error,
    io::{Read, Write, stdin, stdout},
    time::Instant,
};

use svara_snac::{
    Backend, EncoderSettings, SnacEncoder, Vectors,
    onnx::{LibrarySearch, Runtime},
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let model = arguments.next().ok_or("usage: encode_samples ENCODER.onnx [BACKEND [VECTORS]]")?;
    let backend: Backend = arguments.next().as_deref().unwrap_or("auto").parse()?;
    let vectors: Vectors = arguments.next().as_deref().unwrap_or("auto").parse()?;

    let mut bytes = Vec::new();
    stdin().read_to_end(&mut bytes)?;
    let (samples, rest) = bytes.as_chunks::<4>();
    if !rest.is_empty() {
        return Err("the input isn't whole floats".into());
    }
    let samples: Vec<f32> = samples.iter().map(|sample| f32::from_le_bytes(*sample)).collect();

    let runtime = Runtime::lazy(&LibrarySearch {
        environment: std::env::var_os("ORT_DYLIB_PATH"),
        models_lib: "models/lib".into(),
        ..LibrarySearch::default()
    })?;
    let settings = EncoderSettings { model: model.into(), backend, vectors };
    let encoder = SnacEncoder::load(&runtime, &settings)?;
    let seconds = samples.len() as f64 / f64::from(encoder.sample_rate_hz());
    let begun = Instant::now();
    let frames = encoder.encode(samples).await?;
    let took = begun.elapsed().as_secs_f64();
    eprintln!(
        "{}: {seconds:.1} s of sound in {took:.3} s, {:.2} ms a second",
        encoder.backend(),
        took * 1e3 / seconds
    );
    let codes = frames.iter().flat_map(|frame| frame.0);
    let bytes: Vec<u8> = codes.flat_map(u16::to_le_bytes).collect();
    stdout().write_all(&bytes)?;
    Ok(())
}
