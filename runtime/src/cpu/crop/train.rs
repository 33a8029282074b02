//! Backward through cropping: each gradient goes where its number came from; what was cut off has none.

use crate::cpu::sizes::{Sizes, bounded};
use crate::cpu::{self, Real};
use crate::plan::{self, Gradient, Op, View};
use crate::reference::Given;
use crate::train::memory::put;
use crate::train::reference::gather;
use crate::train::reference::{Gradients, Pass, PlainBackward};
use crate::train::{TrainMem, simple};

/// The inside of a picture, in training.
pub struct Crop {
    d: plan::Crop,
    sizes: Sizes,
    forward: cpu::Crop,
}

impl Crop {
    /// Prepares the step.
    ///
    /// # Panics
    /// If the descriptor's sizes cannot be computed.
    #[must_use]
    pub fn new(d: plan::Crop) -> Self {
        Self {
            d,
            sizes: Sizes::of(d),
            forward: cpu::Crop::new(d),
        }
    }

    simple!(forward);

    /// From the gradient of the output to that of the input.
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
        let [top, _, left, _] = self.d.crop;
        let [oh, ow, _] = y.shape;
        let [_, w, c] = self.d.input;
        let views = [self.sizes.output(dy)];
        let step = mem.mem.access(views, [self.sizes.input(dx.view)]);
        step.for_rows(bounded([w, c]), |[dy], [mut row]| {
            let oy = row.y.wrapping_sub(top);
            for x in 0..w {
                let ox = x.wrapping_sub(left);
                if oy < oh && ox < ow {
                    let dy = dy.pixel(row.image, oy, ox);
                    put(dx.accumulate, row.pixel(x), dy);
                } else if !dx.accumulate {
                    row.pixel(x).fill(0.0);
                }
            }
        });
    }
}

impl PlainBackward for plan::Crop {
    fn plain_backward<T: Real>(
        &self,
        _: &Given<'_, T>,
        pass: &Pass<'_, T>,
        gradients: &mut Gradients<T>,
    ) {
        let [_, w, c] = self.input;
        let [top, _, left, _] = self.crop;
        let shapes = [self.input, Op::Crop(*self).output()];
        gather(
            shapes,
            pass.dy,
            &mut gradients.inputs[0],
            |[y, x, channel]| Some(((y + top) * w + x + left) * c + channel),
        );
    }
}
