//! Backward through layer normalisation. Mean and variance are computed again: they cost less than the memory that would keep them.

use super::{moments, run, sets};
use crate::Scratch;
use crate::cpu::normalise::{Affine, ranges, reference_backward};
use crate::cpu::sizes::{Sizes, bounded};
use crate::cpu::{Real, lanes, simd::multiversion, sum};
use crate::plan::{self, View};
use crate::reference::Given;
use crate::train::reference::{Gradients, Pass, PlainBackward};
use crate::train::{Backward, Layout, TrainMem, backward, memory};
use core::ops::Range;

/// Layer normalisation, in training.
pub struct LayerNorm {
    d: plan::LayerNorm,
    sizes: Sizes,
    /// Weight and bias.
    affine: [Range<usize>; 2],
}

impl LayerNorm {
    /// Prepares the step for the parameters of this layer.
    ///
    /// # Panics
    /// If the descriptor's sizes cannot be computed, or the layout has not the layer's parameters.
    #[must_use]
    pub fn new(d: plan::LayerNorm, layout: &Layout, layer: &str) -> Self {
        let sizes = Sizes::of(d);
        let affine = ranges(&d, layout, layer);
        Self { d, sizes, affine }
    }

    /// Memory for a batch.
    #[must_use]
    pub fn scratch(&self, _max_batch: usize) -> Scratch {
        Scratch {
            shared: sum::scratch(bounded([2, self.d.input[2]])),
            worker: 0,
        }
    }

    /// Computes the step.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory.
    pub fn forward(&mut self, mem: &mut TrainMem<'_, '_>, x: View, y: View) {
        let affine = self.affine.clone().map(|range| &mem.params[range]);
        run(&mut mem.mem, (self.sizes, self.d.eps), affine, x, y);
    }

    backward!();

    fn back(&mut self, mem: &mut TrainMem<'_, '_>, Backward { x, dy, dx, .. }: Backward) {
        let (sizes, eps) = (self.sizes, self.d.eps);
        let [_, w, c] = self.d.input;
        let [weights, biases] = self.affine.clone();
        let weight = &mem.params[weights.clone()];
        let step = mem.mem.access([sizes.input(x)], [sizes.output(dy)]);
        let cost = bounded([w, c, 10]);
        let sums = step.flat().sum_rows([cost, 2 * c], |[x], [mut dy], sums| {
            for ox in 0..dy.width() {
                let x = x.pixel(dy.image, dy.y, ox);
                through(eps, weight, x, dy.pixel(ox), sums);
            }
        });
        let (dweight, dbias) = sums.split_at(c);
        memory::add(&mut mem.gradients[weights], dweight);
        memory::add(&mut mem.gradients[biases], dbias);
        mem.hand_on(sizes.output(dy), dx);
    }
}

multiversion! {
    /// From `dy` to `dx`, some pixels: with `xhat = (x - m) / s` and means over the channels,
    /// `dx = (g dy - mean(g dy) - xhat * mean(g dy * xhat)) / s`. Adds `dy * xhat` and `dy` to the gradients of weights and biases.
    fn through(eps: f32, weight: &[f32], x: &[f32], dy: &mut [f32], sums: &mut [f32]) {
        let c = weight.len();
        let share = 1.0 / c as f32;
        let (dweight, dbias) = sums.split_at_mut(c);
        for (x, dy) in x.chunks_exact(c).zip(dy.chunks_exact_mut(c)) {
            let [mean, inverse] = moments(eps, x);
            let plain = lanes::sum([dy, weight], |[dy, g]| dy * g) * share;
            let along = lanes::sum([dy, weight, x], |[dy, g, x]| dy * g * (x - mean));
            let slope = along * share * inverse;
            let own = dy.iter_mut().zip(x).zip(weight);
            let sums = dweight.iter_mut().zip(&mut *dbias);
            for (((dy, x), g), (dweight, dbias)) in own.zip(sums) {
                let hat = (x - mean) * inverse;
                *dweight += *dy * hat;
                *dbias += *dy;
                *dy = inverse * (*dy * g - plain - slope * hat);
            }
        }
    }
}

impl PlainBackward for plan::LayerNorm {
    fn plain_backward<T: Real>(
        &self,
        given: &Given<'_, T>,
        pass: &Pass<'_, T>,
        gradients: &mut Gradients<T>,
    ) {
        let affine = Affine::of(given, self.input[2], self.eps);
        reference_backward(sets(self.input[2], pass.dy.len()), &affine, pass, gradients);
    }
}
