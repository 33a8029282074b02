//! Zeros around the picture.

#[cfg(feature = "train")]
pub(crate) mod train;

use super::Real;
use super::sizes::{Sizes, bounded, prepared};
use crate::Mem;
use crate::plan::{self, Op, View};
use crate::reference::{Given, Plain};
use alloc::vec::Vec;

/// See [`plan::Pad`].
pub struct Pad {
    d: plan::Pad,
    sizes: Sizes,
}

impl Pad {
    prepared!(|d: plan::Pad| Self { d });

    /// Computes the step.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory, or overlap.
    pub fn run(&self, mem: &mut Mem<'_, '_>, x: View, y: View) {
        let [top, _, left, _] = self.d.pad;
        let [h, w, _] = self.d.input;
        let cost = bounded([y.shape[1], y.shape[2]]);
        mem.step([self.sizes.input(x)], self.sizes.output(y))
            .for_rows(cost, |[x], mut out| {
                let (image, iy) = (out.image, out.y.wrapping_sub(top));
                for ox in 0..out.width() {
                    let ix = ox.wrapping_sub(left);
                    let y = out.pixel(ox);
                    match iy < h && ix < w {
                        true => y.copy_from_slice(x.pixel(image, iy, ix)),
                        false => y.fill(0.0),
                    }
                }
            });
    }
}

/// The definition in [`plan::Pad`], for any number of dense images.
pub(crate) fn reference<T: Real>(d: &plan::Pad, x: &[T], y: &mut [T]) {
    let [h, w, c] = d.input;
    let [oh, ow, _] = Op::Pad(*d).output();
    y.fill(T::zero());
    let images = x
        .chunks_exact(h * w * c)
        .zip(y.chunks_exact_mut(oh * ow * c));
    for (x, y) in images {
        for (iy, row) in x.chunks_exact(w * c).enumerate() {
            let start = ((iy + d.pad[0]) * ow + d.pad[2]) * c;
            y[start..start + w * c].copy_from_slice(row);
        }
    }
}

impl Plain for plan::Pad {
    fn plain<T: Real>(&self, _: &Given<'_, T>, inputs: &[Vec<T>], y: &mut [T]) {
        reference(self, &inputs[0], y);
    }
}
