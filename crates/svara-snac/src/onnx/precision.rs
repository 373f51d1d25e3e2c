//! The precision of a decoder on a GPU.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

use ort::{
    memory::Allocator,
    value::{DynTensor, DynValue, TensorElementType},
};

use super::{CodecModel, ElementType};

/// How exactly a GPU decodes: `float32`, `tf32` or `float16`. A CPU always takes `float32`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// 32-bit floats throughout.
    #[default]
    Float32,
    /// 32-bit floats, but products of 10-bit mantissas, which tensor cores make faster.
    Tf32,
    /// A model file of 16-bit floats (`scripts/export_snac.py --fp16`).
    Float16,
}

/// Text that isn't a precision.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown precision {0:?}: expected float32, tf32 or float16")]
pub struct UnknownPrecision(String);

impl FromStr for Precision {
    type Err = UnknownPrecision;

    fn from_str(text: &str) -> Result<Self, UnknownPrecision> {
        match text.to_ascii_lowercase().as_str() {
            "float32" => Ok(Self::Float32),
            "tf32" => Ok(Self::Tf32),
            "float16" => Ok(Self::Float16),
            _ => Err(UnknownPrecision(text.to_owned())),
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Float32 => "float32",
            Self::Tf32 => "tf32",
            Self::Float16 => "float16",
        })
    }
}

impl Precision {
    /// The file for this precision, beside that of 32-bit floats.
    pub(crate) fn file(self, model: &Path) -> PathBuf {
        let (Self::Float16, Some(stem)) = (self, model.file_stem()) else { return model.to_owned() };
        let mut name = stem.to_owned();
        name.push("_fp16");
        // Not `with_extension`: a name may have several dots.
        if let Some(extension) = model.extension() {
            name.push(".");
            name.push(extension);
        }
        model.with_file_name(name)
    }

    /// Whether a stream decoder's file is one for this precision.
    pub(crate) fn check(self, model: &CodecModel) -> Result<(), String> {
        match (self, model.state_float) {
            (Self::Float16, StateFloat::Single) => {
                Err("its floats have 32 bits, and decoder.precision is \"float16\": \
                     scripts/export_snac.py --fp16 writes one of 16 bits"
                    .to_owned())
            }
            _ => Ok(()),
        }
    }
}

/// The floats of a model's state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum StateFloat {
    #[default]
    Single,
    Half,
}

impl StateFloat {
    /// Its type in a model file.
    pub(crate) fn element_type(self) -> ElementType {
        match self {
            Self::Single => ElementType::Float,
            Self::Half => ElementType::Float16,
        }
    }

    /// Its type in ONNX Runtime.
    pub(super) fn tensor_type(self) -> TensorElementType {
        match self {
            Self::Single => TensorElementType::Float32,
            Self::Half => TensorElementType::Float16,
        }
    }

    /// A tensor: zeros in the host's memory, anything on a device.
    pub(crate) fn tensor<const N: usize>(
        self,
        allocator: &Allocator,
        shape: [usize; N],
    ) -> ort::Result<DynValue> {
        Ok(DynTensor::new(allocator, self.tensor_type(), shape)?.into_dyn())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precisions_by_name() {
        for precision in [Precision::Float32, Precision::Tf32, Precision::Float16] {
            assert_eq!(precision.to_string().parse(), Ok(precision));
        }
        let error = Precision::from_str("bf16").unwrap_err().to_string();
        assert!(error.contains("expected float32, tf32 or float16"), "{error}");
    }

    #[test]
    fn the_file_of_16_bit_floats_lies_beside_the_other() {
        let model = Path::new("models/snac/decoder_stream.onnx");
        assert_eq!(Precision::Tf32.file(model), model);
        for (model, half) in [
            ("models/snac/decoder_stream.onnx", "models/snac/decoder_stream_fp16.onnx"),
            ("models/snac/decoder_stream.v2.onnx", "models/snac/decoder_stream.v2_fp16.onnx"),
            ("snac.24khz.onnx", "snac.24khz_fp16.onnx"),
            ("decoder", "decoder_fp16"),
        ] {
            assert_eq!(Precision::Float16.file(Path::new(model)), Path::new(half));
        }
    }

    #[test]
    fn a_file_of_32_bit_floats_isnt_one_of_16() {
        let single = CodecModel::snac_24khz_stream();
        let half = CodecModel { state_float: StateFloat::Half, ..single.clone() };
        assert!(Precision::Float16.check(&single).unwrap_err().contains("--fp16"));
        assert_eq!(Precision::Float16.check(&half), Ok(()));
        assert_eq!(Precision::Tf32.check(&single), Ok(()));
    }
}
