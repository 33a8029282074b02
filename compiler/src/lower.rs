//! Lowering: each layer of the graph becomes an operation of the plan.

use netc_plan::{
    Activation, Add, AvgPool, BatchNorm, Conv, Fc, GlobalPool, Lrn, MaxPool, Op, Pad, Rbf, Softmax,
    Source, Subsample, Transpose, Upsample,
};

use crate::graph::{Graph, Layer, Node, NodeId, Order, PoolKind};
use crate::params;
use crate::program::{Program, Unit, UnitId, What};
use crate::text;

/// The plain program of a graph whose shapes are known: one unit a layer, nothing merged. An ADD of n values becomes n-1
/// units. The layers named in `keep` stay readable after the last step; names that no layer has are passed over.
#[must_use]
pub fn lower(graph: &Graph, keep: &[String]) -> Program {
    lower_as(graph, keep, Purpose::Inference)
}

/// The plain program of a graph for training: DROPOUT is a unit of its own.
#[must_use]
pub fn lower_to_train(graph: &Graph) -> Program {
    lower_as(graph, &[], Purpose::Training)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Inference,
    Training,
}

fn lower_as(graph: &Graph, keep: &[String], purpose: Purpose) -> Program {
    let mut units: Vec<Unit> = Vec::with_capacity(graph.nodes.len());
    let mut unit_of: Vec<UnitId> = Vec::with_capacity(graph.nodes.len());
    for node in &graph.nodes {
        let inputs: Vec<UnitId> = node.inputs.iter().map(|input| unit_of[input.0]).collect();
        match node.op {
            Layer::Add => add(node, &inputs, &mut units),
            _ => units.push(unit(graph, node, inputs, purpose)),
        }
        unit_of.push(units.len() - 1);
    }
    Program {
        name: graph.name.clone(),
        output: unit_of[graph.output.0],
        output_sizes: graph.node(graph.output).shape.sizes(),
        input_sizes: graph.node(NodeId(0)).shape.sizes(),
        kept: kept(graph, &unit_of, keep),
        pixels: graph.pixels.clone(),
        params: params::all(graph),
        probabilities: graph.last().op == Layer::Softmax,
        distances: matches!(graph.last().op, Layer::Rbf { .. }),
        units,
    }
}

/// The layers named in `keep`, in the order of the network.
fn kept(graph: &Graph, unit_of: &[UnitId], keep: &[String]) -> Vec<(String, UnitId)> {
    let nodes = graph.nodes.iter().zip(unit_of);
    nodes
        .filter(|(node, _)| keep.contains(&node.name))
        .map(|(node, unit)| (node.name.clone(), *unit))
        .collect()
}

/// `a + b + c` as `(a + b) + c`, in the order written.
fn add(node: &Node, inputs: &[UnitId], units: &mut Vec<Unit>) {
    let shape = hwc(node);
    let what = What::Run {
        op: Add {
            input: shape,
            ..Add::DEFAULT
        }
        .into(),
        source: None,
    };
    let Some((first, rest)) = inputs.split_first() else {
        return;
    };
    let mut sum = *first;
    for (i, input) in rest.iter().enumerate() {
        let partial = i + 1 < rest.len();
        units.push(Unit {
            name: if partial {
                format!("{}_part{}", node.name, i + 1)
            } else {
                node.name.clone()
            },
            text: text::layer(&node.op),
            what: what.clone(),
            inputs: vec![sum, *input],
            shape,
        });
        sum = units.len() - 1;
    }
}

fn unit(graph: &Graph, node: &Node, inputs: Vec<UnitId>, purpose: Purpose) -> Unit {
    let input = node.inputs.first().map(|input| graph.node(*input));
    Unit {
        name: node.name.clone(),
        text: text::layer(&node.op),
        what: match node.op {
            Layer::Dropout { p } if purpose == Purpose::Training => What::Dropout { p },
            _ => what(node, input.map_or([0; 3], hwc)),
        },
        inputs,
        shape: hwc(node),
    }
}

fn hwc(node: &Node) -> [usize; 3] {
    node.shape.hwc().unwrap_or_default()
}

fn what(node: &Node, input: [usize; 3]) -> What {
    let op: Op = match &node.op {
        Layer::Input(_) => return What::Input,
        Layer::Concat => return What::Concat,
        Layer::Dropout { .. } | Layer::Flatten(Order::Hwc) => return What::Reshape,
        // With one channel or one pixel, both orders are the same.
        Layer::Flatten(Order::Chw) if input[2] == 1 || input[..2] == [1, 1] => {
            return What::Reshape;
        }
        Layer::Flatten(Order::Chw) => Transpose { input }.into(),
        Layer::Conv(conv) => Conv {
            input,
            filters: conv.filters,
            kernel: conv.kernel,
            stride: conv.stride,
            pad: conv.pad.cells,
            dilation: conv.dilation,
            groups: conv.groups,
            bias: conv.bias,
            ..Conv::DEFAULT
        }
        .into(),
        Layer::Fc { units, bias, .. } => Fc {
            input,
            units: *units,
            bias: *bias,
            ..Fc::DEFAULT
        }
        .into(),
        Layer::Pool {
            kind: PoolKind::Max,
            window,
            stride,
            pad,
        } => MaxPool {
            input,
            window: *window,
            stride: *stride,
            pad: pad.cells,
            ..MaxPool::DEFAULT
        }
        .into(),
        Layer::Pool {
            kind: PoolKind::Avg,
            window,
            stride,
            pad,
        } => AvgPool {
            input,
            window: *window,
            stride: *stride,
            pad: pad.cells,
            ..AvgPool::DEFAULT
        }
        .into(),
        Layer::GlobalPool => GlobalPool { input }.into(),
        Layer::BatchNorm { eps, .. } => BatchNorm {
            input,
            eps: *eps,
            ..BatchNorm::DEFAULT
        }
        .into(),
        Layer::Lrn { n, k, alpha, beta } => Lrn {
            input,
            n: *n,
            k: *k,
            alpha: *alpha,
            beta: *beta,
        }
        .into(),
        Layer::Activation(act) => Activation { input, act: *act }.into(),
        Layer::Softmax => Softmax { input }.into(),
        Layer::Pad(pad) => Pad {
            input,
            pad: pad.cells,
        }
        .into(),
        Layer::Upsample { factor } => Upsample {
            input,
            factor: *factor,
        }
        .into(),
        Layer::Add => Add {
            input,
            ..Add::DEFAULT
        }
        .into(),
        Layer::Subsample { window, stride } => Subsample {
            input,
            window: *window,
            stride: *stride,
            ..Subsample::DEFAULT
        }
        .into(),
        Layer::Rbf { classes } => Rbf {
            input,
            classes: *classes,
        }
        .into(),
    };
    let source = op.has_weights().then(|| Source {
        layer: node.name.clone(),
        fold: None,
        chw: None,
    });
    What::Run { op, source }
}
