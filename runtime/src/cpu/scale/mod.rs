//! A learnt factor per channel.

#[cfg(feature = "train")]
pub(crate) mod train;

use super::mul::{product, scale};
use super::sizes::{Sizes, bounded};
use super::{Real, activate};
use crate::plan::{self, View};
use crate::reference::{Given, Plain};
use crate::{LayerWeights, Mem};
use alloc::vec::Vec;

/// See [`plan::Scale`]. May run in place.
pub struct Scale {
    d: plan::Scale,
    sizes: Sizes,
    weight: Vec<f32>,
}

impl Scale {
    /// Takes the layer's factors.
    ///
    /// # Panics
    /// If the descriptor's sizes cannot be computed, or the layer has not its parameters.
    #[must_use]
    pub fn new(d: plan::Scale, layer: LayerWeights<'_>) -> Self {
        let sizes = Sizes::of(d);
        layer.declare(&d);
        let weight = layer.tensor::<f32>("weight", d.input[2]).into_owned();
        Self { d, sizes, weight }
    }

    /// Computes the step.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory, or overlap without being the same.
    pub fn run(&self, mem: &mut Mem<'_, '_>, x: View, y: View) {
        run(mem, self.sizes, self.d.act, &self.weight, x, y);
    }
}

/// Multiplies with these factors.
fn run(mem: &mut Mem<'_, '_>, sizes: Sizes, act: plan::Act, weight: &[f32], x: View, y: View) {
    let cost = bounded([2, y.shape[1], y.shape[2]]);
    let to = sizes.output(y);
    if x == y {
        mem.step([], to).flat().for_rows(cost, |[], mut out| {
            (0..out.width()).for_each(|ox| scale(act, weight, out.pixel(ox)));
        });
    } else {
        let step = mem.step([sizes.input(x)], to).flat();
        step.for_rows(cost, |[x], mut out| {
            for ox in 0..out.width() {
                let from = x.pixel(out.image, out.y, ox);
                product(act, from, weight, out.pixel(ox));
            }
        });
    }
}

impl Plain for plan::Scale {
    fn plain<T: Real>(&self, given: &Given<'_, T>, inputs: &[Vec<T>], y: &mut [T]) {
        let c = self.input[2];
        let weight = given.tensor("weight", c);
        for (at, (y, &x)) in y.iter_mut().zip(&inputs[0]).enumerate() {
            *y = activate(self.act, x * weight[at % c]);
        }
    }
}
