//! A learnt slope below 0.

#[cfg(feature = "train")]
pub(crate) mod train;

use super::sizes::{Sizes, bounded};
use super::{Real, simd::multiversion};
use crate::plan::{self, View};
use crate::reference::{Given, Plain};
use crate::{LayerWeights, Mem};
use alloc::borrow::Cow;
use alloc::vec::Vec;

/// See [`plan::Prelu`]. May run in place.
pub struct Prelu {
    sizes: Sizes,
    /// One a channel.
    slopes: Vec<f32>,
}

/// How many slopes the weights file holds.
fn stored(d: &plan::Prelu) -> usize {
    if d.shared { 1 } else { d.input[2] }
}

impl Prelu {
    /// Takes the layer's slopes.
    ///
    /// # Panics
    /// If the descriptor's sizes cannot be computed, or the layer has not its parameters.
    #[must_use]
    pub fn new(d: plan::Prelu, layer: LayerWeights<'_>) -> Self {
        let sizes = Sizes::of(d);
        layer.declare(&d);
        let stored = layer.tensor::<f32>("weight", stored(&d));
        let slopes = stored.iter().cycle().take(d.input[2]).copied();
        Self {
            sizes,
            slopes: slopes.collect(),
        }
    }

    /// Computes the step.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory, or overlap without being the same.
    pub fn run(&self, mem: &mut Mem<'_, '_>, x: View, y: View) {
        run(mem, self.sizes, &self.slopes, x, y);
    }
}

/// Applies these slopes, one a channel.
fn run(mem: &mut Mem<'_, '_>, sizes: Sizes, slopes: &[f32], x: View, y: View) {
    let cost = bounded([2, y.shape[1], y.shape[2]]);
    let to = sizes.output(y);
    if x == y {
        mem.step([], to).flat().for_rows(cost, |[], mut out| {
            (0..out.width()).for_each(|ox| bend(slopes, out.pixel(ox)));
        });
    } else {
        let step = mem.step([sizes.input(x)], to).flat();
        step.for_rows(cost, |[x], mut out| {
            for ox in 0..out.width() {
                let from = x.pixel(out.image, out.y, ox);
                bent(slopes, from, out.pixel(ox));
            }
        });
    }
}

multiversion! {
    /// Some pixels.
    fn bend(slopes: &[f32], y: &mut [f32]) {
        for y in y.chunks_exact_mut(slopes.len()) {
            for (y, slope) in y.iter_mut().zip(slopes) {
                *y = if *y > 0.0 { *y } else { *y * slope };
            }
        }
    }
}

multiversion! {
    /// Some pixels.
    fn bent(slopes: &[f32], x: &[f32], y: &mut [f32]) {
        let c = slopes.len();
        for (x, y) in x.chunks_exact(c).zip(y.chunks_exact_mut(c)) {
            for ((y, x), slope) in y.iter_mut().zip(x).zip(slopes) {
                *y = if *x > 0.0 { *x } else { x * slope };
            }
        }
    }
}

/// The slopes, as many as the weights file holds.
fn given_slopes<'a, T: Real>(d: &plan::Prelu, given: &'a Given<'_, T>) -> Cow<'a, [T]> {
    given.tensor("weight", stored(d))
}

impl Plain for plan::Prelu {
    fn plain<T: Real>(&self, given: &Given<'_, T>, inputs: &[Vec<T>], y: &mut [T]) {
        let slopes = given_slopes(self, given);
        for (at, (y, &x)) in y.iter_mut().zip(&inputs[0]).enumerate() {
            let slope = slopes[at % slopes.len()];
            *y = if x > T::zero() { x } else { slope * x };
        }
    }
}
