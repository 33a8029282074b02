//! Copies a view.

#[cfg(feature = "train")]
pub(crate) mod train;

use super::{Real, expect_shape};
use crate::Mem;
use crate::plan::{self, View};

/// See [`plan::Copy`].
pub struct Copy(plan::Copy);

impl Copy {
    /// Prepares the step.
    #[must_use]
    pub fn new(d: plan::Copy) -> Self {
        Self(d)
    }

    /// Computes the step.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory, or overlap.
    pub fn run(&self, mem: &mut Mem<'_, '_>, x: View, y: View) {
        expect_shape("input", x.shape, self.0.input);
        expect_shape("output", y.shape, self.0.input);
        let cost = y.shape[1] * y.shape[2];
        mem.step([x], y).flat().for_rows(cost, |[x], mut out| {
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
