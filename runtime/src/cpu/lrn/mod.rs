//! Local response normalisation across channels.

#[cfg(feature = "train")]
pub(crate) mod train;

use super::simd::multiversion;
use super::sizes::{Sizes, bounded, prepared};
use super::{Real, access};
use crate::Mem;
use crate::plan::{self, View};
use crate::reference::{Given, Plain};
use alloc::vec::Vec;
#[cfg(not(feature = "std"))]
use num_traits::Float as _;

/// See [`plan::Lrn`].
pub struct Lrn {
    d: plan::Lrn,
    sizes: Sizes,
}

impl Lrn {
    prepared!(|d: plan::Lrn| Self { d });

    /// Computes the step.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory, or overlap.
    pub fn run(&self, mem: &mut Mem<'_, '_>, x: View, y: View) {
        let cost = bounded([y.shape[1], y.shape[2], self.d.n.saturating_add(20)]);
        mem.step([self.sizes.input(x)], self.sizes.output(y))
            .for_rows(cost, |[x], mut out| row(&self.d, x, &mut out));
    }
}

multiversion! {
    fn row(d: &plan::Lrn, x: &access::Source<'_>, out: &mut access::Row<'_>) {
        let half = d.n / 2;
        let c = d.input[2];
        for ox in 0..out.width() {
            let x = x.pixel(out.image, out.y, ox);
            let y = out.pixel(ox);
            // The sum of squares, one neighbour after the other: a running sum would be a chain of additions that does
            // not vectorise, and whose rounding errors add up.
            y.iter_mut().zip(x).for_each(|(y, x)| *y = x * x);
            for away in 1..=half.min(c.saturating_sub(1)) {
                y[away..].iter_mut().zip(x).for_each(|(y, x)| *y += x * x);
                y.iter_mut().zip(&x[away..]).for_each(|(y, x)| *y += x * x);
            }
            if d.beta == 0.75 {
                for (y, x) in y.iter_mut().zip(x) {
                    let root = (d.k + d.alpha * *y).sqrt();
                    *y = x / (root * root.sqrt());
                }
            } else {
                for (y, x) in y.iter_mut().zip(x) {
                    *y = x / libm::powf(d.k + d.alpha * *y, d.beta);
                }
            }
        }
    }
}

/// The definition in [`plan::Lrn`], for any number of dense images.
pub(crate) fn reference<T: Real>(d: &plan::Lrn, x: &[T], y: &mut [T]) {
    let c = d.input[2];
    let of = |x: f32| T::of(x.into());
    for (x, y) in x.chunks_exact(c).zip(y.chunks_exact_mut(c)) {
        for (channel, y) in y.iter_mut().enumerate() {
            let first = channel.saturating_sub(d.n / 2);
            let last = (channel + d.n / 2).min(c - 1);
            let sum: T = x[first..=last].iter().map(|&x| x * x).sum();
            *y = x[channel] / (of(d.k) + of(d.alpha) * sum).powf(of(d.beta));
        }
    }
}

impl Plain for plan::Lrn {
    fn plain<T: Real>(&self, _: &Given<'_, T>, inputs: &[Vec<T>], y: &mut [T]) {
        reference(self, &inputs[0], y);
    }
}
