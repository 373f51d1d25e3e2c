//! Runs a stream decoder on a device, where the streams' states stay.
//!
//! A decoder call is some 350 small kernels. Launched one by one, they take the host longer than the GPU; and each change
//! of the call's size makes ONNX Runtime plan all convolutions again. So each size is recorded once as a CUDA graph, with
//! tensors of its own, and then replayed: one launch, nothing planned. ONNX Runtime makes the recordings, one for each
//! `gpu_graph_id`.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    path::Path,
};

use ort::{memory::Allocator, session::Session, value::DynValue};

use super::{
    batch::Row,
    bucket::Buckets,
    device_call::{DeviceCall, memory},
    device_graph::{self, FRAMES},
    device_states::Slots,
    output::failed,
};
use crate::{
    DecodeError, LoadError,
    onnx::{CodecModel, Device, ModelFile, Runtime, SessionSettings},
};

/// A stream decoder's session on a device. Belongs to one thread, the only one: its states are in this session's memory.
pub(crate) struct DeviceDecoder {
    /// By number of rows. Dropped before the session.
    calls: BTreeMap<usize, DeviceCall>,
    pool: DynValue,
    session: Session,
    device: Device,
    model: CodecModel,
    buckets: Buckets,
    slots: usize,
    records: bool,
}

impl DeviceDecoder {
    /// Whether a model file on this device is for this decoder.
    pub(crate) fn fits(model: &CodecModel, device: Device) -> bool {
        matches!(device, Device::Cuda(_)) && model.is_stream()
    }

    /// Opens a stream decoder, whose file this is, for calls of up to `max_batch` rows and the states of `slots` streams.
    pub(crate) fn open(
        runtime: &Runtime,
        path: &Path,
        settings: &SessionSettings,
        max_batch: usize,
        slots: usize,
    ) -> Result<Self, LoadError> {
        let broken = |reason: String| LoadError::Model { path: path.to_owned(), reason };
        let device = settings.device;
        let file = ModelFile::read_bytes(path)?;
        let model =
            ModelFile::parse(file.clone()).and_then(|file| CodecModel::of_file(&file)).map_err(broken)?;
        let changed = device_graph::with_pool(&file, &model).map_err(broken)?;
        drop(file);
        let session = runtime.open_changed(path, &changed, settings)?;
        drop(changed);
        let pool = new_pool(runtime, &session, settings, &model, slots)
            .map_err(|error| runtime.failed_on(device, path, &error.to_string()))?;
        let records = settings.gpu.graphs;
        let buckets = if records { Buckets::up_to(max_batch) } else { Buckets::only(max_batch) };
        Ok(Self { calls: BTreeMap::new(), pool, session, device, model, buckets, slots, records })
    }

    pub(crate) fn model(&self) -> &CodecModel {
        &self.model
    }

    /// The batch sizes to warm up.
    pub(crate) fn batches(&self) -> Vec<usize> {
        self.buckets.largest_first()
    }

    /// The rows of a call for so many streams.
    pub(crate) fn rows(&self, streams: usize) -> usize {
        self.buckets.rows(streams)
    }

    /// Decodes the rows in one call. The first call of a size records it; warming up makes one of each.
    pub(crate) fn run(&mut self, rows: &mut [Row<'_>]) -> Result<(), DecodeError> {
        if rows.is_empty() {
            return Ok(());
        }
        if rows.iter().any(|row| row.call.frames.len() != FRAMES) {
            return Err(DecodeError::Run("a call on a device has one frame in each row".to_owned()));
        }
        let batch = self.buckets.rows(rows.len());
        let number = self.calls.len() + 1;
        let call = match self.calls.entry(batch) {
            Entry::Occupied(call) => call.into_mut(),
            Entry::Vacant(vacant) => {
                let recording = self.records.then_some(number);
                let (session, pool) = (&self.session, &mut self.pool);
                let call = DeviceCall::new(session, self.device, &self.model, batch, pool, recording);
                vacant.insert(call.map_err(failed)?)
            }
        };
        call.run(&mut self.session, rows, batch, self.slots).map_err(failed)
    }
}

/// The pool, all zeros.
fn new_pool(
    runtime: &Runtime,
    session: &Session,
    settings: &SessionSettings,
    model: &CodecModel,
    slots: usize,
) -> ort::Result<DynValue> {
    let allocator = Allocator::new(session, memory(settings.device)?)?;
    let shape = [Slots::pool_len(slots), model.state_len];
    let mut pool = model.state_float.tensor(&allocator, shape)?;
    runtime.fill_with_zeros(settings, model.state_float, &mut pool, shape)?;
    Ok(pool)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use svara_testkit::models;

    use super::*;
    use crate::{
        Frame,
        decode::{graph::DecoderGraph, plan::Position, state::StreamState},
        noise::draws,
        onnx::{GpuSettings, LibrarySearch},
    };

    const SLOTS: usize = 8;

    fn settings() -> (Runtime, SessionSettings) {
        let search = LibrarySearch { models_lib: models::onnxruntime_dir(), ..LibrarySearch::default() };
        let gpu = GpuSettings::default();
        let settings = SessionSettings { device: Device::Cpu, weights: None, operators: None, gpu };
        (Runtime::load(&search).unwrap(), settings)
    }

    /// Three streams in calls of one frame each, the second of which joins late, and a fork of the first at the end.
    fn decode(
        model: &CodecModel,
        slots: Option<&Arc<Slots>>,
        mut run: impl FnMut(&mut [Row<'_>]),
    ) -> Vec<Vec<f32>> {
        let start = || StreamState::start(model.state_len, slots).unwrap();
        let mut streams: Vec<_> = (0..3).map(|_| (Position::start(), Some(start()), Vec::new())).collect();
        for call in 0..6 {
            let joined = streams.iter_mut().enumerate().filter(|(stream, _)| *stream != 1 || call >= 2);
            let mut calls: Vec<_> = joined
                .map(|(stream, (position, state, samples))| {
                    let frame = Frame([(7 * stream + call) as u16; 7]);
                    let call = position.plan(model, &[frame], false).remove(0);
                    let draws = draws(5, model, call.first_latent, 1);
                    (call, draws, state, samples)
                })
                .collect();
            let rows = calls.iter_mut().map(|(call, draws, state, samples)| Row {
                call,
                draws,
                state: state.as_mut().unwrap().row(),
                samples,
            });
            run(&mut rows.collect::<Vec<_>>());
            for (_, _, state, _) in calls {
                *state = state.take().map(StreamState::after_call);
            }
        }
        let (mut position, mut samples) = (streams[0].0.clone(), Vec::new());
        let mut fork = streams[0].1.as_ref().unwrap().fork(slots).unwrap();
        let calls = position.plan(model, &[Frame([9; 7]); 6], true);
        for call in calls.into_iter().flat_map(|call| call.cut(model, FRAMES)) {
            let draws = draws(5, model, call.first_latent, call.frames.len());
            run(&mut [Row { call: &call, draws: &draws, state: fork.row(), samples: &mut samples }]);
            fork = fork.after_call();
        }
        streams.into_iter().map(|(_, _, samples)| samples).chain([samples]).collect()
    }

    fn assert_equal(one: &[Vec<f32>], other: &[Vec<f32>]) {
        for (one, other) in one.iter().zip(other) {
            assert_eq!(one.len(), other.len());
            let largest = one.iter().zip(other).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(largest < 1e-4, "{largest}");
            assert!(one.iter().any(|sample| sample.abs() > 0.01));
        }
        assert!(one[0] != one[2], "the rows are different streams");
    }

    /// The GPU path without a GPU: the CPU's memory stands in for the device's and for pinned memory.
    #[test]
    fn states_that_stay_on_the_device_give_the_same_samples() {
        let (runtime, mut settings) = settings();
        for path in
            [models::snac_small("decoder_stream.onnx"), models::snac_small_quiet("decoder_stream.onnx")]
        {
            let mut plain = DecoderGraph::open(&runtime, &path, &settings).unwrap();
            let model = plain.model().clone();
            let exact = decode(&model, None, |rows| plain.run(rows).unwrap());
            for graphs in [false, true] {
                settings.gpu.graphs = graphs;
                let mut device = DeviceDecoder::open(&runtime, &path, &settings, 8, SLOTS).unwrap();
                assert_eq!(device.batches().len(), if graphs { 3 } else { 1 });
                let slots = Slots::new(SLOTS);
                // The second time, new streams take the same rows and see no old state.
                for _ in 0..2 {
                    assert_equal(&decode(&model, Some(&slots), |rows| device.run(rows).unwrap()), &exact);
                }
            }
        }
    }

    #[test]
    fn sixteen_bit_floats_are_nearly_the_same() {
        let (runtime, settings) = settings();
        let path = models::snac_small("decoder_stream.onnx");
        let mut plain = DecoderGraph::open(&runtime, &path, &settings).unwrap();
        let exact = decode(&plain.model().clone(), None, |rows| plain.run(rows).unwrap()).concat();
        let path = models::snac_small("decoder_stream_fp16.onnx");
        let refused = DecoderGraph::open(&runtime, &path, &settings).err().unwrap().to_string();
        assert!(refused.contains("decoder.precision"), "{refused}");
        let mut device = DeviceDecoder::open(&runtime, &path, &settings, 8, SLOTS).unwrap();
        let (model, slots) = (device.model().clone(), Slots::new(SLOTS));
        let half = decode(&model, Some(&slots), |rows| device.run(rows).unwrap()).concat();
        let power = |samples: &mut dyn Iterator<Item = f32>| samples.map(|x| x * x).sum::<f32>();
        let error = power(&mut exact.iter().zip(&half).map(|(a, b)| a - b));
        let decibels = 10.0 * (power(&mut exact.iter().copied()) / error).log10();
        assert!(decibels > 50.0 && error > 0.0, "{decibels} dB");
    }

    #[test]
    fn a_row_of_several_frames_is_refused() {
        let (runtime, settings) = settings();
        let path = models::snac_small("decoder_stream.onnx");
        let mut device = DeviceDecoder::open(&runtime, &path, &settings, 8, SLOTS).unwrap();
        let model = device.model().clone();
        let call = Position::start().plan(&model, &[Frame::default(); 2], false).remove(0);
        let (mut state, mut samples) = (StreamState::start(0, Some(&Slots::new(1))).unwrap(), Vec::new());
        let row = Row { call: &call, draws: &[], state: state.row(), samples: &mut samples };
        assert!(device.run(&mut [row]).unwrap_err().to_string().contains("one frame"));
    }
}
