//! What is read and written of an ONNX file to change its graph: the messages of its format, and their fields by number.
//! `file.rs` has messages of its own, with the few fields that loading a model needs: none of a large file's nodes.

use std::ops::Range;

use bytes::Bytes;
use prost::Message;

/// `TensorProto.DataType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ElementType {
    Float = 1,
    Int64 = 7,
    Float16 = 10,
}

/// The same as numbers, for comparing.
pub(super) const FLOAT: i32 = ElementType::Float as i32;
const INT64: i32 = ElementType::Int64 as i32;

/// `AttributeProto.AttributeType.INT`.
const INT: i32 = 2;

#[derive(Clone, PartialEq, Message)]
pub(super) struct ModelProto {
    #[prost(message, optional, tag = "7")]
    pub(super) graph: Option<GraphProto>,
    #[prost(message, repeated, tag = "8")]
    pub(super) opset_import: Vec<OpsetProto>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct OpsetProto {
    #[prost(string, tag = "1")]
    pub(super) domain: String,
    #[prost(int64, tag = "2")]
    pub(super) version: i64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct GraphProto {
    #[prost(message, repeated, tag = "1")]
    pub(super) node: Vec<NodeProto>,
    #[prost(message, repeated, tag = "5")]
    pub(super) initializer: Vec<TensorProto>,
    #[prost(message, repeated, tag = "11")]
    pub(super) input: Vec<Named>,
    #[prost(message, repeated, tag = "12")]
    pub(super) output: Vec<Named>,
}

/// `ValueInfoProto`, of which only the name is read.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Named {
    #[prost(string, tag = "1")]
    pub(super) name: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct NodeProto {
    #[prost(string, repeated, tag = "1")]
    pub(super) input: Vec<String>,
    #[prost(string, repeated, tag = "2")]
    pub(super) output: Vec<String>,
    #[prost(string, tag = "3")]
    pub(super) name: String,
    #[prost(string, tag = "4")]
    pub(super) op_type: String,
    #[prost(message, repeated, tag = "5")]
    pub(super) attribute: Vec<AttributeProto>,
    #[prost(string, tag = "7")]
    pub(super) domain: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct AttributeProto {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(float, tag = "2")]
    pub(super) f: f32,
    #[prost(int64, tag = "3")]
    pub(super) i: i64,
    #[prost(message, optional, tag = "5")]
    pub(super) t: Option<TensorProto>,
    /// A graph, which may read any name of the graph around it.
    #[prost(bytes = "bytes", optional, tag = "6")]
    pub(super) g: Option<Bytes>,
    #[prost(bytes = "bytes", repeated, tag = "11")]
    pub(super) graphs: Vec<Bytes>,
    #[prost(int32, tag = "20")]
    pub(super) kind: i32,
}

impl NodeProto {
    /// A node of ONNX's own operators.
    pub(super) fn new(kind: &str, inputs: &[&str], output: &str, axis: Option<usize>) -> Self {
        let axis = axis.map(|axis| AttributeProto {
            name: "axis".to_owned(),
            i: length(axis),
            kind: INT,
            ..AttributeProto::default()
        });
        Self {
            input: inputs.iter().map(|input| (*input).to_owned()).collect(),
            output: vec![output.to_owned()],
            name: format!("{kind}.{output}"),
            op_type: kind.to_owned(),
            attribute: axis.into_iter().collect(),
            ..Self::default()
        }
    }
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct TensorProto {
    #[prost(int64, repeated, tag = "1")]
    dims: Vec<i64>,
    #[prost(int32, tag = "2")]
    data_type: i32,
    #[prost(float, repeated, tag = "4")]
    float_data: Vec<f32>,
    #[prost(int64, repeated, tag = "7")]
    int64_data: Vec<i64>,
    #[prost(string, tag = "8")]
    name: String,
    #[prost(bytes = "bytes", tag = "9")]
    raw_data: Bytes,
    /// 1: the data are in a file of their own.
    #[prost(int32, tag = "14")]
    data_location: i32,
}

impl TensorProto {
    /// A constant of integers.
    pub(super) fn integers(name: &str, values: Range<usize>, dims: Vec<i64>) -> Self {
        let raw_data: Vec<u8> = values.flat_map(|value| length(value).to_le_bytes()).collect();
        let (name, raw_data) = (name.to_owned(), raw_data.into());
        Self { dims, data_type: INT64, name, raw_data, ..Self::default() }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn is_external(&self) -> bool {
        self.data_location != 0
    }

    /// The number in a tensor that has just one, and no more axes than a signal.
    pub(super) fn number(&self) -> Option<f64> {
        if self.dims.len() > 3 || self.dims.iter().any(|size| *size != 1) {
            return None;
        }
        let raw = self.raw_data.as_ref();
        match self.data_type {
            FLOAT => match self.float_data.as_slice() {
                [value] => Some(f64::from(*value)),
                _ => Some(f64::from(f32::from_le_bytes(raw.try_into().ok()?))),
            },
            INT64 => match self.int64_data.as_slice() {
                [value] => Some(*value as f64),
                _ => Some(i64::from_le_bytes(raw.try_into().ok()?) as f64),
            },
            _ => None,
        }
    }

    /// The channels of a float tensor of the shape [1, C, 1].
    pub(super) fn channels(&self) -> Option<i64> {
        match *self.dims.as_slice() {
            [1, channels, 1] if self.data_type == FLOAT && channels > 0 => Some(channels),
            _ => None,
        }
    }
}

/// An input or output that is written, with its type.
#[derive(Clone, PartialEq, Message)]
pub(super) struct ValueInfoProto {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, optional, tag = "2")]
    kind: Option<TypeProto>,
}

impl ValueInfoProto {
    /// Axes without a length may have any.
    pub(super) fn new(name: &str, element_type: ElementType, shape: &[Option<usize>]) -> Self {
        let dim = shape.iter().map(|size| Dimension { dim_value: size.map(length) }).collect();
        let tensor_type = TensorTypeProto { elem_type: element_type as i32, shape: Some(ShapeProto { dim }) };
        Self { name: name.to_owned(), kind: Some(TypeProto { tensor_type: Some(tensor_type) }) }
    }
}

#[derive(Clone, PartialEq, Message)]
struct TypeProto {
    #[prost(message, optional, tag = "1")]
    tensor_type: Option<TensorTypeProto>,
}

#[derive(Clone, PartialEq, Message)]
struct TensorTypeProto {
    #[prost(int32, tag = "1")]
    elem_type: i32,
    #[prost(message, optional, tag = "2")]
    shape: Option<ShapeProto>,
}

#[derive(Clone, PartialEq, Message)]
struct ShapeProto {
    #[prost(message, repeated, tag = "1")]
    dim: Vec<Dimension>,
}

#[derive(Clone, PartialEq, Message)]
struct Dimension {
    #[prost(int64, optional, tag = "1")]
    dim_value: Option<i64>,
}

fn length(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}
