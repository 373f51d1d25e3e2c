//! The streams' states on the device.
//!
//! A state is a hundred times larger than a call's other inputs and outputs. So on a GPU the states stay there, in one
//! tensor (the pool) with a row for each stream; two small graphs gather the rows of a call and scatter them back. The
//! host only knows row numbers.

use std::sync::{Arc, Mutex, PoisonError};

use ort::{
    editor::Model,
    memory::MemoryInfo,
    session::{IoBinding, Session},
    value::{DynValue, Tensor},
};

use super::device_graphs;
use crate::{
    LoadError,
    onnx::{Device, Runtime, SessionSettings},
};

/// The free rows of the pool.
#[derive(Debug)]
pub(crate) struct Slots {
    free: Mutex<Vec<usize>>,
}

/// A stream's row, freed once the stream and all its calls are gone.
#[derive(Debug)]
pub(crate) struct Slot {
    number: usize,
    slots: Arc<Slots>,
}

impl Slot {
    /// The row's number.
    pub(crate) fn number(&self) -> usize {
        self.number
    }
}

impl Slots {
    pub(crate) fn new(count: usize) -> Arc<Self> {
        Arc::new(Self { free: Mutex::new((0..count).rev().collect()) })
    }

    /// Takes a free row; `None` if all are taken.
    pub(crate) fn take(self: &Arc<Self>) -> Option<Slot> {
        // The list is consistent at all times, so a poisoned lock is fine.
        let number = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
        Some(Slot { number, slots: Arc::clone(self) })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.slots.free.lock().unwrap_or_else(PoisonError::into_inner).push(self.number);
    }
}

/// Where a row of a call reads its state and where it writes the new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    /// The stream's row; `None` at the beginning of a stream.
    pub(crate) from: Option<usize>,
    /// The stream's row; `None` to discard the new state.
    pub(crate) to: Option<usize>,
}

impl Route {
    /// The route of a padding row.
    pub(crate) const UNUSED: Self = Self { from: None, to: None };
}

/// The states of all streams, in one tensor on the device.
pub(crate) struct DeviceStates {
    gather: Session,
    scatter: Session,
    /// `[slots + 2, state_len]`, on the device.
    pool: DynValue,
    memory: MemoryInfo<'static>,
    slots: usize,
}

impl DeviceStates {
    /// States for `slots` streams of `state_len` floats each.
    pub(crate) fn new(
        runtime: &Runtime,
        settings: &SessionSettings,
        device: Device,
        slots: usize,
        state_len: usize,
    ) -> Result<Self, LoadError> {
        let failed =
            |error: ort::Error| LoadError::Device { device: device.to_string(), reason: error.to_string() };
        let open = |model: ort::Result<Model>| runtime.open_model(model, settings, device);
        let gather = open(device_graphs::gather(state_len))?;
        let scatter = open(device_graphs::scatter(state_len))?;
        let zeros = Tensor::from_array(([slots + 2, state_len], vec![0.0_f32; (slots + 2) * state_len]));
        let pool = zeros.map_err(failed)?.into_dyn();
        let mut states =
            Self { gather, scatter, pool, memory: device_graphs::memory(device).map_err(failed)?, slots };
        // The zeros are in host memory; scattering replaces them with a tensor on the device.
        let rows = states.gather(&[Route::UNUSED]).map_err(failed)?;
        states.scatter(&[Route::UNUSED], &rows).map_err(failed)?;
        Ok(states)
    }

    /// The memory that new tensors belong in.
    pub(crate) fn memory(&self) -> &MemoryInfo<'static> {
        &self.memory
    }

    /// Gathers the states of a call's rows, `[rows, state_len]`, on the device.
    pub(crate) fn gather(&mut self, routes: &[Route]) -> ort::Result<DynValue> {
        let mut binding = self.gather_from(routes)?;
        binding.bind_output_to_device("rows", &self.memory)?;
        output(self.gather.run_binding(&binding)?.remove("rows"), "rows")
    }

    /// Like [`Self::gather`], into an existing tensor on the device.
    pub(crate) fn gather_into(&mut self, routes: &[Route], rows: &mut DynValue) -> ort::Result<()> {
        let mut binding = self.gather_from(routes)?;
        binding.bind_output("rows", rows)?;
        self.gather.run_binding(&binding).map(drop)
    }

    fn gather_from(&self, routes: &[Route]) -> ort::Result<IoBinding> {
        // The row after the streams' rows is never written: it holds the initial state.
        let from: Vec<i64> = routes.iter().map(|route| index(route.from, self.slots)).collect();
        let mut binding = self.gather.create_binding()?;
        binding.bind_input("pool", &self.pool)?;
        binding.bind_input("from", &Tensor::from_array(([from.len()], from))?)?;
        Ok(binding)
    }

    /// Writes the new states of a call's rows back.
    pub(crate) fn scatter(&mut self, routes: &[Route], rows: &DynValue) -> ort::Result<()> {
        // The last row takes discarded states.
        let to: Vec<i64> = routes.iter().map(|route| index(route.to, self.slots + 1)).collect();
        let mut binding = self.scatter.create_binding()?;
        binding.bind_input("pool", &self.pool)?;
        binding.bind_input("to", &Tensor::from_array(([to.len(), 1], to))?)?;
        binding.bind_input("rows", rows)?;
        binding.bind_output_to_device("new_pool", &self.memory)?;
        let pool = output(self.scatter.run_binding(&binding)?.remove("new_pool"), "new_pool")?;
        self.pool = pool;
        Ok(())
    }
}

fn index(row: Option<usize>, otherwise: usize) -> i64 {
    i64::try_from(row.unwrap_or(otherwise)).unwrap_or(i64::MAX)
}

fn output(value: Option<DynValue>, name: &str) -> ort::Result<DynValue> {
    value.ok_or_else(|| ort::Error::new(format!("the graph has no output {name}")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use svara_testkit::models;

    use super::*;
    use crate::onnx::{GpuSettings, LibrarySearch};

    #[test]
    fn a_row_is_free_once_its_last_holder_is_gone() {
        let slots = Slots::new(2);
        let (one, two) = (Arc::new(slots.take().unwrap()), slots.take().unwrap());
        assert!(slots.take().is_none());
        let call = Arc::clone(&one);
        drop(one);
        assert!(slots.take().is_none(), "a call still writes to it");
        let number = call.number;
        drop(call);
        assert_eq!(slots.take().map(|slot| slot.number), Some(number));
        drop(two);
    }

    proptest! {
        #[test]
        fn no_two_hold_the_same_row(steps in prop::collection::vec(prop::option::of(0usize..8), 0..100)) {
            let slots = Slots::new(5);
            let mut held: Vec<Slot> = Vec::new();
            for step in steps {
                match step {
                    None => held.extend(slots.take()),
                    Some(at) if at < held.len() => drop(held.swap_remove(at)),
                    Some(_) => {}
                }
                let mut numbers: Vec<usize> = held.iter().map(|slot| slot.number).collect();
                numbers.sort_unstable();
                numbers.dedup();
                prop_assert_eq!(numbers.len(), held.len());
                prop_assert!(held.iter().all(|slot| slot.number < 5));
            }
        }
    }

    /// On the CPU, whose own memory stands in for the device's; graphs, bindings and rows are as on a GPU.
    #[test]
    fn rows_come_back_as_they_were_put() {
        let search = LibrarySearch { models_lib: models::onnxruntime_dir(), ..LibrarySearch::default() };
        let runtime = Runtime::load(&search).unwrap();
        let gpu = GpuSettings::default();
        let settings = SessionSettings { device: Device::Cpu, weights: None, own_sine: false, gpu };
        let mut pool = DeviceStates::new(&runtime, &settings, Device::Cpu, 3, 2).unwrap();
        let route = |from, to| Route { from, to };
        let gathered = |pool: &mut DeviceStates, from: &[Option<usize>]| -> Vec<f32> {
            let routes: Vec<Route> = from.iter().map(|from| route(*from, None)).collect();
            let rows = pool.gather(&routes).unwrap();
            rows.try_extract_tensor::<f32>().unwrap().1.to_vec()
        };
        let rows = |floats: Vec<f32>| Tensor::from_array(([floats.len() / 2, 2], floats)).unwrap().into_dyn();
        let routes = [route(None, Some(2)), route(None, None), route(None, Some(0)), route(None, None)];
        pool.scatter(&routes, &rows(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0])).unwrap();
        let all = [Some(0), Some(1), Some(2), None];
        assert_eq!(gathered(&mut pool, &all), [5.0, 6.0, 0.0, 0.0, 1.0, 2.0, 0.0, 0.0]);
        pool.scatter(&[route(Some(2), Some(1))], &rows(vec![9.0, 9.0])).unwrap();
        assert_eq!(gathered(&mut pool, &all), [5.0, 6.0, 9.0, 9.0, 1.0, 2.0, 0.0, 0.0]);
    }
}
