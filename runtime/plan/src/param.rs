//! Weights: what the file must hold, how it starts, and how it is folded on loading.

use crate::{Conv, Literal, Operation};
use alloc::format;
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

impl Param {
    /// A tensor that training moves.
    #[must_use]
    pub fn new(name: &str, shape: &[usize], init: Init) -> Self {
        Self {
            name: name.into(),
            shape: shape.into(),
            init,
            trainable: true,
            connect: None,
        }
    }

    /// The same tensor, stored but not trained.
    #[must_use]
    pub fn fixed(self) -> Self {
        Self {
            trainable: false,
            ..self
        }
    }

    /// The same tensor with a connection table: for each output map the input maps it sees.
    #[must_use]
    pub fn connect(self, table: &[&[usize]]) -> Self {
        Self {
            connect: Some(table.iter().map(|maps| maps.to_vec()).collect()),
            ..self
        }
    }

    /// How many numbers it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether it holds no number.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Literal for Param {
    fn literal(&self) -> String {
        let mut text = format!(
            "plan::Param::new({:?}, &{:?}, {})",
            self.name,
            self.shape,
            self.init.literal()
        );
        if !self.trainable {
            text.push_str(".fixed()");
        }
        if let Some(table) = &self.connect {
            let maps: Vec<String> = table.iter().map(|maps| format!("&{maps:?}")).collect();
            text.push_str(&format!(".connect(&[{}])", maps.join(", ")));
        }
        text
    }
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
    /// Fan-in and fan-out: uniform with `a = sqrt(6 / (fan_in + fan_out))` (Glorot and Bengio 2010, eq. 16).
    Glorot(usize, usize),
    /// Fan-in: normal with `sd = sqrt(2 / fan_in)` (He et al. 2015, eq. 10).
    He(usize),
    /// Fan-in: uniform with `a = sqrt(3 / fan_in)` (LeCun et al. 1998, Efficient BackProp, eq. 16).
    LeCun(usize),
    /// LeNet-5's RBF prototypes: 7x12 pictures of the digits in -1 and 1 (LeCun et al. 1998, figure 3); -1 and 1 at random
    /// where the shape is not `[10, 84]`.
    Prototypes,
}

/// An initialiser by name, for layers of any size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Initialiser {
    /// `glorot`: uniform, the default of weights.
    Glorot,
    /// `he`: normal.
    He,
    /// `lecun`: uniform.
    LeCun,
    /// `normal(sd)`
    Normal(f32),
    /// `uniform(a)`: in `[-a, a)`.
    Uniform(f32),
    /// `constant(v)`, or a number; 0 is the default of biases.
    Constant(f32),
}

impl Initialiser {
    /// The distribution for a layer with these fans.
    #[must_use]
    pub fn with_fans(self, [fan_in, fan_out]: [usize; 2]) -> Init {
        match self {
            Initialiser::Glorot => Init::Glorot(fan_in, fan_out),
            Initialiser::He => Init::He(fan_in),
            Initialiser::LeCun => Init::LeCun(fan_in),
            Initialiser::Normal(sd) => Init::Normal(sd),
            Initialiser::Uniform(a) => Init::Uniform(a),
            Initialiser::Constant(v) => Init::Constant(v),
        }
    }
}

impl Literal for Init {
    fn literal(&self) -> String {
        match self {
            Init::Constant(value) => format!("plan::Init::Constant({})", value.literal()),
            Init::Uniform(limit) => format!("plan::Init::Uniform({})", limit.literal()),
            Init::Normal(sd) => format!("plan::Init::Normal({})", sd.literal()),
            Init::Glorot(..) | Init::He(_) | Init::LeCun(_) | Init::Prototypes => {
                format!("plan::Init::{self:?}")
            }
        }
    }
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
    /// A pointwise convolution before an FC, folded into it.
    pub pointwise: Option<Pointwise>,
}

impl Source {
    /// The tensors of this layer.
    #[must_use]
    pub fn of(layer: impl Into<String>) -> Self {
        Self {
            layer: layer.into(),
            fold: None,
            chw: None,
            pointwise: None,
        }
    }

    /// The operation as its layer's own tensors have it: before a pointwise convolution was folded into it.
    #[must_use]
    pub fn own<D: Operation + Copy>(&self, op: &D) -> D {
        match &self.pointwise {
            Some(pointwise) => pointwise.behind(op),
            None => *op,
        }
    }
}

/// A convolution of 1x1 without activation, folded into the FC that alone reads it: `W'[u, x, i] = sum over o of W[u, x, o] * P[o, i]` for each
/// unit `u` and pixel `x`, `b' = b + sum over x and o of W[u, x, o] * p[o]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Pointwise {
    /// `conv3`
    pub layer: String,
    /// A batch normalisation that is folded into the convolution.
    pub fold: Option<Fold>,
    /// Channels that it reads and that it gives.
    pub channels: [usize; 2],
    /// Whether it has biases.
    pub bias: bool,
}

impl Pointwise {
    /// The convolution, before an FC that reads pictures of this shape now.
    #[must_use]
    pub fn conv(&self, input: [usize; 3]) -> Conv {
        Conv {
            input,
            filters: self.channels[1],
            bias: self.bias,
            ..Conv::DEFAULT
        }
    }

    /// The FC as it was, behind the convolution.
    #[must_use]
    pub fn behind<D: Operation + Copy>(&self, fc: &D) -> D {
        let [h, w, _] = fc.input();
        fc.with_input([h, w, self.channels[1]])
    }
}

/// A batch normalisation folded into the layer before it: `w' = w * g / sqrt(v + eps)`, `b' = (b - m) * g / sqrt(v + eps) + beta`.
#[derive(Clone, Debug, PartialEq)]
pub struct Fold {
    /// `bn1`
    pub layer: String,
    /// Added to the variance.
    pub eps: f32,
}
