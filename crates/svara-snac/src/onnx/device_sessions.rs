//! Sessions on a device, and whether the device works.

use std::path::Path;

use ort::{
    editor::Model,
    memory::Allocator,
    session::{Session, builder::SessionBuilder},
    value::{DynValue, Tensor},
};

use super::{
    Device, GpuSettings, Runtime, SessionSettings, StateFloat, cuda,
    runtime::cpu,
    small_graphs,
    version::{FIRST_WITH_GRAPHS, Version},
};
use crate::LoadError;

/// These make a Split of Slices, whose table of sizes is uploaded in each call on a GPU.
const DISABLED_OPTIMIZERS: &str = "GatherSliceToSplitFusion;GatherToSplitFusion";

impl Runtime {
    /// Makes a tiny call on a CUDA device. The provider itself opens without cuDNN, and with a card for which it has no code.
    pub(super) fn try_cuda(&self, number: u16) -> Result<(), LoadError> {
        let device = Device::Cuda(number);
        let mut session = self.open_small(small_graphs::probe, device)?;
        let floats = |length: usize| Tensor::from_array(([1, 1, length], vec![1.0_f32; length]));
        let call = |session: &mut Session| {
            session.run(ort::inputs!["x" => floats(16)?, "w" => floats(3)?]).map(drop)
        };
        call(&mut session).map_err(|error| unusable(device, &error.to_string()))
    }

    /// Whether the library's CUDA graphs can be trusted.
    pub(crate) fn check_graphs(&self, device: Device) -> Result<(), LoadError> {
        let library = self.loaded()?.library;
        let version = Version::of(&library);
        if version.as_ref().is_ok_and(|version| *version >= FIRST_WITH_GRAPHS) {
            return Ok(());
        }
        let version = version.map_or_else(|reason| reason, |version| format!("its version is {version}"));
        let reason = format!(
            "ONNX Runtime library {}: {version}, and decoder.gpu_graphs needs {FIRST_WITH_GRAPHS}, as older ones give \
             garbage",
            library.display()
        );
        Err(LoadError::Device { device: device.to_string(), reason })
    }

    pub(super) fn open_on_cuda(
        &self,
        path: &Path,
        settings: &SessionSettings,
        number: u16,
    ) -> Result<Session, LoadError> {
        let device = Device::Cuda(number);
        let mut builder = self.builder(device, settings.gpu)?;
        let session = builder.commit_from_file(path);
        session.map_err(|error| self.failed_on(device, path, &error.to_string()))
    }

    /// Opens a changed model file, whose tensors stay in place.
    pub(crate) fn open_changed(
        &self,
        path: &Path,
        file: &[u8],
        settings: &SessionSettings,
    ) -> Result<Session, LoadError> {
        let mut builder = self.builder(settings.device, settings.gpu)?;
        let session = builder.commit_from_memory(file);
        session.map_err(|error| self.failed_on(settings.device, path, &error.to_string()))
    }

    /// Fills a tensor on a device, where there is nothing to copy from.
    pub(crate) fn fill_with_zeros(
        &self,
        settings: &SessionSettings,
        float: StateFloat,
        tensor: &mut DynValue,
        shape: [usize; 2],
    ) -> ort::Result<()> {
        let failed = |error: LoadError| ort::Error::new(error.to_string());
        let mut session = self.open_small(|| small_graphs::zeros(float), settings.device).map_err(failed)?;
        let shape = shape.map(|length| i64::try_from(length).unwrap_or(i64::MAX));
        let mut binding = session.create_binding()?;
        binding.bind_input("zero", &float.tensor(&Allocator::default(), [1])?)?;
        binding.bind_input("shape", &Tensor::from_array(([2], shape.to_vec()))?)?;
        binding.bind_output("zeros", tensor)?;
        session.run_binding(&binding).map(drop)
    }

    /// What a failure on a device means: on a GPU, its cause is mostly there, and not in the model.
    pub(crate) fn failed_on(&self, device: Device, path: &Path, message: &str) -> LoadError {
        // The message names the file, whose path may have words of CUDA's.
        let about = message.replace(&*path.to_string_lossy(), "");
        match device {
            Device::Cuda(_) if cuda::is_cuda(&about) => unusable(device, message),
            _ => LoadError::Model { path: path.to_owned(), reason: message.to_owned() },
        }
    }

    /// A builder of sessions on this device.
    fn builder(&self, device: Device, gpu: GpuSettings) -> Result<SessionBuilder, LoadError> {
        let failed = |message: String| unusable(device, &message);
        let builder = self.loaded()?.builder().map_err(|error| failed(error.to_string()))?;
        let provider = match device {
            Device::Cuda(number) => cuda::provider(number, gpu),
            Device::Cpu | Device::Auto => cpu(),
        };
        let builder = builder.with_execution_providers([provider]);
        let builder = builder.map_err(|error| failed(error.to_string()))?;
        // A plan of a call's memory is a block of its own for each shape. Without, the blocks of the largest call serve all.
        let builder = builder.with_memory_pattern(false).map_err(|error| failed(error.to_string()))?;
        let builder = builder.with_disabled_optimizers(DISABLED_OPTIMIZERS);
        builder.map_err(|error| failed(error.to_string()))
    }

    /// Opens a graph built by this crate on a device.
    fn open_small(
        &self,
        model: impl FnOnce() -> ort::Result<Model>,
        device: Device,
    ) -> Result<Session, LoadError> {
        let gpu =
            GpuSettings { memory_bytes: Some(cuda::SMALL_BYTES), graphs: false, ..GpuSettings::default() };
        let builder = self.builder(device, gpu)?;
        // Only now: nothing of a graph can be made before the library is loaded.
        model()
            .and_then(|model| model.into_session(&builder))
            .map_err(|error| unusable(device, &error.to_string()))
    }
}

/// The error of a device that doesn't work, with what to do about it.
fn unusable(device: Device, message: &str) -> LoadError {
    let message = message.trim();
    let reason = match cuda::advice(message) {
        Some(advice) => format!("{advice} ({message})"),
        None => message.to_owned(),
    };
    LoadError::Device { device: device.to_string(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::onnx::LibrarySearch;

    #[test]
    fn a_models_error_isnt_the_devices_for_its_path() {
        let runtime = Runtime::lazy(&LibrarySearch::default()).unwrap();
        let failed = |message: &str| {
            runtime.failed_on(Device::Cuda(0), Path::new("/models/cuda/decoder.onnx"), message)
        };
        let broken = failed("Load model from /models/cuda/decoder.onnx failed:Protobuf parsing failed.");
        assert!(
            matches!(&broken, LoadError::Model { reason, .. } if reason.contains("/models/cuda")),
            "{broken}"
        );
        let device =
            failed("Load model from /models/cuda/decoder.onnx failed: CUDA failure 2: out of memory");
        assert!(matches!(device, LoadError::Device { .. }), "{device}");
    }
}
