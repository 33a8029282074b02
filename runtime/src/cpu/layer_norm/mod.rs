//! Layer normalisation over the channels of each pixel.

#[cfg(feature = "train")]
pub(crate) mod train;

use super::normalise::{Affine, reference, taken};
use super::sizes::{Sizes, bounded};
use super::{Real, lanes, simd::multiversion};
use crate::plan::{self, View};
use crate::reference::{Given, Plain};
use crate::{LayerWeights, Mem};
use alloc::vec::Vec;
#[cfg(not(feature = "std"))]
use num_traits::Float as _;

/// See [`plan::LayerNorm`]. May run in place.
pub struct LayerNorm {
    d: plan::LayerNorm,
    sizes: Sizes,
    /// Weight and bias.
    affine: [Vec<f32>; 2],
}

impl LayerNorm {
    /// Takes the layer's parameters.
    ///
    /// # Panics
    /// If the descriptor's sizes cannot be computed, or the layer has not its parameters.
    #[must_use]
    pub fn new(d: plan::LayerNorm, layer: LayerWeights<'_>) -> Self {
        let sizes = Sizes::of(d);
        let affine = taken(&d, layer);
        Self { d, sizes, affine }
    }

    /// Computes the step.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory, or overlap without being the same.
    pub fn run(&self, mem: &mut Mem<'_, '_>, x: View, y: View) {
        let affine = self.affine.each_ref().map(|all| &all[..]);
        run(mem, (self.sizes, self.d.eps), affine, x, y);
    }
}

/// Normalises with these weights and biases.
fn run(mem: &mut Mem<'_, '_>, (sizes, eps): (Sizes, f32), affine: [&[f32]; 2], x: View, y: View) {
    let cost = bounded([6, y.shape[1], y.shape[2]]);
    let to = sizes.output(y);
    if x == y {
        mem.step([], to).flat().for_rows(cost, |[], mut out| {
            (0..out.width()).for_each(|ox| in_place(eps, affine, out.pixel(ox)));
        });
    } else {
        let step = mem.step([sizes.input(x)], to).flat();
        step.for_rows(cost, |[x], mut out| {
            for ox in 0..out.width() {
                let from = x.pixel(out.image, out.y, ox);
                pixels(eps, affine, from, out.pixel(ox));
            }
        });
    }
}

/// Mean and `1 / sqrt(variance + eps)` of one pixel.
#[inline(always)]
fn moments(eps: f32, x: &[f32]) -> [f32; 2] {
    let share = 1.0 / x.len() as f32;
    let mean = lanes::sum([x], |[x]| x) * share;
    let variance = lanes::sum([x], |[x]| (x - mean) * (x - mean)) * share;
    // An overflow would hide behind 1 / infinity = 0.
    let variance = if variance.is_finite() {
        variance
    } else {
        f32::NAN
    };
    [mean, 1.0 / (variance + eps).sqrt()]
}

multiversion! {
    /// Some pixels.
    fn pixels(eps: f32, affine: [&[f32]; 2], x: &[f32], y: &mut [f32]) {
        let [weight, bias] = affine;
        let c = weight.len();
        for (x, y) in x.chunks_exact(c).zip(y.chunks_exact_mut(c)) {
            let [mean, inverse] = moments(eps, x);
            for (((y, x), weight), bias) in y.iter_mut().zip(x).zip(weight).zip(bias) {
                *y = (x - mean) * inverse * weight + bias;
            }
        }
    }
}

multiversion! {
    fn in_place(eps: f32, affine: [&[f32]; 2], y: &mut [f32]) {
        let [weight, bias] = affine;
        for y in y.chunks_exact_mut(weight.len()) {
            let [mean, inverse] = moments(eps, y);
            for ((y, weight), bias) in y.iter_mut().zip(weight).zip(bias) {
                *y = (*y - mean) * inverse * weight + bias;
            }
        }
    }
}

/// The places of each pixel in dense images.
fn sets(c: usize, len: usize) -> impl Iterator<Item = Vec<usize>> {
    (0..len / c).map(move |pixel| (pixel * c..(pixel + 1) * c).collect())
}

impl Plain for plan::LayerNorm {
    fn plain<T: Real>(&self, given: &Given<'_, T>, inputs: &[Vec<T>], y: &mut [T]) {
        let affine = Affine::of(given, self.input[2], self.eps);
        reference(sets(self.input[2], y.len()), &affine, &inputs[0], y);
    }
}
