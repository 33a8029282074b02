//! The graph: a network after names, blocks, repeats and tables are resolved.
//!
//! # Meaning
//! A [`Graph`] is a list of [`Node`]s in topological order; a node's [`NodeId`] is its index, and it reads only nodes before
//! it. Node 0 is the INPUT. Each node computes one value, a picture or a vector per image ([`Shape`]), from the values of its
//! `inputs`. Nothing is shared or hidden: a block used twice stands twice, `SKIP` has no node (its consumer reads the value
//! before the branch), and a tap is nothing but a name.
//!
//! The network's output is one node's value; [`Head`]s are others', whose own layers stand behind the chain's.
//!
//! `resolve` makes the graph, with `Shape::Unknown` everywhere; `shape` fills the shapes in and turns `same` into cells. From then on
//! the graph is only read: `lower` makes a [`Program`](crate::program::Program) of it, and the reports and pictures show it.

use crate::recipe::Recipe;
use netc_grammar::Span;
use netc_plan::{Act, Initialiser, Op};
use std::ops::Range;

/// Index of a node in [`Graph::nodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub usize);

/// A whole network.
#[derive(Clone, Debug, PartialEq)]
pub struct Graph {
    /// The struct's name: `AlexNet`.
    pub name: String,
    /// What the comment at the head of the file says, without comment signs; empty if there is none.
    pub about: String,
    /// The layers, in topological order; node 0 is the INPUT.
    pub nodes: Vec<Node>,
    /// Which layers are written as one, those that hold others before them.
    pub blocks: Vec<Block>,
    /// The node whose value is the network's output: the end of the chain.
    pub output: NodeId,
    /// The values that have a name beside the output, in the order of the file.
    pub heads: Vec<Head>,
    /// How pixels become inputs.
    pub pixels: netc_plan::Pixels,
    /// The file's `expect` lines.
    pub claims: Vec<Claim>,
    /// The file's `train` blocks, checked.
    pub recipes: Vec<Recipe>,
}

/// An `output` or `auxiliary` line: another value that leaves the network.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    /// What it is called; no other head is.
    pub name: String,
    /// The layer whose value the head's own layers begin with.
    pub from: NodeId,
    /// The layer whose value it is; not the network's output.
    pub node: NodeId,
    /// Only training has it: inference computes nothing of it, and the weights of its layers lie idle.
    pub auxiliary: bool,
    /// Where it stands.
    pub span: Span,
}

/// A use of a block (the language's, `netc_grammar::ast::Block`), or one round of a repeated group, in layers. The plan's
/// [`Block`](netc_plan::Block) is what is left of it, in steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The block's name; empty for a group.
    pub name: String,
    /// Indices of its layers in [`Graph::nodes`].
    pub nodes: Range<usize>,
}

/// One layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// `conv1`, or the name that `as` gave to a single layer. Prefix of the layer's weights. Unique.
    pub name: String,
    /// What it is.
    pub layer: Layer,
    /// What it reads.
    pub inputs: Vec<NodeId>,
    /// The shape of its value.
    pub shape: Shape,
    /// Where the layer is written (inside the block, for a layer that a block made).
    pub span: Span,
    /// Where its sizes are written, for a bare layer that takes them from the `where` table.
    pub table: Option<Span>,
    /// Where the block was used that made this layer, innermost first; empty outside blocks.
    pub used_at: Vec<Span>,
}

/// The shape of a value, per image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// Not known: before the shape pass, or downstream of an error that has been reported.
    Unknown,
    /// A picture: height, width, channels.
    Picture([usize; 3]),
    /// A vector.
    Vector(usize),
}

/// What a layer computes. Sizes are height before width.
#[derive(Clone, Debug, PartialEq)]
pub enum Layer {
    /// The network's input, with its declared shape. `Input(Shape::Unknown)` elsewhere than at node 0 stands for a layer
    /// that could not be resolved; an error has been reported then, so that only `shape` ever sees it.
    Input(Shape),
    /// CONV and DWCONV.
    Conv(Conv),
    /// DECONV.
    Deconv(Deconv),
    /// FC. A picture is flattened in HWC order, unless a `Flatten(Chw)` stands before.
    Fc {
        /// Outputs.
        units: usize,
        /// Has a bias.
        bias: bool,
        /// Initial values and L2.
        weights: WeightOptions,
    },
    /// MAXPOOL and AVGPOOL.
    Pool(Pool),
    /// BN.
    BatchNorm {
        /// Added to the variance.
        eps: f32,
        /// Share of the old moving statistics kept in each step.
        momentum: f32,
    },
    /// DROPOUT; the identity in inference.
    Dropout {
        /// Probability that an element is dropped.
        p: f32,
    },
    /// RELU, GELU and so on.
    Activation(Act),
    /// FLATTEN.
    Flatten(Order),
    /// CONCAT: two or more inputs beside each other along the channels.
    Concat,
    /// SUBSAMPLE of LeNet-5: coefficient and bias a channel.
    Subsample {
        /// Window.
        window: [usize; 2],
        /// Stride.
        stride: [usize; 2],
    },
    /// SPLIT: one of equal parts of the channels.
    Split {
        /// How many parts there are; divides the channels.
        parts: usize,
        /// Which, counted from 0.
        part: usize,
    },
    /// An operation of the plan's table as it stands (GLOBALPOOL, LRN, SOFTMAX, PAD ...). The shape of its input is
    /// left at zeros: it is that of the node before. One that reads two values is a join of two or more, in order: ADD, MUL.
    Op(Op),
    /// RBF of LeNet-5.
    Rbf {
        /// Classes.
        classes: usize,
    },
}

/// CONV and DWCONV.
#[derive(Clone, Debug, PartialEq)]
pub struct Conv {
    /// Output channels. For DWCONV the channels of the input: 0 until the shape pass.
    pub filters: usize,
    /// Kernel.
    pub kernel: [usize; 2],
    /// Stride.
    pub stride: [usize; 2],
    /// Padding.
    pub pad: Padding,
    /// Dilation.
    pub dilation: [usize; 2],
    /// Groups. For DWCONV the channels of the input: 0 until the shape pass.
    pub groups: usize,
    /// Has a bias.
    pub bias: bool,
    /// For each output map the input maps it sees.
    pub connect: Option<Vec<Vec<usize>>>,
    /// Written as DWCONV.
    pub depthwise: bool,
    /// Initial values and L2.
    pub weights: WeightOptions,
}

/// DECONV.
#[derive(Clone, Debug, PartialEq)]
pub struct Deconv {
    /// Output channels.
    pub filters: usize,
    /// Kernel.
    pub kernel: [usize; 2],
    /// Stride.
    pub stride: [usize; 2],
    /// What is cut off. With `same` the output is the stride times the input.
    pub pad: Padding,
    /// Rows and columns that the output has more; for `same` zeros until the shape pass.
    pub output_pad: [usize; 2],
    /// Dilation.
    pub dilation: [usize; 2],
    /// Groups.
    pub groups: usize,
    /// Has a bias.
    pub bias: bool,
    /// Initial values and L2.
    pub weights: WeightOptions,
}

/// MAXPOOL and AVGPOOL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Maximum or mean.
    pub kind: PoolKind,
    /// Window.
    pub window: [usize; 2],
    /// Stride.
    pub stride: [usize; 2],
    /// Padding.
    pub pad: Padding,
    /// Whether a last window that is not full counts.
    pub ceil: bool,
    /// Cells below and to the right of the padding that `ceil` lets the last windows reach. Zeros until the shape pass.
    pub overhang: [usize; 2],
    /// Whether padded cells count in a mean; those of `overhang` never do.
    pub count_pad: bool,
}

impl Pool {
    /// Padding and overhang: top, bottom, left, right.
    #[must_use]
    pub fn cells(&self) -> [usize; 4] {
        let [top, bottom, left, right] = self.pad.cells;
        let [below, beside] = self.overhang;
        [top, bottom + below, left, right + beside]
    }
}

/// Maximum or mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolKind {
    /// MAXPOOL, POOL.
    Max,
    /// AVGPOOL.
    Avg,
}

/// The order in which a picture becomes a vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Height, width, channels: as it lies in memory.
    Hwc,
    /// Channels first, as PyTorch flattens.
    Chw,
}

/// Padding as written, and in cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Padding {
    /// As written.
    pub mode: PadMode,
    /// Top, bottom, left, right. For `same` zeros until the shape pass.
    pub cells: [usize; 4],
}

/// How padding was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PadMode {
    /// `valid`, or nothing.
    Valid,
    /// `same`: output ceil(input / stride), the odd cell at the bottom and right.
    Same,
    /// A number or four.
    Cells,
}

/// `init=`, `bias_init=`, `l2=` of a layer; `None` where the recipe or the default decides.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WeightOptions {
    /// Initial weights.
    pub init: Option<Initialiser>,
    /// Initial biases.
    pub bias_init: Option<Initialiser>,
    /// Factor of the squared weights in the loss.
    pub l2: Option<f32>,
}

/// An `expect` line.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// What is claimed.
    pub quantity: Quantity,
    /// How it stands to the value.
    pub relation: netc_grammar::ast::Relation,
    /// The value: a number, or a shape for `output`.
    pub value: ClaimValue,
    /// Where it stands.
    pub span: Span,
    /// Where the value stands.
    pub value_span: Span,
}

/// What a claim speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// All stored numbers.
    Params,
    /// The numbers that training moves.
    Trainable,
    /// Multiply-accumulates of one image.
    Macs,
    /// The output's shape.
    Output,
    /// The number of layers, INPUT not counted.
    Layers,
    /// Test accuracy, 0 to 1; judged by `netc eval`.
    Accuracy,
    /// Test loss; judged by `netc eval`.
    Loss,
}

/// The value of a claim.
#[derive(Clone, Debug, PartialEq)]
pub enum ClaimValue {
    /// A whole number.
    Int(u64),
    /// A number with a point.
    Float(f64),
    /// A shape.
    Size(Vec<usize>),
}

impl Head {
    /// What kind of head it is, for people.
    pub(crate) fn kind(&self) -> &'static str {
        match self.auxiliary {
            true => "auxiliary head, in training only",
            false => "output",
        }
    }
}

impl Graph {
    /// The node with this id.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }

    /// The recipe without a name.
    #[must_use]
    pub fn default_recipe(&self) -> Option<&netc_plan::Recipe> {
        let mut recipes = self.recipes.iter().map(|recipe| &recipe.values);
        recipes.find(|recipe| recipe.name.is_none())
    }

    /// For each layer whether inference computes it: the output or an `output` line depends on it.
    #[must_use]
    pub fn inferred(&self) -> Vec<bool> {
        let heads = self.heads.iter().filter(|head| !head.auxiliary);
        self.needed(heads.map(|head| head.node).chain([self.output]))
    }

    /// For each layer whether one of these values depends on it.
    pub(crate) fn needed(&self, values: impl IntoIterator<Item = NodeId>) -> Vec<bool> {
        let mut needed = vec![false; self.nodes.len()];
        let mut open: Vec<NodeId> = values.into_iter().collect();
        while let Some(id) = open.pop() {
            if !std::mem::replace(&mut needed[id.0], true) {
                open.extend(&self.node(id).inputs);
            }
        }
        needed
    }

    /// The layer that decides what the output means: the last one that changes values.
    #[must_use]
    pub fn last(&self) -> &Node {
        self.last_before(self.output)
    }

    /// The last layer up to this one that changes values.
    #[must_use]
    pub fn last_before(&self, id: NodeId) -> &Node {
        let mut node = self.node(id);
        while let (
            Layer::Flatten(_) | Layer::Dropout { .. } | Layer::Op(Op::DropPath(_)),
            [input],
        ) = (&node.layer, &node.inputs[..])
        {
            node = self.node(*input);
        }
        node
    }
}

impl Shape {
    /// Height, width, channels; a vector is 1x1xn. `None` if unknown.
    #[must_use]
    pub fn hwc(self) -> Option<[usize; 3]> {
        match self {
            Shape::Unknown => None,
            Shape::Picture(hwc) => Some(hwc),
            Shape::Vector(n) => Some([1, 1, n]),
        }
    }

    /// The sizes as users see them: `[h, w, c]` or `[n]`; empty if unknown.
    #[must_use]
    pub fn sizes(self) -> Vec<usize> {
        match self {
            Shape::Unknown => Vec::new(),
            Shape::Picture(hwc) => hwc.to_vec(),
            Shape::Vector(n) => vec![n],
        }
    }

    /// The number of elements. The shape pass bounds it, so that it never overflows.
    #[must_use]
    pub fn elements(self) -> usize {
        self.sizes().iter().product()
    }

    /// Whether the shape is not known yet.
    #[must_use]
    pub fn is_unknown(self) -> bool {
        self == Shape::Unknown
    }
}

impl std::fmt::Display for Shape {
    /// `55x55x96`, `4096`, `?`
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.is_unknown() {
            return f.write_str("?");
        }
        let sizes: Vec<String> = self.sizes().iter().map(usize::to_string).collect();
        f.write_str(&sizes.join("x"))
    }
}
