//! Backward through a learnt slope.

use super::{given_slopes, run, stored};
use crate::Scratch;
use crate::cpu::sizes::{Sizes, bounded};
use crate::cpu::{Real, simd::multiversion, sum};
use crate::plan::{self, View};
use crate::reference::Given;
use crate::train::reference::{Gradients, Pass, PlainBackward};
use crate::train::{Backward, Layout, TrainMem, backward};
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

/// A learnt slope below 0, in training.
pub struct Prelu {
    d: plan::Prelu,
    sizes: Sizes,
    weight: Range<usize>,
    /// One a channel.
    slopes: Vec<f32>,
}

impl Prelu {
    /// Prepares the step for the parameters of this layer.
    ///
    /// # Panics
    /// If the descriptor's sizes cannot be computed, or the layout has not the layer's parameters.
    #[must_use]
    pub fn new(d: plan::Prelu, layout: &Layout, layer: &str) -> Self {
        Self {
            d,
            sizes: Sizes::of(d),
            weight: layout.range(layer, "weight", stored(&d)),
            slopes: vec![0.0; d.input[2]],
        }
    }

    /// Memory for a batch.
    #[must_use]
    pub fn scratch(&self, _max_batch: usize) -> Scratch {
        Scratch {
            shared: sum::scratch(self.d.input[2]),
            worker: 0,
        }
    }

    /// Computes the step.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory.
    pub fn forward(&mut self, mem: &mut TrainMem<'_, '_>, x: View, y: View) {
        self.take_slopes(mem);
        run(&mut mem.mem, self.sizes, &self.slopes, x, y);
    }

    backward!();

    /// From the gradient of the output to those of the slopes and the input.
    fn back(&mut self, mem: &mut TrainMem<'_, '_>, Backward { x, dy, dx, .. }: Backward) {
        let sizes = self.sizes;
        let [_, w, c] = self.d.input;
        let step = mem.mem.access([sizes.input(x), sizes.output(dy)], []);
        let sums = step.sum_pixels(c, parameters);
        let gradient = &mut mem.gradients[self.weight.clone()];
        let count = gradient.len();
        for (i, sum) in sums.iter().enumerate() {
            gradient[i % count] += sum;
        }
        if dx.is_none() {
            return;
        }
        self.take_slopes(mem);
        let slopes = &self.slopes;
        let step = mem.mem.access([sizes.input(x)], [sizes.output(dy)]);
        step.flat().for_rows(bounded([w, c, 2]), |[x], [mut dy]| {
            for ox in 0..dy.width() {
                through(slopes, x.pixel(dy.image, dy.y, ox), dy.pixel(ox));
            }
        });
        mem.hand_on(sizes.output(dy), dx);
    }

    fn take_slopes(&mut self, mem: &TrainMem<'_, '_>) {
        let stored = mem.params[self.weight.clone()].iter().cycle();
        let slopes = self.slopes.iter_mut().zip(stored);
        slopes.for_each(|(slope, stored)| *slope = *stored);
    }
}

multiversion! {
    /// `sums[c] += dy * x` where the slope is in use, for some pixels.
    fn parameters(x: &[f32], dy: &[f32], sums: &mut [f32]) {
        let c = sums.len();
        for (x, dy) in x.chunks_exact(c).zip(dy.chunks_exact(c)) {
            for ((sum, x), dy) in sums.iter_mut().zip(x).zip(dy) {
                *sum += if *x > 0.0 { 0.0 } else { dy * x };
            }
        }
    }
}

multiversion! {
    /// From `dy` to `dx`, some pixels.
    fn through(slopes: &[f32], x: &[f32], dy: &mut [f32]) {
        let c = slopes.len();
        for (x, dy) in x.chunks_exact(c).zip(dy.chunks_exact_mut(c)) {
            for ((dy, x), slope) in dy.iter_mut().zip(x).zip(slopes) {
                *dy = if *x > 0.0 { *dy } else { *dy * slope };
            }
        }
    }
}

impl PlainBackward for plan::Prelu {
    fn plain_backward<T: Real>(
        &self,
        given: &Given<'_, T>,
        pass: &Pass<'_, T>,
        gradients: &mut Gradients<T>,
    ) {
        let slopes = given_slopes(self, given);
        let mut dweight = vec![T::zero(); slopes.len()];
        for (at, &dy) in pass.dy.iter().enumerate() {
            let (x, i) = (pass.x[0][at], at % slopes.len());
            if x > T::zero() {
                gradients.inputs[0][at] += dy;
            } else {
                gradients.inputs[0][at] += dy * slopes[i];
                dweight[i] += dy * x;
            }
        }
        gradients.affine(dweight, None);
    }
}
