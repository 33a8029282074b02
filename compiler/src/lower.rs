//! Lowering: each layer of the graph becomes an operation of the plan.

pub(crate) mod operation;

use std::cmp::Reverse;

use netc_plan::{BatchNormFrozen, Copy, Op, Operation, Param, Recipe, Source, UpdateStep};

use self::operation::operation;
use crate::graph::{Graph, Layer, Node, NodeId};
use crate::layers;
use crate::params;
use crate::program::{Program, Target, Unit, UnitId, UnitKind};
use crate::train::{self, HeadTraining};

/// What a program is for.
#[derive(Clone, Copy, Debug)]
pub enum Purpose<'a> {
    /// To compute outputs. The layers of these names stay readable after the last step; names that no layer has are passed over.
    Infer(&'a [String]),
    /// To learn by a recipe.
    Train(&'a Recipe),
}

impl Purpose<'_> {
    fn trains(self) -> bool {
        matches!(self, Purpose::Train(..))
    }
}

/// The plain program of a graph whose shapes are known: one unit a layer, nothing merged. An ADD or MUL of n values becomes n-1 units.
#[must_use]
pub fn lower(graph: &Graph, purpose: Purpose<'_>) -> Program {
    let frozen = match purpose {
        Purpose::Infer(_) => vec![false; graph.nodes.len()],
        Purpose::Train(recipe) => train::frozen(graph, recipe),
    };
    let mut lowering = Lowering {
        graph,
        trains: purpose.trains(),
        frozen: &frozen,
        units: Vec::with_capacity(graph.nodes.len()),
        unit_of: Vec::with_capacity(graph.nodes.len()),
        draws: 0,
    };
    graph.nodes.iter().for_each(|node| lowering.node(node));
    let output = lowering.end(graph.output, "output");
    let heads: Vec<UnitId> = graph
        .heads
        .iter()
        .map(|head| lowering.end(head.node, &head.name))
        .collect();
    let Lowering { units, unit_of, .. } = lowering;
    let (kept, recipe, losses) = match purpose {
        Purpose::Infer(keep) => (
            kept(graph, &unit_of, &heads, keep),
            graph.default_recipe(),
            Vec::new(),
        ),
        Purpose::Train(recipe) => {
            let losses = targets(graph, &heads, recipe, output);
            (Vec::new(), Some(recipe), losses)
        }
    };
    Program {
        name: graph.name.clone(),
        blocks: graph.blocks.clone(),
        by_rows: Vec::new(),
        output,
        output_sizes: graph.node(graph.output).shape.sizes(),
        input_sizes: graph.node(NodeId(0)).shape.sizes(),
        kept,
        pixels: graph.pixels.clone(),
        params: tensors(graph, recipe, &frozen)
            .map(|(_, tensor)| tensor)
            .collect(),
        probabilities: matches!(graph.last().layer, Layer::Op(Op::Softmax(_))),
        distances: matches!(graph.last().layer, Layer::Rbf { .. }),
        update: if losses.is_empty() {
            Vec::new()
        } else {
            update(tensors(graph, recipe, &frozen))
        },
        losses,
        units,
    }
}

/// The network's outputs by their names, then the layers named in `keep`, in the order of the network.
fn kept(
    graph: &Graph,
    unit_of: &[UnitId],
    heads: &[UnitId],
    keep: &[String],
) -> Vec<(String, UnitId)> {
    let heads = graph.heads.iter().zip(heads);
    let mut kept: Vec<(String, UnitId)> = heads
        .filter(|(head, _)| !head.auxiliary)
        .map(|(head, unit)| (head.name.clone(), *unit))
        .collect();
    for (node, unit) in graph.nodes.iter().zip(unit_of) {
        let named = kept.iter().any(|(name, _)| *name == node.name);
        if keep.contains(&node.name) && !named {
            kept.push((node.name.clone(), *unit));
        }
    }
    kept
}

/// The network's own loss, and those of its heads that have a weight.
fn targets(graph: &Graph, heads: &[UnitId], recipe: &Recipe, output: UnitId) -> Vec<Target> {
    let own = Target {
        loss: recipe.loss,
        weight: 1.0,
        scores: output,
    };
    let heads = graph.heads.iter().zip(heads).map(|(head, scores)| {
        let HeadTraining { loss, weight } = HeadTraining::of(head, recipe);
        Target {
            loss,
            weight,
            scores: *scores,
        }
    });
    let heads = heads.filter(|target| target.weight > 0.0);
    [own].into_iter().chain(heads).collect()
}

/// All tensors in the order of the layers, each with the factor of its squared numbers in the loss. Those of frozen layers are not trained.
fn tensors<'a>(
    graph: &'a Graph,
    recipe: Option<&'a Recipe>,
    frozen: &'a [bool],
) -> impl Iterator<Item = (f32, Param)> + 'a {
    let nodes = graph.nodes.iter().zip(frozen);
    nodes.flat_map(move |(node, frozen)| {
        let tensors = params::of(node, graph, recipe).into_iter();
        tensors.map(move |tensor| {
            let trainable = tensor.trainable && !frozen;
            let l2 = params::l2(&tensor, node, recipe);
            (
                l2,
                Param {
                    trainable,
                    ..tensor
                },
            )
        })
    })
}

/// What the recipe asks of each parameter that is trained.
fn update(tensors: impl Iterator<Item = (f32, Param)>) -> Vec<UpdateStep> {
    tensors
        .enumerate()
        .filter(|(_, (_, tensor))| tensor.trainable)
        .map(|(param, (l2, _))| UpdateStep { param, l2 })
        .collect()
}

struct Lowering<'a> {
    graph: &'a Graph,
    trains: bool,
    /// For each layer, whether it stays as it is.
    frozen: &'a [bool],
    units: Vec<Unit>,
    unit_of: Vec<UnitId>,
    /// Operations that draw random numbers.
    draws: usize,
}

impl Lowering<'_> {
    fn node(&mut self, node: &Node) {
        let inputs = node.inputs.iter();
        let inputs: Vec<UnitId> = inputs.map(|input| self.unit_of[input.0]).collect();
        match &node.layer {
            Layer::Op(op) if op.arity() > 1 => self.join(node, &inputs),
            _ => {
                let shapes = node.inputs.iter().map(|input| hwc(self.graph.node(*input)));
                let kind = self.kind(node, &shapes.collect::<Vec<_>>());
                self.push(node, node.name.clone(), kind, inputs, hwc(node));
            }
        }
        self.unit_of.push(self.units.len() - 1);
    }

    /// The unit whose value leaves the network. It lies in the arena: where the input is passed on, a copy of it does.
    fn end(&mut self, id: NodeId, name: &str) -> UnitId {
        let output = self.unit_of[id.0];
        let mut root = output;
        while let (true, [input]) = (self.units[root].is_reshape(), &self.units[root].inputs[..]) {
            root = *input;
        }
        if self.units[root].kind != UnitKind::Input {
            return output;
        }
        let input = self.units[output].shape;
        self.units.push(Unit {
            name: name.to_owned(),
            text: "copy of the input".into(),
            node: self.graph.nodes.len(),
            kind: UnitKind::Run {
                op: Copy { input }.into(),
                source: None,
            },
            inputs: vec![output],
            shape: input,
        });
        self.units.len() - 1
    }

    fn push(
        &mut self,
        node: &Node,
        name: String,
        kind: UnitKind,
        inputs: Vec<UnitId>,
        shape: [usize; 3],
    ) {
        self.units.push(Unit {
            name,
            text: layers::text(&node.layer),
            node: self.unit_of.len(),
            kind,
            inputs,
            shape,
        });
    }

    /// `a + b + c` as `(a + b) + c`, in the order written; of two values that differ in shape, the larger is the first operand.
    fn join(&mut self, node: &Node, inputs: &[UnitId]) {
        let Some((first, rest)) = inputs.split_first() else {
            return;
        };
        let mut whole = *first;
        for (i, input) in rest.iter().enumerate() {
            let partial = i + 1 < rest.len();
            let name = if partial {
                format!("{}_part{}", node.name, i + 1)
            } else {
                node.name.clone()
            };
            let mut operands = [whole, *input];
            operands.sort_by_key(|unit| Reverse(self.units[*unit].shape));
            let shapes = operands.map(|unit| self.units[unit].shape);
            let kind = self.kind(node, &shapes);
            self.push(node, name, kind, operands.to_vec(), shapes[0]);
            whole = self.units.len() - 1;
        }
    }

    /// What computes the layer from values of these shapes.
    fn kind(&mut self, node: &Node, operands: &[[usize; 3]]) -> UnitKind {
        let op = match &node.layer {
            Layer::Input(_) => return UnitKind::Input,
            Layer::Concat => return UnitKind::Concat,
            layer => operation(layer, operands, self.trains),
        };
        let Some(mut op) = op else {
            return UnitKind::Reshape;
        };
        // Nodes are met in order, so this one's place is the number of those before it.
        if self.frozen[self.unit_of.len()]
            && let Op::BatchNormTraining(norm) = op
        {
            op = BatchNormFrozen {
                input: norm.input,
                eps: norm.eps,
                act: norm.act,
            }
            .into();
        }
        if let Some(index) = op.index() {
            *index = self.draws;
            self.draws += 1;
        }
        let source = op.has_params().then(|| Source::of(node.name.clone()));
        UnitKind::Run { op, source }
    }
}

fn hwc(node: &Node) -> [usize; 3] {
    node.shape.hwc().unwrap_or_default()
}
