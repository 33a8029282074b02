//! Mean over as many windows as are asked for.

#[cfg(feature = "train")]
pub(crate) mod train;

use super::simd::multiversion;
use super::sizes::{Sizes, bounded, prepared};
use super::window::fold;
use super::{Real, access};
use crate::Mem;
use crate::plan::{self, View};
use crate::reference::{Given, Plain};
use alloc::vec::Vec;
use core::ops::Range;

/// See [`plan::AdaptiveAvgPool`].
pub struct AdaptiveAvgPool {
    d: plan::AdaptiveAvgPool,
    sizes: Sizes,
}

impl AdaptiveAvgPool {
    prepared!(|d: plan::AdaptiveAvgPool| Self { d });

    /// Computes the step.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory, or overlap.
    pub fn run(&self, mem: &mut Mem<'_, '_>, x: View, y: View) {
        let ([h, w, c], [oh, ow]) = (self.d.input, self.d.size);
        let cost = bounded([h.div_ceil(oh) + 1, w + ow, c]);
        mem.step([self.sizes.input(x)], self.sizes.output(y))
            .for_rows(cost, |[x], mut out| row(&self.d, x, &mut out));
    }
}

/// The rows (axis 0) or columns of the picture under a window.
#[inline(always)]
fn under(d: &plan::AdaptiveAvgPool, axis: usize, window: usize) -> Range<usize> {
    let (size, windows) = (d.input[axis], d.size[axis]);
    window * size / windows..((window + 1) * size).div_ceil(windows)
}

multiversion! {
    fn row(d: &plan::AdaptiveAvgPool, x: &access::Source<'_>, out: &mut access::Row<'_>) {
        let rows = under(d, 0, out.y);
        let image = out.image;
        for ox in 0..out.width() {
            let columns = under(d, 1, ox);
            let count = (rows.len() * columns.len()) as f32;
            let y = out.pixel(ox);
            fold(x, image, [&rows, &columns], 0.0, |sum, x| sum + x, y);
            y.iter_mut().for_each(|y| *y /= count);
        }
    }
}

impl Plain for plan::AdaptiveAvgPool {
    /// The definition, for any number of dense images.
    fn plain<T: Real>(&self, _: &Given<'_, T>, inputs: &[Vec<T>], y: &mut [T]) {
        let ([h, w, c], [oh, ow]) = (self.input, self.size);
        for (i, y) in y.iter_mut().enumerate() {
            let (image, oy, ox) = (i / (oh * ow * c), i / (ow * c) % oh, i / c % ow);
            let (rows, columns) = (under(self, 0, oy), under(self, 1, ox));
            let count = T::of((rows.len() * columns.len()) as f64);
            let row = |iy: usize| {
                let first = (image * h + iy) * w;
                let cells = columns.clone().map(move |ix| (first + ix) * c + i % c);
                cells.map(|at| inputs[0][at]).sum::<T>()
            };
            *y = rows.map(row).sum::<T>() / count;
        }
    }
}
