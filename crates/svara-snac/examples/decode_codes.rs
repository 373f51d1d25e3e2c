//! Decodes frames from standard input: seven little-endian 16-bit codes each, in slot order. Writes the samples to
//! standard output as little-endian 32-bit floats.
//!
//! `decode_codes MODEL.onnx FRAMES_PER_CALL [NOISE_SEED [BACKEND [ROWS [VECTORS]]]] < codes > samples`
//!
//! Noise is off without a seed, or with the seed `off`. The backend is `auto`, `native` or `onnx`. With more than one row,
//! as many streams decode the same frames in shared calls, to measure what that costs. The vectors are `auto`, `avx512`,
//! `avx2`, `neon` or `none`.

use std::{
    error::Error,
    io::{Read, Write, stdin, stdout},
    time::Duration,
};

use svara_snac::{
    Backend, DecodeError, Decoder, DecoderSettings, Frame, Vectors,
    onnx::{Device, LibrarySearch, Runtime},
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let model = arguments.next().ok_or("usage: decode_codes MODEL.onnx FRAMES_PER_CALL [NOISE_SEED …]")?;
    let hop: usize = arguments.next().ok_or("FRAMES_PER_CALL is missing")?.parse()?;
    let seed = arguments.next().filter(|seed| seed != "off");
    let seed: Option<u64> = seed.map(|seed| seed.parse()).transpose()?;
    let backend: Backend = arguments.next().as_deref().unwrap_or("auto").parse()?;
    let rows: usize = arguments.next().as_deref().unwrap_or("1").parse()?;
    let vectors: Vectors = arguments.next().as_deref().unwrap_or("auto").parse()?;

    let mut bytes = Vec::new();
    stdin().read_to_end(&mut bytes)?;
    let (frames, rest) = bytes.as_chunks::<14>();
    if !rest.is_empty() {
        return Err("the input isn't whole frames of 14 bytes".into());
    }
    let code = |frame: &[u8; 14], slot: usize| match frame.as_chunks::<2>().0.get(slot) {
        Some(code) => u16::from_le_bytes(*code),
        None => 0,
    };
    let frames: Vec<Frame> =
        frames.iter().map(|frame| Frame(std::array::from_fn(|slot| code(frame, slot)))).collect();

    let runtime = Runtime::lazy(&LibrarySearch {
        environment: std::env::var_os("ORT_DYLIB_PATH"),
        models_lib: "models/lib".into(),
        ..LibrarySearch::default()
    })?;
    let settings = DecoderSettings {
        model: model.into(),
        device: Device::Cpu,
        backend,
        vectors,
        threads: 1,
        max_batch: rows,
        batch_wait: Duration::from_millis(100),
        noise: seed.is_some(),
        ..DecoderSettings::default()
    };
    let decoder = Decoder::load(&runtime, &settings)?;
    let streams = (0..rows.max(1)).map(|_| decode(&decoder, seed.unwrap_or_default(), &frames, hop));
    let samples = futures::future::try_join_all(streams).await?;
    let samples = samples.into_iter().next().unwrap_or_default();
    let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    stdout().write_all(&bytes)?;
    Ok(())
}

async fn decode(decoder: &Decoder, seed: u64, frames: &[Frame], hop: usize) -> Result<Vec<f32>, DecodeError> {
    let mut stream = decoder.open(seed)?;
    let mut samples = Vec::new();
    for frames in frames.chunks(hop.max(1)) {
        samples.extend(stream.push(frames).await?);
    }
    samples.extend(stream.finish(&[]).await?);
    Ok(samples)
}
