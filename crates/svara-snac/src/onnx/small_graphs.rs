//! Small graphs, built here, that a device runs at start.

use ort::{
    editor::{Graph, Model, Node, ONNX_DOMAIN, Opset},
    value::{Outlet, Shape, SymbolicDimensions, TensorElementType, ValueType},
};

use super::precision::StateFloat;

/// The oldest operator set that the graphs need; ONNX Runtime 1.24 supports later ones as well.
const OPSET: u32 = 17;

/// A tiny convolution and a tiny sine: what needs cuDNN, and what needs ONNX Runtime's own code for the card.
pub(super) fn probe() -> ort::Result<Model> {
    model(
        [floats("x", &[1, 1, 16]), floats("w", &[1, 1, 3])],
        [floats("y", &[1, 1, 14])],
        [
            Node::new("Sin", ONNX_DOMAIN, "sine", ["x"], ["sine"], [])?,
            Node::new("Conv", ONNX_DOMAIN, "conv", ["sine", "w"], ["y"], [])?,
        ],
    )
}

/// zeros = zero, as often as the shape says.
pub(super) fn zeros(float: StateFloat) -> ort::Result<Model> {
    let float = float.tensor_type();
    model(
        [tensor("zero", float, &[1]), tensor("shape", TensorElementType::Int64, &[2])],
        [tensor("zeros", float, &[-1, -1])],
        [Node::new("Expand", ONNX_DOMAIN, "fill", ["zero", "shape"], ["zeros"], [])?],
    )
}

fn model<const I: usize, const O: usize, const N: usize>(
    inputs: [Outlet; I],
    outputs: [Outlet; O],
    nodes: [Node; N],
) -> ort::Result<Model> {
    let mut graph = Graph::new()?;
    graph.set_inputs(inputs)?;
    graph.set_outputs(outputs)?;
    for node in nodes {
        graph.add_node(node)?;
    }
    let mut model = Model::new([Opset::new(ONNX_DOMAIN, OPSET)?])?;
    model.set_graph(graph)?;
    Ok(model)
}

fn floats(name: &str, shape: &[i64]) -> Outlet {
    tensor(name, TensorElementType::Float32, shape)
}

fn tensor(name: &str, ty: TensorElementType, shape: &[i64]) -> Outlet {
    let dimension_symbols = SymbolicDimensions::empty(shape.len());
    Outlet::new(name, ValueType::Tensor { ty, shape: Shape::from(shape), dimension_symbols })
}
