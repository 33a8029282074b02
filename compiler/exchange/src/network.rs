//! A network that is made layer by layer, with its weights: what every importer fills.

mod finish;
mod joins;
mod order;
pub(crate) mod usual;

pub use finish::Imported;
pub(crate) use finish::Labels;

use netc_compiler::graph::{Graph, Layer, Node, NodeId, Shape};
use netc_compiler::{params, shape};
use netc_grammar::{Diagnostic, Span};
use netc_plan::{Param, Pixels};
use std::collections::BTreeMap;

/// Tensors of a layer by the last part of their names.
pub(crate) type Tensors = Vec<(&'static str, Vec<f32>)>;

/// Layers with their shapes and weights, in the order in which they were added.
#[derive(Debug)]
pub(crate) struct Network {
    nodes: Vec<Node>,
    weights: Vec<Tensors>,
    /// Joins by what they hold.
    joins: BTreeMap<Vec<NodeId>, NodeId>,
    /// How the bytes of a picture become inputs.
    pub(crate) pixels: Pixels,
}

/// Layers of an imported network beside its weights: as many as the language allows.
const LAYERS: usize = netc_compiler::limits::MAX_STAGES;

impl Network {
    /// A network of nothing but its input.
    pub(crate) fn new(input: Shape) -> Result<Self, String> {
        let node = inferred(Layer::Input(input), &[])?;
        Ok(Self {
            nodes: vec![node],
            weights: vec![Tensors::new()],
            joins: BTreeMap::new(),
            pixels: Pixels::default(),
        })
    }

    /// What the network reads.
    pub(crate) const INPUT: NodeId = NodeId(0);

    /// Adds a layer; its tensors are those that it has, by name and size.
    pub(crate) fn add(
        &mut self,
        layer: Layer,
        inputs: &[NodeId],
        weights: Tensors,
    ) -> Result<NodeId, String> {
        if self.nodes.len() >= LAYERS {
            return Err("there are too many layers".to_owned());
        }
        let shapes: Vec<Shape> = inputs.iter().map(|id| self.shape(*id)).collect();
        let mut node = inferred(layer, &shapes)?;
        fitting(&tensors_of(&node, &shapes), &weights)?;
        node.inputs = inputs.to_vec();
        self.nodes.push(node);
        self.weights.push(weights);
        Ok(NodeId(self.nodes.len() - 1))
    }

    /// Adds a layer without weights that reads one value.
    pub(crate) fn plain(&mut self, layer: Layer, input: NodeId) -> Result<NodeId, String> {
        self.add(layer, &[input], Tensors::new())
    }

    /// What a layer reads.
    fn inputs(&self, id: NodeId) -> &[NodeId] {
        &self.nodes[id.0].inputs
    }

    /// Whether it is nothing but its input.
    pub(crate) fn is_empty(&self) -> bool {
        self.nodes.len() == 1
    }

    pub(crate) fn shape(&self, id: NodeId) -> Shape {
        self.nodes[id.0].shape
    }

    /// Height, width and channels; a vector is one pixel.
    pub(crate) fn hwc(&self, id: NodeId) -> [usize; 3] {
        self.shape(id).hwc().unwrap_or_default()
    }

    /// A layer and its tensors, to be changed in place. The shape stays.
    pub(crate) fn change(&mut self, id: NodeId) -> (&mut Layer, &mut Tensors) {
        (&mut self.nodes[id.0].layer, &mut self.weights[id.0])
    }
}

/// A graph of one layer that reads values of these shapes.
fn around(node: Node, inputs: &[Shape]) -> Graph {
    let input = |shape: &Shape| blank(Layer::Input(*shape), *shape);
    let mut nodes: Vec<Node> = inputs.iter().map(input).collect();
    let output = NodeId(nodes.len());
    nodes.push(Node {
        inputs: (0..nodes.len()).map(NodeId).collect(),
        ..node
    });
    graph(String::new(), nodes, output)
}

/// A graph of these layers and nothing else.
fn graph(name: String, nodes: Vec<Node>, output: NodeId) -> Graph {
    Graph {
        name,
        about: String::new(),
        nodes,
        blocks: Vec::new(),
        output,
        heads: Vec::new(),
        pixels: netc_plan::Pixels::default(),
        claims: Vec::new(),
        recipes: Vec::new(),
    }
}

fn blank(layer: Layer, shape: Shape) -> Node {
    Node {
        name: String::new(),
        layer,
        inputs: Vec::new(),
        shape,
        span: Span::default(),
        table: None,
        used_at: Vec::new(),
    }
}

/// The layer with its shape, as the compiler infers it, or the headline of what the compiler says.
fn inferred(layer: Layer, inputs: &[Shape]) -> Result<Node, String> {
    let mut graph = around(blank(layer.clone(), Shape::Unknown), inputs);
    let mut diagnostics = Vec::new();
    shape::infer(&mut graph, &mut diagnostics);
    let shape = graph.nodes.pop().map_or(Shape::Unknown, |node| node.shape);
    match diagnostics.iter().find(|d: &&Diagnostic| d.is_error()) {
        Some(error) => Err(error.headline.clone()),
        None if shape.is_unknown() => Err("its shape cannot be known".to_owned()),
        None => Ok(blank(layer, shape)),
    }
}

/// The tensors that a layer has.
fn tensors_of(node: &Node, inputs: &[Shape]) -> Vec<Param> {
    let mut graph = around(node.clone(), inputs);
    let mut diagnostics = Vec::new();
    shape::infer(&mut graph, &mut diagnostics);
    let last = graph.node(graph.output);
    params::of(last, &graph, None)
}

/// That a layer is given the tensors that it has.
fn fitting(params: &[Param], weights: &Tensors) -> Result<(), String> {
    let leaf = |param: &Param| param.name.rsplit('.').next().unwrap_or_default().to_owned();
    for param in params {
        let leaf = leaf(param);
        let size: usize = param.shape.iter().product();
        match weights.iter().find(|(name, _)| *name == leaf) {
            None => return Err(format!("its {leaf} is missing")),
            Some((_, values)) if values.len() != size => {
                let have = values.len();
                return Err(format!("its {leaf} has {have} numbers, not {size}"));
            }
            Some((_, values)) if values.iter().any(|x| !x.is_finite()) => {
                return Err(format!("its {leaf} has numbers that are NaN or infinite"));
            }
            Some(_) => {}
        }
    }
    let known = |name: &str| params.iter().any(|param| leaf(param) == name);
    match weights.iter().find(|(name, _)| !known(name)) {
        Some((name, _)) => Err(format!("its {name} has no place here")),
        None => Ok(()),
    }
}
