//! Some channels of a picture.

#[cfg(feature = "train")]
pub(crate) mod train;

use super::Real;
use super::sizes::{Sizes, bounded, prepared};
use crate::Mem;
use crate::plan::{self, View};
use crate::reference::{Given, Plain};
use alloc::vec::Vec;

/// See [`plan::Slice`].
pub struct Slice {
    d: plan::Slice,
    sizes: Sizes,
}

impl Slice {
    prepared!(|d: plan::Slice| Self { d });

    /// Computes the step.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory, or overlap.
    pub fn run(&self, mem: &mut Mem<'_, '_>, x: View, y: View) {
        let channels = self.d.from..self.d.to;
        let [_, w, c] = y.shape;
        mem.step([self.sizes.input(x)], self.sizes.output(y))
            .for_rows(bounded([w, c]), |[x], mut out| {
                for ox in 0..out.width() {
                    let x = x.pixel(out.image, out.y, ox);
                    out.pixel(ox).copy_from_slice(&x[channels.clone()]);
                }
            });
    }
}

impl Plain for plan::Slice {
    /// The definition, pixel by pixel.
    fn plain<T: Real>(&self, _: &Given<'_, T>, inputs: &[Vec<T>], y: &mut [T]) {
        let (c, n) = (self.input[2], self.to - self.from);
        for (at, y) in y.iter_mut().enumerate() {
            *y = inputs[0][at / n * c + self.from + at % n];
        }
    }
}
