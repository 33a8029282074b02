//! Backward through a slice of channels: the other channels get nothing from it.

use crate::cpu::sizes::{Sizes, bounded};
use crate::cpu::{self, Real};
use crate::plan::{self, Gradient, View};
use crate::reference::Given;
use crate::train::memory::put;
use crate::train::reference::{Gradients, Pass, PlainBackward};
use crate::train::{TrainMem, simple};

/// Some channels of a picture, in training.
pub struct Slice {
    d: plan::Slice,
    sizes: Sizes,
    forward: cpu::Slice,
}

impl Slice {
    /// Prepares the step.
    ///
    /// # Panics
    /// If the descriptor's sizes cannot be computed.
    #[must_use]
    pub fn new(d: plan::Slice) -> Self {
        Self {
            d,
            sizes: Sizes::of(d),
            forward: cpu::Slice::new(d),
        }
    }

    simple!(forward);

    /// From the gradient of the output to that of the input, zero in the channels that were left out.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory.
    pub fn backward(
        &mut self,
        mem: &mut TrainMem<'_, '_>,
        x: View,
        y: View,
        dy: View,
        dx: Option<Gradient>,
    ) {
        self.sizes.expect([x], [y, dy], [dx]);
        let Some(dx) = dx else { return };
        let (from, to) = (self.d.from, self.d.to);
        let [_, w, c] = self.d.input;
        let views = [self.sizes.output(dy)];
        let step = mem.mem.access(views, [self.sizes.input(dx.view)]);
        step.for_rows(bounded([w, c]), |[dy], [mut row]| {
            for ox in 0..w {
                let dy = dy.pixel(row.image, row.y, ox);
                let pixel = row.pixel(ox);
                if !dx.accumulate {
                    pixel[..from].fill(0.0);
                    pixel[to..].fill(0.0);
                }
                put(dx.accumulate, &mut pixel[from..to], dy);
            }
        });
    }
}

impl PlainBackward for plan::Slice {
    fn plain_backward<T: Real>(
        &self,
        _: &Given<'_, T>,
        pass: &Pass<'_, T>,
        gradients: &mut Gradients<T>,
    ) {
        let (c, n) = (self.input[2], self.to - self.from);
        for (at, &dy) in pass.dy.iter().enumerate() {
            gradients.inputs[0][at / n * c + self.from + at % n] += dy;
        }
    }
}
