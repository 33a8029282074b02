//! Squared distances to prototypes.

#[cfg(feature = "train")]
pub(crate) mod train;

use super::simd::multiversion;
use super::sizes::Sizes;
use super::{Real, access};
use crate::plan::{self, View};
use crate::reference::{Given, Plain};
use crate::{LayerWeights, Mem};
use alloc::vec::Vec;

/// See [`plan::Rbf`].
pub struct Rbf {
    d: plan::Rbf,
    sizes: Sizes,
    /// `[classes, h * w * c]`
    prototypes: Vec<f32>,
}

impl Rbf {
    /// Takes `prototypes`.
    ///
    /// # Panics
    /// If the descriptor's sizes cannot be computed, or the layer has not its parameters.
    #[must_use]
    pub fn new(d: plan::Rbf, layer: LayerWeights<'_>) -> Self {
        let sizes = Sizes::of(d);
        layer.declare(&d);
        let len = d.classes * d.input.iter().product::<usize>();
        Self {
            d,
            sizes,
            prototypes: layer.tensor("prototypes", len).into_owned(),
        }
    }

    /// As [`new`](Self::new); [`pack`](Self::pack) brings the prototypes.
    #[cfg(feature = "train")]
    pub(crate) fn prepare(d: plan::Rbf) -> Self {
        let sizes = Sizes::of(d);
        let len = d.classes * d.input.iter().product::<usize>();
        Self {
            d,
            sizes,
            prototypes: alloc::vec![0.0; len],
        }
    }

    /// Takes these prototypes.
    #[cfg(feature = "train")]
    pub(crate) fn pack(&mut self, prototypes: &[f32]) {
        self.prototypes.copy_from_slice(prototypes);
    }

    /// Computes the step.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory, or overlap.
    pub fn run(&self, mem: &mut Mem<'_, '_>, x: View, y: View) {
        mem.step([self.sizes.input(x)], self.sizes.output(y))
            .for_rows(self.prototypes.len(), |[x], mut out| {
                image(self, x, &mut out);
            });
    }
}

/// Sums run in this many lanes, whatever the instruction set: the same bits on every machine.
const LANES: usize = 16;

multiversion! {
    fn image(rbf: &Rbf, x: &access::Source<'_>, out: &mut access::Row<'_>) {
        let [h, w, c] = rbf.d.input;
        let image = out.image;
        for (y, prototype) in out.pixel(0).iter_mut().zip(rbf.prototypes.chunks_exact(h * w * c)) {
            let mut lanes = [0.0_f32; LANES];
            for (cell, p) in prototype.chunks_exact(c).enumerate() {
                let x = x.pixel(image, cell / w, cell % w);
                let chunks = x.chunks(LANES).zip(p.chunks(LANES));
                for (x, p) in chunks {
                    for ((sum, x), p) in lanes.iter_mut().zip(x).zip(p) {
                        *sum += (x - p) * (x - p);
                    }
                }
            }
            *y = lanes.iter().sum();
        }
    }
}

/// The definition in [`plan::Rbf`], for any number of dense images; `prototypes` are `[classes, h * w * c]`.
pub(crate) fn reference<T: Real>(d: &plan::Rbf, prototypes: &[T], x: &[T], y: &mut [T]) {
    let inputs = d.input.iter().product();
    for (x, y) in x.chunks_exact(inputs).zip(y.chunks_exact_mut(d.classes)) {
        for (y, prototype) in y.iter_mut().zip(prototypes.chunks_exact(inputs)) {
            *y = x
                .iter()
                .zip(prototype)
                .map(|(&x, &p)| (x - p) * (x - p))
                .sum();
        }
    }
}

impl Plain for plan::Rbf {
    fn plain<T: Real>(&self, given: &Given<'_, T>, inputs: &[Vec<T>], y: &mut [T]) {
        let len = self.classes * self.input.iter().product::<usize>();
        reference(self, &given.tensor("prototypes", len), &inputs[0], y);
    }
}
