//! The numbers that plain reference kernels compute with.

use crate::plan::{Act, Plan};
use crate::weights::Weights;
use alloc::borrow::Cow;
use alloc::vec::Vec;

/// `f32` or `f64`: finite differences and tight comparisons need the latter.
pub trait Real: num_traits::Float + core::ops::AddAssign + core::iter::Sum + Send + Sync {
    /// The nearest number.
    fn of(x: f64) -> Self;

    /// As a double.
    fn double(self) -> f64;

    /// The error function.
    fn erf(self) -> Self;

    /// Converts, without a copy where nothing changes.
    fn from_f32(numbers: Cow<'_, [f32]>) -> Cow<'_, [Self]>;

    /// [`reference::run`](crate::reference::run), compiled in this crate, with its optimisation level.
    #[doc(hidden)]
    fn run(plan: &Plan, weights: &Weights, images: &[Self]) -> Vec<Self>;
}

impl Real for f32 {
    fn of(x: f64) -> Self {
        x as f32
    }

    fn double(self) -> f64 {
        f64::from(self)
    }

    fn erf(self) -> Self {
        libm::erff(self)
    }

    fn from_f32(numbers: Cow<'_, [f32]>) -> Cow<'_, [Self]> {
        numbers
    }

    fn run(plan: &Plan, weights: &Weights, images: &[Self]) -> Vec<Self> {
        crate::reference::walk(plan, weights, images)
    }
}

impl Real for f64 {
    fn of(x: f64) -> Self {
        x
    }

    fn double(self) -> f64 {
        self
    }

    fn erf(self) -> Self {
        libm::erf(self)
    }

    fn from_f32(numbers: Cow<'_, [f32]>) -> Cow<'_, [Self]> {
        numbers.iter().copied().map(f64::from).collect()
    }

    fn run(plan: &Plan, weights: &Weights, images: &[Self]) -> Vec<Self> {
        crate::reference::walk(plan, weights, images)
    }
}

/// The activation, as its definition says.
pub fn activate<T: Real>(act: Act, x: T) -> T {
    let (zero, one) = (T::zero(), T::one());
    match act {
        Act::None => x,
        // Comparisons, not `max`: a NaN stays a NaN.
        Act::Relu if x < zero => zero,
        Act::Relu6 if x < zero => zero,
        Act::Relu6 if x > T::of(6.0) => T::of(6.0),
        Act::Relu | Act::Relu6 => x,
        Act::LeakyRelu(slope) if x < zero => T::of(slope.into()) * x,
        Act::Elu(alpha) if x < zero => T::of(alpha.into()) * x.exp_m1(),
        Act::LeakyRelu(_) | Act::Elu(_) => x,
        Act::Gelu => x * (one + (x * T::of(core::f64::consts::FRAC_1_SQRT_2)).erf()) / T::of(2.0),
        Act::Silu => x / (one + (-x).exp()),
        Act::Sigmoid => one / (one + (-x).exp()),
        Act::HardSigmoid | Act::HardSwish if x <= T::of(-3.0) => zero,
        Act::HardSigmoid if x >= T::of(3.0) => one,
        Act::HardSwish if x >= T::of(3.0) => x,
        Act::HardSigmoid => (x + T::of(3.0)) / T::of(6.0),
        Act::HardSwish => x * (x + T::of(3.0)) / T::of(6.0),
        Act::Tanh => x.tanh(),
        Act::LecunTanh => T::of(1.7159) * (x * T::of(2.0 / 3.0)).tanh(),
    }
}
