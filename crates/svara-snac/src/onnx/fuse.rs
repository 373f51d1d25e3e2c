//! Finds Snake in the files of other programs, where it is five operators, and makes it one.
//!
//! PyTorch's exporters write x + (α + 10⁻⁹)⁻¹ · sin(αx)² as Mul, Sin, Pow or Mul, Mul or Div, and Add. They become one
//! [`Snake`](super::snake::Snake) only if nothing else reads what is between them and if α and its inverse are constants
//! of the shape [1, C, 1]. So the new graph means the same as the old one. What isn't replaced is copied byte by byte.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use prost::Message;

use super::{
    constants::Constants,
    edit::{GRAPH, NODE, fields, write},
    proto::{AttributeProto, GraphProto, ModelProto, NodeProto, OpsetProto, TensorProto},
    snake::DOMAIN,
};

/// `ModelProto.opset_import`.
const OPSET_IMPORT: u32 = 8;

/// A Snake that was found: the numbers of its nodes, the last of which becomes the new one, and the names of its inputs.
struct Snake<'a> {
    parts: [usize; 4],
    last: usize,
    x: &'a str,
    alpha: &'a str,
    scale: Scale<'a>,
}

/// What sin² is multiplied with, or divided by.
#[derive(Clone, Copy)]
enum Scale<'a> {
    Inverse(&'a str),
    Divisor(&'a str),
}

/// The file with each of its Snakes as one node; `None` if it has none, or one can't tell.
///
/// # Errors
/// The file is damaged.
pub(super) fn snakes(file: &Bytes) -> Result<Option<Vec<u8>>, String> {
    let model =
        ModelProto::decode(file.clone()).map_err(|error| format!("not a whole ONNX file: {error}"))?;
    let Some(graph) = &model.graph else { return Ok(None) };
    // Protobuf merges several fields into one graph, whose nodes can't be told by their numbers in each.
    if fields(file).filter(|field| field.as_ref().is_ok_and(|field| field.number == GRAPH)).count() != 1 {
        return Ok(None);
    }
    let nested = |attribute: &AttributeProto| attribute.g.is_some() || !attribute.graphs.is_empty();
    let external = graph.initializer.iter().any(TensorProto::is_external);
    // ONNX Runtime looks for weights in files of their own beside the model, so that has to stay in its file.
    if external || graph.node.iter().any(|node| node.attribute.iter().any(nested)) {
        return Ok(None);
    }
    let found = Search::of(graph).snakes();
    if found.is_empty() {
        return Ok(None);
    }
    tracing::debug!(snakes = found.len(), "each Snake is one operator");
    let mut changed = Vec::with_capacity(file.len() + 4096);
    for field in fields(file) {
        let field = field?;
        match field.content {
            Some(content) if field.number == GRAPH => {
                write(GRAPH, &replace(content, &graph.node, &found)?, &mut changed);
            }
            _ => changed.extend_from_slice(field.whole),
        }
    }
    if model.opset_import.iter().all(|opset| opset.domain != DOMAIN) {
        let opset = OpsetProto { domain: DOMAIN.to_owned(), version: 1 };
        write(OPSET_IMPORT, &opset.encode_to_vec(), &mut changed);
    }
    Ok(Some(changed))
}

/// The graph with the new nodes in place of the last ones of the old ones.
fn replace(graph: &[u8], nodes: &[NodeProto], found: &[Snake<'_>]) -> Result<Vec<u8>, String> {
    let gone: HashSet<usize> = found.iter().flat_map(|snake| snake.parts).collect();
    let last: HashMap<usize, &Snake<'_>> = found.iter().map(|snake| (snake.last, snake)).collect();
    let mut changed = Vec::with_capacity(graph.len());
    let mut numbered = nodes.iter().enumerate();
    for field in fields(graph) {
        let field = field?;
        let node = if field.number == NODE { numbered.next() } else { None };
        match node {
            Some((number, _)) if gone.contains(&number) => {}
            Some((number, node)) if last.contains_key(&number) => {
                for new in last.get(&number).into_iter().flat_map(|snake| snake.nodes(node)) {
                    write(NODE, &new.encode_to_vec(), &mut changed);
                }
            }
            _ => changed.extend_from_slice(field.whole),
        }
    }
    Ok(changed)
}

impl Snake<'_> {
    /// The nodes that take the place of the last one.
    fn nodes(&self, last: &NodeProto) -> Vec<NodeProto> {
        let output = last.output.first().cloned().unwrap_or_default();
        let mut nodes = Vec::new();
        let inverse = match self.scale {
            Scale::Inverse(name) => name.to_owned(),
            Scale::Divisor(name) => {
                let inverse = format!("{output}.svara.inverse");
                nodes.push(NodeProto {
                    input: vec![name.to_owned()],
                    output: vec![inverse.clone()],
                    name: inverse.clone(),
                    op_type: "Reciprocal".to_owned(),
                    ..NodeProto::default()
                });
                inverse
            }
        };
        nodes.push(NodeProto {
            input: vec![self.x.to_owned(), self.alpha.to_owned(), inverse],
            output: vec![output],
            name: last.name.clone(),
            op_type: "Snake".to_owned(),
            domain: DOMAIN.to_owned(),
            ..NodeProto::default()
        });
        nodes
    }
}

/// A graph with what is needed to find something in it.
struct Search<'a> {
    nodes: &'a [NodeProto],
    constants: Constants<'a>,
    /// The nodes that read a name, one as often as it does so.
    readers: HashMap<&'a str, Vec<usize>>,
    /// The node that writes a name.
    writers: HashMap<&'a str, usize>,
    outputs: HashSet<&'a str>,
}

impl<'a> Search<'a> {
    fn of(graph: &'a GraphProto) -> Self {
        let nodes = graph.node.as_slice();
        let mut readers: HashMap<&str, Vec<usize>> = HashMap::new();
        let mut writers = HashMap::new();
        for (number, node) in nodes.iter().enumerate() {
            node.input.iter().for_each(|name| readers.entry(name).or_default().push(number));
            writers.extend(node.output.iter().map(|name| (name.as_str(), number)));
        }
        // A weight that is also an input can be set from outside.
        let inputs: HashSet<&str> = graph.input.iter().map(|input| input.name.as_str()).collect();
        let weights = graph.initializer.iter().filter(|tensor| !inputs.contains(tensor.name()));
        let outputs = graph.output.iter().map(|output| output.name.as_str()).collect();
        Self { nodes, constants: Constants::of(weights, nodes), readers, writers, outputs }
    }

    fn snakes(&self) -> Vec<Snake<'a>> {
        (0..self.nodes.len()).filter_map(|sine| self.snake(sine)).collect()
    }

    /// The Snake around a Sin.
    fn snake(&self, sine: usize) -> Option<Snake<'a>> {
        let [angle] = self.inputs(sine, "Sin")? else { return None };
        let product = *self.writers.get(angle.as_str())?;
        let [a, b] = self.inputs(product, "Mul")? else { return None };
        let (x, alpha, channels) = self.with_parameter(a, b)?;
        if self.only_reader(product)? != sine {
            return None;
        }
        let square = self.only_reader(sine)?;
        if !self.is_square(square) {
            return None;
        }
        let scaled = self.only_reader(square)?;
        let squared = self.output(square)?;
        let (scale, of_scale) = match (self.inputs(scaled, "Mul"), self.inputs(scaled, "Div")) {
            (Some([a, b]), _) => {
                let (signal, inverse, of_inverse) = self.with_parameter(a, b)?;
                (signal == squared).then_some((Scale::Inverse(inverse), of_inverse))?
            }
            (_, Some([a, b])) if a == squared => (Scale::Divisor(b), self.constants.channels(b)?),
            _ => return None,
        };
        let last = self.only_reader(scaled)?;
        let [a, b] = self.inputs(last, "Add")? else { return None };
        let added = self.output(scaled)?;
        let adds = (a == x && b == added) || (a == added && b == x);
        (adds && channels == of_scale).then_some(Snake {
            parts: [product, sine, square, scaled],
            last,
            x,
            alpha,
            scale,
        })
    }

    /// Of two factors, the signal, the parameter, and how many channels the latter is for.
    fn with_parameter(&self, a: &'a str, b: &'a str) -> Option<(&'a str, &'a str, i64)> {
        match (self.constants.channels(a), self.constants.channels(b)) {
            (Some(channels), None) => Some((b, a, channels)),
            (None, Some(channels)) => Some((a, b, channels)),
            _ => None,
        }
    }

    /// Whether a node squares its first input.
    fn is_square(&self, number: usize) -> bool {
        match (self.inputs(number, "Mul"), self.inputs(number, "Pow")) {
            (Some([a, b]), _) => a == b,
            (_, Some([_, exponent])) => self.constants.number(exponent) == Some(2.0),
            _ => false,
        }
    }

    /// The inputs of a node, if it is that operator of ONNX's.
    fn inputs(&self, number: usize, operator: &str) -> Option<&'a [String]> {
        let node = self.nodes.get(number)?;
        (node.op_type == operator && matches!(node.domain.as_str(), "" | "ai.onnx")).then_some(&node.input)
    }

    fn output(&self, number: usize) -> Option<&'a str> {
        match self.nodes.get(number)?.output.as_slice() {
            [output] => Some(output),
            _ => None,
        }
    }

    /// The one node that reads a node's output; `None` if there are others, or it leaves the graph.
    fn only_reader(&self, number: usize) -> Option<usize> {
        let output = self.output(number)?;
        let readers = self.readers.get(output)?;
        let first = *readers.first()?;
        (readers.iter().all(|reader| *reader == first) && !self.outputs.contains(output)).then_some(first)
    }
}

#[cfg(test)]
mod tests;
