//! Damaged model files: thousands of them, the same in each run. All that this crate itself does with a file to load it, but for
//! copying weights for ONNX Runtime, is done with each, whichever backend and device it is for; none panics, and none asks for
//! more memory than a real decoder has.

use bytes::Bytes;
use svara_testkit::{
    allocations::{Counting, peak_bytes},
    models,
};

use crate::{
    Frame,
    decode::with_pool,
    native::{Buffers, Chunk, DecoderBuffers, DemoDecoder, DemoEncoder, EncoderBuffers, Net, is_demo_codec},
    onnx::{CodecModel, GraphEdit, ModelFile, OwnOperators},
    simd::VectorUnit,
};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What loading a small model may take: buffers, and weights that are filled up to whole panels.
const MAX_BYTES: usize = 48 << 20;

/// Loads a file for both backends, and decodes a frame if the native one takes it. An error says why it doesn't.
fn load(file: Vec<u8>) -> Result<(), String> {
    let bytes = Bytes::from(file);
    let edited = GraphEdit::default().apply(&bytes);
    let file = ModelFile::parse(bytes.clone())?;
    edited?;
    OwnOperators::of(&bytes, &file, VectorUnit::best())?;
    let model = CodecModel::of_file(&file)?;
    if is_demo_codec(&file) {
        return load_demo_codec(&file, &model);
    }
    if model.is_stream() {
        with_pool(&bytes, &model)?;
    }
    let net = Net::load(&file, &model, VectorUnit::best()).map_err(|unfit| unfit.0)?;
    let mut state = vec![0.0; net.state_len()];
    let draws = crate::noise::draws(1, &model, 0, 1);
    let mut chunk = [Chunk {
        frames: &[Frame([3; 7])],
        first_latent: 0,
        total_latents: 400,
        draws: &draws,
        state: &mut state,
    }];
    net.run(&mut chunk, &mut Buffers::default());
    Ok(())
}

/// The same for the demo voice's codec.
fn load_demo_codec(file: &ModelFile, model: &CodecModel) -> Result<(), String> {
    let unit = VectorUnit::best();
    if model.kind == "encoder" {
        let encoder = DemoEncoder::load(file, model, unit).map_err(|unfit| unfit.0)?;
        let samples: Vec<f32> = (0..model.samples_per_frame).map(|n| (n as f32 * 0.1).sin()).collect();
        encoder.run(&samples, &mut EncoderBuffers::default());
    } else {
        let decoder = DemoDecoder::load(file, model, unit).map_err(|unfit| unfit.0)?;
        let keep = 0..2 * model.samples_per_frame;
        decoder.run(&[Frame([3; 7]); 2], keep, &mut DecoderBuffers::default());
    }
    Ok(())
}

/// Loads a file; an error must say something, and the memory is bounded.
fn harmless(file: Vec<u8>, what: &str) -> bool {
    let (outcome, peak) = peak_bytes(|| load(file));
    assert!(peak < MAX_BYTES, "{what}: {peak} bytes");
    outcome.map_err(|error| assert!(!error.is_empty(), "{what}")).is_ok()
}

/// Numbers below `end`, the same in each run.
fn draws(seed: u64) -> impl FnMut(usize) -> usize {
    let mut state = seed;
    move |end| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % end
    }
}

/// Flips bits, overwrites bytes, and leaves out or doubles a stretch, `count` times, in the first `reach` bytes.
fn damage(whole: &[u8], reach: usize, count: usize) -> usize {
    let mut draw = draws(whole.len() as u64);
    let taken = (0..count).filter(|number| {
        let mut file = whole.to_vec();
        let at = draw(reach);
        match number % 5 {
            0 => file[at] ^= 1 << draw(8),
            // Lengths and counts that are as large as can be.
            1 => file.iter_mut().skip(at).take(1 + draw(10)).for_each(|byte| *byte = 0xFF),
            2 => file[at] = draw(256) as u8,
            3 => drop(file.drain(at..(at + 1 + draw(64)).min(whole.len()))),
            _ => {
                let again = file[at..(at + 1 + draw(64)).min(whole.len())].to_vec();
                file.splice(at..at, again);
            }
        }
        harmless(file, &format!("damage {number} at {at}"))
    });
    taken.count()
}

/// The two smallest of the stream decoders.
fn small() -> Vec<Vec<u8>> {
    let mut files: Vec<Vec<u8>> =
        models::odd_snac_decoders().iter().map(|path| std::fs::read(path).unwrap()).collect();
    files.sort_by_key(Vec::len);
    files.truncate(2);
    files
}

#[test]
fn thousands_of_damaged_files_are_errors_or_decoders() {
    for whole in small() {
        assert!(harmless(whole.clone(), "the whole file"));
        let taken = damage(&whole, whole.len(), 1500);
        assert!(0 < taken && taken < 1500, "{taken} of 1500 were taken");
        for length in (0..whole.len()).step_by(whole.len() / 200) {
            assert!(!harmless(whole[..length].to_vec(), &format!("cut at {length}")), "cut at {length}");
        }
    }
}

/// Its weights are large, so the damage is to what stands before and behind them.
#[test]
fn a_damaged_demo_codec_is_an_error_or_a_codec() {
    for name in ["decoder.onnx", "encoder.onnx"] {
        let whole = std::fs::read(models::demo_codec(name)).unwrap();
        assert!(harmless(whole.clone(), name));
        let header = 40 << 10;
        let taken = damage(&whole, header, 250);
        assert!(taken < 250, "{name}");
        for length in (0..header).step_by(421).chain([whole.len() / 2, whole.len() - 300]) {
            assert!(!harmless(whole[..length].to_vec(), &format!("{name} cut at {length}")));
        }
    }
}

/// A weight under another name is one that is missing.
#[test]
fn each_weight_of_the_demo_codec_is_checked() {
    for name in ["decoder.onnx", "encoder.onnx"] {
        let whole = std::fs::read(models::demo_codec(name)).unwrap();
        let file = ModelFile::parse(whole.clone().into()).unwrap();
        for tensor in file.tensors() {
            let at = whole.windows(tensor.name.len()).rposition(|there| there == tensor.name.as_bytes());
            let mut renamed = whole.clone();
            // A name stands in the graph and at its weight, which comes last.
            renamed[at.unwrap()] = b'X';
            assert!(!harmless(renamed, tensor.name), "{name}: {} isn't missed", tensor.name);
        }
    }
}

/// The graph of a plain decoder of another program's, which only ONNX Runtime decodes.
#[test]
fn a_damaged_header_of_another_programs_decoder_is_no_harm() {
    let foreign = std::fs::read(models::foreign_snac("torch")).unwrap();
    damage(&foreign, 40 << 10, 1000);
}

/// Metadata can ask for anything, without a byte of weights behind it.
#[test]
fn metadata_cant_ask_for_memory() {
    let demo = ["decoder.onnx", "encoder.onnx"].map(|name| std::fs::read(models::demo_codec(name)).unwrap());
    for whole in demo.into_iter().chain([small().remove(0)]) {
        metadata_asks_for_memory(&whole);
    }
}

fn metadata_asks_for_memory(whole: &[u8]) {
    let file = ModelFile::parse(whole.to_vec().into()).unwrap();
    for (key, value) in file.metadata() {
        for large in ["0", "1", "65535", "1048576", "16777216", "18446744073709551615", "-1", "4,4,4", ""] {
            let mut entry = Vec::new();
            prost::encoding::string::encode(1, &key.to_owned(), &mut entry);
            prost::encoding::string::encode(2, &large.to_owned(), &mut entry);
            let mut changed = whole.to_vec();
            // A later entry of the same key is the one that counts.
            prost::encoding::bytes::encode(14, &entry, &mut changed);
            harmless(changed, &format!("{key} = {large} in place of {value}"));
        }
    }
}
