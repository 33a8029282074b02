//! Product of two pictures, or of a picture and one pixel that is spread over it.

#[cfg(feature = "train")]
pub(crate) mod train;

use super::access::{Row, Source};
use super::act::apply_inline;
use super::rows::{RowKernel, Rows};
use super::simd::multiversion;
use super::sizes::{Sizes, bounded, prepared};
use super::{Real, activate};
use crate::Mem;
use crate::plan::{self, Act, Op, View};
use crate::reference::{Given, Plain};
use alloc::vec::Vec;
use core::ops::Range;

/// See [`plan::Mul`]. May run in place on each input of the output's shape, or on both.
pub struct Mul {
    d: plan::Mul,
    sizes: Sizes,
}

impl Mul {
    prepared!(|d: plan::Mul| Self { d });

    /// Computes the step.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory, or overlap without being the same.
    pub fn run(&self, mem: &mut Mem<'_, '_>, [a, b]: [View; 2], y: View) {
        let (act, sizes) = (self.d.act, self.sizes);
        let cost = bounded([2, y.shape[1], y.shape[2]]);
        let to = sizes.output(y);
        match (a == y, b == y && !self.d.spread) {
            (true, true) => mem.step([], to).flat().for_rows(cost, |[], mut out| {
                (0..out.width()).for_each(|ox| square(act, out.pixel(ox)));
            }),
            (false, false) => mem
                .step([sizes.input(a), sizes.operand(1, b)], to)
                .flat()
                .for_rows(cost, |[a, b], out| row(&self.d, [a, b], out)),
            // The order of the operands does not change a product of floats.
            (in_place, _) => {
                let other = match in_place {
                    true => sizes.operand(1, b),
                    false => sizes.input(a),
                };
                mem.step([other], to).flat().for_rows(cost, |[x], mut out| {
                    for ox in 0..out.width() {
                        let x = factor(self.d.spread, x, [out.image, out.y, ox]);
                        scale(act, x, out.pixel(ox));
                    }
                });
            }
        }
    }
}

impl RowKernel for Mul {
    fn op(&self) -> Op {
        self.d.into()
    }

    unsafe fn rows(&self, image: usize, rows: Range<usize>, of: &Rows<'_>) {
        let [a, b] = [0, 1].map(|operand: usize| of.x[operand].floats());
        let y = of.y.floats();
        let dense = a.is_dense() && b.is_dense() && y.is_dense();
        let (a, b, y) = match dense {
            true => (a.flat(), b.flat(), y.flat()),
            false => (a, b, y),
        };
        for number in rows {
            // SAFETY: the caller's rows are there, and this task's own.
            row(&self.d, [&a, &b], unsafe { y.row(image, number) });
        }
    }
}

fn row(d: &plan::Mul, [a, b]: [&Source<'_>; 2], mut out: Row<'_>) {
    for ox in 0..out.width() {
        let a = a.pixel(out.image, out.y, ox);
        let b = factor(d.spread, b, [out.image, out.y, ox]);
        product(d.act, a, b, out.pixel(ox));
    }
}

/// The pixel that is multiplied with this one, or with the whole row, if that is one long pixel.
fn factor<'m>(spread: bool, from: &Source<'m>, [image, y, x]: [usize; 3]) -> &'m [f32] {
    match spread {
        true => from.pixel(image, 0, 0),
        false => from.pixel(image, y, x),
    }
}

multiversion! {
    /// Some pixels, all with the same `b`.
    pub(crate) fn product(act: Act, a: &[f32], b: &[f32], y: &mut [f32]) {
        for (y, a) in y.chunks_exact_mut(b.len()).zip(a.chunks_exact(b.len())) {
            y.iter_mut().zip(a).zip(b).for_each(|((y, a), b)| *y = a * b);
        }
        apply_inline(act, y);
    }
}

multiversion! {
    /// Some pixels, all by the same factors.
    pub(crate) fn scale(act: Act, by: &[f32], y: &mut [f32]) {
        for y in y.chunks_exact_mut(by.len()) {
            y.iter_mut().zip(by).for_each(|(y, by)| *y *= by);
        }
        apply_inline(act, y);
    }
}

multiversion! {
    fn square(act: Act, y: &mut [f32]) {
        y.iter_mut().for_each(|y| *y *= *y);
        apply_inline(act, y);
    }
}

/// What element `at` of dense images of `a` is multiplied with.
fn place(d: &plan::Mul, at: usize) -> usize {
    let [h, w, c] = d.input;
    match d.spread {
        true => at / (h * w * c) * c + at % c,
        false => at,
    }
}

impl Plain for plan::Mul {
    /// The definition, for any number of dense images.
    fn plain<T: Real>(&self, _: &Given<'_, T>, inputs: &[Vec<T>], y: &mut [T]) {
        for (at, (y, &a)) in y.iter_mut().zip(&inputs[0]).enumerate() {
            *y = activate(self.act, a * inputs[1][place(self, at)]);
        }
    }
}
