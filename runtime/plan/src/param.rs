//! Weights: what the file must hold, how it starts, and how it is folded on loading.

use alloc::string::String;
use alloc::vec::Vec;

/// One tensor of the weights file.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// `conv1.weight`
    pub name: String,
    /// `[out, in / groups, kh, kw]` for CONV, `[out, in]` for FC, `[channels]` for the rest.
    pub shape: Vec<usize>,
    /// How it starts before training.
    pub init: Init,
    /// Whether an optimizer moves it (moving statistics and fixed prototypes are stored, not trained).
    pub trainable: bool,
    /// For CONV with a connection table: for each output map the input maps it sees. The weights elsewhere are zero.
    pub connect: Option<Vec<Vec<usize>>>,
}

/// The distribution of initial values. Fans count connected inputs and outputs of one unit, kernel area included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Init {
    /// Every element the same.
    Constant(f32),
    /// Uniform in `[-a, a)`.
    Uniform(f32),
    /// Normal with this standard deviation.
    Normal(f32),
    /// Uniform with `a = sqrt(6 / (fan_in + fan_out))` (Glorot and Bengio 2010, eq. 16).
    Glorot {
        /// Inputs of a unit.
        fan_in: usize,
        /// Outputs of a unit.
        fan_out: usize,
    },
    /// Normal with `sd = sqrt(2 / fan_in)` (He et al. 2015, eq. 10).
    He {
        /// Inputs of a unit.
        fan_in: usize,
    },
    /// Uniform with `a = sqrt(3 / fan_in)` (LeCun et al. 1998, Efficient BackProp, eq. 16).
    LeCun {
        /// Inputs of a unit.
        fan_in: usize,
    },
    /// LeNet-5's RBF prototypes: 7x12 pictures of the digits in -1 and 1 (LeCun et al. 1998, figure 3); -1 and 1 at random
    /// where the shape is not `[10, 84]`.
    Prototypes,
}

/// Where a step's parameters come from, and what is done to them once, on loading.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// The layer whose tensors are read: `conv1` for `conv1.weight` and `conv1.bias`.
    pub layer: String,
    /// A batch normalisation that follows and is folded into weight and bias.
    pub fold: Option<Fold>,
    /// `[h, w, c]`: the columns of an FC's weight are in CHW order and are reordered to HWC (`FLATTEN(chw)`).
    pub chw: Option<[usize; 3]>,
}

/// A batch normalisation folded into the layer before it: `w' = w * g / sqrt(v + eps)`, `b' = (b - m) * g / sqrt(v + eps) + beta`.
#[derive(Clone, Debug, PartialEq)]
pub struct Fold {
    /// `bn1`
    pub layer: String,
    /// Added to the variance.
    pub eps: f32,
}
