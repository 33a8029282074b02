//! Mean or maximum over the whole picture.

#[cfg(feature = "train")]
pub(crate) mod train;

use super::max_pool;
use super::simd::multiversion;
use super::sizes::{Sizes, bounded, prepared};
use super::window::fold;
use super::{MaxPool, Real, access};
use crate::Mem;
use crate::plan::{self, Reduction, View};
use crate::reference::{Given, Plain};
use alloc::vec::Vec;

/// See [`plan::GlobalPool`].
pub struct GlobalPool {
    d: plan::GlobalPool,
    sizes: Sizes,
    /// The maximum over a single window.
    max: Option<MaxPool>,
}

/// A window as large as the picture.
pub(super) fn whole(d: &plan::GlobalPool) -> plan::MaxPool {
    let [h, w, _] = d.input;
    plan::MaxPool {
        input: d.input,
        window: [h, w],
        stride: [1, 1],
        ..plan::MaxPool::DEFAULT
    }
}

impl GlobalPool {
    prepared!(|d: plan::GlobalPool| Self {
        d,
        max: (d.kind == Reduction::Max).then(|| MaxPool::new(whole(&d)))
    });

    /// Computes the step.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory, or overlap.
    pub fn run(&self, mem: &mut Mem<'_, '_>, x: View, y: View) {
        if let Some(max) = &self.max {
            return max.run(mem, x, y);
        }
        mem.step([self.sizes.input(x)], self.sizes.output(y))
            .for_rows(bounded(x.shape), |[x], mut out| image(&self.d, x, &mut out));
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
    if d.kind == Reduction::Max {
        return max_pool::reference(&whole(d), x, y);
    }
    let [h, w, c] = d.input;
    for (x, y) in x.chunks_exact(h * w * c).zip(y.chunks_exact_mut(c)) {
        for (channel, y) in y.iter_mut().enumerate() {
            let sum: T = x.iter().skip(channel).step_by(c).copied().sum();
            *y = sum / T::of((h * w) as f64);
        }
    }
}

impl Plain for plan::GlobalPool {
    fn plain<T: Real>(&self, _: &Given<'_, T>, inputs: &[Vec<T>], y: &mut [T]) {
        reference(self, &inputs[0], y);
    }
}
