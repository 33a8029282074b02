//! Activations: fast and vectorisable, in single precision, relative error some 1e-7 (a few units in the last place).
//!
//! All keep a NaN a NaN. The definitions are in [`activate`](super::activate).

use super::simd::multiversion;
use crate::plan::Act;

multiversion! {
    /// Applies the activation to each element.
    pub(crate) fn apply(act: Act, y: &mut [f32]) {
        apply_inline(act, y);
    }
}

/// As [`apply`], for use inside functions that are compiled for several instruction sets themselves.
#[inline(always)]
pub(crate) fn apply_inline(act: Act, y: &mut [f32]) {
    #[inline(always)]
    fn map(y: &mut [f32], f: impl Fn(f32) -> f32) {
        y.iter_mut().for_each(|y| *y = f(*y));
    }
    match act {
        Act::None => {}
        Act::Relu => map(y, |x| if x < 0.0 { 0.0 } else { x }),
        Act::Relu6 => map(y, |x| {
            let x = if x < 0.0 { 0.0 } else { x };
            if x > 6.0 { 6.0 } else { x }
        }),
        Act::LeakyRelu(slope) => map(y, |x| if x < 0.0 { slope * x } else { x }),
        Act::Elu(alpha) => map(y, |x| if x < 0.0 { alpha * exp_m1(x) } else { x }),
        Act::Gelu => map(y, |x| {
            0.5 * x * (1.0 + erf(x * core::f32::consts::FRAC_1_SQRT_2))
        }),
        Act::Silu => map(y, |x| x / (1.0 + exp(-x))),
        Act::Sigmoid => map(y, |x| 1.0 / (1.0 + exp(-x))),
        Act::HardSigmoid => map(y, |x| {
            let y = (x + 3.0) * (1.0 / 6.0);
            let y = if x <= -3.0 { 0.0 } else { y };
            if x >= 3.0 { 1.0 } else { y }
        }),
        Act::HardSwish => map(y, |x| {
            let y = x * (x + 3.0) * (1.0 / 6.0);
            let y = if x <= -3.0 { 0.0 } else { y };
            if x >= 3.0 { x } else { y }
        }),
        Act::Tanh => map(y, tanh),
        Act::LecunTanh => map(y, |x| 1.7159 * tanh(x * (2.0 / 3.0))),
    }
}

/// `(q, s)` with `exp(x) = s * (1 + q)`, `s` half a power of two: the caller doubles, so that neither end overflows.
/// `x` in [-87, 89] or NaN. Cephes' `expf`: a polynomial of degree 7 on [-ln 2 / 2, ln 2 / 2].
#[inline(always)]
fn exp_parts(x: f32) -> (f32, f32) {
    // Adding 1.5 * 2^23 rounds to the nearest integer and leaves it in the low bits.
    const ROUND: f32 = 12_582_912.0;
    let shifted = x * core::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    // ln 2 in two parts; the first has few bits, so that `n` times it is exact.
    let r = x - n * 0.693_359_4 - n * -2.121_944_4e-4;
    let mut p = 1.987_569_1e-4;
    p = p * r + 1.398_2e-3;
    p = p * r + 8.333_452e-3;
    p = p * r + 4.166_579_6e-2;
    p = p * r + 1.666_666_5e-1;
    p = p * r + 0.5;
    let exponent = shifted.to_bits().wrapping_add(127 - 1) << 23;
    (p * r * r + r, f32::from_bits(exponent))
}

/// Keeps `x` where [`exp_parts`] works; comparisons that a NaN passes through.
#[inline(always)]
fn clamp(x: f32, low: f32, high: f32) -> f32 {
    let x = if x < low { low } else { x };
    if x > high { high } else { x }
}

/// 0 below -87, infinite above 88.73.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    let (q, half) = exp_parts(clamp(x, -87.0, 89.0));
    let y = half * (1.0 + q) * 2.0;
    if x < -87.0 { 0.0 } else { y }
}

#[inline(always)]
fn exp_m1(x: f32) -> f32 {
    let (q, half) = exp_parts(clamp(x, -87.0, 89.0));
    // (2 half - 1) is exact, and 0 for small x, where q alone is the answer.
    (half * 2.0) * q + (half * 2.0 - 1.0)
}

/// Cephes' `tanhf`.
#[inline(always)]
fn tanh(x: f32) -> f32 {
    let z = x * x;
    let mut p = -5.704_988_7e-3;
    p = p * z + 2.063_908_8e-2;
    p = p * z - 5.373_971_4e-2;
    p = p * z + 1.333_144_2e-1;
    p = p * z - 3.333_328e-1;
    let small = p * z * x + x;
    let large = 1.0 - 2.0 / (exp(2.0 * x.abs()) + 1.0);
    if x.abs() < 0.625 {
        small
    } else {
        large.copysign(x)
    }
}

/// A rational approximation on (-4, 4) (Eigen's `generic_fast_erf`); outside, the nearest float is 1.
#[inline(always)]
fn erf(x: f32) -> f32 {
    let one = 1.0_f32.copysign(x);
    let outside = x.abs() >= 4.0;
    let x = clamp(x, -4.0, 4.0);
    let z = x * x;
    let mut p = -2.726_142_3e-10;
    p = p * z + 2.770_681_4e-8;
    p = p * z - 2.101_024e-6;
    p = p * z - 5.692_506_4e-5;
    p = p * z - 7.349_906_3e-4;
    p = p * z - 2.954_6e-3;
    p = p * z - 1.609_603_3e-2;
    let mut q = -1.456_607_2e-5;
    q = q * z - 2.133_740_5e-4;
    q = q * z - 1.682_827e-3;
    q = q * z - 7.373_329_2e-3;
    q = q * z - 1.426_473_9e-2;
    if outside { one } else { x * p / q }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::activate;

    const ALL: [Act; 12] = [
        Act::None,
        Act::Relu,
        Act::Relu6,
        Act::LeakyRelu(0.01),
        Act::Elu(1.5),
        Act::Gelu,
        Act::Silu,
        Act::Sigmoid,
        Act::HardSigmoid,
        Act::HardSwish,
        Act::Tanh,
        Act::LecunTanh,
    ];

    #[test]
    fn close_to_the_definitions() {
        // Every 1009th float: all magnitudes, both signs.
        let all: Vec<f32> = (0..=u32::MAX)
            .step_by(1009)
            .map(f32::from_bits)
            .filter(|x| x.is_finite())
            .collect();
        for act in ALL {
            let mut y = all.clone();
            apply(act, &mut y);
            for (&x, &y) in all.iter().zip(&y) {
                let exact = activate(act, f64::from(x));
                // GELU's 1 + erf cancels on the left, in PyTorch too: its error is relative to x there.
                let scale = match act {
                    Act::Gelu => exact.abs().max(f64::from(x.abs())),
                    _ => exact.abs(),
                };
                let error = (f64::from(y) - exact).abs();
                let tiny = f64::from(f32::MIN_POSITIVE) * 100.0;
                assert!(
                    error <= 1e-6 * scale + tiny,
                    "{act:?}({x:e}) = {y:e}, exactly {exact:e}"
                );
            }
        }
    }

    #[test]
    fn keep_nan_and_take_infinities() {
        for act in ALL {
            let mut y = [f32::NAN; 33];
            apply(act, &mut y);
            assert!(y.iter().all(|y| y.is_nan()), "{act:?}");
            let mut y = [f32::INFINITY, -1e30];
            apply(act, &mut y);
            assert_eq!(y[0], activate(act, f32::INFINITY), "{act:?}");
            assert_eq!(y[1], activate(act, -1e30_f32), "{act:?}");
        }
    }
}
