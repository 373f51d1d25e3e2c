//! The weights of a model, shared by all its sessions.
//!
//! A session copies the weights out of the model file, and some kernels keep a second copy in their own layout. If a
//! session is given the weights as tensors, it uses those and shares the second copy as well.

use std::{path::Path, sync::Arc};

use ort::{
    session::builder::{PrepackedWeights, SessionBuilder},
    value::{DynValue, Tensor},
};

use super::{ModelFile, Runtime};
use crate::LoadError;

/// Smaller tensors are left to the sessions, whose optimizations inspect small ones.
const MIN_FLOATS: usize = 1024;

/// The large 32-bit float tensors of a model file, shared by its sessions on the CPU and by clones.
#[derive(Clone, Debug)]
pub(crate) struct SharedWeights {
    tensors: Vec<(String, Arc<DynValue>)>,
    /// The tensors in the kernels' own layout, filled by the first session.
    packed: PrepackedWeights,
}

impl SharedWeights {
    /// Takes the tensors of a model file. The sessions load what isn't found here themselves, such as other types and
    /// weights in separate files.
    ///
    /// # Errors
    /// The library can't be loaded or fails.
    pub(crate) fn of(runtime: &Runtime, file: &ModelFile, path: &Path) -> Result<Self, LoadError> {
        let broken = |reason: String| LoadError::Model { path: path.to_owned(), reason };
        // Tensors are the library's.
        runtime.loaded()?;
        let mut tensors = Vec::new();
        for found in file.tensors().filter(|found| found.values().len() >= MIN_FLOATS) {
            let floats: Box<[f32]> = found.values().collect();
            let tensor = Tensor::from_array((found.shape.to_vec(), floats))
                .map_err(|error| broken(error.to_string()))?;
            tensors.push((found.name.to_owned(), Arc::new(tensor.into_dyn())));
        }
        Ok(Self { tensors, packed: PrepackedWeights::new() })
    }

    /// Makes a session of this model use these weights.
    pub(crate) fn give(&self, mut builder: SessionBuilder) -> ort::Result<SessionBuilder> {
        for (name, tensor) in &self.tensors {
            builder = builder.with_initializer(name, Arc::clone(tensor))?;
        }
        Ok(builder.with_prepacked_weights(&self.packed)?)
    }
}
