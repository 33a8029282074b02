//! Fully connected layers.

use crate::cpu::{Real, activate, expect_shape};
use crate::plan::{self, Op, View};
use crate::{Layer, Mem, Scratch};
use alloc::vec::Vec;

/// See [`plan::Fc`].
pub struct Fc {
    d: plan::Fc,
    weight: Vec<f32>,
    bias: Vec<f32>,
}

impl Fc {
    /// Packs the layer's weights for this machine.
    #[must_use]
    pub fn new(d: plan::Fc, layer: Layer<'_>) -> Self {
        let inputs = d.input.iter().product();
        let (weight, bias) = layer.affine::<f32>(d.units, inputs, d.bias);
        let weight = weight.into_owned();
        Self { d, weight, bias }
    }

    /// Memory for a batch.
    #[must_use]
    pub fn scratch(&self, _max_batch: usize) -> Scratch {
        Scratch::default()
    }

    /// Computes the step.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory, or overlap.
    pub fn run(&self, mem: &mut Mem<'_, '_>, x: View, y: View) {
        expect_shape("input", x.shape, self.d.input);
        expect_shape("output", y.shape, Op::Fc(self.d).output());
        let [h, w, c] = self.d.input;
        mem.step([x], y).for_rows(usize::MAX, |[x], mut row| {
            let mut image = Vec::with_capacity(h * w * c);
            for iy in 0..h {
                (0..w).for_each(|ix| image.extend_from_slice(x.pixel(row.image, iy, ix)));
            }
            reference(&self.d, &self.weight, &self.bias, &image, row.pixel(0));
        });
    }
}

/// The definition in [`plan::Fc`], for any number of dense images; `weight` is `[units, h * w * c]`.
pub(crate) fn reference<T: Real>(d: &plan::Fc, weight: &[T], bias: &[T], x: &[T], y: &mut [T]) {
    let inputs = d.input.iter().product();
    for (x, y) in x.chunks_exact(inputs).zip(y.chunks_exact_mut(d.units)) {
        for (unit, y) in y.iter_mut().enumerate() {
            let row = &weight[unit * inputs..][..inputs];
            let mut sum = bias[unit];
            x.iter().zip(row).for_each(|(&x, &w)| sum += x * w);
            *y = activate(d.act, sum);
        }
    }
}
