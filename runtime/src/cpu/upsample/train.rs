//! The way back through nearest-neighbour enlargement: each gradient goes where its number came from.

use crate::cpu::{self, Real};
use crate::plan::{self, Gradient, Op, View};
use crate::train::memory::put;
use crate::train::reference::gather;
use crate::train::{TrainMem, simple};

/// Nearest-neighbour enlargement, in training.
pub struct Upsample {
    d: plan::Upsample,
    forward: cpu::Upsample,
}

impl Upsample {
    /// Prepares the step.
    #[must_use]
    pub fn new(d: plan::Upsample) -> Self {
        Self {
            d,
            forward: cpu::Upsample::new(d),
        }
    }

    simple!(forward);

    /// From the gradient of the output to that of the input: the sum over the copies.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory.
    pub fn backward(
        &mut self,
        mem: &mut TrainMem<'_, '_>,
        _: View,
        _: View,
        dy: View,
        dx: Option<Gradient>,
    ) {
        let Some(dx) = dx else { return };
        let [fh, fw] = self.d.factor;
        let step = mem.mem.access([dy], [dx.view]);
        let cost = dx.view.shape[1] * dx.view.shape[2] * fh * fw;
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

/// The plain way back of [`Upsample`].
pub(crate) fn reference<T: Real>(d: &plan::Upsample, dz: &[T], dx: &mut [T]) {
    let [_, w, c] = d.input;
    let output = Op::Upsample(*d).output();
    gather([d.input, output], dz, dx, |[y, x, channel]| {
        Some((y / d.factor[0] * w + x / d.factor[1]) * c + channel)
    });
}
