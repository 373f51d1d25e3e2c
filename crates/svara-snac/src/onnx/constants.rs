//! What is constant in a graph, as far as [`fuse`](super::fuse) has to know.

use std::collections::HashMap;

use super::proto::{AttributeProto, NodeProto, TensorProto};

/// How many operators may lie between weights and a parameter: PyTorch's exporters write two.
const DEPTH: usize = 4;

/// Operators that give each channel's number from that of its inputs.
const ELEMENTWISE: [&str; 7] = ["Add", "Sub", "Mul", "Div", "Reciprocal", "Exp", "Identity"];

/// The constants of a graph.
pub(super) struct Constants<'a> {
    tensors: HashMap<&'a str, &'a TensorProto>,
    /// Constants that are written as a number.
    numbers: HashMap<&'a str, f32>,
    /// The nodes that make further ones.
    makers: HashMap<&'a str, &'a NodeProto>,
}

impl<'a> Constants<'a> {
    pub(super) fn of(weights: impl Iterator<Item = &'a TensorProto>, nodes: &'a [NodeProto]) -> Self {
        let mut tensors: HashMap<&str, &TensorProto> =
            weights.map(|tensor| (tensor.name(), tensor)).collect();
        let (mut numbers, mut makers) = (HashMap::new(), HashMap::new());
        for node in nodes.iter().filter(|node| matches!(node.domain.as_str(), "" | "ai.onnx")) {
            let [output] = node.output.as_slice() else { continue };
            match node.attribute.as_slice() {
                [AttributeProto { name, t: Some(tensor), .. }]
                    if node.op_type == "Constant" && name == "value" =>
                {
                    tensors.insert(output, tensor);
                }
                [AttributeProto { name, f, .. }] if node.op_type == "Constant" && name == "value_float" => {
                    numbers.insert(output.as_str(), *f);
                }
                // None of them has more than two inputs. A file with more would be searched for ever, as each level multiplies.
                _ if ELEMENTWISE.contains(&node.op_type.as_str()) && node.input.len() <= 2 => {
                    makers.insert(output.as_str(), node);
                }
                _ => {}
            }
        }
        Self { tensors, numbers, makers }
    }

    /// A constant that is one number.
    pub(super) fn number(&self, name: &str) -> Option<f64> {
        let tensor = self.tensors.get(name).and_then(|tensor| tensor.number());
        tensor.or_else(|| self.numbers.get(name).copied().map(f64::from))
    }

    /// The channels of a constant of the shape [1, C, 1].
    pub(super) fn channels(&self, name: &str) -> Option<i64> {
        self.channels_at(name, DEPTH)
    }

    fn channels_at(&self, name: &str, depth: usize) -> Option<i64> {
        if let Some(tensor) = self.tensors.get(name) {
            return tensor.channels();
        }
        let maker = self.makers.get(name)?;
        let deeper = depth.checked_sub(1)?;
        let mut found = None;
        for input in &maker.input {
            match self.channels_at(input, deeper) {
                Some(channels) if found.is_none_or(|found| found == channels) => found = Some(channels),
                Some(_) => return None,
                // A single number is the same for all channels.
                None => drop(self.number(input)?),
            }
        }
        found
    }
}
