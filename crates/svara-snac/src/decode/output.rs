//! Reads the outputs of a call.

use ort::value::DynValue;

use crate::DecodeError;

/// An output's floats; an error unless there are `count` of them.
pub(crate) fn floats<'a>(
    value: Option<&'a DynValue>,
    name: &str,
    count: usize,
) -> Result<&'a [f32], DecodeError> {
    let (_, floats) = value.ok_or_else(|| missing(name))?.try_extract_tensor::<f32>().map_err(failed)?;
    if floats.len() == count {
        Ok(floats)
    } else {
        Err(DecodeError::Run(format!("output {name} has {} floats, expected {count}", floats.len())))
    }
}

fn missing(output: &str) -> DecodeError {
    DecodeError::Run(format!("the graph has no output {output}"))
}

/// The error of a call that failed in ONNX Runtime.
#[expect(clippy::needless_pass_by_value, reason = "used as a function in map_err")]
pub(crate) fn failed(error: ort::Error) -> DecodeError {
    DecodeError::Run(error.to_string())
}
