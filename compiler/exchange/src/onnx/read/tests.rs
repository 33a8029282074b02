//! Models whose input is a vector and becomes a picture.

use super::{Graph, Imported, Model, Node, Refusal, Source, import};
use crate::onnx::message::{Attribute, Dim, Opset, Shape, Tensor, TensorType, Type, ValueInfo};
use crate::onnx::message::{attribute, data_type};
use prost::Message;

fn value(name: &str, dims: &[i64]) -> ValueInfo {
    let dim = |n: &i64| Dim {
        value: Some(*n),
        name: None,
    };
    let shape = Shape {
        dims: dims.iter().map(dim).collect(),
    };
    let tensor = TensorType {
        element: Some(data_type::FLOAT),
        shape: Some(shape),
    };
    ValueInfo {
        name: Some(name.to_owned()),
        kind: Some(Type {
            tensor: Some(tensor),
        }),
    }
}

fn node(op: &str, inputs: &[&str], output: &str, attributes: &[(&str, &[i64])]) -> Node {
    let attribute = |(name, ints): &(&str, &[i64])| Attribute {
        name: Some((*name).to_owned()),
        ints: ints.to_vec(),
        kind: Some(attribute::INTS),
        ..Attribute::default()
    };
    Node {
        inputs: inputs.iter().map(|name| (*name).to_owned()).collect(),
        outputs: vec![output.to_owned()],
        op: Some(op.to_owned()),
        attributes: attributes.iter().map(attribute).collect(),
        ..Node::default()
    }
}

fn stored(name: &str, dims: &[i64], longs: &[i64]) -> Tensor {
    let count = dims.iter().product::<i64>() as usize;
    Tensor {
        name: Some(name.to_owned()),
        dims: dims.to_vec(),
        data_type: Some(if longs.is_empty() {
            data_type::FLOAT
        } else {
            data_type::INT64
        }),
        floats: if longs.is_empty() {
            vec![0.5; count]
        } else {
            Vec::new()
        },
        longs: longs.to_vec(),
        ..Tensor::default()
    }
}

/// A model whose input is a vector of 12, of which `nodes` make `p`; a convolution reads that.
fn convolved(nodes: Vec<Node>, filter: &[i64], shape: &[i64]) -> Result<Imported, Refusal> {
    let mut graph = Graph {
        nodes,
        inputs: vec![value("x", &[1, 12])],
        outputs: vec![value("y", &[1])],
        initializers: vec![
            stored("w", filter, &[]),
            stored("shape", &[shape.len() as i64], shape),
        ],
        ..Graph::default()
    };
    graph.nodes.push(node("Conv", &["p", "w"], "y", &[]));
    let model = Model {
        graph: Some(graph),
        opsets: vec![Opset {
            domain: None,
            version: Some(13),
        }],
        ..Model::default()
    };
    import(Source {
        name: "model",
        bytes: model.encode_to_vec(),
        beside: &|name, _, _| Err(format!("there is no `{name}`")),
        input: None,
    })
}

#[test]
fn an_input_that_becomes_a_picture_of_one_channel_is_one() {
    let reshaped = || vec![node("Reshape", &["x", "shape"], "p", &[])];
    for (nodes, filter, shape, written) in [
        (
            reshaped(),
            &[2, 1, 2, 2][..],
            &[1, 1, 3, 4][..],
            "INPUT(3x4x1) => CONV(2, 2x2, bias=false)",
        ),
        (
            reshaped(),
            &[2, 1, 5],
            &[1, 1, 12],
            "INPUT(12x1x1) => CONV(2, 5x1, bias=false)",
        ),
    ] {
        let imported =
            convolved(nodes, filter, shape).unwrap_or_else(|refusal| panic!("{refusal}"));
        let text = netc_compiler::print::net(&imported.graph).unwrap_or_default();
        let text: Vec<&str> = text.split_whitespace().collect();
        let text = text.join(" ");
        assert!(text.contains(written), "{text}");
        assert!(
            imported
                .notes
                .iter()
                .any(|note| note.contains("is a vector of 12 there")),
            "{:?}",
            imported.notes
        );
    }
}

#[test]
fn an_input_whose_numbers_would_have_to_move_stays_a_vector() {
    let nodes = vec![node("Reshape", &["x", "shape"], "p", &[])];
    let refusal = convolved(nodes, &[2, 3, 2, 2], &[1, 3, 2, 2])
        .err()
        .map(|refusal| refusal.to_string());
    assert!(refusal.is_some_and(|text| text.contains("a vector of 12 becomes a picture")));
    let turned = vec![
        node("Reshape", &["x", "shape"], "r", &[]),
        node("Transpose", &["r"], "p", &[("perm", &[0, 1, 3, 2])]),
    ];
    let refusal = convolved(turned, &[2, 1, 2, 2], &[1, 1, 3, 4])
        .err()
        .map(|refusal| refusal.to_string());
    assert!(refusal.is_some_and(|text| text.contains("a vector of 12 becomes a picture")));
}
