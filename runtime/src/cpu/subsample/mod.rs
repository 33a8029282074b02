//! LeNet-5's trainable subsampling.

#[cfg(feature = "train")]
pub(crate) mod train;

use super::simd::multiversion;
use super::sizes::{Sizes, bounded};
use super::window::{fold, under};
use super::{Real, access, activate};
use crate::plan::{self, Op, View};
use crate::reference::{Given, Plain};
use crate::{LayerWeights, Mem};
use alloc::vec::Vec;

/// See [`plan::Subsample`].
pub struct Subsample {
    d: plan::Subsample,
    sizes: Sizes,
    coefficient: Vec<f32>,
    bias: Vec<f32>,
}

impl Subsample {
    /// Takes `coefficient` and `bias`, each `[c]`.
    ///
    /// # Panics
    /// If the descriptor's sizes cannot be computed, or the layer has not its parameters.
    #[must_use]
    pub fn new(d: plan::Subsample, layer: LayerWeights<'_>) -> Self {
        let sizes = Sizes::of(d);
        layer.declare(&d);
        Self {
            d,
            sizes,
            coefficient: layer.tensor("coefficient", d.input[2]).into_owned(),
            bias: layer.tensor("bias", d.input[2]).into_owned(),
        }
    }

    /// As [`new`](Self::new); [`pack`](Self::pack) brings the parameters.
    #[cfg(feature = "train")]
    pub(crate) fn prepare(d: plan::Subsample) -> Self {
        Self {
            d,
            sizes: Sizes::of(d),
            coefficient: alloc::vec![0.0; d.input[2]],
            bias: alloc::vec![0.0; d.input[2]],
        }
    }

    /// Takes these parameters.
    #[cfg(feature = "train")]
    pub(crate) fn pack(&mut self, coefficient: &[f32], bias: &[f32]) {
        self.coefficient.copy_from_slice(coefficient);
        self.bias.copy_from_slice(bias);
    }

    /// Computes the step.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory, or overlap.
    pub fn run(&self, mem: &mut Mem<'_, '_>, x: View, y: View) {
        let cost = bounded([y.shape[1], y.shape[2], self.d.window[0], self.d.window[1]]);
        mem.step([self.sizes.input(x)], self.sizes.output(y))
            .for_rows(cost, |[x], mut out| row(self, x, &mut out));
    }
}

multiversion! {
    fn row(s: &Subsample, x: &access::Source<'_>, out: &mut access::Row<'_>) {
        let d = &s.d;
        let rows = under(out.y, d.window[0], d.stride[0], 0, d.input[0]);
        let image = out.image;
        for ox in 0..out.width() {
            let columns = under(ox, d.window[1], d.stride[1], 0, d.input[1]);
            let y = out.pixel(ox);
            fold(x, image, [&rows, &columns], 0.0, |sum, x| sum + x, y);
            for ((y, coefficient), bias) in y.iter_mut().zip(&s.coefficient).zip(&s.bias) {
                *y = *y * coefficient + bias;
            }
        }
        out.activate(d.act);
    }
}

/// The definition in [`plan::Subsample`], for any number of dense images; `coefficient` and `bias` are `[c]`.
pub(crate) fn reference<T: Real>(
    d: &plan::Subsample,
    coefficient: &[T],
    bias: &[T],
    x: &[T],
    y: &mut [T],
) {
    let [h, w, c] = d.input;
    let [oh, ow, _] = Op::Subsample(*d).output();
    let images = x
        .chunks_exact(h * w * c)
        .zip(y.chunks_exact_mut(oh * ow * c));
    for (x, y) in images {
        for (i, y) in y.iter_mut().enumerate() {
            let (oy, ox, channel) = (i / (ow * c), i / c % ow, i % c);
            let mut sum = T::zero();
            for iy in under(oy, d.window[0], d.stride[0], 0, h) {
                for ix in under(ox, d.window[1], d.stride[1], 0, w) {
                    sum += x[(iy * w + ix) * c + channel];
                }
            }
            *y = activate(d.act, coefficient[channel] * sum + bias[channel]);
        }
    }
}

impl Plain for plan::Subsample {
    fn plain<T: Real>(&self, given: &Given<'_, T>, inputs: &[Vec<T>], y: &mut [T]) {
        let c = self.input[2];
        let (coefficient, bias) = (given.tensor("coefficient", c), given.tensor("bias", c));
        reference(self, &coefficient, &bias, &inputs[0], y);
    }
}
