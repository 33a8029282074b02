//! Mean over windows.

#[cfg(feature = "train")]
pub(crate) mod train;

use super::rows::{RowKernel, Rows};
use super::simd::multiversion;
use super::sizes::{Sizes, bounded, prepared};
use super::window::{fold, under, under_counted};
use super::{Real, access, activate};
use crate::Mem;
use crate::plan::{self, Op, View};
use crate::reference::{Given, Plain};
use alloc::vec::Vec;
use core::ops::Range;

/// See [`plan::AvgPool`]. A window over padding alone gives 0.
pub struct AvgPool {
    d: plan::AvgPool,
    sizes: Sizes,
}

impl AvgPool {
    prepared!(|d: plan::AvgPool| Self { d });

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

impl RowKernel for AvgPool {
    fn op(&self) -> Op {
        self.d.into()
    }

    unsafe fn rows(&self, image: usize, rows: Range<usize>, of: &Rows<'_>) {
        let (x, y) = (of.x[0].floats(), of.y.floats());
        for number in rows {
            // SAFETY: the caller's rows are there, and this task's own.
            row(&self.d, &x, &mut unsafe { y.row(image, number) });
        }
    }
}

/// How many cells of a window count, 1 at least.
#[inline(always)]
pub(super) fn count(d: &plan::AvgPool, window: [usize; 2]) -> usize {
    let [top, bottom, left, right] = d.counted;
    let counted = [[top, bottom], [left, right]];
    let along = |axis: usize| {
        under_counted(
            window[axis],
            d.window[axis],
            d.stride[axis],
            d.pad[2 * axis],
            d.input[axis],
            counted[axis],
        )
    };
    (along(0) * along(1)).max(1)
}

multiversion! {
    fn row(d: &plan::AvgPool, x: &access::Source<'_>, out: &mut access::Row<'_>) {
        let [h, w, _] = d.input;
        let rows = under(out.y, d.window[0], d.stride[0], d.pad[0], h);
        let image = out.image;
        for ox in 0..out.width() {
            let columns = under(ox, d.window[1], d.stride[1], d.pad[2], w);
            let count = count(d, [out.y, ox]) as f32;
            let y = out.pixel(ox);
            fold(x, image, [&rows, &columns], 0.0, |sum, x| sum + x, y);
            y.iter_mut().for_each(|y| *y /= count);
        }
        out.activate(d.act);
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
            let mut sum = T::zero();
            for iy in under(oy, d.window[0], d.stride[0], d.pad[0], h) {
                for ix in under(ox, d.window[1], d.stride[1], d.pad[2], w) {
                    sum += x[(iy * w + ix) * c + channel];
                }
            }
            *y = activate(d.act, sum / T::of(count(d, [oy, ox]) as f64));
        }
    }
}

impl Plain for plan::AvgPool {
    fn plain<T: Real>(&self, _: &Given<'_, T>, inputs: &[Vec<T>], y: &mut [T]) {
        reference(self, &inputs[0], y);
    }
}
