//! Backward through padding: each gradient goes where its number came from.

use crate::cpu::sizes::{Sizes, prepared};
use crate::cpu::{self, Real};
use crate::plan::{self, Op};
use crate::reference::Given;
use crate::train::memory::put;
use crate::train::reference::gather;
use crate::train::reference::{Gradients, Pass, PlainBackward};
use crate::train::{Backward, TrainMem, backward, simple};

/// Zeros around the picture, in training.
pub struct Pad {
    d: plan::Pad,
    sizes: Sizes,
    forward: cpu::Pad,
}

impl Pad {
    prepared!(|d: plan::Pad| Self {
        d,
        forward: cpu::Pad::new(d)
    });

    simple!(forward);

    backward!();

    fn back(&mut self, mem: &mut TrainMem<'_, '_>, Backward { dy, dx, .. }: Backward) {
        let Some(dx) = dx else { return };
        let [top, _, left, _] = self.d.pad;
        let step = mem
            .mem
            .access([self.sizes.output(dy)], [self.sizes.input(dx.view)]);
        step.for_rows(dx.view.shape[1] * dx.view.shape[2], |[dy], [mut row]| {
            for ox in 0..row.width() {
                let dy = dy.pixel(row.image, row.y + top, ox + left);
                put(dx.accumulate, row.pixel(ox), dy);
            }
        });
    }
}

/// Plain backward of [`Pad`].
pub(crate) fn reference<T: Real>(d: &plan::Pad, dz: &[T], dx: &mut [T]) {
    let [h, w, c] = d.input;
    let output = Op::Pad(*d).output();
    gather([d.input, output], dz, dx, |[y, x, channel]| {
        let y = y.checked_sub(d.pad[0]).filter(|&y| y < h)?;
        let x = x.checked_sub(d.pad[2]).filter(|&x| x < w)?;
        Some((y * w + x) * c + channel)
    });
}

impl PlainBackward for plan::Pad {
    fn plain_backward<T: Real>(
        &self,
        _: &Given<'_, T>,
        pass: &Pass<'_, T>,
        gradients: &mut Gradients<T>,
    ) {
        reference(self, pass.dy, &mut gradients.inputs[0]);
    }
}
