//! The program: a network as operations on values, after names of layers stop mattering and before memory is given out.
//!
//! # Meaning
//! A [`Program`] is a list of [`Unit`]s in topological order. A unit computes one value from the values of the units it
//! names, all of which stand before it. Unit 0 is the network's input. [`What::Run`] becomes a step of the plan with the
//! same descriptor; [`What::Concat`] and [`What::Reshape`] move no data: they say where values lie.
//!
//! `lower` makes the program, one unit a layer; `optimise` merges units; `schedule` gives them memory and makes the plan, and
//! `differentiate` the plan of training.

use netc_plan::{Op, Param, Pixels, Source};

/// Index of a unit in [`Program::units`].
pub type UnitId = usize;

/// A network as operations on values.
#[derive(Clone, Debug, PartialEq)]
pub struct Program {
    /// The network's name.
    pub name: String,
    /// The operations, in topological order; unit 0 is the input.
    pub units: Vec<Unit>,
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
}

/// One operation and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    /// The layer's name; unique.
    pub name: String,
    /// The layers that the unit stands for, as the file says them: `CONV(96, 11x11/4) + RELU`.
    pub text: String,
    /// What it computes.
    pub what: What,
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
pub enum What {
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
    /// The input's elements in the same order, under another shape (or the same: DROPOUT in inference).
    Reshape,
    /// DROPOUT in training. A program for inference has none.
    Dropout {
        /// Probability that an element is dropped.
        p: f32,
    },
}

impl Unit {
    /// The descriptor, for units that become a step.
    #[must_use]
    pub fn op(&self) -> Option<&Op> {
        match &self.what {
            What::Run { op, .. } => Some(op),
            _ => None,
        }
    }

    /// Whether the value may lie where an input lies.
    #[must_use]
    pub fn in_place(&self) -> bool {
        match &self.what {
            What::Run { op, .. } => op.in_place(),
            What::Dropout { .. } => true,
            What::Input | What::Concat | What::Reshape => false,
        }
    }
}

impl Program {
    /// The shape in which a unit reads its inputs: `None` for a CONCAT, which takes each as it is.
    #[must_use]
    pub fn reads_as(&self, id: UnitId) -> Option<[usize; 3]> {
        let unit = &self.units[id];
        match &unit.what {
            What::Run { op, .. } => Some(op.input()),
            What::Reshape | What::Dropout { .. } => Some(unit.shape),
            What::Input | What::Concat => None,
        }
    }
}
