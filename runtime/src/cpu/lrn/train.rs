//! Backward through local response normalisation.

use crate::Scratch;
use crate::cpu::access::scratch;
use crate::cpu::sizes::{Sizes, bounded, prepared};
use crate::cpu::{self, Real, simd::multiversion};
use crate::plan;
use crate::reference::Given;
use crate::train::reference::{Gradients, Pass, PlainBackward};
use crate::train::{Backward, TrainMem, backward, simple};
#[cfg(not(feature = "std"))]
use num_traits::Float as _;

/// Local response normalisation across channels, in training.
pub struct Lrn {
    d: plan::Lrn,
    sizes: Sizes,
    forward: cpu::Lrn,
}

impl Lrn {
    prepared!(|d: plan::Lrn| Self {
        d,
        forward: cpu::Lrn::new(d)
    });

    /// Memory for a batch.
    #[must_use]
    pub fn scratch(&self, _max_batch: usize) -> Scratch {
        Scratch {
            shared: 0,
            worker: bounded([2, self.d.input[2]]),
        }
    }

    simple!(forward);

    backward!();

    fn back(&mut self, mem: &mut TrainMem<'_, '_>, Backward { x, dy, dx, .. }: Backward) {
        let [h, w, c] = self.d.input;
        let cost = bounded([h, w, c, self.d.n.saturating_add(10), 2]);
        let step = mem
            .mem
            .access([self.sizes.input(x)], [self.sizes.output(dy)]);
        step.for_images(cost, |[x], [mut dy], memory| {
            let (sums, terms) = scratch(memory, c);
            let (terms, _) = scratch(terms, c);
            for oy in 0..h {
                for ox in 0..w {
                    let x = x.pixel(dy.number, oy, ox);
                    pixel(&self.d, x, dy.pixel(oy, ox), sums, terms);
                }
            }
        });
        mem.hand_on(self.sizes.output(dy), dx);
    }
}

/// `sums[c] += values[j]` over the window around `c`.
#[inline(always)]
fn window(half: usize, values: &[f32], sums: &mut [f32]) {
    sums.copy_from_slice(values);
    for away in 1..=half.min(values.len().saturating_sub(1)) {
        sums[away..]
            .iter_mut()
            .zip(values)
            .for_each(|(s, v)| *s += v);
        sums.iter_mut()
            .zip(&values[away..])
            .for_each(|(s, v)| *s += v);
    }
}

multiversion! {
    /// With `s = k + alpha * (sum of squares)`, `t[j] = dy[j] x[j] s[j]^(-beta - 1)`:
    /// `dx[i] = dy[i] s[i]^-beta - 2 alpha beta x[i] * (sum of t[j], i in the window of j)`; windows are symmetric.
    fn pixel(d: &plan::Lrn, x: &[f32], dy: &mut [f32], sums: &mut [f32], terms: &mut [f32]) {
        terms.iter_mut().zip(x).for_each(|(t, x)| *t = x * x);
        window(d.n / 2, terms, sums);
        for (((s, t), x), dy) in sums.iter().zip(&mut *terms).zip(x).zip(&mut *dy) {
            let s = d.k + d.alpha * s;
            let power = if d.beta == 0.75 {
                let root = s.sqrt();
                1.0 / (root * root.sqrt())
            } else {
                libm::powf(s, -d.beta)
            };
            *dy *= power;
            *t = *dy * x / s;
        }
        window(d.n / 2, terms, sums);
        let factor = 2.0 * d.alpha * d.beta;
        for ((dy, x), s) in dy.iter_mut().zip(x).zip(sums) {
            *dy -= factor * x * *s;
        }
    }
}

/// By the formula at the fast kernel, for dense pixels; adds to `dx`.
pub(crate) fn reference<T: Real>(d: &plan::Lrn, x: &[T], dy: &[T], dx: &mut [T]) {
    let c = d.input[2];
    let of = |x: f32| T::of(x.into());
    let pixels = x.chunks_exact(c).zip(dy.chunks_exact(c));
    for ((x, dy), dx) in pixels.zip(dx.chunks_exact_mut(c)) {
        let around = |i: usize| i.saturating_sub(d.n / 2)..=(i + d.n / 2).min(c - 1);
        let s = |i| of(d.k) + of(d.alpha) * around(i).map(|j| x[j] * x[j]).sum();
        for i in 0..c {
            let through = around(i).map(|j| dy[j] * x[j] * s(j).powf(-of(d.beta) - T::one()));
            let others: T = through.sum();
            dx[i] += dy[i] * s(i).powf(-of(d.beta)) - of(2.0 * d.alpha * d.beta) * x[i] * others;
        }
    }
}

impl PlainBackward for plan::Lrn {
    fn plain_backward<T: Real>(
        &self,
        _: &Given<'_, T>,
        pass: &Pass<'_, T>,
        gradients: &mut Gradients<T>,
    ) {
        reference(self, &pass.x[0], pass.dy, &mut gradients.inputs[0]);
    }
}
