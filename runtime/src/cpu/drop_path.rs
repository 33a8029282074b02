//! Stochastic depth: whole images are dropped. The random number of image `i` is that of element 0 in the scheme of DROPOUT (`dropout.rs`),
//! whose layers and these are numbered together.

use crate::cpu::dropout::{base, image, masking, plain_masking, uniform};
use crate::cpu::sizes::{Shaped, Sizes, bounded, prepared};
use crate::cpu::{Real, simd::multiversion};
use crate::plan::{self, Gradient, View};
use crate::reference::{Given, Plain};
use crate::train::reference::{Gradients, Pass, PlainBackward};
use crate::train::{Backward, TrainMem};
use alloc::vec::Vec;

/// See [`plan::DropPath`]. Backward draws the same numbers again.
pub struct DropPath {
    d: plan::DropPath,
    sizes: Sizes,
}

impl DropPath {
    prepared!(|d: plan::DropPath| Self { d });

    masking!();

    fn apply(&self, mem: &mut TrainMem<'_, '_>, y: Shaped) {
        let p = self.d.p;
        let key = base(mem.seed, mem.step, self.d.index);
        let step = mem.mem.access([], [y]).flat();
        if p <= 0.0 {
            return;
        }
        let [_, w, c] = step.y[0].geometry.shape;
        step.for_rows(bounded([w, c]), |[], [mut row]| {
            let keep = uniform(image(key, row.image), 0) >= p;
            for ox in 0..w {
                match keep {
                    true => multiply(1.0 / (1.0 - p), row.pixel(ox)),
                    false => row.pixel(ox).fill(0.0),
                }
            }
        });
    }
}

multiversion! {
    fn multiply(by: f32, y: &mut [f32]) {
        y.iter_mut().for_each(|y| *y *= by);
    }
}

/// `y = x * mask` for dense images of `len` elements, forward and back. `base` is the key before the image.
fn reference<T: Real>(p: f32, base: u64, len: usize, x: &[T], y: &mut [T]) {
    for (i, (&x, y)) in x.iter().zip(y).enumerate() {
        let keep = uniform(image(base, i / len), 0) >= p;
        *y = match keep {
            true => x / T::of((1.0 - p).into()),
            false => T::zero(),
        };
    }
}

plain_masking!(DropPath);
