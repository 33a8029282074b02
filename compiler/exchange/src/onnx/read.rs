//! From the nodes of a file to layers.

mod channels;
mod linear;
mod normalise;
mod order;
mod outline;
mod picture;
mod pointwise;
#[cfg(test)]
mod tests;
mod views;
mod window;

use super::fold::fold;
use super::message::{Graph, Model, Node};
use super::patterns;
use super::step::{Done, Step, Trouble, Value, View};
use super::tensor::{Beside, COMPUTED, Tensor};
use crate::layout::Layout;
use crate::network::{Imported, Network};
use crate::refusal::Refusal;
use crate::trouble::Troubles;
use netc_compiler::graph::NodeId;
use outline::Outline;
use prost::Message;
use std::collections::BTreeMap;
use std::rc::Rc;

/// A model's file.
pub struct Source<'a> {
    /// What the file is called, without its ending: the network's name where the model has none.
    pub name: &'a str,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Reads a file that stands beside it: its name, from where on, how many bytes (to the end, if not said).
    pub beside: &'a Beside<'a>,
    /// The input's height, width and channels, where the model leaves them open.
    pub input: Option<[usize; 3]>,
}

/// Reads an ONNX model.
///
/// # Errors
/// What is wrong with the file, or a line for each kind of node that netc cannot say, with all their names.
pub fn import(source: Source<'_>) -> Result<Imported, Refusal> {
    if source.bytes.is_empty() {
        return Err(Refusal::new("it is empty"));
    }
    let model = Model::decode(bytes::Bytes::from(source.bytes))
        .map_err(|e| Refusal::new(format!("it is no ONNX model, or cut short ({e})")))?;
    let Some(graph) = &model.graph else {
        return Err(Refusal::new("it is no ONNX model: it has no graph"));
    };
    let constants = constants(graph, source.beside)?;
    let mut outline = Outline::of(&model, graph, &constants, source.input)?;
    let nodes = patterns::replaced(&graph.nodes, &outline.outputs, &constants);
    let (name, beside) = (source.name, source.beside);
    match attempt(name, &outline, &nodes, constants.clone(), beside) {
        Err((refusal, Some(picture))) => {
            outline.make_input(picture);
            attempt(name, &outline, &nodes, constants, beside).map_err(|_| refusal)
        }
        done => done.map_err(|(refusal, _)| refusal),
    }
}

/// Reads the model with its input as the outline has it; or why not, and the picture that the input has to be instead of a vector.
fn attempt<'a>(
    name: &str,
    outline: &Outline<'a>,
    nodes: &'a [Node],
    constants: BTreeMap<String, Rc<Tensor>>,
    beside: &'a Beside<'a>,
) -> Result<Imported, (Refusal, Option<[usize; 3]>)> {
    let reader = Reader::new(outline, nodes, constants, beside);
    let mut reader = reader.map_err(|refusal| (refusal, None))?;
    for (at, node) in nodes.iter().enumerate() {
        reader.read(at, node);
    }
    let outputs = reader.outputs(outline);
    let outputs = outputs.map_err(|refusal| (refusal, reader.input_as_picture))?;
    let labels = outline.labels(name, outputs);
    let finished = reader.net.finish(&labels, reader.notes);
    finished.map_err(|refusal| (refusal, None))
}

/// The tensors that the file holds.
fn constants(graph: &Graph, beside: &Beside<'_>) -> Result<BTreeMap<String, Rc<Tensor>>, Refusal> {
    let mut constants = BTreeMap::new();
    let mut problems = Vec::new();
    for tensor in &graph.initializers {
        let name = tensor.name.clone().unwrap_or_default();
        match Tensor::read(tensor, beside) {
            Ok(tensor) => {
                constants.insert(name, Rc::new(tensor));
            }
            Err(why) => problems.push(format!("`{name}`: {why}")),
        }
    }
    if !graph.sparse.is_empty() {
        problems.push(format!("{} tensors are sparse", graph.sparse.len()));
    }
    match problems.is_empty() {
        true => Ok(constants),
        false => Err(Refusal::new("some of its tensors cannot be read").details(problems)),
    }
}

/// What has been read so far.
pub(super) struct Reader<'a> {
    pub(super) net: Network,
    values: BTreeMap<&'a str, Value>,
    /// How many nodes and outputs read each value.
    readers: BTreeMap<&'a str, usize>,
    /// The version of the operators.
    opset: i64,
    /// Images in a batch, as the file fixes it.
    pub(super) batch: usize,
    /// The picture that a layer makes of the input, which is a vector.
    input_as_picture: Option<[usize; 3]>,
    /// Values that were brought into netc's order.
    ordered: BTreeMap<(NodeId, Layout), NodeId>,
    troubles: Troubles,
    pub(super) notes: Vec<String>,
    pub(super) beside: &'a Beside<'a>,
    /// Numbers of constants that were computed.
    computed: usize,
}

impl<'a> Reader<'a> {
    fn new(
        outline: &Outline<'a>,
        nodes: &'a [Node],
        constants: BTreeMap<String, Rc<Tensor>>,
        beside: &'a Beside<'a>,
    ) -> Result<Self, Refusal> {
        let mut readers: BTreeMap<&str, usize> = BTreeMap::new();
        let read = nodes
            .iter()
            .flat_map(|node| &node.inputs)
            .map(String::as_str);
        for name in read.chain(outline.outputs.iter().copied()) {
            *readers.entry(name).or_default() += 1;
        }
        let net = Network::new(outline.input.shape)
            .map_err(|why| Refusal::new(format!("its input cannot be one of netc's: {why}")))?;
        let mut values: BTreeMap<&str, Value> = BTreeMap::new();
        for name in readers.keys() {
            if let Some(tensor) = constants.get(*name) {
                values.insert(name, Value::Constant(Rc::clone(tensor)));
            }
        }
        let input = View::new(Network::INPUT, outline.input.layout.clone());
        values.insert(outline.input.name, Value::Data(input));
        Ok(Self {
            net,
            values,
            readers,
            opset: outline.opset,
            batch: outline.batch,
            input_as_picture: None,
            ordered: BTreeMap::new(),
            troubles: Troubles::default(),
            notes: outline.notes.clone(),
            beside,
            computed: 0,
        })
    }

    /// Reads a node; what is wrong with it is kept, and what depends on it is passed over.
    fn read(&mut self, at: usize, node: &'a Node) {
        let step = self.step(node);
        let is_broken = |value: &Option<Value>| matches!(value, Some(Value::Broken));
        let made = match step.inputs.iter().any(is_broken) {
            true => Vec::new(),
            false => self.made(&step).unwrap_or_else(|trouble| {
                self.troubles.add(trouble, called(at, node));
                Vec::new()
            }),
        };
        let mut made = made.into_iter();
        for name in &node.outputs {
            let value = match made.next() {
                Some(Value::Data(view)) => Value::Data(View {
                    alone: view.alone && self.readers.get(name.as_str()) == Some(&1),
                    ..view
                }),
                Some(other) => other,
                None => Value::Broken,
            };
            self.values.insert(name, value);
        }
    }

    fn step(&self, node: &'a Node) -> Step<'a> {
        // An input that nobody has made is as good as broken: `outline` has said so.
        let value = |name: &String| match name.as_str() {
            "" => None,
            name => Some(self.values.get(name).cloned().unwrap_or(Value::Broken)),
        };
        let is_used = |name: &String| self.readers.contains_key(name.as_str());
        Step {
            node,
            op: node.op.as_deref().unwrap_or_default(),
            inputs: node.inputs.iter().map(value).collect(),
            opset: self.opset,
            used: node.outputs.iter().map(is_used).collect(),
        }
    }

    /// What a node makes: a constant where all that it reads is constant.
    fn made(&mut self, step: &Step<'_>) -> Done {
        let domain = step.node.domain.as_deref().unwrap_or_default();
        if !matches!(domain, "" | "ai.onnx") {
            return Err(format!("operator {} of `{domain}`", step.op).into());
        }
        if step.op == "Constant" {
            return Ok(vec![self.constant(step)?.into()]);
        }
        let is_data = |value: &Option<Value>| matches!(value, Some(Value::Data(_)));
        if !step.inputs.iter().any(is_data) {
            let folded =
                fold(step).unwrap_or_else(|| Err(format!("{} of constants", step.op).into()));
            let folded = folded?;
            self.computed = self.computed.saturating_add(folded.len());
            return match self.computed <= COMPUTED {
                true => Ok(vec![folded.into()]),
                false => Err("it computes more constants than netc keeps".into()),
            };
        }
        self.layer(step)
    }

    /// The layers of an operator.
    fn layer(&mut self, step: &Step<'_>) -> Done {
        match step.op {
            "Conv" => self.conv(step),
            "ConvTranspose" => self.deconv(step),
            "Gemm" => self.gemm(step),
            "MatMul" => self.matmul(step),
            "MaxPool" => self.max_pool(step),
            "AveragePool" => self.average_pool(step),
            "GlobalAveragePool" | "GlobalMaxPool" => self.global_pool(step),
            "ReduceMean" | "ReduceMax" => self.reduce(step),
            "BatchNormalization" => self.batch_norm(step),
            "LayerNormalization" => self.layer_norm(step),
            "InstanceNormalization" | "GroupNormalization" => self.group_norm(step),
            "LRN" => self.lrn(step),
            "Add" | "Sum" | "Sub" | "Mul" | "Div" | "Max" | "Min" => self.arithmetic(step),
            "Softmax" => self.softmax(step),
            "PRelu" => self.prelu(step),
            "Neg" => self.negative(step),
            "Concat" => self.concat(step),
            "Split" => self.split(step),
            "Slice" => self.slice(step),
            "Gather" => self.gather(step),
            "Pad" => self.pad(step),
            "Resize" | "Upsample" => self.resize(step),
            "Dropout" => self.dropout(step),
            "Shape" | "Size" => Self::shape(step),
            "Identity" | "Cast" => Ok(vec![step.data(0)?.clone().into()]),
            "QuantizeLinear" | "DequantizeLinear" => self.quantised(step),
            "Reshape" | "Flatten" | "Squeeze" | "Unsqueeze" | "Transpose" | "Expand" => {
                Self::view(step)
            }
            _ => self.activation(step),
        }
    }

    /// The tensor of a Constant node, in one of the many forms that it has.
    fn constant(&self, step: &Step<'_>) -> Done<Tensor> {
        if let Some(tensor) = step.tensor("value") {
            return Ok(Tensor::read(tensor, self.beside)?);
        }
        let floats = step
            .floats("value_floats")
            .map(|all| (vec![all.len()], all.to_vec()));
        let float = step.float("value_float").map(|x| (Vec::new(), vec![x]));
        if let Some((dims, values)) = floats.or(float) {
            return Ok(Tensor::floats(&dims, values));
        }
        let ints = step
            .ints("value_ints")
            .map(|all| (vec![all.len()], all.to_vec()));
        let int = step.int("value_int").map(|n| (Vec::new(), vec![n]));
        let (dims, values) = ints.or(int).ok_or("a Constant that holds no numbers")?;
        Ok(Tensor::ints(&dims, values))
    }

    /// The values that leave the network, in netc's order; or all that is in the way.
    fn outputs(&mut self, outline: &Outline<'a>) -> Result<Vec<(String, NodeId)>, Refusal> {
        let mut outputs = Vec::new();
        for name in &outline.outputs {
            match self.values.get(name).cloned() {
                Some(Value::Data(view)) => match self.as_output(name, &view) {
                    Ok(node) => outputs.push(((*name).to_owned(), node)),
                    Err(trouble) => {
                        let called = format!("output `{name}`");
                        self.troubles.add(trouble, called);
                    }
                },
                Some(Value::Constant(_)) => {
                    let trouble = Trouble::new("an output that does not depend on the input");
                    self.troubles.add(trouble, format!("`{name}`"));
                }
                Some(Value::Broken) => {}
                None => {
                    return Err(Refusal::new(format!("nothing makes its output `{name}`")));
                }
            }
        }
        match self.troubles.is_empty() {
            true => Ok(outputs),
            false => Err(self.troubles.refusal("node")),
        }
    }
}

/// How messages call a node.
fn called(at: usize, node: &Node) -> String {
    let op = node.op.as_deref().unwrap_or("?");
    match node.name.as_deref() {
        Some(name) if !name.is_empty() => format!("{op} `{name}`"),
        _ => match node.outputs.first() {
            Some(output) => format!("{op} that makes `{output}`"),
            None => format!("{op}, node {at}"),
        },
    }
}
