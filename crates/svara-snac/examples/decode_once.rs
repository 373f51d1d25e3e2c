//! Decodes frames with plain ONNX Runtime, none of our decoder: in one call, or in a call for each frame as
//! public servers do, which decode a window of the last WINDOW frames and keep the second of them. These are the baselines
//! for streaming (`scripts/measure_decode.py`). The noise inputs are zeros, which cost nothing to draw.
//!
//! `decode_once DECODER_PLAIN.onnx [WINDOW [THREADS]] < codes > samples`; codes and samples as in `decode_codes`. Without a
//! window, or with 0, it is one call. The session has one thread, or THREADS; with 0 it is a default session, whose threads
//! are as many as the cores and wait in a loop.

use std::{
    error::Error,
    io::{Read, Write, stdin, stdout},
};

use ort::{session::Session, value::Tensor};
use svara_snac::{Frame, onnx::LibrarySearch};

fn main() -> Result<(), Box<dyn Error>> {
    let model = std::env::args().nth(1).ok_or("usage: decode_once DECODER_PLAIN.onnx [WINDOW]")?;
    let window: usize = std::env::args().nth(2).as_deref().unwrap_or("0").parse()?;
    let threads: usize = std::env::args().nth(3).as_deref().unwrap_or("1").parse()?;
    let mut bytes = Vec::new();
    stdin().read_to_end(&mut bytes)?;
    let codes: Vec<u16> = bytes.as_chunks::<2>().0.iter().map(|code| u16::from_le_bytes(*code)).collect();
    let frames: Vec<Frame> = codes.as_chunks::<7>().0.iter().map(|codes| Frame(*codes)).collect();

    let library = LibrarySearch {
        environment: std::env::var_os("ORT_DYLIB_PATH"),
        models_lib: "models/lib".into(),
        ..LibrarySearch::default()
    };
    let environment = ort::init_from(library.find()?)?.build()?;
    let mut builder = Session::builder(&environment)?;
    if threads > 0 {
        builder = builder.with_intra_threads(threads)?;
    }
    let mut session = builder.commit_from_file(model)?;

    let samples = match window {
        0 => decode(&mut session, &frames)?,
        window => {
            let mut samples = Vec::new();
            for frames in frames.windows(window) {
                let decoded = decode(&mut session, frames)?;
                let frame = decoded.len() / frames.len();
                samples.extend(decoded.iter().skip(frame).take(frame));
            }
            samples
        }
    };
    let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    stdout().write_all(&bytes)?;
    Ok(())
}

fn decode(session: &mut Session, frames: &[Frame]) -> Result<Vec<f32>, Box<dyn Error>> {
    let mut inputs = Vec::new();
    for codebook in 0..3 {
        let codes: Vec<i64> =
            frames.iter().flat_map(|frame| frame.codes_of(codebook)).map(i64::from).collect();
        inputs.push((
            format!("audio_codes.{codebook}"),
            Tensor::from_array(([1, codes.len()], codes))?.into_dyn(),
        ));
    }
    let layers = session.inputs().iter().filter(|input| input.name().starts_with("noise.")).count();
    for layer in 0..layers {
        let rate: usize =
            session.metadata()?.custom(&format!("noise_rate.{layer}")).ok_or("no noise_rate")?.parse()?;
        let draws = frames.len() * 4 * rate;
        inputs.push((
            format!("noise.{layer}"),
            Tensor::from_array(([1, 1, draws], vec![0.0_f32; draws]))?.into_dyn(),
        ));
    }
    let outputs = session.run(inputs)?;
    let (_, samples) = outputs.get("audio_values").ok_or("no audio_values")?.try_extract_tensor::<f32>()?;
    Ok(samples.to_vec())
}
