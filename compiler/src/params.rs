//! What a network stores and how much it computes: tensors, their numbers and initial values, multiply-accumulates.

use crate::graph::{Graph, Layer, Node, WeightOptions};
use crate::lower::operation::operation;
use netc_plan::{Op, Operation, Param, Recipe, Role, Tensor};

/// The numbers of a network or of a layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// All stored numbers.
    pub params: u64,
    /// Those that training moves.
    pub trainable: u64,
    /// Multiply-accumulates of one image in inference.
    pub macs: u64,
}

/// The tensors of a layer, in the order of the weights file, as they start under a recipe (where the layer itself does not say how).
#[must_use]
pub fn of(node: &Node, graph: &Graph, recipe: Option<&Recipe>) -> Vec<Param> {
    let Some(op) = op(node, graph) else {
        return Vec::new();
    };
    let tensors = op.tensors().into_iter();
    tensors
        .map(|tensor| param(node, op, tensor, recipe))
        .collect()
}

/// What the layer computes, in training; `None` while its shapes are not known.
fn op(node: &Node, graph: &Graph) -> Option<Op> {
    if node.shape.is_unknown() {
        return None;
    }
    let input = graph.node(*node.inputs.first()?).shape.hwc()?;
    operation(&node.layer, &[input], true)
}

fn param(node: &Node, op: Op, tensor: Tensor, recipe: Option<&Recipe>) -> Param {
    let options = weight_options(&node.layer);
    let connect = connect(&node.layer);
    let asked = match tensor.role {
        Role::Weight { .. } => options
            .and_then(|options| options.init)
            .or(recipe.map(|recipe| recipe.init)),
        Role::Bias => options
            .and_then(|options| options.bias_init)
            .or(recipe.map(|recipe| recipe.bias_init)),
        _ => None,
    };
    let mut param = tensor.param(&node.name, connect.cloned());
    if let Some(init) = asked {
        param.init = init.with_fans(weight_fans(op, connect));
    }
    param
}

/// Initial values and L2, for the layers that have them.
fn weight_options(layer: &Layer) -> Option<&WeightOptions> {
    match layer {
        Layer::Conv(conv) => Some(&conv.weights),
        Layer::Deconv(deconv) => Some(&deconv.weights),
        Layer::Fc { weights, .. } => Some(weights),
        _ => None,
    }
}

fn connect(layer: &Layer) -> Option<&Vec<Vec<usize>>> {
    match layer {
        Layer::Conv(conv) => conv.connect.as_ref(),
        _ => None,
    }
}

/// The fans of the operation's weights, those that are connected.
fn weight_fans(op: Op, connect: Option<&Vec<Vec<usize>>>) -> [usize; 2] {
    let tensors = op.tensors().into_iter();
    let mut fans = tensors.filter_map(|tensor| match (tensor.role, connect) {
        (Role::Weight { .. }, Some(table)) => Some(tensor.connected(table)),
        (Role::Weight { fan_in, fan_out }, None) => Some([fan_in, fan_out]),
        _ => None,
    });
    fans.next().unwrap_or_default()
}

/// The factor of a tensor's squared weights in the loss: the layer's, or the recipe's. Only weights are held small; biases and
/// BN are not.
#[must_use]
pub fn l2(tensor: &Param, node: &Node, recipe: Option<&Recipe>) -> f32 {
    let Some(options) = weight_options(&node.layer) else {
        return 0.0;
    };
    if !tensor.name.ends_with(".weight") {
        return 0.0;
    }
    let general = recipe.map_or(0.0, |recipe| recipe.l2);
    options.l2.unwrap_or(general)
}

/// All tensors of a network, in the order of the layers.
#[must_use]
pub fn all(graph: &Graph, recipe: Option<&Recipe>) -> Vec<Param> {
    let nodes = graph.nodes.iter();
    nodes.flat_map(|node| of(node, graph, recipe)).collect()
}

/// The numbers of one layer.
#[must_use]
pub fn count(node: &Node, graph: &Graph) -> Count {
    let params = of(node, graph, None);
    let sum = |keep: fn(&Param) -> bool| {
        params
            .iter()
            .filter(|p| keep(p))
            .map(numbers)
            .fold(0, u64::saturating_add)
    };
    Count {
        params: sum(|_| true),
        trainable: sum(|p| p.trainable),
        macs: macs(node, graph),
    }
}

/// The numbers of a network.
#[must_use]
pub fn total(graph: &Graph) -> Count {
    let inferred = graph.inferred();
    graph
        .nodes
        .iter()
        .zip(inferred)
        .map(|(node, inferred)| match count(node, graph) {
            count if inferred => count,
            count => Count { macs: 0, ..count },
        })
        .fold(Count::default(), |a, b| Count {
            params: a.params.saturating_add(b.params),
            trainable: a.trainable.saturating_add(b.trainable),
            macs: a.macs.saturating_add(b.macs),
        })
}

/// Numbers stored for one layer.
pub(crate) fn of_node(node: &Node, graph: &Graph) -> u64 {
    of(node, graph, None)
        .iter()
        .map(numbers)
        .fold(0, u64::saturating_add)
}

/// The numbers of a tensor that mean something: with a connection table, those that are connected.
fn numbers(param: &Param) -> u64 {
    let product = |sizes: &[usize]| sizes.iter().map(|&n| n as u64).fold(1, u64::saturating_mul);
    match &param.connect {
        None => product(&param.shape),
        Some(table) => {
            connections(table).saturating_mul(product(param.shape.get(2..).unwrap_or_default()))
        }
    }
}

/// Multiply-accumulates of a layer for one image: products of inputs and weights, padded cells counted, only existing
/// connections counted.
#[must_use]
pub fn macs(node: &Node, graph: &Graph) -> u64 {
    let Some(op) = op(node, graph) else {
        return 0;
    };
    match (connect(&node.layer), op) {
        (Some(table), Op::Conv(conv)) => {
            let [h, w, _] = op.output();
            let area = conv.kernel.iter().product::<usize>() as u64;
            connections(table)
                .saturating_mul(area)
                .saturating_mul((h * w) as u64)
        }
        _ => op.macs(),
    }
}

fn connections(table: &[Vec<usize>]) -> u64 {
    table.iter().map(|row| row.len() as u64).sum()
}
