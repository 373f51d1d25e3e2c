//! The whole net against itself and against damaged files. `tests/it/native.rs` compares it with ONNX Runtime.

use proptest::prelude::*;
use svara_testkit::models;

use super::*;
use crate::{
    Frame,
    onnx::{CodecModel, ModelFile},
    simd::VectorUnit,
};

fn load(unit: VectorUnit) -> (Net, CodecModel) {
    let file = ModelFile::read(&models::snac_small("decoder_stream.onnx")).unwrap();
    let model = CodecModel::of_file(&file).unwrap();
    (Net::load(&file, &model, unit).unwrap(), model)
}

fn frame(stream: usize, number: usize) -> Frame {
    Frame(std::array::from_fn(|slot| ((stream * 977 + number * 131 + slot * 37) % 4096) as u16))
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
            let fed = (stream.fed..stream.fed + frames).map(|number| frame(stream.number, number)).collect();
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
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// However a stream is cut, and whatever shares its calls: the same bits. Also for the vector units that this
    /// processor has, but wouldn't choose.
    #[test]
    fn cuts_and_company_change_no_bit(cuts in prop::collection::vec((1usize..4, 1usize..4), 3..8)) {
        for unit in VectorUnit::all() {
            let (net, model) = load(unit);
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
                prop_assert_eq!(&alone.samples, &stream.samples, "{}", unit);
                prop_assert!(stream.fed < 4 || stream.samples.iter().any(|sample| sample.abs() > 0.01));
            }
        }
    }
}

#[test]
fn vector_units_differ_in_rounding_only() {
    let decode = |unit| {
        let (net, model) = load(unit);
        let mut stream = Stream::new(&net, 1);
        call(&net, &model, &mut [&mut stream], TOTAL_FRAMES + 3, &mut Buffers::default());
        stream.samples
    };
    let best = decode(VectorUnit::best());
    for unit in VectorUnit::all() {
        let largest = decode(unit).iter().zip(&best).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(largest < 1e-5, "{unit}: {largest}");
    }
}

#[test]
fn what_another_program_wrote_is_left_to_onnx_runtime() {
    let refused = |path: std::path::PathBuf| {
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// A file that was cut off is refused, and one with bytes that were changed is refused or decoded, without a panic.
    #[test]
    fn a_damaged_file_does_no_harm(at in 0.0f64..1.0, byte: u8, near_the_end: bool) {
        let whole = std::fs::read(models::snac_small("decoder_stream.onnx")).unwrap();
        let at = ((whole.len() - 1) as f64 * at) as usize;
        prop_assert!(ModelFile::parse(whole[..at].to_vec().into()).is_err() || at == 0);
        let mut changed = whole;
        // Names, shapes and metadata: at the start of each weight, and at the end of the file.
        let at = if near_the_end { changed.len() - 1 - at % 2000 } else { at };
        changed[at] = byte;
        if let Ok(file) = ModelFile::parse(changed.into())
            && let Ok(model) = CodecModel::of_file(&file)
            && let Ok(net) = Net::load(&file, &model, VectorUnit::best())
        {
            let mut stream = Stream::new(&net, 0);
            call(&net, &model, &mut [&mut stream], 1, &mut Buffers::default());
        }
    }
}
