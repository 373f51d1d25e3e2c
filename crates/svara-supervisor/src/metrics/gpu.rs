//! GPU memory and utilization, if NVIDIA's management library can be loaded.
//!
//! A driver may hang, and does on the worst days, so a thread of its own asks it.

use std::{
    cell::Cell,
    io,
    rc::Rc,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
    time::Duration,
};

use nvml_wrapper::{Nvml, error::NvmlError};
use tokio::sync::oneshot;

/// How long a scrape waits for the driver.
const PATIENCE: Duration = Duration::from_secs(1);

/// A reading of one GPU.
#[derive(Clone, Debug, PartialEq)]
pub struct GpuReading {
    /// Index, as in `nvidia-smi`.
    pub index: u32,
    /// Memory in use, bytes.
    pub memory_used_bytes: u64,
    /// Total memory, bytes.
    pub memory_total_bytes: u64,
    /// Fraction of the last sample period in which it was busy, 0 to 1. A GPU in parts (MIG) doesn't tell.
    pub utilisation: Option<f64>,
}

/// What is known about the GPUs.
#[derive(Clone, Debug, PartialEq)]
pub enum GpuState {
    /// There is no library, so no GPU.
    Absent,
    /// The library can't be used: driver version mismatch, no device.
    Broken(String),
    /// The driver doesn't answer.
    Silent,
    /// The driver answers.
    Read {
        /// The readings of every GPU that responds.
        gpus: Vec<GpuReading>,
        /// GPUs that don't, such as one that has fallen off the bus.
        lost: usize,
    },
}

/// Handle to the thread that asks the driver.
#[derive(Clone, Debug)]
pub struct Gpus {
    questions: SyncSender<oneshot::Sender<GpuState>>,
    /// Whether the last question was answered; a driver that hangs isn't waited for again and again.
    answers: Rc<Cell<bool>>,
}

impl Gpus {
    /// Starts the thread, which loads `libnvidia-ml.so.1`.
    ///
    /// # Errors
    /// When the thread can't be started.
    pub fn start() -> io::Result<Self> {
        let (questions, asked) = sync_channel(1);
        thread::Builder::new().name("gpu".into()).spawn(move || serve(&asked))?;
        Ok(Self { questions, answers: Rc::new(Cell::new(true)) })
    }

    /// Reads every GPU that responds.
    pub async fn read(&self) -> GpuState {
        let (tell, answer) = oneshot::channel();
        // Full: it is still at an earlier question.
        let asked = self.questions.try_send(tell).is_ok();
        let patience = if self.answers.get() { PATIENCE } else { Duration::from_millis(50) };
        let answer = async { if asked { answer.await.ok() } else { None } };
        let state = tokio::time::timeout(patience, answer).await.ok().flatten();
        self.answers.set(state.is_some());
        state.unwrap_or(GpuState::Silent)
    }
}

fn serve(questions: &Receiver<oneshot::Sender<GpuState>>) {
    let mut library = open();
    while let Ok(tell) = questions.recv() {
        // A driver may become ready after us.
        if !matches!(library, Ok(_) | Err(NvmlError::LibloadingError(_))) {
            library = open();
        }
        // Whoever asked may have given up.
        let _ = tell.send(match &library {
            Ok(library) => readings(library).unwrap_or_else(|error| GpuState::Broken(error.to_string())),
            Err(NvmlError::LibloadingError(_)) => GpuState::Absent,
            Err(error) => GpuState::Broken(error.to_string()),
        });
    }
}

fn open() -> Result<Nvml, NvmlError> {
    Nvml::builder().lib_path("libnvidia-ml.so.1".as_ref()).init()
}

fn readings(library: &Nvml) -> Result<GpuState, NvmlError> {
    let count = library.device_count()?;
    let reading = |index| {
        let device = library.device_by_index(index).ok()?;
        let memory = device.memory_info().ok()?;
        let utilisation = device.utilization_rates().ok().map(|busy| f64::from(busy.gpu) / 100.0);
        let (memory_used_bytes, memory_total_bytes) = (memory.used, memory.total);
        Some(GpuReading { index, memory_used_bytes, memory_total_bytes, utilisation })
    };
    let gpus: Vec<_> = (0..count).filter_map(reading).collect();
    let lost = usize::try_from(count).unwrap_or(usize::MAX).saturating_sub(gpus.len());
    Ok(GpuState::Read { gpus, lost })
}
