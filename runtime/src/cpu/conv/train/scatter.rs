//! The input's gradient of a strided convolution: what each output pixel gives to its window, added where it belongs.

use crate::Scratch;
use crate::cpu::access::{Access, Image, Source, scratch};
use crate::cpu::gemm::Panels;
use crate::cpu::kernel::{MAX_ROWS, Outer};
use crate::cpu::simd::Level;
use crate::cpu::sizes::bounded;
use crate::plan;
use crate::train::memory::add;

pub(super) struct Scatter {
    d: plan::Conv,
    /// Of the columns `[kh, kw, c / groups]` of a group's weights.
    panels: Panels,
}

impl Scatter {
    pub(super) fn new(d: plan::Conv, level: Level) -> Self {
        let columns = d.kernel[0] * d.kernel[1] * (d.input[2] / d.groups);
        Self {
            d,
            panels: Panels::new(level, columns),
        }
    }

    /// Columns of a group's weights.
    fn columns(&self) -> usize {
        self.d.kernel[0] * self.d.kernel[1] * (self.d.input[2] / self.d.groups)
    }

    pub(super) fn scratch(&self) -> Scratch {
        Scratch {
            shared: self.d.filters * self.columns(),
            worker: bounded([MAX_ROWS, self.columns()]),
        }
    }

    /// Writes the gradient, or adds it.
    pub(super) fn run(&mut self, step: Access<'_, 1, 1>, weight: &[f32], accumulate: bool) {
        let columns = self.columns();
        let (packed, step) = step.take_shared(weight.len());
        let taps = self.d.kernel[0] * self.d.kernel[1];
        // `[f, c, kh, kw]` to `[f, kh, kw, c]`: the channels of a pixel next to each other.
        for (to, from) in packed
            .chunks_exact_mut(columns)
            .zip(weight.chunks_exact(columns))
        {
            for (tap, to) in to.chunks_exact_mut(columns / taps).enumerate() {
                let from = from[tap..].iter().step_by(taps);
                to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
            }
        }
        let [oh, ow, filters] = step.x[0].geometry.shape;
        let packed = &*packed;
        step.for_images(
            bounded([oh, ow, filters, columns]),
            |[dz], [mut dx], memory| {
                if !accumulate {
                    dx.clear();
                }
                for oy in 0..oh {
                    for group in 0..self.d.groups {
                        self.row(packed, dz, [oy, group], &mut dx, memory);
                    }
                }
            },
        );
    }

    /// What one row of output pixels gives, through the filters of one group.
    fn row(
        &self,
        packed: &[f32],
        dz: &Source<'_>,
        [oy, group]: [usize; 2],
        dx: &mut Image<'_>,
        memory: &mut [f32],
    ) {
        let d = &self.d;
        let columns = self.columns();
        let ([_, ow, _], filters) = (dz.geometry.shape, d.filters / d.groups);
        for first in (0..ow).step_by(MAX_ROWS) {
            let count = MAX_ROWS.min(ow - first);
            let (products, _) = scratch(memory, count * columns);
            let weights = &packed[group * filters * columns..][..filters * columns];
            for panel in 0..self.panels.count() {
                let (column, width) = self.panels.range(panel);
                let pixels = first..first + count;
                let rows = pixels.map(|ox| dz.pixel(dx.number, oy, ox)[group * filters..].as_ptr());
                let sum = Outer {
                    rows: core::ptr::null(),
                    row_steps: [0, 0, 1],
                    columns: weights[column..].as_ptr(),
                    column_steps: [0, 0, columns],
                    counts: [1, 1, filters],
                    out: products[column..].as_mut_ptr(),
                    stride: columns,
                    width,
                    accumulate: false,
                };
                // SAFETY: each row is the group's filters of a pixel; each column one of the group's weights; `products` has
                // `count` rows of all columns and is this task's own.
                unsafe { self.panels.run(count, rows, &sum) }
            }
            for (r, products) in products.chunks_exact(columns).enumerate() {
                self.give([oy, first + r, group], products, dx);
            }
        }
    }

    /// Adds the products of one pixel to its window.
    fn give(&self, [oy, ox, group]: [usize; 3], products: &[f32], dx: &mut Image<'_>) {
        let d = &self.d;
        let channels = d.input[2] / d.groups;
        let under = |o: usize, k: usize, axis: usize| {
            (o * d.stride[axis] + k * d.dilation[axis])
                .checked_sub(d.pad[2 * axis])
                .filter(|&i| i < d.input[axis])
        };
        for (tap, products) in products.chunks_exact(channels).enumerate() {
            let (y, x) = (
                under(oy, tap / d.kernel[1], 0),
                under(ox, tap % d.kernel[1], 1),
            );
            if let (Some(iy), Some(ix)) = (y, x) {
                add(
                    &mut dx.pixel(iy, ix)[group * channels..][..channels],
                    products,
                );
            }
        }
    }
}
