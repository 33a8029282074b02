//! Backward through a transposition: each gradient goes where its number came from.

use crate::cpu::sizes::{Sizes, prepared};
use crate::cpu::{self, Real};
use crate::plan::{self, Op};
use crate::reference::Given;
use crate::train::reference::gather;
use crate::train::reference::{Gradients, Pass, PlainBackward};
use crate::train::{Backward, TrainMem, backward, simple};

/// From HWC to CHW order, in training.
pub struct Transpose {
    d: plan::Transpose,
    sizes: Sizes,
    forward: cpu::Transpose,
}

impl Transpose {
    prepared!(|d: plan::Transpose| Self {
        d,
        forward: cpu::Transpose::new(d)
    });

    simple!(forward);

    backward!();

    fn back(&mut self, mem: &mut TrainMem<'_, '_>, Backward { dy, dx, .. }: Backward) {
        let Some(dx) = dx else { return };
        let [h, w, c] = self.d.input;
        let step = mem
            .mem
            .access([self.sizes.output(dy)], [self.sizes.input(dx.view)]);
        step.for_rows(w * c * 2, |[dy], [mut row]| {
            let dy = dy.pixel(row.image, 0, 0);
            for ox in 0..w {
                let plane = dy[row.y * w + ox..].iter().step_by(h * w);
                for (to, dy) in row.pixel(ox).iter_mut().zip(plane) {
                    *to = if dx.accumulate { *to + dy } else { *dy };
                }
            }
        });
    }
}

/// Plain backward of [`Transpose`].
pub(crate) fn reference<T: Real>(d: &plan::Transpose, dz: &[T], dx: &mut [T]) {
    let [h, w, c] = d.input;
    let output = Op::Transpose(*d).output();
    gather([d.input, output], dz, dx, |[_, _, i]| {
        Some(i % (h * w) * c + i / (h * w))
    });
}

impl PlainBackward for plan::Transpose {
    fn plain_backward<T: Real>(
        &self,
        _: &Given<'_, T>,
        pass: &Pass<'_, T>,
        gradients: &mut Gradients<T>,
    ) {
        reference(self, pass.dy, &mut gradients.inputs[0]);
    }
}
