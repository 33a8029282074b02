//! An activation on its own.

#[cfg(feature = "train")]
pub(crate) mod derivative;
#[cfg(feature = "train")]
pub(crate) mod train;

use super::act::apply;
use super::sizes::{Sizes, bounded, prepared};
use super::{Real, activate};
use crate::Mem;
use crate::plan::{self, View};
use crate::reference::{Given, Plain};
use alloc::vec::Vec;

/// See [`plan::Activation`]. May run in place.
pub struct Activation {
    d: plan::Activation,
    sizes: Sizes,
}

impl Activation {
    prepared!(|d: plan::Activation| Self { d });

    /// Computes the step.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory, or overlap without being the same.
    pub fn run(&self, mem: &mut Mem<'_, '_>, x: View, y: View) {
        let act = self.d.act;
        let cost = bounded([y.shape[1], y.shape[2], 4]);
        if x == y {
            mem.step([], self.sizes.output(y))
                .flat()
                .for_rows(cost, |[], mut out| {
                    (0..out.width()).for_each(|ox| apply(act, out.pixel(ox)));
                });
        } else {
            mem.step([self.sizes.input(x)], self.sizes.output(y))
                .flat()
                .for_rows(cost, |[x], mut out| {
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

impl Plain for plan::Activation {
    fn plain<T: Real>(&self, _: &Given<'_, T>, inputs: &[Vec<T>], y: &mut [T]) {
        reference(self, &inputs[0], y);
    }
}
