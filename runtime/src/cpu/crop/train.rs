//! Backward through cropping: each gradient goes where its number came from; what was cut off has none.

use crate::cpu::sizes::{Sizes, bounded, prepared};
use crate::cpu::{self, Real};
use crate::plan::{self, Op};
use crate::reference::Given;
use crate::train::memory::put;
use crate::train::reference::gather;
use crate::train::reference::{Gradients, Pass, PlainBackward};
use crate::train::{Backward, TrainMem, backward, simple};

/// The inside of a picture, in training.
pub struct Crop {
    d: plan::Crop,
    sizes: Sizes,
    forward: cpu::Crop,
}

impl Crop {
    prepared!(|d: plan::Crop| Self {
        d,
        forward: cpu::Crop::new(d)
    });

    simple!(forward);

    backward!();

    fn back(&mut self, mem: &mut TrainMem<'_, '_>, Backward { y, dy, dx, .. }: Backward) {
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
