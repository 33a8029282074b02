//! The weights' gradient: `g[f, c, ky, kx] += sum over all output pixels of dz[p, f] * x[window of p at (ky, kx), c]`.
//!
//! A sum of outer products: rows are the cells `(ky, kx, c)` of a window, columns the filters, terms the pixels. The inputs are
//! read where they lie, or from a padded copy. The pixels are taken a chunk at a time, whose part of a panel of filters is copied
//! together: all cells pass over it. The images are cut into parts by their number alone; each part has its own sums, in the
//! kernels' layout, which are added in order and brought into the file's layout at the end.

use super::depthwise;
use crate::Scratch;
use crate::cpu::access::{Access, Shared, Workers, scratch};
use crate::cpu::conv::{Pixels, copy_padded, padded};
use crate::cpu::gemm::Panels;
use crate::cpu::kernel::Outer;
use crate::cpu::simd::Level;
use crate::cpu::sizes::{bounded, elements};
use crate::plan::{self, Op};
use crate::threads::Threads;
use core::ops::Range;

/// Filters that are brought into the file's layout at a time: a cache line.
const LINE: usize = 16;

pub(crate) struct WeightGradient {
    d: plan::Conv,
    /// Of the filters of a group.
    panels: Panels,
    /// Cells of a window: `kh * kw * c / groups`.
    cells: usize,
    /// Images and rows of output pixels in a chunk; several images only if their rows are all in it.
    chunk: [usize; 2],
}

/// What one task works on.
struct Task {
    images: Range<usize>,
    cells: Range<usize>,
    group: usize,
    panel: usize,
}

impl WeightGradient {
    pub(crate) fn new(d: plan::Conv, level: Level) -> Self {
        // A stride beyond the picture leads nowhere, whatever it is.
        let [height, width, _] = padded(d).input;
        let stride = [d.stride[0].min(height), d.stride[1].min(width)];
        let d = plan::Conv { stride, ..d };
        let panels = Panels::new(level, d.filters / d.groups);
        let cells = d.kernel[0] * d.kernel[1] * (d.input[2] / d.groups);
        let [oh, ow, _] = Op::Conv(d).output();
        let terms = panels.tuning().gradient.terms;
        // Even: a small rest would not be worth the sums' way.
        let rows = oh.div_ceil((oh * ow).div_ceil(terms).min(oh));
        Self {
            d,
            panels,
            cells,
            chunk: [(terms / (oh * ow)).max(1), rows],
        }
    }

    fn is_padded(&self) -> bool {
        self.d.pad != [0; 4]
    }

    /// The picture that the windows slide over.
    fn picture(&self) -> [usize; 3] {
        padded(self.d).input
    }

    /// Sums of one part: `[group][panel][cell][filter]`, each panel of whole vectors.
    ///
    /// # Panics
    /// If they exceed the address space.
    fn len(&self) -> usize {
        let last = self.panels.count() - 1;
        let filters = last * self.panels.width() + self.panels.padded(last);
        elements([self.d.groups, self.cells, filters])
    }

    /// Where the sums of a panel begin in those of a part.
    fn start(&self, group: usize, panel: usize) -> usize {
        group * (self.len() / self.d.groups) + panel * self.panels.width() * self.cells
    }

    /// Into how many parts the images are cut, and into how many blocks the cells. Rather images: each block copies the pixels'
    /// filters together anew.
    fn cut(&self, images: usize) -> [usize; 2] {
        let tuning = &self.panels.tuning().gradient;
        let fair = tuning.tasks.div_ceil(self.d.groups * self.panels.count());
        let parts = fair.min(images).min(tuning.sums / self.len()).max(1);
        [
            parts,
            fair.div_ceil(parts).min(self.cells.div_ceil(tuning.cells)),
        ]
    }

    pub(crate) fn scratch(&self, max_batch: usize) -> Scratch {
        if depthwise::fits(&self.d) {
            return Scratch {
                shared: depthwise::scratch(&self.d),
                worker: 0,
            };
        }
        let copy = if self.is_padded() {
            let [h, w, c] = self.picture();
            bounded([max_batch, h, w, c])
        } else {
            0
        };
        let [images, rows] = self.chunk;
        let [_, ow, _] = Op::Conv(self.d).output();
        let copy = copy.checked_next_multiple_of(16).unwrap_or(copy);
        Scratch {
            shared: copy.saturating_add(bounded([self.cut(max_batch)[0], self.len()])),
            worker: bounded([images.min(max_batch), rows, ow, self.panels.width()]),
        }
    }

    /// Adds to the gradient, `[filters, c / groups, kh, kw]`.
    pub(crate) fn run(&self, step: Access<'_, 2, 0>, gradient: &mut [f32]) {
        if depthwise::fits(&self.d) {
            return depthwise::weights(&self.d, step, gradient);
        }
        let [x, dz] = step.x;
        let images = x.geometry.images;
        let (input, shared) = if self.is_padded() {
            let [h, w, c] = self.picture();
            let len = elements([images, h, w, c]);
            let (copy, rest) = scratch(step.shared, len.next_multiple_of(16));
            (copy_padded(&self.d, x, copy, step.threads), rest)
        } else {
            (Pixels::of(&x), step.shared)
        };
        let output = Pixels::of(&dz);
        let [parts, blocks] = self.cut(images);
        let len = self.len();
        let (sums, _) = scratch(shared, elements([parts, len]));
        let out = Shared::new(sums);
        let inner = self.d.groups * self.panels.count() * blocks;
        step.threads.for_each(parts * inner, |task, worker| {
            let (part, task) = (task / inner, task % inner);
            let images = part * images / parts..(part + 1) * images / parts;
            // SAFETY: the worker runs this task alone, and asks once.
            let memory = unsafe { step.workers.part(worker) };
            let sums = out.skip(part * len);
            // SAFETY: `Mem::access` has checked that both views have the descriptor's shapes and lie in their memory, and the
            // padded copy is whole; each task has its own part, group, filters and cells of `sums`.
            unsafe { self.task(&self.nth(task, blocks, images), input, output, sums, memory) }
        });
        self.collect(sums, gradient, step.threads);
    }

    /// The tasks over the same images, in order.
    fn nth(&self, task: usize, blocks: usize, images: Range<usize>) -> Task {
        let (panel, task) = (task % self.panels.count(), task / self.panels.count());
        let (block, group) = (task % blocks, task / blocks);
        let cell = |block: usize| block * self.cells / blocks;
        Task {
            images,
            cells: cell(block)..cell(block + 1),
            group,
            panel,
        }
    }

    /// The sums of some cells, for one panel of filters, over some images.
    ///
    /// # Safety
    /// `input` and `output` hold all images, of the descriptor's sizes, and `sums` is one part's, of which nobody else touches this task's.
    unsafe fn task(
        &self,
        task: &Task,
        input: Pixels<'_>,
        output: Pixels<'_>,
        sums: Shared<'_, f32>,
        memory: &mut [f32],
    ) {
        let d = &self.d;
        let [oh, ow, _] = Op::Conv(*d).output();
        let [height, width, _] = self.picture();
        let (filters, channels) = (d.filters / d.groups, d.input[2] / d.groups);
        let (column, own) = self.panels.range(task.panel);
        let padded = self.panels.padded(task.panel);
        let is_together = output.pixel == own;
        let row_size = d.stride[0] * width * input.pixel;
        let out = self.start(task.group, task.panel) + task.cells.start * padded;
        let mut first = true;
        for image in task.images.clone().step_by(self.chunk[0]) {
            let images = self.chunk[0].min(task.images.end - image);
            for oy in (0..oh).step_by(self.chunk[1]) {
                let rows = self.chunk[1].min(oh - oy);
                let pixel = (image * oh + oy) * ow * output.pixel;
                let columns = output
                    .at(pixel + task.group * filters + column)
                    .cast_const();
                let (columns, step) = if is_together {
                    (columns, own)
                } else {
                    let (memory, _) = scratch(memory, images * rows * ow * padded);
                    // SAFETY: the pixels of a chunk follow each other; see the caller's promise.
                    unsafe { gather(columns, output.pixel, own, memory, padded) };
                    (memory.as_ptr(), padded)
                };
                let start = image * height * width * input.pixel + oy * row_size;
                let start = input.at(start + task.group * channels).cast_const();
                let sum = Outer {
                    rows: core::ptr::null(),
                    row_steps: [
                        height * width * input.pixel,
                        row_size,
                        d.stride[1] * input.pixel,
                    ],
                    columns,
                    column_steps: [rows * ow * step, ow * step, step],
                    counts: [images, rows, ow],
                    out: sums.at(out),
                    stride: padded,
                    width: step,
                    accumulate: !first,
                };
                let cells = self.offsets(task.cells.start, input.pixel);
                let cells = cells.map(|cell| start.wrapping_add(cell));
                // SAFETY: windows lie inside the (padded) picture; the rest is the caller's promise.
                unsafe { self.panels.run(task.cells.len(), cells, &sum) }
                first = false;
            }
        }
    }

    /// Where the cells of a window lie, from this one on, without an end.
    fn offsets(&self, first: usize, pixel: usize) -> impl Iterator<Item = usize> {
        let d = &self.d;
        let [_, width, _] = self.picture();
        let channels = d.input[2] / d.groups;
        let tap = move |tap: usize| {
            let (y, x) = (tap / d.kernel[1], tap % d.kernel[1]);
            (y * d.dilation[0] * width + x * d.dilation[1]) * pixel
        };
        let head = first / channels;
        let rest = (head + 1..).flat_map(move |t| (0..channels).map(move |c| tap(t) + c));
        (first % channels..channels)
            .map(move |c| tap(head) + c)
            .chain(rest)
    }

    /// Adds the parts, from `[part][group][panel][ky, kx, c][filter]` to `[filters, c, ky, kx]`.
    fn collect(&self, sums: &[f32], gradient: &mut [f32], threads: Threads) {
        let lines = self.panels.width().div_ceil(LINE);
        let rows = Workers::new(gradient, self.cells, self.d.filters);
        let tasks = self.d.groups * self.panels.count() * lines;
        threads.for_ranges(tasks, bounded([LINE, self.cells, 2]), |range, _| {
            for task in range {
                let (line, task) = (task % lines, task / lines);
                let (panel, group) = (task % self.panels.count(), task / self.panels.count());
                self.collect_line(sums, &rows, [group, panel, line * LINE]);
            }
        });
    }

    /// Some filters of a panel, from `first` on.
    fn collect_line(
        &self,
        sums: &[f32],
        gradient: &Workers<'_>,
        [group, panel, first]: [usize; 3],
    ) {
        /// Cells that are transposed at a time.
        const BLOCK: usize = 64;
        let (column, width) = self.panels.range(panel);
        let count = LINE.min(width.saturating_sub(first));
        if count == 0 {
            return; // the last panel may be narrower
        }
        let filter = group * (self.d.filters / self.d.groups) + column + first;
        let taps = self.d.kernel[0] * self.d.kernel[1];
        let channels = self.cells / taps;
        let padded = self.panels.padded(panel);
        let (from, len) = (self.start(group, panel) + first, self.len());
        let mut block = [[0.0; LINE]; BLOCK];
        let mut cells_of_file = (0..channels).flat_map(|c| (0..taps).map(move |tap| (tap, c)));
        for start in (0..self.cells).step_by(BLOCK) {
            let cells = BLOCK.min(self.cells - start);
            for (line, (tap, c)) in block[..cells].iter_mut().zip(cells_of_file.by_ref()) {
                let at = from + (tap * channels + c) * padded;
                line.fill(0.0);
                for part in sums.chunks_exact(len) {
                    let all = line.iter_mut().zip(&part[at..at + count]);
                    all.for_each(|(total, sum)| *total += sum);
                }
            }
            for f in 0..count {
                // SAFETY: each filter belongs to one task, and the borrow ends with the iteration.
                let row = unsafe { gradient.part(filter + f) };
                let row = row[start..start + cells].iter_mut().zip(&block);
                row.for_each(|(gradient, line)| *gradient += line[f]);
            }
        }
    }
}

/// Copies the filters of a panel together: `[pixels][padded]`, all of `to`, zeros after the last filter.
///
/// # Safety
/// Each of the pixels, `step` elements apart, has `width` readable elements.
unsafe fn gather(from: *const f32, step: usize, width: usize, to: &mut [f32], padded: usize) {
    for (pixel, to) in to.chunks_exact_mut(padded).enumerate() {
        // SAFETY: the caller's promise.
        let from = unsafe { core::slice::from_raw_parts(from.add(pixel * step), width) };
        to[..width].copy_from_slice(from);
        to[width..].fill(0.0);
    }
}
