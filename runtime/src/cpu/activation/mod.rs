//! An activation on its own.

#[cfg(feature = "train")]
pub(crate) mod train;

use super::act::apply;
use super::{Real, activate, expect_shape};
use crate::Mem;
use crate::plan::{self, View};

/// See [`plan::Activation`]. May run in place.
pub struct Activation(plan::Activation);

impl Activation {
    /// Prepares the step.
    #[must_use]
    pub fn new(d: plan::Activation) -> Self {
        Self(d)
    }

    /// Computes the step.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory, or overlap without being the same.
    pub fn run(&self, mem: &mut Mem<'_, '_>, x: View, y: View) {
        expect_shape("input", x.shape, self.0.input);
        expect_shape("output", y.shape, self.0.input);
        let act = self.0.act;
        let cost = y.shape[1] * y.shape[2] * 4;
        if x == y {
            mem.step([], y).flat().for_rows(cost, |[], mut out| {
                (0..out.width()).for_each(|ox| apply(act, out.pixel(ox)));
            });
        } else {
            mem.step([x], y).flat().for_rows(cost, |[x], mut out| {
                for ox in 0..out.width() {
                    let from = x.pixel(out.image, out.y, ox);
                    let y = out.pixel(ox);
                    y.copy_from_slice(from);
                    apply(act, y);
                }
            });
        }
    }
}

/// The definition in [`plan::Act`], for any number of dense images.
pub(crate) fn reference<T: Real>(d: &plan::Activation, x: &[T], y: &mut [T]) {
    x.iter().zip(y).for_each(|(&x, y)| *y = activate(d.act, x));
}
