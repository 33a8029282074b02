//! Sum of two pictures.

#[cfg(feature = "train")]
pub(crate) mod train;

use super::act::apply_inline;
use super::simd::multiversion;
use super::sizes::{Sizes, bounded, prepared};
use super::{Real, activate};
use crate::Mem;
use crate::plan::{self, Act, View};
use crate::reference::{Given, Plain};
use alloc::vec::Vec;

/// See [`plan::Add`]. May run in place on either input, or on both.
pub struct Add {
    d: plan::Add,
    sizes: Sizes,
}

impl Add {
    prepared!(|d: plan::Add| Self { d });

    /// Computes the step.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory, or overlap without being the same.
    pub fn run(&self, mem: &mut Mem<'_, '_>, [a, b]: [View; 2], y: View) {
        let act = self.d.act;
        let cost = bounded([2, y.shape[1], y.shape[2]]);
        match (a == y, b == y) {
            (true, true) => {
                mem.step([], self.sizes.output(y))
                    .flat()
                    .for_rows(cost, |[], mut out| {
                        (0..out.width()).for_each(|ox| twice(act, out.pixel(ox)));
                    })
            }
            (false, false) => mem
                .step(
                    [self.sizes.input(a), self.sizes.input(b)],
                    self.sizes.output(y),
                )
                .flat()
                .for_rows(cost, |[a, b], mut out| {
                    for ox in 0..out.width() {
                        let a = a.pixel(out.image, out.y, ox);
                        let b = b.pixel(out.image, out.y, ox);
                        sum(act, a, b, out.pixel(ox));
                    }
                }),
            // The order of the operands does not change a sum of floats.
            (in_place, _) => {
                let other = if in_place { b } else { a };
                mem.step([self.sizes.input(other)], self.sizes.output(y))
                    .flat()
                    .for_rows(cost, |[x], mut out| {
                        for ox in 0..out.width() {
                            let x = x.pixel(out.image, out.y, ox);
                            accumulate(act, x, out.pixel(ox));
                        }
                    });
            }
        }
    }
}

multiversion! {
    fn sum(act: Act, a: &[f32], b: &[f32], y: &mut [f32]) {
        for ((y, a), b) in y.iter_mut().zip(a).zip(b) {
            *y = a + b;
        }
        apply_inline(act, y);
    }
}

multiversion! {
    fn accumulate(act: Act, x: &[f32], y: &mut [f32]) {
        y.iter_mut().zip(x).for_each(|(y, x)| *y += x);
        apply_inline(act, y);
    }
}

multiversion! {
    fn twice(act: Act, y: &mut [f32]) {
        y.iter_mut().for_each(|y| *y += *y);
        apply_inline(act, y);
    }
}

/// The definition in [`plan::Add`], for any number of dense images.
pub(crate) fn reference<T: Real>(d: &plan::Add, [a, b]: [&[T]; 2], y: &mut [T]) {
    for ((y, &a), &b) in y.iter_mut().zip(a).zip(b) {
        *y = activate(d.act, a + b);
    }
}

impl Plain for plan::Add {
    fn plain<T: Real>(&self, _: &Given<'_, T>, inputs: &[Vec<T>], y: &mut [T]) {
        reference(self, [&inputs[0], &inputs[1]], y);
    }
}
