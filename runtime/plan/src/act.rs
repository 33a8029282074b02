//! Activations.

use crate::Literal;
use alloc::format;
use alloc::string::String;

/// An activation that may be fused into the step before it. Applied to each element.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Act {
    /// `x`
    #[default]
    None,
    /// `max(x, 0)`
    Relu,
    /// `min(max(x, 0), 6)`
    Relu6,
    /// `x` above 0, `slope * x` below
    LeakyRelu(f32),
    /// `x` above 0, `alpha * (exp(x) - 1)` below
    Elu(f32),
    /// `x * (1 + erf(x / sqrt(2))) / 2`, exact
    Gelu,
    /// `x / (1 + exp(-x))`
    Silu,
    /// `1 / (1 + exp(-x))`
    Sigmoid,
    /// `min(max(x + 3, 0), 6) / 6` (Howard et al. 2019, section 5.2)
    HardSigmoid,
    /// `x * min(max(x + 3, 0), 6) / 6` (Howard et al. 2019, section 5.2)
    HardSwish,
    /// `tanh(x)`
    Tanh,
    /// `1.7159 tanh(2x / 3)` (LeCun et al. 1998, eq. 6)
    LecunTanh,
}

impl Act {
    /// Whether the derivative follows from the activation's value alone, so that training may fuse it and forget its input.
    #[must_use]
    pub fn from_value(self) -> bool {
        !matches!(self, Act::Gelu | Act::Silu | Act::HardSwish)
    }
}

impl Literal for Act {
    fn literal(&self) -> String {
        match self {
            Act::LeakyRelu(slope) => format!("plan::Act::LeakyRelu({})", slope.literal()),
            Act::Elu(alpha) => format!("plan::Act::Elu({})", alpha.literal()),
            plain => format!("plan::Act::{plain:?}"),
        }
    }
}
