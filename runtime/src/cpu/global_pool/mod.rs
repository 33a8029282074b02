//! Mean over the whole picture.

#[cfg(feature = "train")]
pub(crate) mod train;

use super::simd::multiversion;
use super::window::fold;
use super::{Real, access, expect_shape};
use crate::Mem;
use crate::plan::{self, Op, View};

/// See [`plan::GlobalPool`].
pub struct GlobalPool(plan::GlobalPool);

impl GlobalPool {
    /// Prepares the step.
    #[must_use]
    pub fn new(d: plan::GlobalPool) -> Self {
        Self(d)
    }

    /// Computes the step.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory, or overlap.
    pub fn run(&self, mem: &mut Mem<'_, '_>, x: View, y: View) {
        expect_shape("input", x.shape, self.0.input);
        expect_shape("output", y.shape, Op::GlobalPool(self.0).output());
        mem.step([x], y)
            .for_rows(x.len(), |[x], mut out| image(&self.0, x, &mut out));
    }
}

multiversion! {
    fn image(d: &plan::GlobalPool, x: &access::Source<'_>, out: &mut access::Row<'_>) {
        let [h, w, _] = d.input;
        let count = (h * w) as f32;
        let image = out.image;
        let y = out.pixel(0);
        fold(x, image, [&(0..h), &(0..w)], 0.0, |sum, x| sum + x, y);
        y.iter_mut().for_each(|y| *y /= count);
    }
}

/// The definition in [`plan::GlobalPool`], for any number of dense images.
pub(crate) fn reference<T: Real>(d: &plan::GlobalPool, x: &[T], y: &mut [T]) {
    let [h, w, c] = d.input;
    for (x, y) in x.chunks_exact(h * w * c).zip(y.chunks_exact_mut(c)) {
        for (channel, y) in y.iter_mut().enumerate() {
            let sum: T = x.iter().skip(channel).step_by(c).copied().sum();
            *y = sum / T::of((h * w) as f64);
        }
    }
}
