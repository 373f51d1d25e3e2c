//! ONNX Runtime: the library, the device, and a model file's metadata.

mod constants;
mod cuda;
mod device;
mod device_sessions;
mod edit;
mod file;
mod fuse;
mod kernel;
mod log;
mod model;
mod operators;
mod precision;
mod proto;
mod runtime;
mod sine;
mod small_graphs;
mod snake;
mod version;
mod weights;

pub use cuda::GpuSettings;
pub use device::Device;
pub use precision::{Precision, UnknownPrecision};
pub use runtime::{LibrarySearch, Runtime};

pub(crate) use edit::GraphEdit;
pub(crate) use file::{FloatTensor, ModelFile};
pub(crate) use model::{CodecModel, NoiseLayer};
pub(crate) use operators::OwnOperators;
pub(crate) use precision::StateFloat;
pub(crate) use proto::ElementType;
pub(crate) use runtime::SessionSettings;
pub(crate) use weights::SharedWeights;
