//! Cards: what a drawing shows as one box. A layer takes the small ones that follow it (BN, RELU, DROPOUT) onto its card.

use crate::graph::{Graph, Head, Layer, Node, NodeId};
use crate::layers;
use crate::params;
use netc_plan::Op;

use crate::print::structure::{self, Stage, structure};
use crate::text::numbers::thousands;

/// Kinds of layers that look alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Input,
    Conv,
    Dense,
    Pool,
    Norm,
    Activation,
    Join,
    Shape,
}

impl Family {
    pub(super) fn of(layer: &Layer) -> Self {
        match layer {
            Layer::Input(_) => Family::Input,
            Layer::Conv(_) | Layer::Deconv(_) => Family::Conv,
            Layer::Fc { .. } | Layer::Rbf { .. } => Family::Dense,
            Layer::Pool(_)
            | Layer::Op(Op::GlobalPool(_) | Op::AdaptiveAvgPool(_))
            | Layer::Subsample { .. } => Family::Pool,
            Layer::BatchNorm { .. }
            | Layer::Op(Op::Lrn(_) | Op::LayerNorm(_) | Op::GroupNorm(_) | Op::Scale(_)) => {
                Family::Norm
            }
            Layer::Activation(_) | Layer::Op(Op::Softmax(_) | Op::Prelu(_)) => Family::Activation,
            Layer::Concat => Family::Join,
            Layer::Op(op) if op.arity() > 1 => Family::Join,
            Layer::Dropout { .. } | Layer::Flatten(_) | Layer::Split { .. } | Layer::Op(_) => {
                Family::Shape
            }
        }
    }

    /// The strong colour, and a tint of it for surfaces.
    pub(super) fn colours(self) -> (&'static str, &'static str) {
        match self {
            Family::Input => ("#334155", "#f1f5f9"),
            Family::Conv => ("#2563eb", "#eff6ff"),
            Family::Dense => ("#7c3aed", "#f5f3ff"),
            Family::Pool => ("#059669", "#ecfdf5"),
            Family::Norm => ("#d97706", "#fffbeb"),
            Family::Activation => ("#dc2626", "#fef2f2"),
            Family::Join => ("#475569", "#f8fafc"),
            Family::Shape => ("#64748b", "#f8fafc"),
        }
    }
}

/// One box.
pub(super) struct Card {
    pub(super) family: Family,
    /// The layer's name: `conv1`.
    pub(super) name: String,
    /// `CONV(96, 11x11/4)`
    pub(super) text: String,
    /// The small layers on the same card.
    pub(super) chips: Vec<(Family, String)>,
    /// The shape of the card's value.
    pub(super) output: String,
    /// `34,944 parameters`, where there are any.
    pub(super) weight: String,
    /// Layers that the card reads beside those before it.
    pub(super) taps: Vec<NodeId>,
    /// The layers on the card, in order.
    pub(super) layers: Vec<NodeId>,
}

/// A part of a drawing.
pub(super) enum Segment {
    Card(Card),
    /// Branches between what stands before and the card that joins them.
    Fork(Vec<Vec<Segment>>, Card),
}

/// The cards of a network: its own chain, and a chain for each `output` and `auxiliary` head, which begins with a card that names it
/// and reads the tap. Empty for a graph that no text of the language describes.
pub(super) fn parts(graph: &Graph) -> (Vec<Segment>, Vec<Vec<Segment>>) {
    let stages = structure(graph).unwrap_or_default();
    let heads = structure::heads(graph, &stages).unwrap_or_default();
    let dealer = Dealer::of(graph);
    let heads = graph.heads.iter().zip(&heads).map(|(head, stages)| {
        let first = Segment::Card(dealer.head(head));
        std::iter::once(first).chain(dealer.chain(stages)).collect()
    });
    (dealer.chain(&stages), heads.collect())
}

struct Dealer<'a> {
    graph: &'a Graph,
    readers: Vec<usize>,
}

impl<'a> Dealer<'a> {
    fn of(graph: &'a Graph) -> Self {
        let mut readers = vec![0; graph.nodes.len()];
        let inputs = graph.nodes.iter().flat_map(|node| &node.inputs);
        let taps = graph.heads.iter().map(|head| &head.from);
        for read in inputs.chain(taps) {
            readers[read.0] += 1;
        }
        Self { graph, readers }
    }

    /// The card that a head begins with.
    fn head(&self, head: &Head) -> Card {
        Card {
            family: Family::Input,
            name: head.name.clone(),
            text: head.kind().to_owned(),
            chips: Vec::new(),
            output: output(self.graph.node(head.from)),
            weight: String::new(),
            taps: vec![head.from],
            layers: Vec::new(),
        }
    }

    fn chain(&self, stages: &[Stage]) -> Vec<Segment> {
        let mut parts: Vec<Segment> = Vec::new();
        for stage in stages {
            match stage {
                Stage::Layer(id, taps) => {
                    let last = parts.last_mut().map(|part| match part {
                        Segment::Card(card) | Segment::Fork(_, card) => card,
                    });
                    match last {
                        Some(card) if self.belongs(*id, card) => self.append(*id, card),
                        _ => parts.push(Segment::Card(self.card(*id, taps))),
                    }
                }
                Stage::Branches(branches, join, taps) => {
                    let branches = branches.iter().map(|branch| self.chain(branch)).collect();
                    parts.push(Segment::Fork(branches, self.card(*join, taps)));
                }
            }
        }
        parts
    }

    /// A small layer goes onto the card before it, if nobody else reads that card's value.
    fn belongs(&self, id: NodeId, card: &Card) -> bool {
        let small = matches!(
            self.graph.node(id).layer,
            Layer::BatchNorm { .. }
                | Layer::Op(
                    Op::Lrn(_)
                        | Op::Softmax(_)
                        | Op::LayerNorm(_)
                        | Op::GroupNorm(_)
                        | Op::Scale(_)
                        | Op::Prelu(_)
                        | Op::DropPath(_)
                )
                | Layer::Activation(_)
                | Layer::Dropout { .. }
        );
        let alone = card
            .layers
            .last()
            .is_some_and(|last| self.readers[last.0] == 1);
        small && alone && card.family != Family::Input && card.chips.len() < 3
    }

    fn append(&self, id: NodeId, card: &mut Card) {
        let node = self.graph.node(id);
        card.chips.push((
            Family::of(&node.layer),
            layers::kind(&node.layer).to_string(),
        ));
        card.output = output(node);
        card.layers.push(id);
    }

    fn card(&self, id: NodeId, taps: &[NodeId]) -> Card {
        let node = self.graph.node(id);
        let params = params::count(node, self.graph).params;
        Card {
            family: Family::of(&node.layer),
            name: node.name.clone(),
            text: layers::text(&node.layer),
            chips: Vec::new(),
            output: output(node),
            weight: if params == 0 {
                String::new()
            } else {
                format!("{} parameters", thousands(params))
            },
            taps: taps.to_vec(),
            layers: vec![id],
        }
    }
}

fn output(node: &Node) -> String {
    node.shape.to_string()
}
