//! Mean over the whole picture.

use super::simd::multiversion;
use super::window::BLOCK;
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
    /// Sums rows first and the rows' sums then: rounding errors stay small in large pictures.
    fn image(d: &plan::GlobalPool, x: &access::Source<'_>, out: &mut access::Row<'_>) {
        let [h, w, _] = d.input;
        let count = (h * w) as f32;
        let image = out.image;
        for (block, y) in out.pixel(0).chunks_mut(BLOCK).enumerate() {
            let channels = block * BLOCK..block * BLOCK + y.len();
            let mut sum = [0.0_f32; BLOCK];
            for iy in 0..h {
                let mut row = [0.0_f32; BLOCK];
                for ix in 0..w {
                    let pixel = &x.pixel(image, iy, ix)[channels.clone()];
                    // The whole block has a known length, for vectors; the last one may be shorter.
                    if let Some(pixel) = pixel.first_chunk::<BLOCK>() {
                        row.iter_mut().zip(pixel).for_each(|(sum, x)| *sum += x);
                    } else {
                        row.iter_mut().zip(pixel).for_each(|(sum, x)| *sum += x);
                    }
                }
                sum.iter_mut().zip(&row).for_each(|(sum, row)| *sum += row);
            }
            y.iter_mut().zip(&sum).for_each(|(y, sum)| *y = sum / count);
        }
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
