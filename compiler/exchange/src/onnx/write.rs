//! A network as an ONNX model: a node for a layer where there is one, `[n, c, h, w]` for its pictures, any number of images.

mod operation;
mod weighted;
mod window;

use super::message::{
    Attribute, Dim, Entry, Graph as Message, Model, Node, Opset, Shape as Dims, Tensor, TensorType,
    Type, ValueInfo, attribute, data_type,
};
use crate::refusal::Refusal;
use bytes::Bytes;
use netc_compiler::graph::{Graph, Layer, NodeId, Order, Shape};
use prost::Message as _;
use std::collections::{BTreeMap, BTreeSet};

/// The version of the operators: the first with layer normalisation, and old enough for every tool.
const OPSET: i64 = 17;
/// The version of the format that came with it.
const IR: i64 = 8;

/// The most bytes that a message of protobuf holds.
const LARGEST: usize = i32::MAX as usize;

/// Writes a network with its weights, by their names, as the compiler's graph has them.
///
/// # Errors
/// If weights are missing, or are more than an ONNX file holds.
pub fn export(graph: &Graph, weights: &BTreeMap<String, Vec<f32>>) -> Result<Vec<u8>, Refusal> {
    let bytes: usize = weights.values().map(|values| 4 * values.len()).sum();
    if bytes > LARGEST / 2 * 2 - (1 << 20) {
        return Err(Refusal::new(
            "its weights are more than the 2 GB of an ONNX file",
        ));
    }
    let mut writer = Writer::new(graph, weights);
    let inferred = graph.inferred();
    for (at, needed) in inferred.iter().enumerate().skip(1) {
        if *needed {
            writer.layer(NodeId(at))?;
        }
    }
    Ok(writer.finish().encode_to_vec())
}

/// What has been written so far.
struct Writer<'g> {
    graph: &'g Graph,
    weights: &'g BTreeMap<String, Vec<f32>>,
    nodes: Vec<Node>,
    tensors: Vec<Tensor>,
    /// The name of each layer's value.
    values: Vec<String>,
    /// Names that are given to values and tensors.
    taken: BTreeSet<String>,
    outputs: Vec<ValueInfo>,
}

/// An attribute.
enum Is<'a> {
    Int(i64),
    Float(f32),
    Text(&'a str),
    Ints(Vec<i64>),
}

impl<'g> Writer<'g> {
    fn new(graph: &'g Graph, weights: &'g BTreeMap<String, Vec<f32>>) -> Self {
        let mut writer = Self {
            graph,
            weights,
            nodes: Vec::new(),
            tensors: Vec::new(),
            values: graph.nodes.iter().map(|node| node.name.clone()).collect(),
            taken: graph.nodes.iter().map(|node| node.name.clone()).collect(),
            outputs: Vec::new(),
        };
        // The first name that an output asks for is that of its layer's value; others are copies.
        let heads = graph.heads.iter().filter(|head| !head.auxiliary);
        let heads = heads.map(|head| (head.name.clone(), head.node));
        let all: Vec<_> = [("output".to_owned(), graph.output)]
            .into_iter()
            .chain(heads)
            .collect();
        let mut named = BTreeSet::new();
        for (name, id) in all {
            let own = writer.graph.node(id).name == name;
            let name = if own { name } else { writer.free(&name) };
            if named.insert(id) {
                writer.values[id.0].clone_from(&name);
            }
            let info = writer.info(&name, id);
            writer.outputs.push(info);
        }
        writer
    }

    /// A name that nothing has yet.
    fn free(&mut self, name: &str) -> String {
        let mut name = name.to_owned();
        while !self.taken.insert(name.clone()) {
            name.push('_');
        }
        name
    }

    fn info(&self, name: &str, id: NodeId) -> ValueInfo {
        let sizes = match self.graph.node(id).shape {
            Shape::Picture([h, w, c]) => vec![c, h, w],
            other => other.sizes(),
        };
        let size = |n: usize| Dim {
            value: Some(n as i64),
            name: None,
        };
        let batch = Dim {
            value: None,
            name: Some("N".to_owned()),
        };
        let dims = [batch].into_iter().chain(sizes.into_iter().map(size));
        let tensor = TensorType {
            element: Some(data_type::FLOAT),
            shape: Some(Dims {
                dims: dims.collect(),
            }),
        };
        ValueInfo {
            name: Some(name.to_owned()),
            kind: Some(Type {
                tensor: Some(tensor),
            }),
        }
    }

    fn finish(mut self) -> Model {
        // An output whose layer computes nothing, or has two names.
        let made: BTreeSet<String> = self
            .nodes
            .iter()
            .flat_map(|node| node.outputs.clone())
            .collect();
        let heads = self.graph.heads.iter().filter(|head| !head.auxiliary);
        let ids: Vec<NodeId> = [self.graph.output]
            .into_iter()
            .chain(heads.map(|head| head.node))
            .collect();
        for (info, id) in self.outputs.clone().iter().zip(ids) {
            let name = info.name.clone().unwrap_or_default();
            if !made.contains(&name) {
                let value = self.values[id.0].clone();
                self.node("Identity", &[&value], &name, &[]);
            }
        }
        let input = self.info(&self.values[0], NodeId(0));
        Model {
            ir_version: Some(IR),
            producer: Some("netc".to_owned()),
            producer_version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            graph: Some(Message {
                nodes: self.nodes,
                name: Some(self.graph.name.clone()),
                initializers: self.tensors,
                inputs: vec![input],
                outputs: self.outputs,
                sparse: Vec::new(),
            }),
            opsets: vec![Opset {
                domain: Some(String::new()),
                version: Some(OPSET),
            }],
            functions: Vec::new(),
        }
    }

    /// Adds a node that makes one value.
    fn node(&mut self, op: &str, inputs: &[&str], output: &str, attributes: &[(&str, Is<'_>)]) {
        let node = Node {
            inputs: inputs.iter().map(|name| (*name).to_owned()).collect(),
            outputs: vec![output.to_owned()],
            name: Some(output.to_owned()),
            op: Some(op.to_owned()),
            attributes: attributes
                .iter()
                .map(|(name, is)| written(name, is))
                .collect(),
            domain: None,
        };
        self.nodes.push(node);
    }

    /// Adds a node whose value has no layer of its own; its name begins with the layer's.
    fn inner(
        &mut self,
        op: &str,
        inputs: &[&str],
        layer: &str,
        attributes: &[(&str, Is<'_>)],
    ) -> String {
        let name = self.free(&format!("{layer}/{}", op.to_ascii_lowercase()));
        self.node(op, inputs, &name, attributes);
        name
    }

    /// Adds numbers.
    fn floats(&mut self, name: &str, dims: &[usize], values: &[f32]) -> String {
        let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        self.tensor(name, dims, data_type::FLOAT, bytes)
    }

    /// Adds whole numbers.
    fn ints(&mut self, name: &str, values: &[i64]) -> String {
        let bytes: Vec<u8> = values.iter().flat_map(|n| n.to_le_bytes()).collect();
        self.tensor(name, &[values.len()], data_type::INT64, bytes)
    }

    fn tensor(&mut self, name: &str, dims: &[usize], kind: i32, bytes: Vec<u8>) -> String {
        let name = self.free(name);
        self.tensors.push(Tensor {
            dims: dims.iter().map(|n| *n as i64).collect(),
            data_type: Some(kind),
            name: Some(name.clone()),
            raw: Some(Bytes::from(bytes)),
            external: Vec::<Entry>::new(),
            ..Tensor::default()
        });
        name
    }

    /// The numbers of a layer's tensor.
    fn weights(&self, id: NodeId, leaf: &str) -> Result<&'g [f32], Refusal> {
        let name = format!("{}.{leaf}", self.graph.node(id).name);
        let values = self.weights.get(&name);
        values
            .map(Vec::as_slice)
            .ok_or_else(|| Refusal::new(format!("`{name}` is missing")))
    }

    /// A layer's tensor as it stands in netc's file.
    fn parameter(&mut self, id: NodeId, leaf: &str, dims: &[usize]) -> Result<String, Refusal> {
        let values = self.weights(id, leaf)?;
        let name = format!("{}.{leaf}", self.graph.node(id).name);
        Ok(self.floats(&name, dims, values))
    }

    /// What a layer reads first.
    fn source(&self, id: NodeId) -> NodeId {
        self.graph
            .node(id)
            .inputs
            .first()
            .copied()
            .unwrap_or(NodeId(0))
    }

    fn value(&self, id: NodeId) -> String {
        self.values[id.0].clone()
    }

    fn shape(&self, id: NodeId) -> Shape {
        self.graph.node(id).shape
    }

    fn is_vector(&self, id: NodeId) -> bool {
        matches!(self.shape(id), Shape::Vector(_))
    }

    fn hwc(&self, id: NodeId) -> [usize; 3] {
        self.shape(id).hwc().unwrap_or_default()
    }

    /// One number a channel, to be spread over a layer's value: `[c, 1, 1]`, or `[c]` beside a vector.
    fn channels(&self, id: NodeId) -> Vec<usize> {
        let [.., c] = self.hwc(id);
        if self.is_vector(id) {
            vec![c]
        } else {
            vec![c, 1, 1]
        }
    }

    /// Writes a layer.
    fn layer(&mut self, id: NodeId) -> Result<(), Refusal> {
        let node = self.graph.node(id);
        let (input, output) = (self.value(self.source(id)), self.value(id));
        match &node.layer {
            Layer::Input(_) => {}
            Layer::Conv(conv) => self.conv(id, conv)?,
            Layer::Deconv(deconv) => self.deconv(id, deconv)?,
            Layer::Fc { bias, .. } => self.fc(id, *bias)?,
            Layer::Rbf { .. } => self.rbf(id)?,
            Layer::Pool(pool) => self.pool(id, pool),
            Layer::Subsample { window, stride } => self.subsample(id, *window, *stride)?,
            Layer::BatchNorm { eps, .. } => self.batch_norm(id, *eps)?,
            Layer::Dropout { .. } => self.values[id.0] = input,
            Layer::Activation(act) => self.activation(*act, &input, &output),
            Layer::Flatten(order) => self.flatten(id, *order),
            Layer::Concat => self.concat(id),
            Layer::Split { parts, part } => {
                let [.., c] = self.hwc(self.source(id));
                let size = c / parts;
                self.slice(id, 1, part * size, (part + 1) * size);
            }
            Layer::Op(op) => self.operation(id, *op)?,
        }
        Ok(())
    }

    fn flatten(&mut self, id: NodeId, order: Order) {
        let source = self.source(id);
        let [h, w, c] = self.hwc(source);
        let mut input = self.value(source);
        if self.is_vector(source) {
            self.values[id.0] = input;
            return;
        }
        let output = self.value(id);
        if order == Order::Hwc && h * w > 1 && c > 1 {
            input = self.inner(
                "Transpose",
                &[&input],
                &output,
                &[("perm", Is::Ints(vec![0, 2, 3, 1]))],
            );
        }
        self.node("Flatten", &[&input], &output, &[("axis", Is::Int(1))]);
    }

    fn concat(&mut self, id: NodeId) {
        let output = self.value(id);
        let inputs = self.graph.node(id).inputs.clone();
        let to_picture = !self.is_vector(id);
        let inputs: Vec<String> = inputs
            .iter()
            .map(|input| self.as_rank(*input, to_picture, &output))
            .collect();
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        self.node("Concat", &inputs, &output, &[("axis", Is::Int(1))]);
    }

    /// A vector as a picture of one pixel, where one is asked for.
    fn as_rank(&mut self, id: NodeId, picture: bool, layer: &str) -> String {
        let value = self.value(id);
        if !picture || !self.is_vector(id) {
            return value;
        }
        let axes = self.ints(&format!("{layer}/axes"), &[2, 3]);
        self.inner("Unsqueeze", &[&value, &axes], layer, &[])
    }

    /// Some cells of an axis.
    fn slice(&mut self, id: NodeId, axis: i64, from: usize, to: usize) {
        let output = self.value(id);
        let input = self.value(self.source(id));
        let mut number = |what: &str, n: i64| self.ints(&format!("{output}/{what}"), &[n]);
        let (from, to) = (number("from", from as i64), number("to", to as i64));
        let axis = number("axis", axis);
        self.node("Slice", &[&input, &from, &to, &axis], &output, &[]);
    }
}

fn written(name: &str, is: &Is<'_>) -> Attribute {
    let mut written = Attribute {
        name: Some(name.to_owned()),
        ..Attribute::default()
    };
    let kind = match is {
        Is::Int(n) => {
            written.i = Some(*n);
            attribute::INT
        }
        Is::Float(x) => {
            written.f = Some(*x);
            attribute::FLOAT
        }
        Is::Text(text) => {
            written.s = Some(Bytes::copy_from_slice(text.as_bytes()));
            attribute::STRING
        }
        Is::Ints(all) => {
            written.ints.clone_from(all);
            attribute::INTS
        }
    };
    written.kind = Some(kind);
    written
}
