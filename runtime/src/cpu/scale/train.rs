//! Backward through a learnt factor per channel.

use super::run;
use crate::Scratch;
use crate::cpu::mul::{scale, train::sums};
use crate::cpu::sizes::{Sizes, bounded};
use crate::cpu::{Real, sum};
use crate::plan::{self, Act, View};
use crate::reference::Given;
use crate::train::reference::{Gradients, Pass, PlainBackward};
use crate::train::{Backward, Layout, TrainMem, backward, memory};
use alloc::vec;
use core::ops::Range;

/// A learnt factor per channel, in training.
pub struct Scale {
    d: plan::Scale,
    sizes: Sizes,
    weight: Range<usize>,
}

impl Scale {
    /// Prepares the step for the parameters of this layer.
    ///
    /// # Panics
    /// If the descriptor's sizes cannot be computed, or the layout has not the layer's parameters.
    #[must_use]
    pub fn new(d: plan::Scale, layout: &Layout, layer: &str) -> Self {
        Self {
            d,
            sizes: Sizes::of(d),
            weight: layout.range(layer, "weight", d.input[2]),
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
        let weight = &mem.params[self.weight.clone()];
        run(&mut mem.mem, self.sizes, self.d.act, weight, x, y);
    }

    backward!();

    /// From the gradient of the output to those of the factors and the input.
    fn back(&mut self, mem: &mut TrainMem<'_, '_>, Backward { x, y, dy, dx }: Backward) {
        let sizes = self.sizes;
        let [_, w, c] = self.d.input;
        mem.through(self.d.act, sizes.output(y), sizes.output(dy));
        let step = mem.mem.access([sizes.output(dy), sizes.input(x)], []);
        let dweight = step.sum_pixels(c, sums);
        memory::add(&mut mem.gradients[self.weight.clone()], dweight);
        if dx.is_none() {
            return;
        }
        let weight = &mem.params[self.weight.clone()];
        let step = mem.mem.access([], [sizes.output(dy)]).flat();
        step.for_rows(bounded([w, c, 2]), |[], [mut dy]| {
            (0..dy.width()).for_each(|ox| scale(Act::None, weight, dy.pixel(ox)));
        });
        mem.hand_on(sizes.output(dy), dx);
    }
}

impl PlainBackward for plan::Scale {
    fn plain_backward<T: Real>(
        &self,
        given: &Given<'_, T>,
        pass: &Pass<'_, T>,
        gradients: &mut Gradients<T>,
    ) {
        let c = self.input[2];
        let weight = given.tensor("weight", c);
        let mut dweight = vec![T::zero(); c];
        for (at, &dy) in pass.dy.iter().enumerate() {
            dweight[at % c] += dy * pass.x[0][at];
            gradients.inputs[0][at] += dy * weight[at % c];
        }
        gradients.affine(dweight, None);
    }
}
