//! The program: a network as operations on values, after names of layers stop mattering and before memory is given out.
//!
//! # Meaning
//! A [`Program`] is a list of [`Unit`]s in topological order. A unit computes one value from the values of the units it
//! names, all of which stand before it. Unit 0 is the network's input. [`UnitKind::Run`] becomes a step of the plan with the
//! same descriptor; [`UnitKind::Concat`], [`UnitKind::Slice`] and [`UnitKind::Reshape`] move no data: they say where values lie.
//!
//! `lower` makes the program, one unit a layer, to infer or to train; `optimise` merges units; `differentiate` finds what goes
//! backward; `schedule` gives values and gradients memory and makes the plan.

use crate::graph::Block;
use core::ops::Range;
use netc_plan::{Loss, Op, Operation, Param, Pixels, Source, UpdateStep};
use std::collections::BTreeSet;

/// Index of a unit in [`Program::units`].
pub type UnitId = usize;

/// A network as operations on values.
#[derive(Clone, Debug, PartialEq)]
pub struct Program {
    /// The network's name.
    pub name: String,
    /// The operations, in topological order; unit 0 is the input.
    pub units: Vec<Unit>,
    /// Which layers of the graph are written as one.
    pub blocks: Vec<Block>,
    /// Units that may be computed together, by rows ([`netc_plan::Plan::by_rows`]): in order, each the only reader of the one before it.
    pub by_rows: Vec<Range<UnitId>>,
    /// The unit whose value is the network's output.
    pub output: UnitId,
    /// The shape of the output as users see it.
    pub output_sizes: Vec<usize>,
    /// The shape of the input as users see it.
    pub input_sizes: Vec<usize>,
    /// Layers whose values must stay readable after the last step, and the units that compute them.
    pub kept: Vec<(String, UnitId)>,
    /// How pixels become inputs.
    pub pixels: Pixels,
    /// Every tensor of the weights file, in the order of the layers.
    pub params: Vec<Param>,
    /// Whether the network ends in SOFTMAX.
    pub probabilities: bool,
    /// Whether the network ends in RBF.
    pub distances: bool,
    /// What training makes small; nothing in a program that infers.
    pub losses: Vec<Target>,
    /// How training moves the parameters.
    pub update: Vec<UpdateStep>,
}

/// A loss and what it judges.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Target {
    /// What is made small.
    pub loss: Loss,
    /// Its factor in the sum of all losses.
    pub weight: f32,
    /// The unit whose value is judged.
    pub scores: UnitId,
}

/// One operation and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    /// The layer's name; unique.
    pub name: String,
    /// The layers that the unit stands for, as the file says them: `CONV(96, 11x11/4) + RELU`.
    pub text: String,
    /// The layer of the graph that it stands for, the first where there are several; one past the last where there is none.
    pub node: usize,
    /// What it computes.
    pub kind: UnitKind,
    /// What it reads.
    pub inputs: Vec<UnitId>,
    /// Shape of its value.
    pub shape: [usize; 3],
}

/// What a unit computes.
#[allow(
    clippy::large_enum_variant,
    reason = "nearly every unit runs something"
)]
#[derive(Clone, Debug, PartialEq)]
pub enum UnitKind {
    /// The network's input.
    Input,
    /// An operation of the plan.
    Run {
        /// The descriptor.
        op: Op,
        /// Where its parameters come from.
        source: Option<Source>,
    },
    /// The inputs beside each other along the channels.
    Concat,
    /// Channels of the input, from this one on.
    Slice {
        /// The first channel.
        from: usize,
    },
    /// The input's elements in the same order, under another shape (or the same: DROPOUT in inference).
    Reshape,
}

impl Unit {
    /// The descriptor, for units that become a step.
    #[must_use]
    pub fn op(&self) -> Option<&Op> {
        match &self.kind {
            UnitKind::Run { op, .. } => Some(op),
            _ => None,
        }
    }

    /// The layer whose parameters the step has.
    #[must_use]
    pub fn layer(&self) -> Option<&str> {
        match &self.kind {
            UnitKind::Run {
                source: Some(source),
                ..
            } => Some(&source.layer),
            _ => None,
        }
    }

    /// The descriptor, to be changed.
    pub fn op_mut(&mut self) -> Option<&mut Op> {
        match &mut self.kind {
            UnitKind::Run { op, .. } => Some(op),
            _ => None,
        }
    }

    /// Whether the value may lie where the input of this number lies.
    #[must_use]
    pub fn in_place(&self, operand: usize) -> bool {
        self.op().is_some_and(|op| op.in_place(operand))
    }

    /// Whether the unit names a value that another one computes.
    #[must_use]
    pub fn is_view(&self) -> bool {
        matches!(self.kind, UnitKind::Reshape | UnitKind::Slice { .. })
    }

    /// Whether the unit is its input's value in another shape.
    #[must_use]
    pub fn is_reshape(&self) -> bool {
        self.kind == UnitKind::Reshape
    }
}

impl Program {
    /// Whether the program trains; otherwise it infers.
    #[must_use]
    pub fn trains(&self) -> bool {
        !self.losses.is_empty()
    }

    /// The layers of which a parameter is trained.
    #[must_use]
    pub fn trained_layers(&self) -> BTreeSet<&str> {
        let trained = self.params.iter().filter(|param| param.trainable);
        let layers = trained.filter_map(|param| param.name.rsplit_once('.'));
        layers.map(|(layer, _)| layer).collect()
    }

    /// The shape in which a unit reads its input of this number: `None` for CONCAT and SLICE, which take each as it is.
    #[must_use]
    pub fn reads_as(&self, id: UnitId, operand: usize) -> Option<[usize; 3]> {
        let unit = &self.units[id];
        match &unit.kind {
            UnitKind::Run { op, .. } => Some(op.operand(operand)),
            UnitKind::Reshape => Some(unit.shape),
            UnitKind::Input | UnitKind::Concat | UnitKind::Slice { .. } => None,
        }
    }

    /// The units whose values are needed after the forward part: the output, what is kept, what losses judge.
    pub fn ends(&self) -> impl Iterator<Item = UnitId> {
        let kept = self.kept.iter().map(|(_, id)| *id);
        let judged = self.losses.iter().map(|target| target.scores);
        kept.chain([self.output]).chain(judged)
    }

    /// Replaces the units named by [`ends`](Self::ends).
    pub(crate) fn rename_ends(&mut self, new: impl Fn(UnitId) -> UnitId) {
        self.output = new(self.output);
        self.kept.iter_mut().for_each(|(_, id)| *id = new(*id));
        let targets = self.losses.iter_mut();
        targets.for_each(|target| target.scores = new(target.scores));
    }
}
