//! Inverted dropout with counter-based random numbers: every device, and every number of threads, draws the same mask.
//!
//! Element `e` of image `i` (both counted from 0; elements in HWC order) of the DROPOUT number `index` in training step `step` of a run
//! with seed `seed` has the random number `u = (h >> 8) / 2^24`, in [0, 1), with
//!
//! ```text
//! key  = mix(mix(mix(mix(seed) + step) + index) + i)    mix: SplitMix64's finaliser over 64 bits (Steele, Lea, Flood 2014)
//! h    = murmur(murmur(e * 0x9E3779B1 + low(key)) ^ high(key))    murmur: MurmurHash3's finaliser over 32 bits (Appleby)
//! ```
//!
//! all sums and products modulo 2^64 or 2^32. It is dropped if `u < p`.

use crate::cpu::sizes::{Shaped, Sizes, bounded, prepared};
use crate::cpu::{Real, simd::multiversion};
use crate::plan::random::mix;
use crate::plan::{self, Gradient, View};
use crate::reference::{Given, Plain};
use crate::train::reference::{Gradients, Pass, PlainBackward};
use crate::train::{Backward, TrainMem};
use alloc::vec::Vec;

/// Forward and backward of a type whose `apply` multiplies a view by the mask that it draws.
macro_rules! masking {
    () => {
        /// Computes the step; `x` and `y` may be the same.
        ///
        /// # Panics
        /// If the views do not fit the operation or the memory.
        pub fn forward(&mut self, mem: &mut TrainMem<'_, '_>, x: View, y: View) {
            let sizes = self.sizes;
            if x != y {
                let all = Gradient {
                    view: y,
                    accumulate: false,
                };
                mem.hand_on(sizes.input(x), Some(all));
            }
            self.apply(mem, sizes.output(y));
        }

        $crate::train::backward!();

        fn back(&self, mem: &mut TrainMem<'_, '_>, Backward { dy, dx, .. }: Backward) {
            let dy = self.sizes.output(dy);
            self.apply(mem, dy);
            mem.hand_on(dy, dx);
        }
    };
}
pub(crate) use masking;

/// The plain references of an operation whose mask the function `reference` draws.
macro_rules! plain_masking {
    ($op:ident) => {
        impl Plain for plan::$op {
            fn plain<T: Real>(&self, given: &Given<'_, T>, inputs: &[Vec<T>], y: &mut [T]) {
                let [seed, step] = given.draw;
                let key = base(seed, step, self.index);
                reference(self.p, key, self.input.iter().product(), &inputs[0], y);
            }
        }

        impl PlainBackward for plan::$op {
            fn plain_backward<T: Real>(
                &self,
                given: &Given<'_, T>,
                pass: &Pass<'_, T>,
                gradients: &mut Gradients<T>,
            ) {
                let [seed, step] = given.draw;
                let key = base(seed, step, self.index);
                let len = self.input.iter().product();
                reference(self.p, key, len, pass.dy, &mut gradients.inputs[0]);
            }
        }
    };
}
pub(crate) use plain_masking;

/// See [`plan::Dropout`]. Backward draws the same mask again.
pub struct Dropout {
    d: plan::Dropout,
    sizes: Sizes,
}

impl Dropout {
    prepared!(|d: plan::Dropout| Self { d });

    masking!();

    fn apply(&self, mem: &mut TrainMem<'_, '_>, y: Shaped) {
        let key = base(mem.seed, mem.step, self.d.index);
        let step = mem.mem.access([], [y]);
        if self.d.p <= 0.0 {
            return;
        }
        let [_, w, c] = step.y[0].geometry.shape;
        step.for_rows(bounded([w, c, 4]), |[], [mut row]| {
            let key = image(key, row.image);
            for ox in 0..w {
                let first = (row.y * w + ox) * c;
                mask(self.d.p, key, first as u32, row.pixel(ox));
            }
        });
    }
}

multiversion! {
    fn mask(p: f32, key: u64, first: u32, y: &mut [f32]) {
        let scale = 1.0 / (1.0 - p);
        for (i, y) in y.iter_mut().enumerate() {
            let keep = uniform(key, first.wrapping_add(i as u32)) >= p;
            *y = if keep { *y * scale } else { 0.0 };
        }
    }
}

/// `key` before the image.
pub(crate) fn base(seed: u64, step: u64, index: usize) -> u64 {
    mix(mix(mix(seed).wrapping_add(step)).wrapping_add(index as u64))
}

/// `key` with the image.
pub(crate) fn image(base: u64, image: usize) -> u64 {
    mix(base.wrapping_add(image as u64))
}

/// `u` of element `e`.
#[inline(always)]
pub(crate) fn uniform(key: u64, e: u32) -> f32 {
    let h = murmur(e.wrapping_mul(0x9E37_79B1).wrapping_add(key as u32));
    (murmur(h ^ (key >> 32) as u32) >> 8) as f32 * (1.0 / 16_777_216.0)
}

#[inline(always)]
fn murmur(h: u32) -> u32 {
    let h = (h ^ (h >> 16)).wrapping_mul(0x85EB_CA6B);
    let h = (h ^ (h >> 13)).wrapping_mul(0xC2B2_AE35);
    h ^ (h >> 16)
}

/// `y = x * mask` for dense images of `len` elements, forward and back. `base` is the key before the image.
pub(crate) fn reference<T: Real>(p: f32, base: u64, len: usize, x: &[T], y: &mut [T]) {
    for (i, (&x, y)) in x.iter().zip(y).enumerate() {
        let keep = uniform(image(base, i / len), (i % len) as u32) >= p;
        *y = if keep {
            x / T::of((1.0 - p).into())
        } else {
            T::zero()
        };
    }
}

plain_masking!(Dropout);

#[cfg(test)]
mod tests {
    use super::{base, image, uniform};
    use std::vec::Vec;

    #[test]
    fn the_numbers_are_uniform_and_differ_by_key() {
        let draw = |seed, step, index, i| -> Vec<f32> {
            let key = image(base(seed, step, index), i);
            (0..10_000).map(|e| uniform(key, e)).collect()
        };
        let all = draw(1, 0, 0, 0);
        for bin in 0..10 {
            let low = bin as f32 / 10.0;
            let hits = all.iter().filter(|u| (low..low + 0.1).contains(*u)).count();
            assert!((850..1150).contains(&hits), "{bin}: {hits}");
        }
        for other in [
            draw(2, 0, 0, 0),
            draw(1, 1, 0, 0),
            draw(1, 0, 1, 0),
            draw(1, 0, 0, 1),
        ] {
            let same = all
                .iter()
                .zip(&other)
                .filter(|(a, b)| (*a < &0.5) == (*b < &0.5));
            assert!((4700..5300).contains(&same.count()));
        }
    }
}
