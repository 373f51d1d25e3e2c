//! What this crate reads of a model file itself: its weights, its metadata and the names of its inputs.
//!
//! An ONNX file is one protobuf message. These are its fields that matter here, with their numbers in `onnx.proto`;
//! prost skips all others.

use std::{
    collections::{HashMap, HashSet},
    io::Read,
    path::Path,
};

use bytes::Bytes;
use prost::Message;

use super::proto::{FLOAT, Named};
use crate::LoadError;

/// Protobuf's messages have at most this many bytes.
const MAX_BYTES: u64 = 1 << 31;

/// `TensorProto.DataType.FLOAT16`, `DOUBLE` and `BFLOAT16`.
const OTHER_FLOATS: [i32; 3] = [10, 11, 16];

/// A model file. Its weights stay where the file was read to, and aren't copied.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct ModelFile {
    #[prost(string, tag = "2")]
    pub(crate) producer: String,
    /// What the file says of itself.
    #[prost(string, tag = "6")]
    pub(crate) about: String,
    #[prost(message, optional, tag = "7")]
    graph: Option<GraphProto>,
    #[prost(message, repeated, tag = "14")]
    metadata: Vec<StringStringEntryProto>,
}

#[derive(Clone, PartialEq, Message)]
struct GraphProto {
    #[prost(message, repeated, tag = "5")]
    initializers: Vec<TensorProto>,
    #[prost(message, repeated, tag = "11")]
    inputs: Vec<Named>,
}

#[derive(Clone, PartialEq, Message)]
struct TensorProto {
    #[prost(int64, repeated, tag = "1")]
    dims: Vec<i64>,
    #[prost(int32, tag = "2")]
    data_type: i32,
    #[prost(string, tag = "8")]
    name: String,
    #[prost(bytes = "bytes", tag = "9")]
    raw_data: Bytes,
}

#[derive(Clone, PartialEq, Message)]
struct StringStringEntryProto {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(string, tag = "2")]
    value: String,
}

/// A 32-bit float tensor of a model file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FloatTensor<'a> {
    pub(crate) name: &'a str,
    pub(crate) shape: &'a [i64],
    /// As many as the shape says.
    bytes: &'a [[u8; 4]],
}

impl FloatTensor<'_> {
    /// The values in the order of the file.
    pub(crate) fn values(&self) -> impl ExactSizeIterator<Item = f32> {
        self.bytes.iter().map(|bytes| f32::from_le_bytes(*bytes))
    }

    /// The value at a place in the order of the file; 0 behind the end.
    pub(crate) fn value(&self, at: usize) -> f32 {
        self.bytes.get(at).copied().map_or(0.0, f32::from_le_bytes)
    }
}

impl ModelFile {
    /// Reads a file.
    ///
    /// # Errors
    /// The file can't be read, or isn't a whole ONNX model.
    pub(crate) fn read(path: &Path) -> Result<Self, LoadError> {
        let parsed = Self::parse(Self::read_bytes(path)?);
        parsed.map_err(|reason| LoadError::Model { path: path.to_owned(), reason })
    }

    /// Reads a file's content.
    ///
    /// # Errors
    /// It can't be read, or is no file, or too large for an ONNX model.
    pub(crate) fn read_bytes(path: &Path) -> Result<Bytes, LoadError> {
        let read = || {
            let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
            let about = file.metadata().map_err(|error| error.to_string())?;
            if !about.is_file() {
                return Err("not a file".to_owned());
            }
            if about.len() > MAX_BYTES {
                return Err(format!("{} bytes are too many for an ONNX file", about.len()));
            }
            let mut content = Vec::with_capacity(usize::try_from(about.len()).unwrap_or_default());
            file.take(MAX_BYTES).read_to_end(&mut content).map_err(|error| error.to_string())?;
            Ok(content.into())
        };
        read().map_err(|reason| LoadError::Model { path: path.to_owned(), reason })
    }

    /// Parses a file's content; the error says what is wrong with it.
    pub(crate) fn parse(file: Bytes) -> Result<Self, String> {
        let model = Self::decode(file).map_err(|error| format!("not a whole ONNX file: {error}"))?;
        if model.graph.is_none() {
            return Err("not an ONNX file: it has no graph".to_owned());
        }
        Ok(model)
    }

    /// The float tensors whose values lie in the file. Other types, and weights in files of their own, are left out.
    pub(crate) fn tensors(&self) -> impl Iterator<Item = FloatTensor<'_>> {
        self.graph.iter().flat_map(|graph| &graph.initializers).filter_map(|tensor| {
            let (bytes, rest) = tensor.raw_data.as_chunks::<4>();
            let size = |count: usize, size: &i64| count.checked_mul(usize::try_from(*size).ok()?);
            let whole = rest.is_empty() && tensor.dims.iter().try_fold(1, size) == Some(bytes.len());
            let found = FloatTensor { name: &tensor.name, shape: &tensor.dims, bytes };
            (tensor.data_type == FLOAT && whole).then_some(found)
        })
    }

    /// Whether no weight is a float of another size. A model of mixed floats may have a Sin of each.
    pub(crate) fn is_float32(&self) -> bool {
        let mut initializers = self.graph.iter().flat_map(|graph| &graph.initializers);
        initializers.all(|tensor| !OTHER_FLOATS.contains(&tensor.data_type))
    }

    /// The metadata by key.
    pub(crate) fn metadata(&self) -> HashMap<&str, &str> {
        self.metadata.iter().map(|entry| (entry.key.as_str(), entry.value.as_str())).collect()
    }

    /// The names of the inputs, without those of weights that may be given in place of the file's: some programs list all.
    pub(crate) fn inputs(&self) -> Vec<&str> {
        let Some(graph) = &self.graph else { return Vec::new() };
        let weights: HashSet<&str> = graph.initializers.iter().map(|tensor| tensor.name.as_str()).collect();
        let names = graph.inputs.iter().map(|input| input.name.as_str());
        names.filter(|name| !weights.contains(name)).collect()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;
    use svara_testkit::models;

    use super::*;

    /// A file with one tensor.
    pub(crate) fn file_of(name: &str, dims: &[i64], data_type: i32, raw_data: Vec<u8>) -> ModelFile {
        let tensor =
            TensorProto { dims: dims.to_vec(), data_type, name: name.to_owned(), raw_data: raw_data.into() };
        let graph = GraphProto { initializers: vec![tensor], inputs: Vec::new() };
        ModelFile { producer: String::new(), about: String::new(), graph: Some(graph), metadata: Vec::new() }
    }

    #[test]
    fn a_tensor_is_found_with_either_way_of_writing_its_shape() {
        // TensorProto: dims one by one or packed, data_type 1, name "w", raw_data of four bytes.
        for dims in [&[0x08, 1, 0x08, 1][..], &[0x0A, 2, 1, 1]] {
            let tensor = [dims, &[0x10, 1, 0x42, 1, b'w', 0x4A, 4, 0, 0, 0x80, 0x3F]].concat();
            let graph = [&[0x2A, tensor.len() as u8][..], &tensor].concat();
            let file = [&[0x3A, graph.len() as u8][..], &graph].concat();
            let model = ModelFile::parse(file.into()).unwrap();
            let tensor = model.tensors().next().unwrap();
            assert_eq!((tensor.name, tensor.shape, tensor.value(0)), ("w", &[1, 1][..], 1.0));
        }
    }

    #[test]
    fn other_types_and_sizes_that_are_wrong_are_left_out() {
        assert_eq!(file_of("w", &[2, 2], FLOAT, vec![0; 16]).tensors().count(), 1);
        for (dims, data_type, bytes) in
            [(&[2, 3][..], FLOAT, 16), (&[2, 2], 10, 16), (&[2, 2], FLOAT, 17), (&[-2, -2], FLOAT, 16)]
        {
            assert_eq!(file_of("w", dims, data_type, vec![0; bytes]).tensors().count(), 0);
        }
        assert!(file_of("w", &[4], FLOAT, vec![0; 16]).is_float32());
        assert!(!file_of("w", &[8], 10, vec![0; 16]).is_float32());
        assert_eq!(file_of("w", &[i64::MAX, i64::MAX], FLOAT, vec![0; 16]).tensors().count(), 0);
    }

    #[test]
    fn a_weight_that_is_listed_as_an_input_is_none() {
        let mut model = file_of("w", &[1], FLOAT, vec![0; 4]);
        let named = |name: &str| Named { name: name.to_owned() };
        model.graph.as_mut().unwrap().inputs = vec![named("audio_codes.0"), named("w")];
        assert_eq!(model.inputs(), ["audio_codes.0"]);
    }

    #[test]
    fn nearly_all_of_a_model_is_found() {
        let path = models::snac_small("decoder_stream.onnx");
        let model = ModelFile::read(&path).unwrap();
        let found: usize = model.tensors().map(|tensor| tensor.values().len() * 4).sum();
        let size = std::fs::metadata(&path).unwrap().len() as usize;
        assert!(found * 10 > size * 7, "{found} of {size} bytes");
        assert_eq!(model.metadata().get("kind"), Some(&"stream"));
        assert!(model.inputs().contains(&"audio_codes.2"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(model) = ModelFile::parse(bytes.into()) {
                model.tensors().count();
            }
        }
    }
}
