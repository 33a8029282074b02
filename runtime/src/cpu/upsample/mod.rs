//! Enlargement.

mod bilinear;
#[cfg(feature = "train")]
pub(crate) mod train;

use super::Real;
use super::sizes::{Sizes, bounded, prepared};
use crate::Mem;
use crate::plan::{self, Interpolation, Op, View};
use crate::reference::{Given, Plain};
use alloc::vec::Vec;

/// See [`plan::Upsample`].
pub struct Upsample {
    d: plan::Upsample,
    sizes: Sizes,
}

impl Upsample {
    prepared!(|d: plan::Upsample| Self { d });

    /// Computes the step.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory, or overlap.
    pub fn run(&self, mem: &mut Mem<'_, '_>, x: View, y: View) {
        let [fh, fw] = self.d.factor;
        let step = mem.step([self.sizes.input(x)], self.sizes.output(y));
        let cost = bounded([y.shape[1], y.shape[2]]);
        if self.d.mode == Interpolation::Bilinear {
            step.for_rows(bounded([cost, 8]), |[x], mut out| {
                bilinear::row(&self.d, x, &mut out);
            });
            return;
        }
        step.for_rows(cost, |[x], mut out| {
            let (image, iy) = (out.image, out.y / fh);
            for ox in 0..out.width() {
                out.pixel(ox).copy_from_slice(x.pixel(image, iy, ox / fw));
            }
        });
    }
}

/// The definition in [`plan::Upsample`], for any number of dense images.
pub(crate) fn reference<T: Real>(d: &plan::Upsample, x: &[T], y: &mut [T]) {
    if d.mode == Interpolation::Bilinear {
        return bilinear::reference(d, x, y);
    }
    let [h, w, c] = d.input;
    let [fh, fw] = d.factor;
    let [oh, ow, _] = Op::Upsample(*d).output();
    let images = x
        .chunks_exact(h * w * c)
        .zip(y.chunks_exact_mut(oh * ow * c));
    for (x, y) in images {
        for (i, y) in y.iter_mut().enumerate() {
            let (oy, ox) = (i / (ow * c), i / c % ow);
            *y = x[(oy / fh * w + ox / fw) * c + i % c];
        }
    }
}

impl Plain for plan::Upsample {
    fn plain<T: Real>(&self, _: &Given<'_, T>, inputs: &[Vec<T>], y: &mut [T]) {
        reference(self, &inputs[0], y);
    }
}
