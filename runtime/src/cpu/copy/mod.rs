//! Copies a view.

#[cfg(feature = "train")]
pub(crate) mod train;

use super::Real;
use super::sizes::{Sizes, bounded, prepared};
use crate::Mem;
use crate::plan::{self, View};
use crate::reference::{Given, Plain};
use alloc::vec::Vec;

/// See [`plan::Copy`].
pub struct Copy {
    sizes: Sizes,
}

impl Copy {
    prepared!(|d: plan::Copy| Self {});

    /// Computes the step.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory, or overlap.
    pub fn run(&self, mem: &mut Mem<'_, '_>, x: View, y: View) {
        let cost = bounded([y.shape[1], y.shape[2]]);
        mem.step([self.sizes.input(x)], self.sizes.output(y))
            .flat()
            .for_rows(cost, |[x], mut out| {
                for ox in 0..out.width() {
                    let from = x.pixel(out.image, out.y, ox);
                    out.pixel(ox).copy_from_slice(from);
                }
            });
    }
}

/// The definition in [`plan::Copy`], for any number of dense images.
pub(crate) fn reference<T: Real>(_: &plan::Copy, x: &[T], y: &mut [T]) {
    y.copy_from_slice(x);
}

impl Plain for plan::Copy {
    fn plain<T: Real>(&self, _: &Given<'_, T>, inputs: &[Vec<T>], y: &mut [T]) {
        reference(self, &inputs[0], y);
    }
}
