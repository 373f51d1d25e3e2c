//! The tensors of a device's calls with one number of rows, always in the same places: so the call can be recorded.
//!
//! Inputs and audio lie in pinned memory, which kernels of a GPU read and write where it is: nothing is copied before or
//! after the call. What kernels read again and again, the graph itself copies first (`device_graph.rs`).

use ort::{
    AsPointer,
    memory::{AllocationDevice, Allocator, AllocatorType, MemoryInfo, MemoryType},
    session::{IoBinding, RunOptions, Session},
    value::{DynValue, PrimitiveTensorElementType, Shape, Tensor, TensorRefMut},
};

use super::{
    batch::Row,
    device_graph::{self, DRAWS, FRAMES, NEW_POOL, POOL, ROWS},
    device_states::{Route, Slots},
    state::RowState,
};
use crate::{
    frame::CODEBOOKS,
    onnx::{CodecModel, Device},
};

const AUDIO: &str = "audio_values";
/// Elements between the starts of tensors in a block: kernels may read several elements at once.
const ALIGNMENT: usize = 64;

/// The default memory of a device.
pub(crate) fn memory(device: Device) -> ort::Result<MemoryInfo<'static>> {
    let (kind, number) = match device {
        Device::Cuda(number) => (AllocationDevice::CUDA, i32::from(number)),
        Device::Cpu | Device::Auto => (AllocationDevice::CPU, 0),
    };
    MemoryInfo::new(kind, number, AllocatorType::Device, MemoryType::Default)
}

/// Memory that the host and a device share.
fn pinned_memory(device: Device) -> ort::Result<MemoryInfo<'static>> {
    match device {
        Device::Cuda(number) => MemoryInfo::new(
            AllocationDevice::CUDA_PINNED,
            i32::from(number),
            AllocatorType::Device,
            MemoryType::CPUOutput,
        ),
        Device::Cpu | Device::Auto => memory(device),
    }
}

/// The calls with one number of rows.
pub(crate) struct DeviceCall {
    /// Dropped before the blocks, into which it points.
    binding: IoBinding,
    options: RunOptions,
    /// Codes, positions, lengths and rows of the pool.
    integers: Tensor<i64>,
    /// Draws, then audio.
    floats: Tensor<f32>,
    places: Places,
}

/// Where the tensors begin in their blocks.
#[derive(Clone, Copy)]
struct Places {
    codes: [usize; CODEBOOKS],
    positions: usize,
    totals: usize,
    rows: usize,
    audio: usize,
    draws_per_row: usize,
    samples_per_row: usize,
}

impl DeviceCall {
    /// Calls of `batch` rows. `recording` is the number of their recording, from 1; `None` if they aren't recorded.
    pub(crate) fn new(
        session: &Session,
        device: Device,
        model: &CodecModel,
        batch: usize,
        pool: &mut DynValue,
        recording: Option<usize>,
    ) -> ort::Result<Self> {
        let mut integers = Block::default();
        let codes = std::array::from_fn(|codebook| integers.take(batch * (FRAMES << codebook)));
        let (positions, totals, rows) =
            (integers.take(batch), integers.take(batch), integers.take(2 * batch));
        let (draws_per_row, samples_per_row) = (device_graph::draws(model), FRAMES * model.samples_per_frame);
        let mut floats = Block::default();
        let draws = floats.take(batch * draws_per_row);
        let audio = floats.take(batch * samples_per_row);
        let places = Places { codes, positions, totals, rows, audio, draws_per_row, samples_per_row };

        let allocator = Allocator::new(session, pinned_memory(device)?)?;
        let mut integers = Tensor::<i64>::new(&allocator, [integers.0])?;
        let mut floats = Tensor::<f32>::new(&allocator, [floats.0])?;
        let mut binding = session.create_binding()?;
        let (_, block) = integers.try_extract_tensor_mut::<i64>()?;
        for (codebook, place) in codes.iter().enumerate() {
            let name = format!("audio_codes.{codebook}");
            bind(&mut binding, &name, device, block, *place, &[batch, FRAMES << codebook])?;
        }
        bind(&mut binding, "pos", device, block, positions, &[batch])?;
        bind(&mut binding, "total", device, block, totals, &[batch])?;
        bind(&mut binding, ROWS, device, block, rows, &[batch, 2])?;
        let (_, block) = floats.try_extract_tensor_mut::<f32>()?;
        if draws_per_row > 0 {
            bind(&mut binding, DRAWS, device, block, draws, &[batch, 1, draws_per_row])?;
        }
        let heard = view(device, block, audio, &[batch, 1, samples_per_row])?;
        binding.bind_output(AUDIO, heard)?;
        binding.bind_input(POOL, &*pool)?;
        binding.bind_output(NEW_POOL, pool)?;
        let mut options = RunOptions::new()?;
        if let Some(number) = recording {
            options.set("gpu_graph_id", number.to_string())?;
        }
        Ok(Self { binding, options, integers, floats, places })
    }

    /// Runs a call of these rows, whose states are in the pool, and appends their samples.
    pub(crate) fn run(
        &mut self,
        session: &mut Session,
        rows: &mut [Row<'_>],
        batch: usize,
        slots: usize,
    ) -> ort::Result<()> {
        self.fill(rows, batch, slots)?;
        drop(session.run_binding_with_options(&self.binding, &self.options)?);
        let (_, floats) = self.floats.try_extract_tensor::<f32>()?;
        let audio = floats.get(self.places.audio..).unwrap_or_default();
        for (row, audio) in rows.iter_mut().zip(audio.chunks_exact(self.places.samples_per_row)) {
            row.samples.extend_from_slice(audio.get(row.call.keep.clone()).unwrap_or_default());
        }
        Ok(())
    }

    /// Writes the inputs. What padding rows decode doesn't matter; they must not touch a stream's state.
    fn fill(&mut self, rows: &[Row<'_>], batch: usize, slots: usize) -> ort::Result<()> {
        let Places { codes, positions, totals, rows: rows_at, draws_per_row, .. } = self.places;
        let (_, integers) = self.integers.try_extract_tensor_mut::<i64>()?;
        for (codebook, place) in codes.into_iter().enumerate() {
            let frames = rows.iter().flat_map(|row| &row.call.frames);
            put(integers, place, frames.flat_map(|frame| frame.codes_of(codebook)).map(i64::from));
        }
        put(integers, positions, rows.iter().map(|row| row.call.first_latent));
        put(integers, totals, rows.iter().map(|row| row.call.total_latents));
        let routes = rows.iter().map(|row| match row.state {
            RowState::Device(route) => route,
            RowState::Host(_) => Route::UNUSED,
        });
        let routes = routes.chain(std::iter::repeat(Route::UNUSED)).take(batch);
        put(integers, rows_at, routes.flat_map(|route| Slots::pool_rows(route, slots)));
        let (_, floats) = self.floats.try_extract_tensor_mut::<f32>()?;
        for (row, draws) in rows.iter().zip(floats.chunks_exact_mut(draws_per_row.max(1))) {
            match draws.get_mut(..row.draws.len()) {
                Some(draws) if !row.draws.is_empty() => draws.copy_from_slice(row.draws),
                // Zeros if noise is off.
                _ => draws.fill(0.0),
            }
        }
        Ok(())
    }
}

/// A block that tensors share: how long it is so far.
#[derive(Default)]
struct Block(usize);

impl Block {
    /// Takes a place for so many elements.
    fn take(&mut self, elements: usize) -> usize {
        let start = self.0;
        self.0 = (start + elements).next_multiple_of(ALIGNMENT);
        start
    }
}

fn put(block: &mut [i64], start: usize, values: impl Iterator<Item = i64>) {
    let places = block.get_mut(start..).unwrap_or_default();
    places.iter_mut().zip(values).for_each(|(place, value)| *place = value);
}

/// A tensor in a block of pinned memory, which passes for the device's own: a GPU reads and writes it at the same address.
fn view<'a, T: PrimitiveTensorElementType + std::fmt::Debug>(
    device: Device,
    block: &'a mut [T],
    start: usize,
    shape: &[usize],
) -> ort::Result<TensorRefMut<'a, T>> {
    let elements = shape.iter().product::<usize>();
    let place =
        block.get_mut(start..start + elements).ok_or_else(|| ort::Error::new("a block is too short"))?;
    let shape = Shape::from_iter(shape.iter().map(|length| i64::try_from(*length).unwrap_or(i64::MAX)));
    #[expect(unsafe_code, reason = "ort has no other way to say that a device may use pinned memory")]
    // SAFETY: the place holds as many elements as the shape says. The block is pinned, so that a GPU may use its addresses.
    unsafe {
        TensorRefMut::from_raw(memory(device)?, place.as_mut_ptr().cast(), shape)
    }
}

/// Binds an input to its place in a block, which must live as long as the binding is used.
fn bind<T: PrimitiveTensorElementType + std::fmt::Debug>(
    binding: &mut IoBinding,
    name: &str,
    device: Device,
    block: &mut [T],
    start: usize,
    shape: &[usize],
) -> ort::Result<()> {
    let view = view(device, block, start, shape)?;
    let name = std::ffi::CString::new(name).map_err(|error| ort::Error::new(error.to_string()))?;
    #[expect(unsafe_code, reason = "IoBinding::bind_input binds a copy of what isn't its own")]
    // SAFETY: all three pointers are valid during the call, and ONNX Runtime keeps what it needs of the value; its block
    // belongs to the same `DeviceCall` as the binding.
    unsafe {
        let status = (ort::api().BindInput)(binding.ptr_mut(), name.as_ptr(), view.ptr());
        ort::Error::result_from_status(status)
    }
}
