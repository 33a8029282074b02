//! Batch normalisation with moving statistics.

#[cfg(feature = "train")]
pub(crate) mod frozen;
#[cfg(feature = "train")]
pub(crate) mod train;

use super::access::{Row, Source};
use super::act::apply_inline;
use super::rows::{RowKernel, Rows};
use super::simd::multiversion;
use super::sizes::{Sizes, bounded};
use super::{Real, activate};
use crate::plan::{self, Op, View};
use crate::reference::{Given, Plain};
use crate::{LayerWeights, Mem};
use alloc::vec::Vec;
use core::ops::Range;

/// See [`plan::BatchNorm`]. May run in place.
pub struct BatchNorm {
    d: plan::BatchNorm,
    sizes: Sizes,
    /// `y = act(x * scale + shift)`, for the channels of a pixel; for those of a row, again and again, where they are few.
    scale: Vec<f32>,
    shift: Vec<f32>,
}

/// Below this many channels the pixels of a dense row are computed together,
const FEW_CHANNELS: usize = 64;
/// unless the row is longer than this.
const LONG_ROW: usize = 1 << 20;

/// Pixels of a dense row that are computed together.
fn together([_, w, c]: [usize; 3]) -> usize {
    match c < FEW_CHANNELS && bounded([w, c]) <= LONG_ROW {
        true => w,
        false => 1,
    }
}

impl BatchNorm {
    /// Turns the layer's statistics into a factor and a summand.
    ///
    /// # Panics
    /// If the descriptor's sizes cannot be computed, or the layer has not its parameters.
    #[must_use]
    pub fn new(d: plan::BatchNorm, layer: LayerWeights<'_>) -> Self {
        let sizes = Sizes::of(d);
        layer.declare(&d);
        let (scale, shift) = layer.normalisation(d.input[2], d.eps);
        let pixels = together(d.input);
        let single = |all: Vec<f64>| {
            let all: Vec<f32> = all.into_iter().map(|x| x as f32).collect();
            all.repeat(pixels)
        };
        Self {
            d,
            sizes,
            scale: single(scale),
            shift: single(shift),
        }
    }

    /// As [`new`](Self::new); [`pack`](Self::pack) brings factors and summands.
    #[cfg(feature = "train")]
    pub(crate) fn prepare(d: plan::BatchNorm) -> Self {
        let len = together(d.input) * d.input[2];
        Self {
            d,
            sizes: Sizes::of(d),
            scale: alloc::vec![0.0; len],
            shift: alloc::vec![0.0; len],
        }
    }

    /// Takes `y = act(x * scale + shift)`, for each channel.
    #[cfg(feature = "train")]
    pub(crate) fn pack(&mut self, affine: impl Fn(usize) -> (f32, f32)) {
        let c = self.d.input[2];
        let pairs = self.scale.iter_mut().zip(&mut self.shift).enumerate();
        pairs.for_each(|(i, (scale, shift))| (*scale, *shift) = affine(i % c));
    }

    /// Computes the step.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory, or overlap without being the same.
    pub fn run(&self, mem: &mut Mem<'_, '_>, x: View, y: View) {
        let cost = bounded([2, y.shape[1], y.shape[2]]);
        let few = self.few();
        if x == y {
            let step = mem.step([], self.sizes.output(y));
            let step = if few { step.flat() } else { step };
            step.for_rows(cost, |[], mut out| {
                (0..out.width()).for_each(|ox| self.normalise(out.pixel(ox)));
            });
        } else {
            let step = mem.step([self.sizes.input(x)], self.sizes.output(y));
            let step = if few { step.flat() } else { step };
            step.for_rows(cost, |[x], out| self.row(x, out));
        }
    }

    /// Whether the pixels of a dense row are computed together.
    fn few(&self) -> bool {
        together(self.d.input) > 1
    }

    fn normalise(&self, y: &mut [f32]) {
        pixels(&self.scale, &self.shift, self.d.act, y);
    }

    fn row(&self, x: &Source<'_>, mut out: Row<'_>) {
        for ox in 0..out.width() {
            let from = x.pixel(out.image, out.y, ox);
            let y = out.pixel(ox);
            y.copy_from_slice(from);
            self.normalise(y);
        }
    }
}

impl RowKernel for BatchNorm {
    fn op(&self) -> Op {
        self.d.into()
    }

    unsafe fn rows(&self, image: usize, rows: Range<usize>, of: &Rows<'_>) {
        let (x, y) = (of.x[0].floats(), of.y.floats());
        let (x, y) = match self.few() && x.is_dense() && y.is_dense() {
            true => (x.flat(), y.flat()),
            false => (x, y),
        };
        // SAFETY: the caller's rows are there, and this task's own.
        rows.for_each(|row| self.row(&x, unsafe { y.row(image, row) }));
    }
}

multiversion! {
    /// One pixel, or the dense pixels of a row.
    fn pixels(scale: &[f32], shift: &[f32], act: plan::Act, y: &mut [f32]) {
        for ((y, scale), shift) in y.iter_mut().zip(scale).zip(shift) {
            *y = *y * scale + shift;
        }
        apply_inline(act, y);
    }
}

/// The parameters of a batch normalisation, each `[c]`.
#[derive(Clone, Copy)]
pub(crate) struct Statistics<'a, T> {
    /// `bn1.weight`
    pub(crate) weight: &'a [T],
    /// `bn1.bias`
    pub(crate) bias: &'a [T],
    /// `bn1.running_mean`
    pub(crate) mean: &'a [T],
    /// `bn1.running_var`
    pub(crate) variance: &'a [T],
}

/// The definition in [`plan::BatchNorm`], for any number of dense images.
pub(crate) fn reference<T: Real>(d: &plan::BatchNorm, s: Statistics<'_, T>, x: &[T], y: &mut [T]) {
    let c = d.input[2];
    for (i, (&x, y)) in x.iter().zip(y).enumerate() {
        let c = i % c;
        let deviation = (s.variance[c] + T::of(d.eps.into())).sqrt();
        *y = activate(d.act, (x - s.mean[c]) * s.weight[c] / deviation + s.bias[c]);
    }
}

impl Plain for plan::BatchNorm {
    fn plain<T: Real>(&self, given: &Given<'_, T>, inputs: &[Vec<T>], y: &mut [T]) {
        let c = self.input[2];
        let statistics = Statistics {
            weight: &given.tensor("weight", c),
            bias: &given.tensor("bias", c),
            mean: &given.tensor("running_mean", c),
            variance: &given.tensor("running_var", c),
        };
        reference(self, statistics, &inputs[0], y);
    }
}
