//! Small graphs, built here, that move tensors on a device.

use ort::{
    editor::{Graph, Model, Node, ONNX_DOMAIN, Opset},
    memory::{AllocationDevice, AllocatorType, MemoryInfo, MemoryType},
    value::{Outlet, Shape, SymbolicDimensions, TensorElementType, ValueType},
};

use crate::onnx::Device;

/// The oldest operator set that the graphs need; ONNX Runtime 1.24 supports later ones as well.
const OPSET: u32 = 17;

/// The default memory of a device.
pub(crate) fn memory(device: Device) -> ort::Result<MemoryInfo<'static>> {
    let (kind, number) = match device {
        Device::Cuda(number) => (AllocationDevice::CUDA, i32::from(number)),
        Device::Cpu | Device::Auto => (AllocationDevice::CPU, 0),
    };
    MemoryInfo::new(kind, number, AllocatorType::Device, MemoryType::Default)
}

/// rows = pool[from]
pub(crate) fn gather(row_len: usize) -> ort::Result<Model> {
    let inputs = [floats("pool", &[-1, dimension(row_len)]), integers("from", &[-1])];
    let node = Node::new("Gather", ONNX_DOMAIN, "gather", ["pool", "from"], ["rows"], [])?;
    model(inputs, [floats("rows", &[-1, dimension(row_len)])], [node])
}

/// new_pool = pool, with new_pool[to] = rows
pub(crate) fn scatter(row_len: usize) -> ort::Result<Model> {
    let pool = |name| floats(name, &[-1, dimension(row_len)]);
    let inputs = [pool("pool"), integers("to", &[-1, 1]), pool("rows")];
    let node = Node::new("ScatterND", ONNX_DOMAIN, "scatter", ["pool", "to", "rows"], ["new_pool"], [])?;
    model(inputs, [pool("new_pool")], [node])
}

/// A tensor for [`copies`] to copy: its name, type and number of dimensions.
pub(crate) struct Copied<'a> {
    pub(crate) name: &'a str,
    pub(crate) element_type: TensorElementType,
    pub(crate) dimensions: usize,
}

/// For each tensor: to.NAME = from.NAME
pub(crate) fn copies(tensors: &[Copied<'_>]) -> ort::Result<Model> {
    let outlet =
        |name: String, copied: &Copied<'_>| tensor(&name, copied.element_type, &vec![-1; copied.dimensions]);
    let nodes = tensors.iter().map(|copied| {
        let (from, to) = (from(copied.name), to(copied.name));
        Node::new("Identity", ONNX_DOMAIN, copied.name, [from], [to], [])
    });
    let nodes = nodes.collect::<ort::Result<Vec<_>>>()?;
    model(
        tensors.iter().map(|copied| outlet(from(copied.name), copied)),
        tensors.iter().map(|copied| outlet(to(copied.name), copied)),
        nodes,
    )
}

/// The input from which [`copies`] reads a tensor.
pub(crate) fn from(name: &str) -> String {
    format!("from.{name}")
}

/// The output to which [`copies`] writes it.
pub(crate) fn to(name: &str) -> String {
    format!("to.{name}")
}

fn model(
    inputs: impl IntoIterator<Item = Outlet>,
    outputs: impl IntoIterator<Item = Outlet>,
    nodes: impl IntoIterator<Item = Node>,
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

fn dimension(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

fn floats(name: &str, shape: &[i64]) -> Outlet {
    tensor(name, TensorElementType::Float32, shape)
}

fn integers(name: &str, shape: &[i64]) -> Outlet {
    tensor(name, TensorElementType::Int64, shape)
}

fn tensor(name: &str, ty: TensorElementType, shape: &[i64]) -> Outlet {
    let dimension_symbols = SymbolicDimensions::empty(shape.len());
    Outlet::new(name, ValueType::Tensor { ty, shape: Shape::from(shape), dimension_symbols })
}
