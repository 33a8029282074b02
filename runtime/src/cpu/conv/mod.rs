//! Convolution.

pub(crate) mod reference;

use crate::cpu::expect_shape;
use crate::plan::{self, Op, View};
use crate::{Layer, Mem, Scratch};
use alloc::vec::Vec;

/// See [`plan::Conv`].
pub struct Conv {
    d: plan::Conv,
    weight: Vec<f32>,
    bias: Vec<f32>,
}

impl Conv {
    /// Packs the layer's weights for this machine.
    #[must_use]
    pub fn new(d: plan::Conv, layer: Layer<'_>) -> Self {
        let inputs = d.input[2] / d.groups * d.kernel[0] * d.kernel[1];
        let (weight, bias) = layer.affine::<f32>(d.filters, inputs, d.bias);
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
        expect_shape("output", y.shape, Op::Conv(self.d).output());
        let step = mem.step([x], y);
        let [ih, iw, ic] = self.d.input;
        let width = y.shape[1];
        step.for_rows(usize::MAX, |[x], mut row| {
            // The picture, dense, and the whole output for one row of it: slow and simple.
            let mut picture = Vec::with_capacity(ih * iw * ic);
            for iy in 0..ih {
                (0..iw).for_each(|ix| picture.extend_from_slice(x.pixel(row.image, iy, ix)));
            }
            let mut all = alloc::vec![0.0; y.len()];
            reference::conv(&self.d, &self.weight, &self.bias, &picture, &mut all);
            let filters = self.d.filters;
            for ox in 0..width {
                let at = (row.y * width + ox) * filters;
                row.pixel(ox).copy_from_slice(&all[at..at + filters]);
            }
        });
    }
}
