//! The ONNX Runtime library and its sessions.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    sync::Mutex,
};

use ort::{
    ep::{self, ExecutionProviderDispatch},
    session::{Session, builder::SessionBuilder},
};

use super::{Device, GpuSettings, OwnOperators, SharedWeights, log};
use crate::{LoadError, lock::lock};

/// The library's file name in `models/lib/`.
const LIBRARY_NAME: &str = "libonnxruntime.so";

/// Whether a session has registered the domain of our operators. The first one does, and two at once would fail.
static REGISTERED: Mutex<bool> = Mutex::new(false);

/// Where to look for the ONNX Runtime library, in order of precedence. If the first place that is set holds no file,
/// that is an error; the search never falls through silently.
#[derive(Clone, Debug, Default)]
pub struct LibrarySearch {
    /// The file named in the configuration.
    pub configured: Option<PathBuf>,
    /// The value of `ORT_DYLIB_PATH`; empty counts as unset.
    pub environment: Option<OsString>,
    /// The directory that `scripts/fetch_onnxruntime.sh` fills, used when neither of the others is set.
    pub models_lib: PathBuf,
}

impl LibrarySearch {
    /// Whether the configuration or the environment names a library.
    fn is_named(&self) -> bool {
        self.configured.is_some() || self.environment.as_ref().is_some_and(|value| !value.is_empty())
    }

    /// The absolute path of the library.
    ///
    /// # Errors
    /// [`LoadError::LibraryMissing`] if there is no such file.
    pub fn find(&self) -> Result<PathBuf, LoadError> {
        let environment = self.environment.as_ref().filter(|value| !value.is_empty());
        let (path, origin) = match (&self.configured, environment) {
            (Some(path), _) => (path.clone(), "named by the configuration"),
            (None, Some(value)) => (PathBuf::from(value), "named by ORT_DYLIB_PATH"),
            (None, None) => (
                self.models_lib.join(LIBRARY_NAME),
                "the default: neither the configuration nor ORT_DYLIB_PATH names one",
            ),
        };
        // The loader would search for a bare name elsewhere, so give it the whole path.
        path.canonicalize().map_err(|error| LoadError::LibraryMissing {
            searched: format!("{} ({origin}): {error}", path.display()),
        })
    }
}

/// The ONNX Runtime library, which is loaded once something needs it. A process has only one; clones share it.
#[derive(Clone, Debug)]
pub struct Runtime {
    search: LibrarySearch,
}

/// The loaded library.
#[derive(Clone)]
pub(super) struct Loaded {
    environment: ort::environment::Environment,
    pub(super) library: PathBuf,
}

/// ONNX Runtime allows one environment per process, so it is kept here once created.
static LOADED: Mutex<Option<Loaded>> = Mutex::new(None);

/// The file beside the library that a build for CUDA has.
const CUDA_PROVIDER: &str = "libonnxruntime_providers_cuda.so";

impl Runtime {
    /// Loads the library, or takes the one already loaded.
    ///
    /// # Errors
    /// The library is missing, isn't ONNX Runtime, is older than 1.24, or a different one is already loaded.
    pub fn load(search: &LibrarySearch) -> Result<Self, LoadError> {
        let runtime = Self { search: search.clone() };
        runtime.loaded()?;
        Ok(runtime)
    }

    /// Loads the library when something needs it, which may be never: decoding on a CPU doesn't.
    ///
    /// # Errors
    /// The library that the configuration or the environment names doesn't exist.
    pub fn lazy(search: &LibrarySearch) -> Result<Self, LoadError> {
        if search.is_named() {
            search.find()?;
        }
        Ok(Self { search: search.clone() })
    }

    /// The library, loaded if it wasn't.
    pub(super) fn loaded(&self) -> Result<Loaded, LoadError> {
        let library = self.search.find()?;
        let mut loaded = lock(&LOADED);
        if let Some(loaded) = &*loaded {
            return if loaded.library == library {
                Ok(loaded.clone())
            } else {
                Err(LoadError::LibraryUnusable {
                    path: library,
                    reason: format!("{} is already loaded", loaded.library.display()),
                })
            };
        }
        let unusable = |reason: String| LoadError::LibraryUnusable { path: library.clone(), reason };
        let environment = ort::init_from(&library)
            .map_err(|error| unusable(error.to_string()))?
            .with_name("svara")
            .with_telemetry(false)
            .with_logger(log::logger())
            .build()
            .map_err(|error| unusable(error.to_string()))?;
        // Errors come back as values; anything else that the library prints is noise.
        environment.set_log_level(ort::logging::LogLevel::Error);
        let new = Loaded { environment, library: library.clone() };
        *loaded = Some(new.clone());
        Ok(new)
    }

    /// The file of the library, once it is loaded.
    pub fn library(&self) -> Option<PathBuf> {
        let loaded = lock(&LOADED);
        loaded.as_ref().map(|loaded| loaded.library.clone())
    }

    /// Resolves `Auto` to CUDA device 0 if it works, and otherwise to the CPU; the log says why. Doesn't load a library that
    /// isn't built for CUDA.
    ///
    /// # Errors
    /// The named CUDA device doesn't work; or the configuration or the environment names a library for CUDA that can't be used.
    pub(crate) fn resolve(&self, device: Device) -> Result<Device, LoadError> {
        match device {
            Device::Cpu => return Ok(device),
            Device::Cuda(number) => return self.try_cuda(number).map(|()| device),
            Device::Auto => {}
        }
        match self.search.find() {
            Err(reason) => tracing::info!(%reason, "no CUDA device available; using the CPU"),
            Ok(library) if !library.with_file_name(CUDA_PROVIDER).is_file() => {
                tracing::info!("this ONNX Runtime is without CUDA; using the CPU");
            }
            Ok(_) => match self.try_cuda(0) {
                Ok(()) => return Ok(Device::Cuda(0)),
                Err(LoadError::Device { reason, .. }) => {
                    tracing::warn!(%reason, "no CUDA device can be used; using the CPU");
                }
                // Nobody asked for this library, and the CPU may not need one.
                Err(error @ LoadError::LibraryUnusable { .. }) if !self.search.is_named() => {
                    tracing::warn!(reason = %error, "no CUDA device can be used; using the CPU");
                }
                Err(error) => return Err(error),
            },
        }
        Ok(Device::Cpu)
    }

    /// Opens a model on a [resolved](Self::resolve) device; `Auto` is the CPU here.
    pub(crate) fn open(&self, path: &Path, settings: &SessionSettings) -> Result<Session, LoadError> {
        match settings.device {
            Device::Cuda(number) => self.open_on_cuda(path, settings, number),
            Device::Cpu | Device::Auto => self.open_on_cpu(path, settings),
        }
    }

    fn open_on_cpu(&self, path: &Path, settings: &SessionSettings) -> Result<Session, LoadError> {
        let broken = |reason: String| LoadError::Model { path: path.to_owned(), reason };
        let failed = |error: ort::Error| broken(error.to_string());
        let mut builder = self.loaded()?.builder().map_err(failed)?;
        builder = builder.with_execution_providers([cpu()]).map_err(|error| broken(error.to_string()))?;
        if let Some(operators) = &settings.operators {
            builder = operators.give(builder).map_err(failed)?;
        }
        if let Some(weights) = &settings.weights {
            builder = weights.give(builder).map_err(failed)?;
        }
        let mut commit = || match settings.operators.as_ref().and_then(OwnOperators::model) {
            Some(model) => builder.commit_from_memory(model),
            None => builder.commit_from_file(path),
        };
        if settings.operators.is_none() {
            return commit().map_err(failed);
        }
        let mut registered = lock(&REGISTERED);
        if *registered {
            drop(registered);
            return commit().map_err(failed);
        }
        let session = commit().map_err(failed)?;
        *registered = true;
        Ok(session)
    }
}

/// The provider for the CPU.
pub(super) fn cpu() -> ExecutionProviderDispatch {
    // ONNX Runtime's arena would keep, per session, the most memory that any call ever needed, rounded up to a
    // power of two: as much as the weights. Asking the system for each call's few large buffers costs nothing.
    ep::CPU::default().with_arena_allocator(false).build()
}

impl Loaded {
    pub(super) fn builder(&self) -> ort::Result<SessionBuilder> {
        // Each session has one caller, on its own thread: neither spinning nor a pool between operators pays.
        let builder = Session::builder(&self.environment)?.with_intra_threads(1)?;
        Ok(builder.with_intra_op_spinning(false)?)
    }
}

/// How to open a session.
#[derive(Clone, Debug)]
pub(crate) struct SessionSettings {
    pub(crate) device: Device,
    /// Weights that sessions on the CPU share; they must come from the same file.
    pub(crate) weights: Option<SharedWeights>,
    /// This crate's operators, for sessions on the CPU; they must be for the same file.
    pub(crate) operators: Option<OwnOperators>,
    pub(crate) gpu: GpuSettings,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_is_searched_in_order() {
        let (configured, environment) =
            (Some(PathBuf::from("/nowhere/a.so")), Some(OsString::from("/nowhere/b.so")));
        let models_lib = PathBuf::from("/nowhere/lib");
        let missing = |search: LibrarySearch| search.find().unwrap_err().to_string();

        let error = missing(LibrarySearch {
            configured,
            environment: environment.clone(),
            models_lib: models_lib.clone(),
        });
        assert!(error.contains("/nowhere/a.so (named by the configuration)"), "{error}");
        let error = missing(LibrarySearch { configured: None, environment, models_lib: models_lib.clone() });
        assert!(error.contains("/nowhere/b.so (named by ORT_DYLIB_PATH)"), "{error}");
        let error =
            missing(LibrarySearch { configured: None, environment: Some(OsString::new()), models_lib });
        assert!(error.contains("/nowhere/lib/libonnxruntime.so"), "{error}");
        assert!(error.contains("./scripts/fetch_onnxruntime.sh"), "{error}");
    }
}
