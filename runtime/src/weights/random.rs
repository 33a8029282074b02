//! Initial weights. Counter-based: element `i` of a tensor depends on the seed, the tensor's name and `i` alone, so that every
//! device and every number of threads draws the same.
//!
//! `draw(i) = splitmix64(splitmix64(seed) + fnv1a64(name) + (i + 1) * 0x9E3779B97F4A7C15)`, all modulo 2^64, where `splitmix64`
//! is the finaliser of Steele, Lea and Flood 2014. Computed in f64, rounded to f32:
//! - uniform: `a * (2 u - 1)` with `u = (draw >> 40) / 2^24`;
//! - normal (Box and Muller 1958): `sd * sqrt(-2 ln u) * cos(2 pi v)` with `u = ((draw >> 32) + 1) / 2^32`,
//!   `v = (draw mod 2^32) / 2^32`.

use super::{Data, Storage, Tensor, Weights, digits, unconnected};
use crate::plan::random::{GOLDEN, fnv1a, mix};
use crate::plan::{Init, Param};
use alloc::vec::Vec;

impl Weights {
    /// Initial weights, as each parameter's `init` says; the same for the same seed, everywhere.
    #[must_use]
    pub fn random(seed: u64, params: &[Param]) -> Self {
        let tensors = params.iter().map(|param| {
            let shape = param.shape.clone();
            let data = Data::Owned(draw(seed, param));
            (param.name.clone(), Tensor { shape, data })
        });
        Self::of(Storage::None, tensors.collect())
    }
}

/// The initial values of a tensor.
pub(super) fn draw(seed: u64, param: &Param) -> Vec<f32> {
    let len = param.shape.iter().product();
    let key = mix(seed).wrapping_add(fnv1a(&param.name));
    let bits = move |i: usize| mix(key.wrapping_add((i as u64 + 1).wrapping_mul(GOLDEN)));
    let uniform = |a: f64| {
        let number = move |i| (a * (2.0 * ((bits(i) >> 40) as f64 / 16_777_216.0) - 1.0)) as f32;
        (0..len).map(number).collect()
    };
    let normal = |sd: f64| (0..len).map(|i| (sd * gauss(bits(i))) as f32).collect();
    let mut numbers: Vec<f32> = match param.init {
        Init::Constant(value) => alloc::vec![value; len],
        Init::Uniform(a) => uniform(a.into()),
        Init::Normal(sd) => normal(sd.into()),
        Init::Glorot(fan_in, fan_out) => uniform(libm::sqrt(6.0 / (fan_in + fan_out) as f64)),
        Init::He(fan_in) => normal(libm::sqrt(2.0 / fan_in as f64)),
        Init::LeCun(fan_in) => uniform(libm::sqrt(3.0 / fan_in as f64)),
        Init::Prototypes if param.shape == [10, 84] => digits::prototypes(),
        Init::Prototypes => (0..len)
            .map(|i| if bits(i) >> 63 == 0 { 1.0 } else { -1.0 })
            .collect(),
    };
    unconnected(param).for_each(|i| numbers[i] = 0.0);
    numbers
}

/// Standard normal. `libm` rather than the platform's functions: the same bits everywhere.
fn gauss(bits: u64) -> f64 {
    const TURN: f64 = 4_294_967_296.0;
    let u = ((bits >> 32) as f64 + 1.0) / TURN;
    let v = (bits & 0xFFFF_FFFF) as f64 / TURN;
    libm::sqrt(-2.0 * libm::log(u)) * libm::cos(2.0 * core::f64::consts::PI * v)
}
