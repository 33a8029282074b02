//! Backward through a slice of channels: the other channels get nothing from it.

use crate::cpu::sizes::{Sizes, bounded, prepared};
use crate::cpu::{self, Real};
use crate::plan;
use crate::reference::Given;
use crate::train::memory::put;
use crate::train::reference::{Gradients, Pass, PlainBackward};
use crate::train::{Backward, TrainMem, backward, simple};

/// Some channels of a picture, in training.
pub struct Slice {
    d: plan::Slice,
    sizes: Sizes,
    forward: cpu::Slice,
}

impl Slice {
    prepared!(|d: plan::Slice| Self {
        d,
        forward: cpu::Slice::new(d)
    });

    simple!(forward);

    backward!();

    /// From the gradient of the output to that of the input, zero in the channels that were left out.
    fn back(&mut self, mem: &mut TrainMem<'_, '_>, Backward { dy, dx, .. }: Backward) {
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
