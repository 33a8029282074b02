//! Backward through enlargement: each gradient goes where its number came from.

use super::bilinear;
use crate::cpu::sizes::{Sizes, bounded, prepared};
use crate::cpu::{self, Real};
use crate::plan::{self, Interpolation, Op};
use crate::reference::Given;
use crate::train::memory::put;
use crate::train::reference::gather;
use crate::train::reference::{Gradients, Pass, PlainBackward};
use crate::train::{Backward, TrainMem, backward, simple};

/// Enlargement, in training.
pub struct Upsample {
    d: plan::Upsample,
    sizes: Sizes,
    forward: cpu::Upsample,
}

impl Upsample {
    prepared!(|d: plan::Upsample| Self {
        d,
        forward: cpu::Upsample::new(d)
    });

    simple!(forward);

    backward!();

    /// From the gradient of the output to that of the input: the sum over the copies, or over
    /// the means that each number has a share in.
    fn back(&mut self, mem: &mut TrainMem<'_, '_>, Backward { dy, dx, .. }: Backward) {
        let Some(dx) = dx else { return };
        let [fh, fw] = self.d.factor;
        let step = mem
            .mem
            .access([self.sizes.output(dy)], [self.sizes.input(dx.view)]);
        let [_, w, c] = dx.view.shape;
        let cost = bounded([w, c, fh, fw]);
        if self.d.mode == Interpolation::Bilinear {
            step.for_rows(bounded([cost, 8]), |[dy], [mut row]| {
                bilinear::row_back(&self.d, dy, &mut row, dx.accumulate);
            });
            return;
        }
        step.for_rows(cost, |[dy], [mut row]| {
            for ox in 0..row.width() {
                for copy in 0..fh * fw {
                    let (oy, ix) = (row.y * fh + copy / fw, ox * fw + copy % fw);
                    let dy = dy.pixel(row.image, oy, ix);
                    put(dx.accumulate || copy > 0, row.pixel(ox), dy);
                }
            }
        });
    }
}

/// Plain backward of [`Upsample`].
pub(crate) fn reference<T: Real>(d: &plan::Upsample, dz: &[T], dx: &mut [T]) {
    if d.mode == Interpolation::Bilinear {
        return bilinear::reference_back(d, dz, dx);
    }
    let [_, w, c] = d.input;
    let output = Op::Upsample(*d).output();
    gather([d.input, output], dz, dx, |[y, x, channel]| {
        Some((y / d.factor[0] * w + x / d.factor[1]) * c + channel)
    });
}

impl PlainBackward for plan::Upsample {
    fn plain_backward<T: Real>(
        &self,
        _: &Given<'_, T>,
        pass: &Pass<'_, T>,
        gradients: &mut Gradients<T>,
    ) {
        reference(self, pass.dy, &mut gradients.inputs[0]);
    }
}
