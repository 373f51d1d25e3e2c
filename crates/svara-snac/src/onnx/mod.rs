//! ONNX Runtime: the library, the device, and a model file's metadata.

mod cuda;
mod device;
mod file;
mod model;
mod runtime;
mod sine;
mod weights;

pub use cuda::GpuSettings;
pub use device::Device;
pub use runtime::{LibrarySearch, Runtime};

pub(crate) use file::{FloatTensor, ModelFile};
pub(crate) use model::{CodecModel, NoiseLayer};
pub(crate) use runtime::SessionSettings;
pub(crate) use weights::SharedWeights;
