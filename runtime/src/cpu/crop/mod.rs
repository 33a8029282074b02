//! The inside of a picture.

#[cfg(feature = "train")]
pub(crate) mod train;

use super::Real;
use super::sizes::{Sizes, bounded, prepared};
use crate::Mem;
use crate::plan::{self, Op, View};
use crate::reference::{Given, Plain};
use alloc::vec::Vec;

/// See [`plan::Crop`].
pub struct Crop {
    d: plan::Crop,
    sizes: Sizes,
}

impl Crop {
    prepared!(|d: plan::Crop| Self { d });

    /// Computes the step.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory, or overlap.
    pub fn run(&self, mem: &mut Mem<'_, '_>, x: View, y: View) {
        let [top, _, left, _] = self.d.crop;
        let cost = bounded([y.shape[1], y.shape[2]]);
        mem.step([self.sizes.input(x)], self.sizes.output(y))
            .for_rows(cost, |[x], mut out| {
                let columns = left..left + out.width();
                let pixels = x.pixels(out.image, out.y + top, columns);
                for (ox, pixel) in pixels.enumerate() {
                    out.pixel(ox).copy_from_slice(pixel);
                }
            });
    }
}

impl Plain for plan::Crop {
    /// The definition, element by element.
    fn plain<T: Real>(&self, _: &Given<'_, T>, inputs: &[Vec<T>], y: &mut [T]) {
        let [h, w, c] = self.input;
        let [oh, ow, _] = Op::Crop(*self).output();
        let [top, _, left, _] = self.crop;
        for (at, y) in y.iter_mut().enumerate() {
            let (pixel, channel) = (at / c, at % c);
            let (image, oy, ox) = (pixel / (oh * ow), pixel / ow % oh, pixel % ow);
            *y = inputs[0][((image * h + oy + top) * w + ox + left) * c + channel];
        }
    }
}
