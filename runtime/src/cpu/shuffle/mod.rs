//! The shuffle of channels.

#[cfg(feature = "train")]
pub(crate) mod train;

use super::Real;
use super::sizes::{Sizes, bounded, prepared};
use crate::Mem;
use crate::plan::{self, View};
use crate::reference::{Given, Plain};
use alloc::vec::Vec;

/// See [`plan::Shuffle`].
pub struct Shuffle {
    d: plan::Shuffle,
    sizes: Sizes,
}

impl Shuffle {
    prepared!(|d: plan::Shuffle| Self { d });

    /// Computes the step.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory, or overlap.
    pub fn run(&self, mem: &mut Mem<'_, '_>, x: View, y: View) {
        let [_, w, c] = self.d.input;
        let groups = self.d.groups;
        mem.step([self.sizes.input(x)], self.sizes.output(y))
            .for_rows(bounded([w, c]), |[x], mut out| {
                for ox in 0..w {
                    let from = x.pixel(out.image, out.y, ox);
                    mix(groups, from, out.pixel(ox));
                }
            });
    }
}

/// One pixel.
fn mix(groups: usize, x: &[f32], y: &mut [f32]) {
    for (i, group) in x.chunks_exact(x.len() / groups).enumerate() {
        let to = y[i..].iter_mut().step_by(groups);
        to.zip(group).for_each(|(y, x)| *y = *x);
    }
}

impl Plain for plan::Shuffle {
    /// The definition, pixel by pixel.
    fn plain<T: Real>(&self, _: &Given<'_, T>, inputs: &[Vec<T>], y: &mut [T]) {
        let (c, n) = (self.input[2], self.input[2] / self.groups);
        for (at, y) in y.iter_mut().enumerate() {
            let (pixel, channel) = (at / c, at % c);
            let (k, i) = (channel / self.groups, channel % self.groups);
            *y = inputs[0][pixel * c + i * n + k];
        }
    }
}
