//! This crate's operators for sessions on a CPU, and what they need of a model.

use std::sync::Arc;

use bytes::Bytes;
use ort::{operator::OperatorDomain, session::builder::SessionBuilder};

use super::{
    ModelFile, fuse,
    sine::Sin,
    snake::{DOMAIN, Snake},
};
use crate::simd::VectorUnit;

/// This crate's operators for a model of 32-bit floats. Never for a GPU, where they would pull the signals back to the CPU.
#[derive(Clone, Debug)]
pub(crate) struct OwnOperators {
    unit: VectorUnit,
    /// The model with Snakes as one operator each; `None` if the file is fine as it is.
    fused: Option<Arc<Vec<u8>>>,
}

impl OwnOperators {
    /// The operators for a model; `None` if they don't fit, or wouldn't be faster.
    ///
    /// # Errors
    /// The file is damaged.
    pub(crate) fn of(bytes: &Bytes, file: &ModelFile, unit: VectorUnit) -> Result<Option<Self>, String> {
        if !unit.has_vectors() || !file.is_float32() {
            return Ok(None);
        }
        let fused = fuse::snakes(bytes)?.map(Arc::new);
        Ok(Some(Self { unit, fused }))
    }

    /// The model to open in place of the file.
    pub(super) fn model(&self) -> Option<&[u8]> {
        self.fused.as_ref().map(|model| model.as_slice())
    }

    /// Whether the model is another one than the file's.
    #[cfg(test)]
    pub(crate) fn changes_the_model(&self) -> bool {
        self.fused.is_some()
    }

    /// Makes a session use them.
    pub(super) fn give(&self, builder: SessionBuilder) -> ort::Result<SessionBuilder> {
        let sine = OperatorDomain::new("")?.add(Sin(self.unit))?;
        Ok(builder.with_operators(sine)?.with_operators(snake_domain(self.unit)?)?)
    }
}

/// The operator in place of the function of the same name.
fn snake_domain(unit: VectorUnit) -> ort::Result<OperatorDomain> {
    OperatorDomain::new(DOMAIN)?.add(Snake(unit))
}

#[cfg(test)]
mod tests {
    use ort::{session::Session, value::Tensor};
    use svara_testkit::models;

    use super::*;
    use crate::onnx::{LibrarySearch, Runtime};

    fn decode(mut session: Session) -> Vec<f32> {
        let codes = |count: usize| Tensor::from_array(([1, count], vec![7_i64; count])).unwrap();
        let inputs = ort::inputs![
            "audio_codes.0" => codes(2), "audio_codes.1" => codes(4), "audio_codes.2" => codes(8)
        ];
        session.run(inputs).unwrap()["audio_values"].try_extract_tensor::<f32>().unwrap().1.to_vec()
    }

    /// That isn't documented either: without Sin, only the operator can make the difference.
    #[test]
    fn an_operator_goes_before_the_function_of_a_file() {
        let search = LibrarySearch { models_lib: models::onnxruntime_dir(), ..LibrarySearch::default() };
        let library = Runtime::load(&search).unwrap().loaded().unwrap();
        let path = models::snac_small_quiet("decoder_plain.onnx");
        let inlined = decode(library.builder().unwrap().commit_from_file(&path).unwrap());
        let operators = snake_domain(VectorUnit::best()).unwrap();
        let mut builder = library.builder().unwrap().with_operators(operators).unwrap();
        let ours = decode(builder.commit_from_file(&path).unwrap());
        assert!(inlined != ours, "the function still runs");
        let largest = inlined.iter().zip(&ours).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(largest < 1e-5 && inlined.iter().any(|sample| sample.abs() > 0.01), "{largest}");
    }
}
