//! The weights' gradient: `g[f, c, ky, kx] += sum over all output pixels of dz[p, f] * x[window of p at (ky, kx), c]`.
//!
//! A sum of outer products: rows are the cells `(ky, kx, c)` of a window, columns the filters, terms the pixels. The inputs are
//! read where they lie, or from a padded copy. The images are cut into parts by their number alone; each part has its own sums,
//! in the kernels' layout, which are added in order and brought into the file's layout at the end.

use super::depthwise;
use crate::Scratch;
use crate::cpu::access::{Access, Workers};
use crate::cpu::conv::{Pixels, copy_padded, padded};
use crate::cpu::kernel::Outer;
use crate::plan::{self, Op};
use crate::train::gemm::Panels;

/// Tasks enough to keep all threads busy to the end.
const TASKS: usize = 16;
/// Cells of the window in a task, at least.
const CELLS: usize = 48;
/// Numbers of input and output that a task goes over again and again: a part of L2.
const SPAN: usize = (256 << 10) / 4;
/// The most numbers that the sums of all parts may take together, unless one part takes more.
const SUMS: usize = 2 << 20;

pub(super) struct WeightGradient {
    d: plan::Conv,
    /// Of the filters of a group.
    panels: Panels,
    /// Cells of a window: `kh * kw * c / groups`.
    cells: usize,
    /// How many parts the cells are cut into.
    blocks: usize,
}

impl WeightGradient {
    pub(super) fn new(d: plan::Conv) -> Self {
        let panels = Panels::new(d.filters / d.groups);
        let cells = d.kernel[0] * d.kernel[1] * d.input[2] / d.groups;
        let fair = TASKS.div_ceil(d.groups * panels.count());
        Self {
            d,
            panels,
            cells,
            blocks: fair.min(cells.div_ceil(CELLS)),
        }
    }

    fn is_padded(&self) -> bool {
        self.d.pad != [0; 4]
    }

    /// The picture that the windows slide over.
    fn picture(&self) -> [usize; 3] {
        padded(self.d).input
    }

    /// Sums of one part.
    fn len(&self) -> usize {
        self.cells * self.d.filters
    }

    /// Parts of the images.
    fn parts(&self, images: usize) -> usize {
        let fair = TASKS.div_ceil(self.d.groups * self.panels.count() * self.blocks);
        fair.min(images).min((SUMS / self.len()).max(1))
    }

    pub(super) fn scratch(&self, max_batch: usize) -> Scratch {
        if depthwise::fits(&self.d) {
            return Scratch {
                shared: depthwise::scratch(&self.d),
                worker: 0,
            };
        }
        let copy = if self.is_padded() {
            max_batch * self.picture().iter().product::<usize>()
        } else {
            0
        };
        Scratch {
            shared: copy.next_multiple_of(16) + self.parts(max_batch) * self.len(),
            worker: 0,
        }
    }

    /// Adds to the gradient, `[filters, c / groups, kh, kw]`.
    pub(super) fn run(&self, step: Access<'_, 2, 0>, gradient: &mut [f32]) {
        if depthwise::fits(&self.d) {
            return depthwise::weights(&self.d, step, gradient);
        }
        let [x, dz] = step.x;
        let images = x.geometry.images;
        let (input, shared) = if self.is_padded() {
            let len = images * self.picture().iter().product::<usize>();
            let (copy, rest) = step.shared.split_at_mut(len.next_multiple_of(16));
            (copy_padded(&self.d, x, copy, step.threads), rest)
        } else {
            let input = Pixels {
                start: x.as_ptr(),
                pixel: x.geometry.pixel,
            };
            (input, step.shared)
        };
        let output = Pixels {
            start: dz.as_ptr(),
            pixel: dz.geometry.pixel,
        };
        let parts = self.parts(images);
        let sums = &mut shared[..parts * self.len()];
        let out = Pixels {
            start: sums.as_mut_ptr(),
            pixel: self.len(),
        };
        let inner = self.d.groups * self.panels.count() * self.blocks;
        step.threads.for_each(parts * inner, |task, _| {
            let (part, task) = (task / inner, task % inner);
            let range = part * images / parts..(part + 1) * images / parts;
            // SAFETY: `Mem::access` has checked both views, whose shapes are the descriptor's, and the padded copy is whole;
            // each task has its own part, group, filters and cells of `sums`.
            unsafe {
                self.task(
                    task,
                    range,
                    input,
                    output,
                    { out }.start.add(part * out.pixel),
                )
            }
        });
        self.collect(sums, gradient, step.threads);
    }

    /// The sums of some cells, for one panel of filters, over these images.
    ///
    /// # Safety
    /// `input` and `output` hold all images, and `sums` is one part's, of which nobody else touches this task's.
    unsafe fn task(
        &self,
        task: usize,
        images: core::ops::Range<usize>,
        input: Pixels<*const f32>,
        output: Pixels<*const f32>,
        sums: *mut f32,
    ) {
        let d = &self.d;
        let [oh, ow, _] = Op::Conv(*d).output();
        let [height, width, _] = self.picture();
        let (filters, channels) = (d.filters / d.groups, d.input[2] / d.groups);
        let (panel, task) = (task % self.panels.count(), task / self.panels.count());
        let (block, group) = (task % self.blocks, task / self.blocks);
        let from = block * self.cells / self.blocks;
        let to = (block + 1) * self.cells / self.blocks;
        let (column, _) = self.panels.range(panel);

        let row_size = d.stride[0] * width * input.pixel;
        let rows = SPAN / (ow * output.pixel + row_size).max(1);
        let rows = rows.clamp(1, oh);
        let mut first = true;
        for image in images {
            for oy in (0..oh).step_by(rows) {
                let start = image * height * width * input.pixel + oy * row_size + group * channels;
                let cell = |r: usize| {
                    let (tap, c) = ((from + r) / channels, (from + r) % channels);
                    let y = tap / d.kernel[1] * d.dilation[0];
                    let x = tap % d.kernel[1] * d.dilation[1];
                    input
                        .start
                        .wrapping_add(start + (y * width + x) * input.pixel + c)
                };
                let pixel = (image * oh + oy) * ow * output.pixel;
                let sum = Outer {
                    rows: core::ptr::null(),
                    row_steps: [0, row_size, d.stride[1] * input.pixel],
                    columns: output.start.wrapping_add(pixel + group * filters + column),
                    column_steps: [0, ow * output.pixel, output.pixel],
                    counts: [1, rows.min(oh - oy), ow],
                    out: sums.wrapping_add((group * self.cells + from) * filters + column),
                    stride: filters,
                    width: 0,
                    accumulate: !first,
                };
                // SAFETY: windows lie inside the (padded) picture; the rest is the caller's promise.
                unsafe { self.panels.run(panel, to - from, cell, &sum) }
                first = false;
            }
        }
    }

    /// Adds the parts, from `[part][group][ky, kx, c][filter]` to `[filters, c, ky, kx]`.
    fn collect(&self, sums: &[f32], gradient: &mut [f32], threads: crate::threads::Threads) {
        /// Filters at a time: a cache line.
        const LINE: usize = 16;
        let filters = self.d.filters / self.d.groups;
        let taps = self.d.kernel[0] * self.d.kernel[1];
        let channels = self.cells / taps;
        let lines = filters.div_ceil(LINE);
        let rows = Workers::new(gradient, self.cells, self.d.filters);
        let cost = LINE * self.cells * 2;
        threads.for_ranges(self.d.groups * lines, cost, |range, _| {
            for task in range {
                let (group, first) = (task / lines, task % lines * LINE);
                let count = LINE.min(filters - first);
                for c in 0..channels {
                    for tap in 0..taps {
                        let cell = (group * self.cells + tap * channels + c) * filters + first;
                        let mut line = [0.0; LINE];
                        for part in sums.chunks_exact(self.len()) {
                            let all = line.iter_mut().zip(&part[cell..cell + count]);
                            all.for_each(|(total, sum)| *total += sum);
                        }
                        for (f, total) in line.iter().enumerate().take(count) {
                            // SAFETY: each filter belongs to one task, and this borrow ends with the statement.
                            let row = unsafe { rows.part(group * filters + first + f) };
                            row[c * taps + tap] += total;
                        }
                    }
                }
            }
        });
    }
}
