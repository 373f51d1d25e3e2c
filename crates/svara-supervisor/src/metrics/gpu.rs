//! GPU memory and utilization, if NVIDIA's management library can be loaded.
//!
//! Only built and tested on machines without a GPU: the readings themselves are untested.

use nvml_wrapper::{Nvml, error::NvmlError};

/// NVIDIA's management library, if it could be loaded.
#[derive(Debug, Default)]
pub struct Gpus {
    library: Option<Nvml>,
}

/// A reading of one GPU.
#[derive(Clone, Debug, PartialEq)]
pub struct GpuReading {
    /// Index, as in `nvidia-smi`.
    pub index: u32,
    /// Memory in use, bytes.
    pub memory_used_bytes: u64,
    /// Total memory, bytes.
    pub memory_total_bytes: u64,
    /// Fraction of the last sample period in which it was busy, 0 to 1.
    pub utilisation: f64,
}

impl Gpus {
    /// Loads `libnvidia-ml.so.1`. If it isn't installed, the machine has no GPU and there are no GPU metrics.
    ///
    /// # Errors
    /// When the library exists but can't be used (driver version mismatch, no device).
    pub fn load() -> Result<Self, NvmlError> {
        match Nvml::builder().lib_path("libnvidia-ml.so.1".as_ref()).init() {
            Ok(library) => Ok(Self { library: Some(library) }),
            Err(NvmlError::LibloadingError(_)) => Ok(Self::default()),
            Err(error) => Err(error),
        }
    }

    /// Reads every GPU that responds.
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
