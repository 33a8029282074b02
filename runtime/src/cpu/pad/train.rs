//! Backward through padding: each gradient goes where its number came from.

use crate::cpu::sizes::Sizes;
use crate::cpu::{self, Real};
use crate::plan::{self, Gradient, Op, View};
use crate::reference::Given;
use crate::train::memory::put;
use crate::train::reference::gather;
use crate::train::reference::{Gradients, Pass, PlainBackward};
use crate::train::{TrainMem, simple};

/// Zeros around the picture, in training.
pub struct Pad {
    d: plan::Pad,
    sizes: Sizes,
    forward: cpu::Pad,
}

impl Pad {
    /// Prepares the step.
    ///
    /// # Panics
    /// If the descriptor's sizes cannot be computed.
    #[must_use]
    pub fn new(d: plan::Pad) -> Self {
        Self {
            d,
            sizes: Sizes::of(d),
            forward: cpu::Pad::new(d),
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
