//! Decodes frames from standard input: seven little-endian 16-bit codes each, in slot order. Writes the samples to
//! standard output as little-endian 32-bit floats.
//!
//! `decode_codes MODEL.onnx FRAMES_PER_CALL [NOISE_SEED] < codes > samples`; noise is off without a seed.

use std::{
    error::Error,
    io::{Read, Write, stdin, stdout},
};

use svara_snac::{
    Decoder, DecoderSettings, Frame,
    onnx::{Device, LibrarySearch, Runtime},
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let model = arguments.next().ok_or("usage: decode_codes MODEL.onnx FRAMES_PER_CALL [NOISE_SEED]")?;
    let hop: usize = arguments.next().ok_or("FRAMES_PER_CALL is missing")?.parse()?;
    let seed: Option<u64> = arguments.next().map(|seed| seed.parse()).transpose()?;

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

    let runtime = Runtime::load(&LibrarySearch {
        environment: std::env::var_os("ORT_DYLIB_PATH"),
        models_lib: "models/lib".into(),
        ..LibrarySearch::default()
    })?;
    let decoder = Decoder::load(
        &runtime,
        &DecoderSettings {
            model: model.into(),
            device: Device::Cpu,
            threads: 1,
            noise: seed.is_some(),
            ..DecoderSettings::default()
        },
    )?;
    let mut stream = decoder.open(seed.unwrap_or_default())?;
    let mut samples = Vec::new();
    for frames in frames.chunks(hop.max(1)) {
        samples.extend(stream.push(frames).await?);
    }
    samples.extend(stream.finish(&[]).await?);
    let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    stdout().write_all(&bytes)?;
    Ok(())
}
