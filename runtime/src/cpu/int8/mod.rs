//! Kernels of int8: values are bytes that stand for `scale * (byte - zero point)`, weights are signed bytes with one scale a filter, and
//! sums have 32 bits (Jacob et al. 2018, eq. 2 to 7). All levels of instructions give the same bits.
//!
//! A step may read and write floats instead: it then quantises what it reads, and what it writes is `scale * sum + bias`. So there
//! is no step that only converts.

mod conv;
mod depthwise;
mod ending;
mod map;
mod pool;
mod product;
mod sum;
#[cfg(test)]
mod tests;

pub(crate) use conv::Conv;
pub(crate) use ending::Numbers;
pub(crate) use map::Map;
pub(crate) use pool::{MaxPool, Mean};
pub(crate) use sum::Add;

use super::kernel::int8::round;
use super::simd::multiversion;
use crate::plan::Act;
use alloc::vec::Vec;

/// How bytes stand for numbers: `scale * (byte - zero_point)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantisation {
    /// The distance from one number to the next.
    pub scale: f32,
    /// The byte that stands for 0.
    pub zero_point: u8,
}

impl Quantisation {
    /// Bytes for the numbers from `low` to `high`. 0 is always among them and exact, as padding needs it.
    #[must_use]
    pub fn of([low, high]: [f32; 2]) -> Self {
        let (low, high) = (low.min(0.0), high.max(0.0));
        // Below that, quotients by it are not finite.
        let scale = ((f64::from(high) - f64::from(low)) / 255.0).max(1e-30) as f32;
        Self {
            scale,
            zero_point: round((-low / scale).clamp(0.0, 255.0)),
        }
    }

    /// What to multiply by, and then to add, before a number is rounded to its byte.
    pub(crate) fn to_bytes(self) -> [f32; 2] {
        [1.0 / self.scale, f32::from(self.zero_point)]
    }

    /// The number that a byte stands for.
    pub(crate) fn number(self, byte: u8) -> f32 {
        self.scale * (f32::from(byte) - f32::from(self.zero_point))
    }
}

/// The parameters of a convolution or of a fully connected layer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Layer {
    /// `[filters, depth, kh, kw]`, or `[units, h * w * c]`.
    pub(crate) weight: Vec<i8>,
    /// What a weight of 1 stands for, for each filter.
    pub(crate) scale: Vec<f32>,
    /// For each filter.
    pub(crate) bias: Vec<f32>,
}

/// The part of an activation that is a lower and an upper bound, and the part that is left for later.
fn bounds(act: Act) -> ([f32; 2], Act) {
    match act {
        Act::None => ([f32::NEG_INFINITY, f32::INFINITY], Act::None),
        Act::Relu => ([0.0, f32::INFINITY], Act::None),
        Act::Relu6 => ([0.0, 6.0], Act::None),
        late => ([f32::NEG_INFINITY, f32::INFINITY], late),
    }
}

/// The byte of `x * scale + zero`; 0 for a NaN.
#[inline(always)]
pub(crate) fn byte(x: f32, scale: f32, zero: f32) -> u8 {
    let x = x * scale + zero;
    let x = if x > 0.0 { x } else { 0.0 };
    round(if x < 255.0 { x } else { 255.0 })
}

multiversion! {
    /// The bytes of numbers.
    fn quantise(x: &[f32], to_bytes: [f32; 2], y: &mut [u8]) {
        let [scale, zero] = to_bytes;
        y.iter_mut().zip(x).for_each(|(y, &x)| *y = byte(x, scale, zero));
    }
}
