//! Sums of two pictures of bytes.

use super::map::pictures;
use super::{Quantisation, bounds};
use crate::Mem;
use crate::cpu::simd::multiversion;
use crate::cpu::sizes::{Sizes, bounded};
use crate::plan::{self, Act, View};

/// `act(a + b)` of bytes, as bytes. May run in place on either input, or on both.
pub(crate) struct Add {
    sizes: Sizes,
    terms: Terms,
}

/// `a * scales[0] + b * scales[1] + shift` is the output's byte, between the bounds.
#[derive(Clone, Copy)]
struct Terms {
    scales: [f32; 2],
    shift: f32,
    bounds: [f32; 2],
}

impl Add {
    /// Whether its activation is one of bounds.
    pub(crate) fn fits(d: &plan::Add) -> bool {
        bounds(d.act).1 == Act::None
    }

    pub(crate) fn new(d: plan::Add, [a, b]: [Quantisation; 2], y: Quantisation) -> Self {
        let scales = [a, b].map(|x| f64::from(x.scale) / f64::from(y.scale));
        let zeros = [a, b].map(|x| f64::from(x.zero_point));
        let shift = f64::from(y.zero_point) - scales[0] * zeros[0] - scales[1] * zeros[1];
        let (bounds, _) = bounds(d.act);
        Self {
            sizes: Sizes::of(d),
            terms: Terms {
                scales: scales.map(|scale| scale as f32),
                shift: shift as f32,
                bounds: bounds
                    .map(|bound| (bound / y.scale + f32::from(y.zero_point)).clamp(0.0, 255.0)),
            },
        }
    }

    /// Computes the step.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory, overlap without being the same, or are not of bytes.
    pub(crate) fn run(&self, mem: &mut Mem<'_, '_>, [a, b]: [View; 2], y: View) {
        let cost = bounded([2, y.shape[1], y.shape[2]]);
        let terms = self.terms;
        let swapped = Terms {
            scales: [terms.scales[1], terms.scales[0]],
            ..terms
        };
        let output = self.sizes.output(y);
        let (views, terms) = match (a == y, b == y) {
            (false, false) => {
                let views = mem.mixed([self.sizes.input(a), self.sizes.operand(1, b)], output);
                let (x, y, threads) = pictures(views);
                return y.for_rows(threads, cost, |mut out| {
                    let [a, b] = x.map(|x| x.pixels(out.image, out.y, 0..out.width()));
                    for (ox, (a, b)) in a.zip(b).enumerate() {
                        sum(terms, a, b, out.pixel(ox));
                    }
                });
            }
            (true, true) => {
                let ([], y, threads) = pictures(mem.mixed([], output));
                return y.for_rows(threads, cost, |mut out| {
                    (0..out.width()).for_each(|ox| twice(terms, out.pixel(ox)));
                });
            }
            (true, false) => (mem.mixed([self.sizes.operand(1, b)], output), swapped),
            (false, true) => (mem.mixed([self.sizes.input(a)], output), terms),
        };
        let ([x], y, threads) = pictures(views);
        y.for_rows(threads, cost, |mut out| {
            for (ox, x) in x.pixels(out.image, out.y, 0..out.width()).enumerate() {
                accumulate(terms, x, out.pixel(ox));
            }
        });
    }
}

impl Terms {
    #[inline(always)]
    fn byte(&self, a: u8, b: u8) -> u8 {
        let sum = f32::from(a) * self.scales[0] + f32::from(b) * self.scales[1];
        let x = sum + self.shift;
        let x = if x > self.bounds[0] {
            x
        } else {
            self.bounds[0]
        };
        super::round(if x < self.bounds[1] {
            x
        } else {
            self.bounds[1]
        })
    }
}

multiversion! {
    fn sum(terms: Terms, a: &[u8], b: &[u8], y: &mut [u8]) {
        for ((y, a), b) in y.iter_mut().zip(a).zip(b) {
            *y = terms.byte(*a, *b);
        }
    }
}

multiversion! {
    fn accumulate(terms: Terms, x: &[u8], y: &mut [u8]) {
        y.iter_mut().zip(x).for_each(|(y, x)| *y = terms.byte(*x, *y));
    }
}

multiversion! {
    fn twice(terms: Terms, y: &mut [u8]) {
        y.iter_mut().for_each(|y| *y = terms.byte(*y, *y));
    }
}
