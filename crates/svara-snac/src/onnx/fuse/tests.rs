//! Small graphs with a Snake, or with something near it.

use proptest::prelude::*;

use super::*;
use crate::onnx::proto::Named;

fn node(op_type: &str, input: &[&str], output: &str) -> NodeProto {
    NodeProto {
        input: input.iter().map(|name| (*name).to_owned()).collect(),
        output: vec![output.to_owned()],
        name: format!("node.{output}"),
        op_type: op_type.to_owned(),
        ..NodeProto::default()
    }
}

/// Snake as our exporter would write it without functions.
fn plain() -> Vec<NodeProto> {
    vec![
        node("Mul", &["alpha", "x"], "angle"),
        node("Sin", &["angle"], "sine"),
        node("Mul", &["sine", "sine"], "square"),
        node("Mul", &["square", "inverse"], "scaled"),
        node("Add", &["x", "scaled"], "y"),
    ]
}

/// As PyTorch writes it: x + (alpha + 1e-9).reciprocal() * sin(alpha * x).pow(2)
fn torch() -> Vec<NodeProto> {
    vec![
        node("Add", &["alpha", "little"], "sum"),
        node("Reciprocal", &["sum"], "quotient"),
        node("Mul", &["alpha", "x"], "angle"),
        node("Sin", &["angle"], "sine"),
        node("Pow", &["sine", "two"], "square"),
        node("Mul", &["quotient", "square"], "scaled"),
        node("Add", &["x", "scaled"], "y"),
    ]
}

/// A float tensor.
fn floats(name: &str, dims: &[i64], values: &[f32]) -> Vec<u8> {
    let mut tensor = Vec::new();
    dims.iter().for_each(|size| prost::encoding::int64::encode(1, size, &mut tensor));
    prost::encoding::int32::encode(2, &1, &mut tensor);
    prost::encoding::string::encode(8, &name.to_owned(), &mut tensor);
    let raw: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    prost::encoding::bytes::encode(9, &raw, &mut tensor);
    tensor
}

/// A file of these nodes, from input x to output y, with all constants that they may need.
fn file(nodes: &[NodeProto], outputs: &[&str]) -> Bytes {
    let weights = [
        floats("alpha", &[1, 3, 1], &[1.0, 2.0, 3.0]),
        floats("inverse", &[1, 3, 1], &[1.0, 0.5, 0.3]),
        floats("inverse of two", &[1, 2, 1], &[1.0, 0.5]),
        floats("in time", &[1, 1, 3], &[1.0, 0.5, 0.3]),
        floats("little", &[], &[1e-9]),
        floats("two", &[], &[2.0]),
        floats("three", &[], &[3.0]),
    ];
    let named = |name: &str| Named { name: name.to_owned() };
    let mut graph = GraphProto {
        node: nodes.to_vec(),
        input: vec![named("x")],
        output: outputs.iter().map(|name| named(name)).collect(),
        initializer: Vec::new(),
    }
    .encode_to_vec();
    weights.iter().for_each(|tensor| write(5, tensor, &mut graph));
    let mut file = Vec::new();
    write(GRAPH, &graph, &mut file);
    file.into()
}

/// The nodes of the changed file, as words.
fn fused(nodes: &[NodeProto], outputs: &[&str]) -> Option<Vec<String>> {
    let changed = snakes(&file(nodes, outputs)).unwrap()?;
    let model = ModelProto::decode(Bytes::from(changed)).unwrap();
    assert!(model.opset_import.iter().any(|opset| opset.domain == DOMAIN && opset.version == 1));
    let graph = model.graph.unwrap();
    assert_eq!(graph.initializer.len(), 7);
    Some(
        graph
            .node
            .iter()
            .map(|node| format!("{}({}) {}", node.op_type, node.input.join(", "), node.output[0]))
            .collect(),
    )
}

fn with(mut nodes: Vec<NodeProto>, at: usize, new: NodeProto) -> Vec<NodeProto> {
    nodes[at] = new;
    nodes
}

#[test]
fn each_way_to_write_a_snake_is_one() {
    assert_eq!(fused(&plain(), &["y"]).unwrap(), ["Snake(x, alpha, inverse) y"]);
    let torchs = ["Add(alpha, little) sum", "Reciprocal(sum) quotient", "Snake(x, alpha, quotient) y"];
    assert_eq!(fused(&torch(), &["y"]).unwrap(), torchs);
    let swapped = with(plain(), 0, node("Mul", &["x", "alpha"], "angle"));
    let swapped = with(swapped, 3, node("Mul", &["inverse", "square"], "scaled"));
    let swapped = with(swapped, 4, node("Add", &["scaled", "x"], "y"));
    assert_eq!(fused(&swapped, &["y"]).unwrap(), ["Snake(x, alpha, inverse) y"]);
    let divided = with(plain(), 3, node("Div", &["square", "alpha"], "scaled"));
    let expected = ["Reciprocal(alpha) y.svara.inverse", "Snake(x, alpha, y.svara.inverse) y"];
    assert_eq!(fused(&divided, &["y"]).unwrap(), expected);
    let mut constant = node("Constant", &[], "a number");
    constant.attribute.push(AttributeProto {
        name: "value_float".to_owned(),
        f: 2.0,
        ..AttributeProto::default()
    });
    let mut nodes = with(plain(), 2, node("Pow", &["sine", "a number"], "square"));
    nodes.insert(0, constant);
    assert!(fused(&nodes, &["y"]).unwrap().contains(&"Snake(x, alpha, inverse) y".to_owned()));
}

#[test]
fn what_is_only_near_a_snake_stays() {
    let near = [
        with(plain(), 0, node("Mul", &["in time", "x"], "angle")),
        with(plain(), 0, node("Add", &["alpha", "x"], "angle")),
        with(plain(), 1, node("Cos", &["angle"], "sine")),
        with(plain(), 2, node("Mul", &["sine", "angle"], "square")),
        with(plain(), 2, node("Pow", &["sine", "three"], "square")),
        with(plain(), 2, node("Pow", &["two", "sine"], "square")),
        with(plain(), 3, node("Mul", &["square", "inverse of two"], "scaled")),
        with(plain(), 3, node("Mul", &["square", "x"], "scaled")),
        with(plain(), 3, node("Div", &["alpha", "square"], "scaled")),
        with(plain(), 4, node("Add", &["angle", "scaled"], "y")),
        with(plain(), 4, node("Sub", &["x", "scaled"], "y")),
        plain().into_iter().take(4).collect(),
        with(plain(), 1, NodeProto { domain: "other".to_owned(), ..node("Sin", &["angle"], "sine") }),
    ];
    for nodes in near {
        assert_eq!(fused(&nodes, &["y"]), None, "{nodes:?}");
    }
    for read_elsewhere in ["angle", "sine", "square", "scaled"] {
        assert_eq!(fused(&plain(), &["y", read_elsewhere]), None);
        let mut nodes = plain();
        nodes.push(node("Exp", &[read_elsewhere], "other"));
        assert_eq!(fused(&nodes, &["y", "other"]), None);
    }
    // A graph within the graph may read any name.
    let mut nested = plain();
    let branch =
        AttributeProto { name: "then_branch".to_owned(), g: Some(Bytes::new()), ..AttributeProto::default() };
    nested.push(NodeProto { attribute: vec![branch], ..node("If", &["x"], "other") });
    assert_eq!(fused(&nested, &["y", "other"]), None);
    // Nodes that read each other have no end.
    let mut round = plain();
    round[3] = node("Mul", &["square", "here"], "scaled");
    round.extend([node("Exp", &["there"], "here"), node("Exp", &["here"], "there")]);
    assert_eq!(fused(&round, &["y"]), None);
}

#[test]
fn weights_that_can_be_set_from_outside_are_no_constants() {
    let whole = file(&plain(), &["y"]);
    let mut model = ModelProto::decode(whole).unwrap();
    let graph = model.graph.as_mut().unwrap();
    graph.input.push(Named { name: "alpha".to_owned() });
    assert_eq!(snakes(&model.encode_to_vec().into()).unwrap(), None);
}

#[test]
fn weights_in_files_of_their_own_need_the_file_where_it_is() {
    let mut tensor = floats("far", &[1], &[]);
    prost::encoding::int32::encode(14, &1, &mut tensor);
    let model = ModelProto::decode(file(&plain(), &["y"])).unwrap();
    let mut graph = model.graph.unwrap().encode_to_vec();
    write(5, &tensor, &mut graph);
    let mut file = Vec::new();
    write(GRAPH, &graph, &mut file);
    assert_eq!(snakes(&file.into()).unwrap(), None);
}

#[test]
fn a_graph_in_two_parts_stays() {
    let whole = file(&plain(), &["y"]);
    let graph = ModelProto::decode(whole.clone()).unwrap().graph.unwrap();
    // The second part has a node that nobody reads.
    let more = GraphProto { node: vec![node("Neg", &["x"], "unread")], ..GraphProto::default() };
    let mut parts = whole.to_vec();
    write(GRAPH, &more.encode_to_vec(), &mut parts);
    assert_eq!(
        ModelProto::decode(Bytes::from(parts.clone())).unwrap().graph.unwrap().node.len(),
        graph.node.len() + 1
    );
    assert_eq!(snakes(&parts.into()).unwrap(), None);
}

/// The look-ups would multiply at each level: 10¹² for this one.
#[test]
fn operators_with_too_many_inputs_are_no_constants() {
    let mut nodes = with(plain(), 0, node("Mul", &["level 4", "x"], "angle"));
    for level in 1..=4 {
        let below = if level == 1 { "alpha".to_owned() } else { format!("level {}", level - 1) };
        nodes.insert(0, node("Add", &vec![below.as_str(); 1000], &format!("level {level}")));
    }
    assert_eq!(fused(&nodes, &["y"]), None);
}

proptest! {
    #[test]
    fn any_bytes_do_no_harm(at in 0.0f64..1.0, byte: u8) {
        let mut bytes = file(&torch(), &["y"]).to_vec();
        let at = (bytes.len() as f64 * at) as usize;
        bytes[at] = byte;
        let _ = snakes(&bytes.into());
    }
}
