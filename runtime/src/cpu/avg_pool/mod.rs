//! Mean over windows.

#[cfg(feature = "train")]
pub(crate) mod train;

use super::act::apply_inline;
use super::simd::multiversion;
use super::sizes::{Sizes, bounded};
use super::window::{fold, under};
use super::{Real, access, activate};
use crate::Mem;
use crate::plan::{self, Op, View};
use crate::reference::{Given, Plain};
use alloc::vec::Vec;

/// See [`plan::AvgPool`]. A window over padding alone gives 0.
pub struct AvgPool {
    d: plan::AvgPool,
    sizes: Sizes,
}

impl AvgPool {
    /// Prepares the step.
    ///
    /// # Panics
    /// If the descriptor's sizes cannot be computed.
    #[must_use]
    pub fn new(d: plan::AvgPool) -> Self {
        let sizes = Sizes::of(d);
        Self { d, sizes }
    }

    /// Computes the step.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory, or overlap.
    pub fn run(&self, mem: &mut Mem<'_, '_>, x: View, y: View) {
        let cost = bounded([y.shape[1], y.shape[2], self.d.window[0], self.d.window[1]]);
        mem.step([self.sizes.input(x)], self.sizes.output(y))
            .for_rows(cost, |[x], mut out| row(&self.d, x, &mut out));
    }
}

multiversion! {
    fn row(d: &plan::AvgPool, x: &access::Source<'_>, out: &mut access::Row<'_>) {
        let [h, w, _] = d.input;
        let rows = under(out.y, d.window[0], d.stride[0], d.pad[0], h);
        let image = out.image;
        for ox in 0..out.width() {
            let columns = under(ox, d.window[1], d.stride[1], d.pad[2], w);
            let count = (rows.len() * columns.len()).max(1) as f32;
            let y = out.pixel(ox);
            fold(x, image, [&rows, &columns], 0.0, |sum, x| sum + x, y);
            y.iter_mut().for_each(|y| *y /= count);
            apply_inline(d.act, y);
        }
    }
}

/// The definition in [`plan::AvgPool`], for any number of dense images.
pub(crate) fn reference<T: Real>(d: &plan::AvgPool, x: &[T], y: &mut [T]) {
    let [h, w, c] = d.input;
    let [oh, ow, _] = Op::AvgPool(*d).output();
    let images = x
        .chunks_exact(h * w * c)
        .zip(y.chunks_exact_mut(oh * ow * c));
    for (x, y) in images {
        for (i, y) in y.iter_mut().enumerate() {
            let (oy, ox, channel) = (i / (ow * c), i / c % ow, i % c);
            let (mut sum, mut count) = (T::zero(), 0);
            for iy in under(oy, d.window[0], d.stride[0], d.pad[0], h) {
                for ix in under(ox, d.window[1], d.stride[1], d.pad[2], w) {
                    sum += x[(iy * w + ix) * c + channel];
                    count += 1;
                }
            }
            *y = activate(d.act, sum / T::of(f64::from(count.max(1))));
        }
    }
}

impl Plain for plan::AvgPool {
    fn plain<T: Real>(&self, _: &Given<'_, T>, inputs: &[Vec<T>], y: &mut [T]) {
        reference(self, &inputs[0], y);
    }
}
