//! Changes a model's graph before a session opens it: inputs and outputs are replaced, and nodes added.
//!
//! An ONNX file is one protobuf message, the graph is one field of it. What isn't replaced is copied byte by byte.

use std::ops::Range;

use bytes::Buf;
use prost::{
    Message,
    encoding::{WireType, decode_key, decode_varint, encode_key, encode_varint},
};

use super::proto::{ElementType, Named, NodeProto, TensorProto, ValueInfoProto};

/// `ModelProto.graph`; `GraphProto.node`, `.initializer`, `.input` and `.output`.
pub(super) const GRAPH: u32 = 7;
pub(super) const NODE: u32 = 1;
const INITIALIZER: u32 = 5;
const INPUT: u32 = 11;
const OUTPUT: u32 = 12;

/// What to change. Names that are removed may be used again, by what is added.
#[derive(Default)]
pub(crate) struct GraphEdit {
    remove_inputs: Vec<String>,
    remove_outputs: Vec<String>,
    inputs: Vec<ValueInfoProto>,
    outputs: Vec<ValueInfoProto>,
    constants: Vec<TensorProto>,
    before: Vec<NodeProto>,
    after: Vec<NodeProto>,
}

impl GraphEdit {
    /// An input that a node added by [`Self::before`] computes from now on.
    pub(crate) fn remove_input(&mut self, name: &str) {
        self.remove_inputs.push(name.to_owned());
    }

    /// An output that only the graph itself uses from now on.
    pub(crate) fn remove_output(&mut self, name: &str) {
        self.remove_outputs.push(name.to_owned());
    }

    /// A new input of this type; axes without a length may have any.
    pub(crate) fn input(&mut self, name: &str, element_type: ElementType, shape: &[Option<usize>]) {
        self.inputs.push(ValueInfoProto::new(name, element_type, shape));
    }

    /// A new output.
    pub(crate) fn output(&mut self, name: &str, element_type: ElementType, shape: &[Option<usize>]) {
        self.outputs.push(ValueInfoProto::new(name, element_type, shape));
    }

    /// A constant vector of integers. Its name must not occur in the graph.
    pub(crate) fn vector(&mut self, name: &str, values: Range<usize>) {
        let dims = vec![i64::try_from(values.len()).unwrap_or(i64::MAX)];
        self.constants.push(TensorProto::integers(name, values, dims));
    }

    /// A constant integer without an axis.
    pub(crate) fn scalar(&mut self, name: &str, value: usize) {
        self.constants.push(TensorProto::integers(name, value..value + 1, Vec::new()));
    }

    /// A node ahead of all others.
    pub(crate) fn before(&mut self, kind: &str, inputs: &[&str], output: &str, axis: Option<usize>) {
        self.before.push(NodeProto::new(kind, inputs, output, axis));
    }

    /// A node behind all others.
    pub(crate) fn after(&mut self, kind: &str, inputs: &[&str], output: &str) {
        self.after.push(NodeProto::new(kind, inputs, output, None));
    }

    /// The changed file.
    ///
    /// # Errors
    /// The file isn't whole, or has no such inputs and outputs.
    pub(crate) fn apply(&self, file: &[u8]) -> Result<Vec<u8>, String> {
        let mut changed = Vec::with_capacity(file.len() + 4096);
        let mut graphs = 0;
        for field in fields(file) {
            let field = field?;
            match field.content {
                Some(graph) if field.number == GRAPH => {
                    graphs += 1;
                    write(GRAPH, &self.apply_to_graph(graph)?, &mut changed);
                }
                _ => changed.extend_from_slice(field.whole),
            }
        }
        if graphs == 1 { Ok(changed) } else { Err(format!("the file has {graphs} graphs")) }
    }

    fn apply_to_graph(&self, graph: &[u8]) -> Result<Vec<u8>, String> {
        let mut changed = Vec::with_capacity(graph.len() + 4096);
        self.before.iter().for_each(|node| write(NODE, &node.encode_to_vec(), &mut changed));
        let mut removed = 0;
        for field in fields(graph) {
            let field = field?;
            let gone = match field.number {
                INPUT => &self.remove_inputs,
                OUTPUT => &self.remove_outputs,
                _ => {
                    changed.extend_from_slice(field.whole);
                    continue;
                }
            };
            let info = Named::decode(field.content.unwrap_or_default());
            if gone.contains(&info.map_err(|error| error.to_string())?.name) {
                removed += 1;
            } else {
                changed.extend_from_slice(field.whole);
            }
        }
        if removed != self.remove_inputs.len() + self.remove_outputs.len() {
            return Err("the graph lacks inputs or outputs of a stream decoder".to_owned());
        }
        self.after.iter().for_each(|node| write(NODE, &node.encode_to_vec(), &mut changed));
        self.constants.iter().for_each(|tensor| write(INITIALIZER, &tensor.encode_to_vec(), &mut changed));
        self.inputs.iter().for_each(|input| write(INPUT, &input.encode_to_vec(), &mut changed));
        self.outputs.iter().for_each(|output| write(OUTPUT, &output.encode_to_vec(), &mut changed));
        Ok(changed)
    }
}

/// A field of a message.
pub(super) struct Field<'a> {
    pub(super) number: u32,
    /// Its key and its content.
    pub(super) whole: &'a [u8],
    /// Of strings, bytes and messages.
    pub(super) content: Option<&'a [u8]>,
}

/// The fields of a message, in order; an error ends them.
pub(super) fn fields(message: &[u8]) -> impl Iterator<Item = Result<Field<'_>, String>> {
    let mut rest = message;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let field = next(rest);
        rest = match &field {
            Ok(field) => rest.get(field.whole.len()..).unwrap_or_default(),
            Err(_) => &[],
        };
        Some(field)
    })
}

fn next(message: &[u8]) -> Result<Field<'_>, String> {
    let broken = |error: &dyn std::fmt::Display| format!("not a whole ONNX file: {error}");
    let mut rest = message;
    let (number, wire_type) = decode_key(&mut rest).map_err(|error| broken(&error))?;
    let content = match wire_type {
        WireType::Varint => {
            decode_varint(&mut rest).map_err(|error| broken(&error))?;
            None
        }
        WireType::ThirtyTwoBit => Some(4),
        WireType::SixtyFourBit => Some(8),
        WireType::LengthDelimited => {
            let length = decode_varint(&mut rest).map_err(|error| broken(&error))?;
            Some(usize::try_from(length).map_err(|error| broken(&error))?)
        }
        WireType::StartGroup | WireType::EndGroup => return Err(broken(&"it has groups")),
    };
    let content = match content {
        Some(length) => {
            let content = rest.get(..length).ok_or_else(|| broken(&"it ends too soon"))?;
            rest.advance(length);
            Some(content)
        }
        None => None,
    };
    let whole = message.get(..message.len() - rest.len()).unwrap_or_default();
    let content = content.filter(|_| wire_type == WireType::LengthDelimited);
    Ok(Field { number, whole, content })
}

/// Appends a message as a field of another.
pub(super) fn write(number: u32, message: &[u8], to: &mut Vec<u8>) {
    encode_key(number, WireType::LengthDelimited, to);
    encode_varint(message.len() as u64, to);
    to.extend_from_slice(message);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use svara_testkit::models;

    use super::*;
    use crate::onnx::ModelFile;

    #[test]
    fn what_is_not_replaced_stays_as_it_was() {
        let file = std::fs::read(models::snac_small("decoder_stream.onnx")).unwrap();
        assert_eq!(GraphEdit::default().apply(&file).unwrap(), file);
        let mut edit = GraphEdit::default();
        edit.remove_input("state");
        edit.remove_output("new_state");
        edit.input("pool", ElementType::Float, &[None, Some(7)]);
        let (old, new) = (
            ModelFile::parse(file.clone().into()).unwrap(),
            ModelFile::parse(edit.apply(&file).unwrap().into()).unwrap(),
        );
        assert_eq!((old.metadata(), old.tensors().count()), (new.metadata(), new.tensors().count()));
        let mut inputs = old.inputs();
        inputs.retain(|name| *name != "state");
        inputs.push("pool");
        assert_eq!(new.inputs(), inputs);
        edit.remove_input("no such input");
        assert!(edit.apply(&file).unwrap_err().contains("stream decoder"));
    }

    proptest! {
        #[test]
        fn damaged_files_are_errors(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut edit = GraphEdit::default();
            edit.remove_input("state");
            prop_assert!(edit.apply(&bytes).is_err());
            // As the graph of a file that is whole.
            let mut file = Vec::new();
            write(GRAPH, &bytes, &mut file);
            prop_assert!(edit.apply(&file).is_err());
        }
    }
}
