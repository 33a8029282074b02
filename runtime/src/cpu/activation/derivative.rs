//! Derivatives of activations, by the definition.

use crate::cpu::Real;
use crate::plan::Act;

/// The derivative of an activation, by its input `x` or, where that suffices, its value `y`.
pub fn derivative<T: Real>(act: Act, x: T, y: T) -> T {
    let (zero, one) = (T::zero(), T::one());
    let of = |x: f64| T::of(x);
    match act {
        Act::None => one,
        Act::Relu if y <= zero => zero,
        Act::Relu6 if y <= zero || y >= of(6.0) => zero,
        Act::Relu | Act::Relu6 => one,
        Act::LeakyRelu(slope) if y <= zero => of(slope.into()),
        Act::Elu(alpha) if y <= zero => y + of(alpha.into()),
        Act::LeakyRelu(_) | Act::Elu(_) => one,
        // (x Phi(x))' = Phi(x) + x phi(x)
        Act::Gelu => {
            let phi = (-x * x / of(2.0)).exp()
                * of(0.5 * core::f64::consts::FRAC_2_SQRT_PI)
                * of(core::f64::consts::FRAC_1_SQRT_2);
            (one + (x * of(core::f64::consts::FRAC_1_SQRT_2)).erf()) / of(2.0) + x * phi
        }
        Act::Silu => {
            let s = one / (one + (-x).exp());
            s * (one + x * (one - s))
        }
        Act::Sigmoid => y * (one - y),
        Act::HardSigmoid if y <= zero || y >= one => zero,
        Act::HardSigmoid => one / of(6.0),
        Act::HardSwish if x <= of(-3.0) => zero,
        Act::HardSwish if x >= of(3.0) => one,
        Act::HardSwish => x / of(3.0) + of(0.5),
        Act::Tanh => one - y * y,
        Act::LecunTanh => of(2.0 / 3.0) * (of(1.7159) - y * y / of(1.7159)),
    }
}

/// `dy *= act'`, element by element.
pub(crate) fn reference<T: Real>(act: Act, x: Option<&[T]>, y: &[T], dy: &mut [T]) {
    for (i, (dy, &y)) in dy.iter_mut().zip(y).enumerate() {
        *dy = *dy * derivative(act, x.map_or(y, |x| x[i]), y);
    }
}
