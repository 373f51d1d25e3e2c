//! The whole net against itself. `tests/it/native.rs` compares it with ONNX Runtime, `damaged.rs` gives it damaged files.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use svara_testkit::models;

use super::*;
use crate::{
    Frame,
    onnx::{CodecModel, ModelFile},
    simd::VectorUnit,
};

/// A small decoder of the real codec's rates, and those of all shapes.
fn all_models() -> Vec<PathBuf> {
    let odd = models::odd_snac_decoders();
    [models::snac_small("decoder_stream.onnx")].into_iter().chain(odd).collect()
}

fn load(path: &Path, unit: VectorUnit) -> (Net, CodecModel) {
    let file = ModelFile::read(path).unwrap();
    let model = CodecModel::of_file(&file).unwrap();
    (Net::load(&file, &model, unit).unwrap(), model)
}

fn frame(model: &CodecModel, stream: usize, number: usize) -> Frame {
    let codes = usize::from(model.codebook_size);
    Frame(std::array::from_fn(|slot| ((stream * 977 + number * 131 + slot * 37) % codes) as u16))
}

/// A stream on its way through a net.
struct Stream {
    number: usize,
    fed: usize,
    state: Vec<f32>,
    samples: Vec<f32>,
}

impl Stream {
    fn new(net: &Net, number: usize) -> Self {
        Self { number, fed: 0, state: vec![0.0; net.state_len()], samples: Vec::new() }
    }
}

const TOTAL_FRAMES: usize = 9;

/// One call of `frames` frames for each of the streams.
fn call(net: &Net, model: &CodecModel, streams: &mut [&mut Stream], frames: usize, buffers: &mut Buffers) {
    let inputs: Vec<(Vec<Frame>, Vec<f32>)> = streams
        .iter()
        .map(|stream| {
            let fed =
                (stream.fed..stream.fed + frames).map(|number| frame(model, stream.number, number)).collect();
            let first = (stream.fed * 4) as i64;
            (fed, crate::noise::draws(stream.number as u64, model, first, frames))
        })
        .collect();
    let mut chunks: Vec<Chunk<'_>> = streams
        .iter_mut()
        .zip(&inputs)
        .map(|(stream, (frames, draws))| Chunk {
            frames,
            first_latent: (stream.fed * 4) as i64,
            total_latents: (TOTAL_FRAMES * 4) as i64,
            draws,
            state: &mut stream.state,
        })
        .collect();
    let audio = net.run(&mut chunks, buffers);
    for (stream, audio) in streams.iter_mut().zip(audio.chunks_exact(frames * model.samples_per_frame)) {
        stream.samples.extend_from_slice(audio);
        stream.fed += frames;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// However a stream is cut, and whatever shares its calls: the same bits, whatever the decoder's shapes. Also for the
    /// vector units that this processor has, but wouldn't choose.
    #[test]
    fn cuts_and_company_change_no_bit(
        cuts in prop::collection::vec((1usize..4, 1usize..4), 3..8),
        path in prop::sample::select(all_models()),
    ) {
        for unit in VectorUnit::all() {
            let (net, model) = load(&path, unit);
            let mut buffers = Buffers::default();
            let mut streams: Vec<Stream> = (0..3).map(|number| Stream::new(&net, number)).collect();
            for (frames, company) in &cuts {
                let mut together: Vec<&mut Stream> = streams.iter_mut().take(*company).collect();
                call(&net, &model, &mut together, *frames, &mut buffers);
            }
            let mut fresh = Buffers::default();
            for stream in &streams {
                let mut alone = Stream::new(&net, stream.number);
                if stream.fed > 0 {
                    call(&net, &model, &mut [&mut alone], stream.fed, &mut fresh);
                }
                prop_assert_eq!(&alone.samples, &stream.samples, "{}, {}", unit, path.display());
                let sounds = stream.samples.iter().any(|sample| sample.abs() > 0.01);
                prop_assert!(stream.samples.len() < 2 * model.delay_samples || sounds, "{}", path.display());
            }
        }
    }
}

#[test]
fn vector_units_differ_in_rounding_only() {
    for path in all_models() {
        let decode = |unit| {
            let (net, model) = load(&path, unit);
            let mut stream = Stream::new(&net, 1);
            call(&net, &model, &mut [&mut stream], TOTAL_FRAMES + 3, &mut Buffers::default());
            stream.samples
        };
        let best = decode(VectorUnit::best());
        for unit in VectorUnit::all() {
            let largest = decode(unit).iter().zip(&best).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(largest < 1e-5, "{unit}, {}: {largest}", path.display());
        }
    }
}

#[test]
fn what_another_program_wrote_is_left_to_onnx_runtime() {
    let refused = |path: PathBuf| {
        let file = ModelFile::read(&path).unwrap();
        Net::load(&file, &CodecModel::of_file(&file).unwrap(), VectorUnit::best()).unwrap_err().0
    };
    assert!(refused(models::snac_small("decoder_plain.onnx")).contains("plain graph"));
    let (file, mut model) = {
        let file = ModelFile::read(&models::snac_small("decoder_stream.onnx")).unwrap();
        let model = CodecModel::of_file(&file).unwrap();
        (file, model)
    };
    model.delay_samples += 1;
    assert!(Net::load(&file, &model, VectorUnit::best()).unwrap_err().0.contains("metadata"));
    let mut other = file;
    other.producer = "pytorch".to_owned();
    assert!(Net::load(&other, &model, VectorUnit::best()).unwrap_err().0.contains("pytorch"));
}
