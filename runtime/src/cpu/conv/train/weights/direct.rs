//! The definition: rows are the cells `(ky, kx, c)` of a window, columns the filters, terms the pixels. The inputs are
//! read where they lie, or from a padded copy. The pixels are taken a chunk at a time, whose part of a panel of filters is copied
//! together: all cells pass over it. The images are cut into parts by their number alone; each part has its own sums.

use super::sums::Sums;
use crate::Scratch;
use crate::cpu::access::{Access, Shared, scratch};
use crate::cpu::conv::{Pixels, copy_padded, padded};
use crate::cpu::kernel::Outer;
use crate::cpu::sizes::{bounded, elements};
use crate::plan::{self, Op};
use core::ops::Range;

/// The way over the pixels where they lie.
pub(super) struct Direct {
    d: plan::Conv,
    sums: Sums,
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

impl Direct {
    pub(super) fn new(d: plan::Conv, sums: Sums) -> Self {
        // A stride beyond the picture leads nowhere, whatever it is.
        let [height, width, _] = padded(d).input;
        let stride = [d.stride[0].min(height), d.stride[1].min(width)];
        let d = plan::Conv { stride, ..d };
        let [oh, ow, _] = Op::Conv(d).output();
        let terms = sums.panels.tuning().gradient.terms;
        // Even: a small rest would not be worth the sums' way.
        let rows = oh.div_ceil((oh * ow).div_ceil(terms).min(oh));
        Self {
            d,
            sums,
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

    /// Into how many parts the images are cut, and into how many blocks the cells. Rather images: each block copies the pixels'
    /// filters together anew.
    fn cut(&self, images: usize) -> [usize; 2] {
        let panels = self.sums.panels;
        let tuning = &panels.tuning().gradient;
        let fair = tuning.tasks.div_ceil(self.d.groups * panels.count());
        let parts = fair.min(images).min(tuning.sums / self.sums.len()).max(1);
        [
            parts,
            fair.div_ceil(parts)
                .min(self.sums.cells.div_ceil(tuning.cells)),
        ]
    }

    pub(super) fn scratch(&self, max_batch: usize) -> Scratch {
        let copy = if self.is_padded() {
            let [h, w, c] = self.picture();
            bounded([max_batch, h, w, c])
        } else {
            0
        };
        let [images, rows] = self.chunk;
        let [_, ow, _] = Op::Conv(self.d).output();
        let copy = copy.checked_next_multiple_of(16).unwrap_or(copy);
        let sums = bounded([self.cut(max_batch)[0], self.sums.len()]);
        Scratch {
            shared: copy.saturating_add(sums),
            worker: bounded([images.min(max_batch), rows, ow, self.sums.panels.width()]),
        }
    }

    /// The sums of all parts.
    pub(super) fn run<'m>(&self, step: Access<'m, 2, 0>) -> &'m mut [f32] {
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
        let len = self.sums.len();
        let (sums, _) = scratch(shared, elements([parts, len]));
        let out = Shared::new(sums);
        let inner = self.d.groups * self.sums.panels.count() * blocks;
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
        sums
    }

    /// The tasks over the same images, in order.
    fn nth(&self, task: usize, blocks: usize, images: Range<usize>) -> Task {
        let (panel, task) = (
            task % self.sums.panels.count(),
            task / self.sums.panels.count(),
        );
        let (block, group) = (task % blocks, task / blocks);
        let cell = |block: usize| block * self.sums.cells / blocks;
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
        let (column, own) = self.sums.panels.range(task.panel);
        let padded = self.sums.panels.padded(task.panel);
        let is_together = output.pixel == own;
        let row_size = d.stride[0] * width * input.pixel;
        let out = self.sums.start(task.group, task.panel) + task.cells.start * padded;
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
                unsafe { self.sums.panels.run(task.cells.len(), cells, &sum) }
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
