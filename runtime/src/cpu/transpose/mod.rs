//! From HWC to CHW order.

#[cfg(feature = "train")]
pub(crate) mod train;

use super::Real;
use super::sizes::{Sizes, bounded, prepared};
use crate::Mem;
use crate::plan::{self, View};
use crate::reference::{Given, Plain};
use alloc::vec::Vec;

/// See [`plan::Transpose`].
pub struct Transpose {
    d: plan::Transpose,
    sizes: Sizes,
}

impl Transpose {
    prepared!(|d: plan::Transpose| Self { d });

    /// Computes the step.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory, or overlap.
    pub fn run(&self, mem: &mut Mem<'_, '_>, x: View, y: View) {
        let [h, w, _] = self.d.input;
        mem.step([self.sizes.input(x)], self.sizes.output(y))
            .for_rows(bounded(x.shape), |[x], mut out| {
                let image = out.image;
                let y = out.pixel(0);
                for cell in 0..h * w {
                    let plane = y[cell..].iter_mut().step_by(h * w);
                    let pixel = x.pixel(image, cell / w, cell % w);
                    plane.zip(pixel).for_each(|(y, x)| *y = *x);
                }
            });
    }
}

/// The definition in [`plan::Transpose`], for any number of dense images.
pub(crate) fn reference<T: Real>(d: &plan::Transpose, x: &[T], y: &mut [T]) {
    let [h, w, c] = d.input;
    let len = h * w * c;
    for (x, y) in x.chunks_exact(len).zip(y.chunks_exact_mut(len)) {
        for (i, &x) in x.iter().enumerate() {
            y[i % c * h * w + i / c] = x;
        }
    }
}

impl Plain for plan::Transpose {
    fn plain<T: Real>(&self, _: &Given<'_, T>, inputs: &[Vec<T>], y: &mut [T]) {
        reference(self, &inputs[0], y);
    }
}
