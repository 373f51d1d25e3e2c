//! The weights of a model, shared by all its sessions.
//!
//! A session copies the weights out of the model file, and some kernels keep a second copy in their own layout. If a
//! session is given the weights as tensors, it uses those and shares the second copy as well. This module extracts
//! them, which needs no more of ONNX's format than the path to a tensor's bytes: `ModelProto.graph` (field 7) →
//! `GraphProto.initializer` (5) → `TensorProto`.

use std::{path::Path, sync::Arc};

use ort::{
    session::builder::{PrepackedWeights, SessionBuilder},
    value::{DynValue, Tensor},
};

use super::Runtime;
use crate::LoadError;

/// Smaller tensors are left to the sessions, whose optimizations inspect small ones.
const MIN_BYTES: usize = 4096;

/// The large 32-bit float tensors of a model file, shared by its sessions on the CPU and by clones.
#[derive(Clone, Debug)]
pub(crate) struct SharedWeights {
    tensors: Vec<(String, Arc<DynValue>)>,
    /// The tensors in the kernels' own layout, filled by the first session.
    packed: PrepackedWeights,
}

impl SharedWeights {
    /// Reads the tensors from a model file. The sessions load what isn't found here themselves, such as other types and
    /// weights in separate files.
    ///
    /// # Errors
    /// The file can't be read.
    pub(crate) fn read(_loaded: &Runtime, path: &Path) -> Result<Self, LoadError> {
        let broken = |reason: String| LoadError::Model { path: path.to_owned(), reason };
        let file = std::fs::read(path).map_err(|error| broken(error.to_string()))?;
        let mut tensors = Vec::new();
        for found in find(&file) {
            let (floats, _) = found.bytes.as_chunks::<4>();
            let floats: Box<[f32]> = floats.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
            let tensor =
                Tensor::from_array((found.shape, floats)).map_err(|error| broken(error.to_string()))?;
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

/// A tensor in a model file.
#[derive(Clone, Debug, PartialEq)]
struct Found<'a> {
    name: &'a str,
    shape: Vec<i64>,
    bytes: &'a [u8],
}

/// The tensors worth sharing. None if the file isn't a model; opening the session will report that.
fn find(file: &[u8]) -> impl Iterator<Item = Found<'_>> {
    let graphs = Fields(file).filter_map(|field| field.bytes_of(7));
    graphs.flat_map(Fields).filter_map(|field| tensor(field.bytes_of(5)?))
}

fn tensor(message: &[u8]) -> Option<Found<'_>> {
    /// `TensorProto.DataType.FLOAT`.
    const FLOAT: u64 = 1;
    let (mut name, mut shape, mut bytes, mut data_type) = ("", Vec::new(), &[][..], 0);
    for field in Fields(message) {
        match (field.number, field.value) {
            (1, Value::Varint(size)) => shape.push(i64::try_from(size).ok()?),
            (1, Value::Bytes(mut packed)) => {
                while !packed.is_empty() {
                    shape.push(i64::try_from(varint(&mut packed)?).ok()?);
                }
            }
            (2, Value::Varint(number)) => data_type = number,
            (8, Value::Bytes(text)) => name = std::str::from_utf8(text).ok()?,
            (9, Value::Bytes(raw)) => bytes = raw,
            _ => {}
        }
    }
    let elements = shape.iter().try_fold(1_usize, |n, size| n.checked_mul(usize::try_from(*size).ok()?))?;
    let whole = elements.checked_mul(4) == Some(bytes.len());
    (data_type == FLOAT && whole && bytes.len() >= MIN_BYTES).then_some(Found { name, shape, bytes })
}

/// The fields of a protobuf message, up to the first malformed one.
struct Fields<'a>(&'a [u8]);

struct Field<'a> {
    number: u64,
    value: Value<'a>,
}

enum Value<'a> {
    Varint(u64),
    Bytes(&'a [u8]),
    /// Four or eight bytes, unused here.
    Fixed,
}

impl<'a> Field<'a> {
    fn bytes_of(&self, number: u64) -> Option<&'a [u8]> {
        match self.value {
            Value::Bytes(bytes) if self.number == number => Some(bytes),
            _ => None,
        }
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Field<'a>> {
        let key = varint(&mut self.0)?;
        let value = match key & 7 {
            0 => Value::Varint(varint(&mut self.0)?),
            1 => take(&mut self.0, 8).map(|_| Value::Fixed)?,
            2 => {
                let length = usize::try_from(varint(&mut self.0)?).ok()?;
                Value::Bytes(take(&mut self.0, length)?)
            }
            5 => take(&mut self.0, 4).map(|_| Value::Fixed)?,
            _ => return None,
        };
        Some(Field { number: key >> 3, value })
    }
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(taken)
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        value |= u64::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use svara_testkit::models;

    use super::*;

    /// A field of bytes; `number` below 16.
    fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        let mut field = vec![number << 3 | 2];
        let mut length = bytes.len();
        while length >= 0x80 {
            field.push(length as u8 | 0x80);
            length >>= 7;
        }
        field.push(length as u8);
        [field, bytes.to_vec()].concat()
    }

    fn model(tensor: &[u8]) -> Vec<u8> {
        field(7, &field(5, tensor))
    }

    #[test]
    fn a_large_float_tensor_is_found_with_either_way_of_writing_its_shape() {
        let raw = vec![7; 4096];
        let rest = [vec![0x10, 1], field(8, b"w"), field(9, &raw)].concat();
        let expected = Found { name: "w", shape: vec![32, 32], bytes: &raw };
        for shape in [vec![0x08, 32, 0x08, 32], field(1, &[32, 32])] {
            let file = model(&[shape, rest.clone()].concat());
            assert_eq!(find(&file).collect::<Vec<_>>(), std::slice::from_ref(&expected));
        }
    }

    #[test]
    fn what_is_small_or_of_another_type_or_size_is_left_to_the_session() {
        let tensor = |rows: u8, data_type: u8, bytes: usize| {
            model(&[vec![0x08, 32, 0x08, rows, 0x10, data_type], field(9, &vec![0; bytes])].concat())
        };
        assert_eq!(find(&tensor(32, 1, 4096)).count(), 1);
        for file in [tensor(31, 1, 31 * 128), tensor(32, 10, 4096), tensor(32, 1, 4100)] {
            assert_eq!(find(&file).count(), 0);
        }
    }

    #[test]
    fn nearly_all_of_a_model_is_found() {
        let path = models::snac_small("decoder_stream.onnx");
        let file = std::fs::read(&path).unwrap();
        let found: usize = find(&file).map(|found| found.bytes.len()).sum();
        assert!(found * 10 > file.len() * 7, "{found} of {} bytes", file.len());
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes in prop::collection::vec(any::<u8>(), 0..200), cut in 0usize..4200) {
            find(&bytes).count();
            let file = model(&[vec![0x08, 32, 0x08, 32, 0x10, 1], field(9, &[0; 4096])].concat());
            let cut_off = file.get(..cut.min(file.len() - 1)).unwrap_or_default();
            prop_assert_eq!(find(cut_off).count(), 0);
        }
    }
}
