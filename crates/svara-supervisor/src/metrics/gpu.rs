//! GPU memory and utilisation, where NVIDIA's management library is there to be loaded.
//!
//! Built and tested on machines without a GPU only: the readings themselves are unmeasured.

use nvml_wrapper::{Nvml, error::NvmlError};

/// The library, if it could be loaded.
#[derive(Debug, Default)]
pub struct Gpus {
    library: Option<Nvml>,
}

/// One GPU at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct GpuReading {
    /// As `nvidia-smi` numbers it.
    pub index: u32,
    /// Memory in use, bytes.
    pub memory_used_bytes: u64,
    /// Memory it has, bytes.
    pub memory_total_bytes: u64,
    /// Share of the last sample period in which it was busy, 0..1.
    pub utilisation: f64,
}

impl Gpus {
    /// Loads `libnvidia-ml.so.1`. Where it isn't installed there are simply no GPU metrics: a machine without a GPU.
    ///
    /// # Errors
    /// When the library is there and can't be used (a driver of another version, no device).
    pub fn load() -> Result<Self, NvmlError> {
        match Nvml::builder().lib_path("libnvidia-ml.so.1".as_ref()).init() {
            Ok(library) => Ok(Self { library: Some(library) }),
            Err(NvmlError::LibloadingError(_)) => Ok(Self::default()),
            Err(error) => Err(error),
        }
    }

    /// Every GPU that answers.
    pub fn read(&self) -> Vec<GpuReading> {
        let Some(library) = &self.library else { return Vec::new() };
        let count = library.device_count().unwrap_or(0);
        let reading = |index| {
            let device = library.device_by_index(index).ok()?;
            let memory = device.memory_info().ok()?;
            let busy = device.utilization_rates().ok()?;
            Some(GpuReading {
                index,
                memory_used_bytes: memory.used,
                memory_total_bytes: memory.total,
                utilisation: f64::from(busy.gpu) / 100.0,
            })
        };
        (0..count).filter_map(reading).collect()
    }
}
