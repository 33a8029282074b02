//! Softmax over the channels of each pixel.

#[cfg(feature = "train")]
pub(crate) mod train;

use super::Real;
use super::act::exp;
use super::simd::multiversion;
use super::sizes::{Sizes, bounded, prepared};
use crate::Mem;
use crate::plan::{self, View};
use crate::reference::{Given, Plain};
use alloc::vec::Vec;

/// See [`plan::Softmax`]. May run in place.
pub struct Softmax {
    sizes: Sizes,
}

impl Softmax {
    prepared!(|d: plan::Softmax| Self {});

    /// Computes the step.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory, or overlap without being the same.
    pub fn run(&self, mem: &mut Mem<'_, '_>, x: View, y: View) {
        let cost = bounded([y.shape[1], y.shape[2], 8]);
        if x == y {
            mem.step([], self.sizes.output(y))
                .for_rows(cost, |[], mut out| {
                    (0..out.width()).for_each(|ox| pixel(out.pixel(ox)));
                });
        } else {
            mem.step([self.sizes.input(x)], self.sizes.output(y))
                .for_rows(cost, |[x], mut out| {
                    for ox in 0..out.width() {
                        let from = x.pixel(out.image, out.y, ox);
                        let y = out.pixel(ox);
                        y.copy_from_slice(from);
                        pixel(y);
                    }
                });
        }
    }
}

/// Sums and maxima run in this many lanes, whatever the instruction set: the same bits on every machine.
const LANES: usize = 16;

multiversion! {
    fn pixel(y: &mut [f32]) {
        // A NaN need not win here: its own exponential, and so the sum, are NaN anyway.
        let max = fold(y, f32::NEG_INFINITY, |max, x| if x > max { x } else { max });
        y.iter_mut().for_each(|y| *y = exp(*y - max));
        let sum = fold(y, 0.0, |sum, x| sum + x);
        y.iter_mut().for_each(|y| *y /= sum);
    }
}

#[inline(always)]
fn fold(all: &[f32], start: f32, f: impl Fn(f32, f32) -> f32) -> f32 {
    let (chunks, rest) = all.as_chunks::<LANES>();
    let mut lanes = [start; LANES];
    for chunk in chunks {
        lanes
            .iter_mut()
            .zip(chunk)
            .for_each(|(a, &x)| *a = f(*a, x));
    }
    lanes.iter_mut().zip(rest).for_each(|(a, &x)| *a = f(*a, x));
    lanes.into_iter().fold(start, f)
}

/// The definition in [`plan::Softmax`], for any number of dense images.
pub(crate) fn reference<T: Real>(d: &plan::Softmax, x: &[T], y: &mut [T]) {
    let c = d.input[2];
    for (x, y) in x.chunks_exact(c).zip(y.chunks_exact_mut(c)) {
        let max = x.iter().fold(T::neg_infinity(), |max, &x| max.max(x));
        let sum: T = x.iter().map(|&x| (x - max).exp()).sum();
        y.iter_mut()
            .zip(x)
            .for_each(|(y, &x)| *y = (x - max).exp() / sum);
    }
}

impl Plain for plan::Softmax {
    fn plain<T: Real>(&self, _: &Given<'_, T>, inputs: &[Vec<T>], y: &mut [T]) {
        reference(self, &inputs[0], y);
    }
}
