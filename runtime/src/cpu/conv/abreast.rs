//! Convolution of few filters: several pixels of a row abreast in one vector, which the filters of one would not fill.
//!
//! `m` pixels of `f` filters are one pixel of `m * f` filters of a convolution whose stride is `m` times as wide, and whose kernel reaches over
//! all their windows: `kw + (m - 1) * stride` columns, zeros where a pixel does not look. It is computed directly, in fewer products of vectors:
//! a 5x5 kernel of 6 filters takes 6 for two pixels in place of 10, in vectors of 16. The outputs lie as they should. What is infinite or a
//! NaN reaches the outputs of all pixels of its vector.

use super::direct::Direct;
use super::onto::Onto;
use super::panels::Strides;
use super::pixels::Pixels;
use crate::cpu::kernel::Kernels;
use crate::plan::{Conv, Op};
use crate::threads::Threads;
use alloc::vec;
use alloc::vec::Vec;

/// Vectors of products saved, at least, of a hundred.
const WORTH: usize = 20;

/// Weights of all pixels of a vector, and the way through them.
pub(super) struct Abreast {
    d: Conv,
    /// Pixels of a vector.
    pixels: usize,
    strides: Strides,
    wide: Direct,
    /// `[pixels * filters, c, kh, columns]`
    weights: Vec<f32>,
    /// Where the outputs do not lie side by side.
    plain: Direct,
}

impl Abreast {
    /// How many pixels a vector of `lanes` takes, where that saves enough. The descriptor need not be valid.
    pub(super) fn pixels(d: &Conv, lanes: usize) -> Option<usize> {
        let [height, width, _] = Op::Conv(*d).output();
        let is_of_this_kind = d.groups == 1 && d.dilation[1] == 1 && height > 0 && d.filters > 0;
        let most = lanes.checked_div(d.filters).filter(|_| is_of_this_kind)?;
        let pixels = (2..=most).rev().find(|m| width.is_multiple_of(*m))?;
        let (before, after) = (pixels * d.kernel[1], columns(d, pixels));
        (100 * after <= (100 - WORTH) * before).then_some(pixels)
    }

    /// Prepares the way through weights of any layout, `pixels` abreast; [`pack`](Self::pack) brings them.
    pub(super) fn new(d: Conv, strides: Strides, kernels: &'static Kernels, pixels: usize) -> Self {
        let wide = Conv {
            filters: pixels * d.filters,
            kernel: [d.kernel[0], columns(&d, pixels)],
            stride: [d.stride[0], pixels * d.stride[1]],
            ..d
        };
        let len = wide.filters * d.input[2] * wide.kernel[0] * wide.kernel[1];
        Self {
            d,
            pixels,
            strides,
            wide: Direct::new(wide, Strides::file(&wide), kernels),
            weights: vec![0.0; len],
            plain: Direct::new(d, strides, kernels),
        }
    }

    /// Takes these weights and biases; an empty `bias` stands for zeros.
    pub(super) fn pack(&mut self, weights: &[f32], bias: &[f32], threads: Threads) {
        self.plain.pack(weights, bias, threads);
        let (d, strides) = (&self.d, self.strides);
        let columns = columns(d, self.pixels);
        let rows = self.weights.chunks_exact_mut(columns);
        for (i, row) in rows.enumerate() {
            let (y, i) = (i % d.kernel[0], i / d.kernel[0]);
            let (c, i) = (i % d.input[2], i / d.input[2]);
            let (f, pixel) = (i % d.filters, i / d.filters);
            for (x, to) in row[pixel * d.stride[1]..][..d.kernel[1]]
                .iter_mut()
                .enumerate()
            {
                *to = weights[strides.at(0, f, [y, x], c)];
            }
        }
        // A vector holds them all: at most as many as it has lanes.
        let mut biases = [0.0; crate::cpu::kernel::MAX_LANES];
        let biases = &mut biases[..self.pixels * bias.len()];
        let pixels = biases.chunks_exact_mut(bias.len().max(1));
        pixels.for_each(|pixel| pixel.copy_from_slice(bias));
        self.wide.pack(&self.weights, biases, threads);
    }

    /// Bytes of packed weights.
    #[cfg(feature = "train")]
    pub(super) fn bytes(&self) -> usize {
        self.wide.bytes() + self.plain.bytes() + size_of_val(&self.weights[..])
    }

    /// Computes a batch.
    ///
    /// # Safety
    /// As of [`Direct::run`].
    pub(super) unsafe fn run(
        &self,
        images: usize,
        [input, output]: [Pixels<'_>; 2],
        onto: Onto<'_>,
        threads: Threads,
    ) {
        let is_dense = |pixels: &Pixels<'_>| pixels.pixel == self.d.filters;
        let all = match onto {
            Onto::Picture(added) if is_dense(&added) => {
                Some(Onto::Picture(added.of_several(self.pixels)))
            }
            Onto::Picture(_) => None,
            other => Some(other),
        };
        // SAFETY: the caller's promise is the same; dense pixels, some at a time, are the same elements.
        unsafe {
            match all.filter(|_| is_dense(&output)) {
                Some(onto) => {
                    let output = output.of_several(self.pixels);
                    self.wide.run(images, [input, output], onto, threads);
                }
                None => self.plain.run(images, [input, output], onto, threads),
            }
        }
    }
}

/// Columns of a kernel that reaches over the windows of so many pixels.
fn columns(d: &Conv, pixels: usize) -> usize {
    let apart = (pixels - 1).saturating_mul(d.stride[1]);
    d.kernel[1].saturating_add(apart)
}
